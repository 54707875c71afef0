"""Appeals from the denied claim to the outcome: drafts, packets, sending, what answers them."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from pypdf import PdfReader, PdfWriter
from pytest_django import DjangoDbBlocker
from tests.integration.appeal_desk import AT, TODAY, AppealDesk, pay_after, standing_desk

from sanderling.appeals.actions import (
    acknowledge,
    approve,
    finish,
    mark_sent,
    reopen,
    take_back_sent,
    withdraw_appeal,
)
from sanderling.appeals.asking import ask_client
from sanderling.appeals.deciding import decide, read_outcomes, undo_decision
from sanderling.appeals.evidence import add_evidence
from sanderling.appeals.models import Appeal, Evidence, Packet, State
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
from sanderling.core.appeals.cases import cases
from sanderling.document_requests.models import Item as RequestItem
from sanderling.document_requests.models import Request
from sanderling.followup.models import Activity
from sanderling.mail.models import Mail
from sanderling.news.models import Notice
from sanderling.tasks.models import Task
from sanderling.worklists.models import BulkAct

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AppealDesk]:
    with django_db_blocker.unblock(), standing_desk(tmp_path_factory) as filled:
        yield filled


@pytest.fixture
def desk(world: AppealDesk, db: None) -> AppealDesk:
    return world


def barrier(desk: AppealDesk, number: str = "T1", *, day: date = TODAY) -> Barrier:
    refresh_stale(day)
    return Barrier.objects.get(claim_id=desk.claim(number).pk, party=11)


def text_of(packet: Packet) -> list[str]:
    reader = PdfReader(io.BytesIO(packet_bytes(packet)))
    return [page.extract_text() for page in reader.pages]


def send(appeal: Appeal, desk: AppealDesk) -> Appeal:
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
        "1. Proof of timely filing",
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


def test_one_claim_has_one_open_appeal_and_a_stranger_to_the_way_is_told(
    desk: AppealDesk,
) -> None:
    desk.begin("T1")
    with pytest.raises(AppealRefused, match="open already"):
        desk.begin("T1")
    # The payer did not process it: a corrected claim is the way, and the reason is said.
    with pytest.raises(NotAppealable, match="MA130"):
        desk.begin("K1")
    assert Appeal.objects.count() == 1
    anyhow = desk.begin("K1", asked=Asked(despite_choice=True, case="general"))
    assert (anyhow.case, anyhow.vehicle) == ("general", "reconsideration")


def test_a_missing_fact_or_piece_of_evidence_keeps_the_packet_from_being_made(
    desk: AppealDesk,
) -> None:
    appeal = desk.begin("N1")
    assert appeal.vehicle == "clinical_appeal"
    with pytest.raises(NotComplete) as refused:
        finish(appeal.pk, user=desk.writer, at=AT)
    assert "Clinical summary: state it on the appeal's page" in str(refused.value)
    assert Packet.objects.count() == 0
    assert Appeal.objects.get().state == State.DRAFT
    state_facts(
        appeal.pk,
        [("clinical_summary", "Failed therapy {{patient}} #x"), ("policy_reference", "L123")],
        source_text="note of 2026-01-05", user=desk.writer, at=AT,
    )  # fmt: skip
    with pytest.raises(NotComplete, match="Progress notes of the day of service: attach it"):
        finish(appeal.pk, user=desk.writer, at=AT)
    add_evidence(
        appeal.pk, data=a_pdf(3), name="Jane Doe notes.pdf", title="Progress notes",
        item="progress_notes", user=desk.writer, at=AT,
    )  # fmt: skip
    add_evidence(
        appeal.pk, data=a_png(), name="x.png", title="", item="history", user=desk.writer, at=AT
    )
    mark_item(
        appeal.pk, "policy", is_there=False, note="The payer has none", user=desk.writer, at=AT
    )
    packet = finish(appeal.pk, user=desk.writer, at=AT).packet
    assert packet is not None
    pages = text_of(packet)
    assert packet.pages == len(pages)
    titles = dict(packet.contents)
    assert titles["1. Progress notes"] == packet.pages - 3
    assert titles["2. History and physical"] == packet.pages
    assert f"Page {packet.pages} of {packet.pages}" in pages[-1]
    assert f"Page {packet.pages - 3} of {packet.pages}" in pages[-4]
    whole = " ".join(" ".join(pages).split())
    assert "Failed therapy ((patient)) #x" in whole
    assert "Stated by Writer on 2026-03-05: note of 2026-01-05" in whole


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "empty"),
        (b"MZ\x90", "takes PDF, PNG and JPEG"),
        (b"%PDF-1.7 nothing", "damaged"),
    ],
)
def test_what_is_no_document_is_refused(desk: AppealDesk, data: bytes, match: str) -> None:
    appeal = desk.begin("T1")
    with pytest.raises(AppealRefused, match=match):
        add_evidence(appeal.pk, data=data, name="x", title="", item="", user=desk.writer, at=AT)
    assert appeal.evidence.count() == 0


def test_sending_makes_the_claim_wait_and_taking_it_back_undoes_that(desk: AppealDesk) -> None:
    appeal = send(desk.begin("T1"), desk)
    assert (appeal.state, appeal.confirm_date) == (State.SENT, date(2026, 3, 12))
    assert appeal.decision_due_date == date(2026, 5, 4)
    assert barrier(desk).barrier == "appeal_pending"
    again = mark_sent(
        appeal.pk, channel="fax", sent_date=TODAY, tracking="again", user=desk.writer, at=AT
    )
    assert again.tracking == "FAX 17 ok"
    take_back_sent(appeal.pk, user=desk.writer, at=AT)
    assert barrier(desk).barrier == "denied"
    assert Appeal.objects.get().state == State.APPROVED


def test_sending_needs_proof_and_a_day_that_can_be(desk: AppealDesk) -> None:
    appeal = desk.begin("T1")
    finish(appeal.pk, user=desk.writer, at=AT)
    for more, match in (
        ({"tracking": ""}, "note what proves it"),
        ({"channel": "pigeon"}, "choose how"),
        ({"sent_date": date(2026, 3, 6)}, "until today"),
    ):
        asked = {"channel": "mail", "sent_date": TODAY, "tracking": "RR1", **more}
        with pytest.raises(AppealRefused, match=match):
            mark_sent(appeal.pk, user=desk.writer, at=AT, **asked)  # type: ignore[arg-type]
    assert Appeal.objects.get().state == State.APPROVED
    assert barrier(desk).barrier == "denied"


def test_another_person_approves_what_the_policy_says(desk: AppealDesk) -> None:
    lost(desk, "T1")
    second = desk.begin("T1")
    assert (second.level, second.previous_id is not None) == (2, True)
    # 60 days from the notice: the default of a second level.
    assert second.deadline_date == date(2026, 5, 31)
    done = finish(second.pk, user=desk.lead, at=later(4, 1))
    assert (done.state, done.approval_reason) == (State.READY, "level 2")
    with pytest.raises(AppealRefused, match="another person"):
        approve(second.pk, user=desk.lead, at=AT)
    with pytest.raises(AppealRefused, match="may not"):
        approve(second.pk, user=desk.writer, at=AT)
    other = type(desk.lead).objects.create(email="l2@x.test", name="L2", role="lead")
    assert approve(second.pk, user=other, at=AT).state == State.APPROVED


def later(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def lost(desk: AppealDesk, number: str) -> Appeal:
    appeal = send(desk.begin(number), desk)
    acknowledge(
        appeal.pk, received_date=date(2026, 3, 9), reference="AP-9", user=desk.writer,
        at=later(3, 9),
    )  # fmt: skip
    return decide(
        appeal.pk, outcome="lost", decided_date=date(2026, 4, 1), recovered_cents=0, note="letter",
        user=desk.writer, at=later(4, 1),
    )  # fmt: skip


def test_an_upheld_decision_opens_the_next_level_and_can_be_undone(desk: AppealDesk) -> None:
    appeal = lost(desk, "T1")
    assert appeal.next_deadline_date == date(2026, 5, 31)
    row = barrier(desk, day=date(2026, 4, 1))
    assert (row.barrier, row.deadline_level) == ("denied", 2)
    undone = undo_decision(appeal.pk, at=later(4, 1))
    assert (undone.state, undone.decided_date) == (State.ACKNOWLEDGED, None)


def test_a_payment_after_the_appeal_wins_it_once(desk: AppealDesk) -> None:
    appeal = send(desk.begin("T1"), desk)
    assert read_outcomes(at=AT) == (0, 0)
    pay_after(desk, "T1", day="03-20", paid=150)
    assert read_outcomes(at=later(3, 20)) == (1, 0)
    won = Appeal.objects.get()
    assert (won.state, won.recovered_cents, won.is_automatic) == (State.WON, 15_000, True)
    assert read_outcomes(at=later(3, 20)) == (0, 0)
    # Undone, the same remittance is not believed again.
    undo_decision(appeal.pk, at=later(3, 21))
    assert read_outcomes(at=later(3, 21)) == (0, 0)
    assert Appeal.objects.get().state == State.SENT


def test_a_part_payment_is_proposed_and_confirmed_by_a_person(desk: AppealDesk) -> None:
    appeal = send(desk.begin("T1"), desk)
    pay_after(desk, "T1", day="03-20", paid=90)
    assert read_outcomes(at=later(3, 20)) == (0, 1)
    waits = Appeal.objects.get()
    assert (waits.state, waits.proposed, waits.proposed_cents) == (State.SENT, "partly", 9_000)
    done = decide(
        appeal.pk, outcome="partly", decided_date=date(2026, 3, 20), recovered_cents=9_000,
        note="", user=desk.writer, at=later(3, 21),
    )  # fmt: skip
    assert (done.state, done.recovered_cents, done.is_automatic) == (State.PARTLY, 9_000, False)


def test_a_withdrawn_appeal_frees_the_claim(desk: AppealDesk) -> None:
    appeal = send(desk.begin("T1"), desk)
    with pytest.raises(AppealRefused, match="say why"):
        withdraw_appeal(appeal.pk, note=" ", user=desk.writer, at=AT)
    withdraw_appeal(appeal.pk, note="paid by phone", user=desk.writer, at=AT)
    assert barrier(desk).barrier == "denied"
    assert desk.begin("T1").level == 1


def test_an_underpayment_is_disputed_with_its_calculation(desk: AppealDesk) -> None:
    appeal = desk.begin("U1", asked=Asked(asked_cents=6_000, case="underpayment",
                                          despite_choice=True))  # fmt: skip
    assert appeal.vehicle == "underpayment_dispute"
    state_facts(
        appeal.pk,
        [("contract_reference", "Agreement of 2024, page 3"), ("expected_amount", "100"),
         ("underpaid_amount", "60.00")],
        user=desk.writer, at=AT,
    )  # fmt: skip
    mark_item(appeal.pk, "contract_page", is_there=False, note="on file", user=None, at=AT)
    packet = finish(appeal.pk, user=desk.writer, at=AT).packet
    assert packet is not None
    whole = " ".join(" ".join(text_of(packet)).split())
    assert "By Agreement of 2024, page 3 the amount for these services is $100.00" in whole
    assert "Calculation" in [title for title, _ in packet.contents]
    sent = mark_sent(
        appeal.pk, channel="portal", sent_date=TODAY, tracking="P1", user=desk.writer, at=AT
    )
    assert sent.confirm_date == date(2026, 3, 12)
    assert barrier(desk, "U1").barrier == "appeal_pending"


def a_pdf(pages: int) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=300, height=500)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def a_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        end = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + end

    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" + b"\xff" * 6 + b"\0" + b"\x00" * 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_asking_the_client_for_evidence_is_one_transaction(
    desk: AppealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    appeal = desk.begin("T1")
    case = cases()[appeal.case]
    wanted = [one.key for one in case.items][:2]
    tables = (Request, RequestItem, Task, BulkAct, Activity, Evidence, Notice, Mail)

    def state() -> tuple[object, ...]:
        counts = [table.objects.count() for table in tables]
        return (*counts, Appeal.objects.filter(pk=appeal.pk).values().get())

    before = state()
    half_way: list[int] = []

    def fails(*_: object, **__: object) -> None:
        half_way.append(Request.objects.count())
        raise RuntimeError("stopped half-way")

    with monkeypatch.context() as patched:
        patched.setattr("sanderling.worklists.acting.record_claim_events", fails)
        with pytest.raises(RuntimeError, match="half-way"):
            ask_client(appeal.pk, wanted, due_date=None, user=desk.writer, at=AT)
    assert half_way == [1]  # it had been made
    assert state() == before
    for _ in range(2):  # again that day is once
        ask_client(appeal.pk, wanted, due_date=None, user=desk.writer, at=AT)
    assert (Request.objects.count(), RequestItem.objects.count()) == (1, len(wanted))
    assert [one.origin["appeal"] for one in RequestItem.objects.all()] == [appeal.pk] * len(wanted)
