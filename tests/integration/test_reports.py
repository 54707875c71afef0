"""Reports of a small world: their numbers are the command line's, and stay what they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, transaction
from pytest_django.plugin import DjangoDbBlocker
from tests import builders
from tests.builders import Inbox, claims_file, line, paid, remittance_file, sent, standing_inbox

from sanderling.cli.main import cli
from sanderling.clients.models import Client
from sanderling.reports.making import make_reports
from sanderling.reports.models import Definition, Report

pytestmark = pytest.mark.django_db
AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
DAY = "2026-03-31"
OTHER_NPI, OTHER_TIN = "1245319599", "749999999"


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Inbox]:
    """Two clients; claims of January to March: paid, denied and paid later, paid short, open."""
    with django_db_blocker.unblock(), standing_inbox(tmp_path_factory.mktemp("rep"), AT) as inbox:
        for place, (npi, tin) in enumerate(((builders.NPI, builders.TIN), (OTHER_NPI, OTHER_TIN))):
            for month in (1, 2, 3):
                claims = [
                    sent(f"K{place}{month}{n}", 100 * month,
                         lines=(line("99213", 100 * month, day=f"2026{month:02}03"),))
                    for n in range(3)
                ]  # fmt: skip
                inbox.take(
                    claims_file(*claims, npi=npi, tin=tin, control=100 * place + month),
                    received_date=date(2026, month, 5),
                )
            for day, payments in (
                (date(2026, 2, 10), (paid(f"K{place}10", 100, 60, "CO*45*40"),
                                     paid(f"K{place}11", 100, 0, "CO*16*100"))),
                (date(2026, 3, 12), (paid(f"K{place}20", 200, 120, "CO*45*80"),
                                     paid(f"K{place}11", 100, 55, "CO*45*45"))),
            ):  # fmt: skip
                inbox.take(
                    remittance_file(*payments, trace=f"T{place}{day:%m}", npi=npi, tin=tin),
                    received_date=day,
                )
        yield inbox


def march(preset: str = "practice_manager", **more: Any) -> list[Report]:
    return make_reports(
        Definition.objects.get(preset=preset),
        **{
            "client_ids": list(Client.objects.values_list("pk", flat=True)),
            "from_date": date(2026, 3, 1), "to_date": date(2026, 3, 31),
            "as_of": date(2026, 3, 31), "by": None, "at": AT, **more,
        },
    )  # fmt: skip


def test_it_runs(world: Inbox) -> None:
    for report in march():
        print(json.dumps(report.numbers, indent=1)[:30000])
        print(list(report.behind.values_list("place", "row_count")))
    raise AssertionError
