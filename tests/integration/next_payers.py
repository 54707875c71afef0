"""Claims that have a next payer, each for another reason where it is: a small world of files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.db import transaction
from tests.builders import (
    NPI,
    TIN,
    Inbox,
    Paid,
    Sent,
    claims_file,
    line,
    paid,
    patient,
    remittance_file,
    sent,
)
from tests.builders import service as answered
from tests.integration.pages import make_client, make_people
from tests.remembered import remembered

from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim
from sanderling.payers.models import Payer

AT = datetime(2026, 3, 5, 15, tzinfo=UTC)
TODAY = AT.date()
SECOND = (
    "SBR*S*18*GRP900******CI~OI***Y***Y~NM1*IL*1*DOE*JANE****MI*SEC900~"
    "NM1*PR*2*SECOND MUTUAL*****PI*SECM1~"
)
THIRD = (
    "SBR*T*18*******MC~OI***Y***Y~NM1*IL*1*DOE*JANE****MI*TER700~"
    "NM1*PR*2*STATE MEDICAID*****PI*MCAID~"
)
MEDICARE = (
    "SBR*S*18*******MB~OI***Y***Y~NM1*IL*1*DOE*JANE****MI*1EG4TE5MK73~"
    "NM1*PR*2*MEDICARE NOVA*****PI*MCARE~"
)
UNNUMBERED = SECOND.replace("****MI*SEC900", "")
FIRST_TOLD = (
    "SBR*P*18*GRP100******CI~AMT*D*96~OI***Y***Y~NM1*IL*1*DOE*JANE****MI*ABC123456789~"
    "NM1*PR*2*ACME HEALTH*****PI*ACME1~"
)


def claim(number: str, others: str = SECOND, **more: object) -> Sent:
    """A claim of 200.00 with one line to ACME HEALTH."""
    return sent(number, 200, others=others, **more)


def settled(number: str, **more: object) -> Paid:
    """96.00 paid, 80.00 off by contract, 24.00 left to the next payer."""
    return paid(number, 200, 96, "CO*45*80", "PR*2*24", share=24, payer_number=f"I{number}", **more)


def part_refused(number: str) -> Paid:
    """The first line paid as in `settled`, the second refused for want of an authorization."""
    body = (
        patient()
        + answered("HC:99213", 200, 96, "CO*45*80", "PR*2*24", control=f"{number}L1")
        + answered("HC:87880", 100, 0, "CO*197*100", control=f"{number}L2")
    )
    return Paid(number, 300, 96, 24, payer_number=f"I{number}", body=body)


def two_lines(number: str) -> Sent:
    """A claim of 300.00 in two lines."""
    lines = (
        line("99213", 200, control=f"{number}L1"),
        line("87880", 100, control=f"{number}L2"),
    )
    return sent(number, 300, lines=lines, others=SECOND)


def strange(number: str) -> Paid:
    """Balanced, but decided on a service that nobody sent."""
    body = patient() + answered(
        "HC:80061", 150, 96, "CO*45*30", "PR*2*24", control="ZZ", day="20260103"
    )
    body += answered("HC:99213", 50, 0, "PR*1*50", control=f"{number}L1")
    return Paid(number, 200, 96, 74, payer_number=f"I{number}", body=body)


def take_in(inbox: Inbox) -> None:
    """Ready: R1, R2 (second payer), T1 (third), N1 (refused, the second may cover it).

    Waiting: X1 (forwarded; X2 too, long ago), P1 (part refused by the first payer). To be asked
    about: M1 (Medicare), U1 (no member id). Z1 fits no line. F1 is paid in full.
    """
    inbox.take(
        claims_file(
            *(claim(number) for number in ("R1", "R2", "X1", "X2", "Z1", "F1", "N1")),
            claim("T1", SECOND + THIRD),
            claim("M1", MEDICARE),
            claim("U1", UNNUMBERED),
            two_lines("P1"),
        ),
        received_date=date(2026, 1, 5),
    )
    inbox.take(
        claims_file(
            claim(
                "T1", FIRST_TOLD + THIRD, sequence="S", payer_id="SECM1", payer_name="SECOND MUTUAL"
            ),
            batch="BATCH2",
            made="20260202",
            control=102,
        ),
        received_date=date(2026, 2, 2),
    )
    inbox.take(
        remittance_file(
            *(settled(number) for number in ("R1", "R2", "T1", "M1", "U1")),
            settled("X2", status="19"),
            strange("Z1"),
            part_refused("P1"),
            paid("F1", 200, 120, "CO*45*80", payer_number="IF1"),
            paid("N1", 200, 0, "PR*119*200", share=200, payer_number="IN1"),
        ),
        received_date=date(2026, 1, 20),
    )
    inbox.take(
        remittance_file(
            paid("T1", 200, 20, "OA*23*176", "PR*2*4", share=4, status="2", payer_number="S2T1"),
            payer="SECOND MUTUAL",
            payer_trace="1998887776",
            trace="EFT2",
            made="20260219",
            payment_date="20260220",
            control=602,
        ),
        remittance_file(
            settled("X1", status="19"),
            trace="EFT3",
            made="20260227",
            payment_date="20260228",
            control=603,
        ),
        received_date=date(2026, 3, 1),
    )
    Payer.objects.filter(name="MEDICARE NOVA").update(type="medicare")
    Payer.objects.filter(name="STATE MEDICAID").update(type="medicaid")
    refresh_stale(TODAY)


def named(number: str) -> Claim:
    """Return a claim by its number."""
    return Claim.objects.select_related("client").get(number=number)


@remembered
def filled(inbox: Inbox) -> None:
    """Take everything in for one client, with people."""
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    take_in(inbox)
    make_people(client)


@contextmanager
def kept_world(folders: pytest.TempPathFactory) -> Iterator[None]:
    """Fill once for all tests of a module; it is gone after them."""
    base = folders.mktemp("next")
    (base / "in").mkdir()
    before, settings.SANDERLING_HOME = settings.SANDERLING_HOME, base / "home"
    try:
        with transaction.atomic():
            filled(Inbox(base / "in", at=AT))
            yield
            transaction.set_rollback(True)
    finally:
        settings.SANDERLING_HOME = before
