"""What tests of reports share: two clients with claims that went every way, and what was made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from tests import builders
from tests.builders import Inbox, claims_file, line, paid, remittance_file, sent, standing_inbox

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.contracts.actions import Parties, VersionTerms
from sanderling.contracts.importing import RateSheet, import_contract
from sanderling.followup.importing import import_activities
from sanderling.payers.models import Payer
from sanderling.reports.book import Span
from sanderling.reports.making import make_reports, new_book
from sanderling.reports.models import Definition, Report

AT: Final = datetime(2026, 4, 10, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
OTHER_NPI, OTHER_TIN = "1245319599", "749999999"
PASSWORD = "correct-horse-battery"
RATES = b"code,modifier,place_of_service,allowed_cents\n99213,,,15000\n"
TERMS = 'lesser_of_charge = true\ntolerance_cents = 100\norder = ["rate", "lesser_of_charge"]\n'


@contextmanager
def standing_reports(folders: pytest.TempPathFactory) -> Iterator[Inbox]:
    """Fill once for a module: claims of January to March at both clients.

    Of each client: one paid, one denied and paid a month later, one paid short of its contract
    after a call, the others open. Reports of March by every preset for both.
    """
    with standing_inbox(folders.mktemp("reports"), AT) as inbox:
        ann = create_user(email="ann@x.test", name="Ann", role="specialist", password=PASSWORD,
                          sees_all_clients=True)  # fmt: skip
        for place, (npi, tin) in enumerate(((builders.NPI, builders.TIN), (OTHER_NPI, OTHER_TIN))):
            _take(inbox, place, npi, tin)
        for client in Client.objects.order_by("pk"):
            import_contract(
                Parties(client, Payer.objects.order_by("pk")[0]),
                sheet=RateSheet("rates.csv", RATES),
                says=VersionTerms(date(2025, 1, 1), None, terms=TERMS),
                by=None, at=AT, source="cli",
            )  # fmt: skip
        codes = list(Client.objects.order_by("pk").values_list("code", flat=True))
        head = "client,claim,date,user,channel,action,outcome,reference,next_date,note\n"
        calls = [f"{code},K{place}20,2026-03-05,{ann.email},call,call_payer,promised,,,\n"
                 for place, code in enumerate(codes)]  # fmt: skip
        import_activities(text=head + "".join(calls), at=AT)
        book = new_book(Span(FIRST, LAST, LAST), None, at=AT)
        for preset in ("executive", "practice_manager"):
            of_march(preset, book=book)
        yield inbox


def _take(inbox: Inbox, place: int, npi: str, tin: str) -> None:
    for month in (1, 2, 3):
        claims = [
            sent(f"K{place}{month}{n}", 100 * month,
                 lines=(line("99213", 100 * month, day=f"2026{month:02}03",
                             control=f"K{place}{month}{n}L1"),))
            for n in range(3)
        ]  # fmt: skip
        inbox.take(
            claims_file(*claims, npi=npi, tin=tin, control=100 * place + month),
            received_date=date(2026, month, 5),
        )
    denied = f"K{place}11"
    for day, payments in (
        (date(2026, 2, 10), (paid(f"K{place}10", 100, 60, "CO*45*40", payer_number=f"P{place}A"),
                             paid(denied, 100, 0, "CO*16*100", payer_number=f"P{place}B"))),
        (date(2026, 3, 12), (paid(f"K{place}20", 200, 120, "CO*45*80", payer_number=f"P{place}C"),
                             paid(denied, -100, 0, "CO*16*-100", status="22",
                                  payer_number=f"P{place}B"),
                             paid(denied, 100, 55, "CO*45*45", payer_number=f"P{place}D"))),
    ):  # fmt: skip
        inbox.take(
            remittance_file(
                *payments, trace=f"T{place}{day:%m}", npi=npi, tin=tin, payment_date=f"{day:%Y%m%d}"
            ),
            received_date=day,
        )


def of_march(preset: str, **more: Any) -> list[Report]:
    """Return the reports of March of both clients by a preset, made where they are missing."""
    asked = {
        "client_ids": list(Client.objects.values_list("pk", flat=True)), "from_date": FIRST,
        "to_date": LAST, "as_of": LAST, "by": None, "at": AT, **more,
    }  # fmt: skip
    return make_reports(Definition.objects.get(preset=preset), **asked)


def lead(client: Client) -> User:
    """Make a lead of a client."""
    return create_user(email=f"lead-{client.pk}@x.test", name="Lead", role="lead",
                       password=PASSWORD, client_ids=[client.pk])  # fmt: skip


def block_of(report: Report, kind: str) -> dict[str, Any]:
    """Return a block of a report."""
    return next(one for one in report.numbers["blocks"] if one["kind"] == kind)


def figures(report: Report, kind: str) -> dict[str, Any]:
    """Return the values of a block's figures by key."""
    return {one["key"]: one["value"] for one in block_of(report, kind)["figures"]}


def cells(report: Report, kind: str, table: int = 0) -> list[dict[str, Any]]:
    """Return the rows of a block's table."""
    return [row["cells"] for row in block_of(report, kind)["tables"][table]["rows"]]
