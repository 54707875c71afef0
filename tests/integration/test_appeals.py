"""Appeals from the denied claim to the outcome: drafts, packets, sending, remittances that answer."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from pytest_django.fixtures import Settings
from tests.builders import Inbox
from tests.integration.appeal_desk import AT, TODAY, AppealDesk, make_appeal_desk, pay_after

from sanderling.appeals.actions import (
    acknowledge,
    approve,
    finish,
    mark_sent,
    reopen,
    take_back_sent,
    withdraw_appeal,
)
from sanderling.appeals.deciding import decide, read_outcomes, undo_decision
from sanderling.appeals.evidence import add_evidence
from sanderling.appeals.models import Appeal, Packet, State
from sanderling.appeals.packets import NotComplete, packet_bytes
from sanderling.appeals.writing import (
    AppealRefused,
    Asked,
    NotAppealable,
    mark_item,
    state_facts,
)
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(inbox: Inbox) -> AppealDesk:
    return make_appeal_desk(inbox)


def barrier(desk: AppealDesk, number: str = "T1", *, day: date = TODAY) -> Barrier:
    refresh_stale(day)
    return Barrier.objects.get(claim_id=desk.claim(number).pk, party=11)


def text_of(packet: Packet) -> list[str]:
    reader = PdfReader(io.BytesIO(packet_bytes(packet)))
    return [page.extract_text() for page in reader.pages]


def send(appeal: Appeal, desk: AppealDesk, *, at: object = AT) -> Appeal:
    finish(appeal.pk, user=desk.writer, at=AT)
    return mark_sent(
        appeal.pk, channel="fax", sent_date=TODAY, tracking="FAX 17 ok", user=desk.writer, at=AT
    )


def test_a_late_filing_denial_becomes_a_packet_with_facts_of_its_files(desk: AppealDesk) -> None:
    appeal = desk.begin("T1")
    assert (appeal.case, appeal.vehicle, appeal.level) == ("timely_filing", "reconsideration", 1)
    assert appeal.asked_cents == 15_000
    # 180 days from the remittance of January 30, as the payers' import says.
    assert appeal.deadline_date == date(2026, 7, 29)
    done = finish(appeal.pk, user=desk.writer, at=AT)
    assert done.state == State.APPROVED
    assert done.packet is not None
    pages = text_of(done.packet)
    whole = " ".join(" ".join(pages).split())
    for words in (
        "Your acceptance of the claim is dated January 9, 2026",
        "You refused $150.00 under CO-29, filed too late",
        "Please set the denial for timely filing aside",
        "pay $150.00 with any interest",
        "Explanation of payment",
        "26 Patient's account number",
    ):
        assert words in whole, words
    assert f"Page 1 of {len(pages)}" in pages[0]
    assert "DOE" not in pages[0].upper(), "no patient on the cover"
    assert [title for title, _ in done.packet.contents] == [
        "Reconsideration",
        "Reconsideration: timely filing",
        "Explanation of payment",
        "Claim as sent, by the boxes of the CMS-1500",
        "Sources of the letter",
    ]
    assert hashlib.sha256(packet_bytes(done.packet)).hexdigest() == done.packet.sha256


def test_the_same_appeal_gives_the_same_bytes(desk: AppealDesk) -> None:
    appeal = desk.begin("T1")
    first = finish(appeal.pk, user=desk.writer, at=AT).packet
    reopen(appeal.pk, user=desk.writer, at=AT)
    second = finish(appeal.pk, user=desk.writer, at=AT).packet
    assert first is not None
    assert second is not None
    assert first.pk != second.pk
    assert first.sha256 == second.sha256
