"""Notes recorded: what they write, what they lead to, what they refuse."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.builders import NPI, TIN, Inbox, claims_file, rows, sent
from tests.integration.desk import AT, CALL, TODAY, Desk, acting_as, make_desk
from tests.integration.pages import make_client

from sanderling.audit.models import AuditEvent
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Claim
from sanderling.followup.actions import InvalidActivity, record, withdraw
from sanderling.followup.attachments import FileRefused, NewFile, attachment_chunks
from sanderling.followup.models import Activity, Attachment, Note, Promise, Withdrawal
from sanderling.followup.notes import InvalidNote, add_addendum, record_note
from sanderling.news.models import Notice
from sanderling.worklists.models import WorkItem

SENT = date(2026, 1, 5)
MARCH_12 = date(2026, 3, 12)
PAPERS = {"documents": "a letter", "sent_to": "555-0199"}
COUNTS = (
    "SELECT (SELECT count(*) FROM followup_activity), (SELECT count(*) FROM followup_note),"
    " (SELECT count(*) FROM followup_promise), (SELECT count(*) FROM followup_attachment),"
    " (SELECT count(*) FROM news_notice)"
)


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def note(desk: Desk, scenario: str = "in_process", **more: Any) -> Note:
    more.setdefault("answers", CALL)
    more.setdefault("at", AT)
    return record_note(claim=desk.claim, scenario=scenario, user=desk.specialist, **more)


def test_a_note_is_an_activity_with_the_answers_behind_it(desk: Desk) -> None:
    with acting_as(desk.specialist):
        made = note(desk, contact="555-0100", minutes=4, deadline=("Appeal", date(2026, 4, 4)))
    activity = Activity.objects.get()
    assert made.activity == activity
    assert (activity.channel, activity.action, activity.outcome) == (
        "call",
        "check_status",
        "in_process",
    )
    assert (activity.reference, activity.next_date) == ("R17", date(2026, 3, 19))
    assert (activity.user, activity.user_name) == (desk.specialist, "specialist")
    assert activity.note == made.narrative
    assert made.narrative == (
        "[Call 2026-03-05 14:02 UTC] ACME HEALTH 555-0100 rep Joy ref# R17. DOS 2026-01-02, billed"
        " $150.00, open $150.00. Status: received and in process; received 2026-01-08. Next: check"
        " the status on 2026-03-19 by specialist. Appeal: 2026-04-04, 30 d left."
    )
    assert (made.party, made.disposition, made.representative) == (11, "RCVD", "Joy")
    assert (made.minutes, made.is_avoidable, made.next_action) == (4, True, "check_status")
    assert made.answers == {**CALL, "received_date": "2026-01-08"}


def test_the_work_item_knows_at_once(desk: Desk) -> None:
    note(desk)
    assert (desk.item().touches, desk.item().last_touch_date, desk.item().last_outcome) == (
        1,
        TODAY,
        "in_process",
    )


def test_the_same_form_twice_is_one_note(desk: Desk) -> None:
    key = uuid4()
    first = note(desk, form_key=key)
    later = AT + timedelta(minutes=3)
    assert note(desk, form_key=key, at=later) == first
    assert note(desk, form_key=key, answers={}) == first  # it was taken: nothing to refuse
    assert rows(COUNTS) == [(1, 1, 0, 0, 0)]


def test_another_form_that_says_the_same_later_is_another_touch(desk: Desk) -> None:
    note(desk)
    note(desk, at=AT + timedelta(minutes=1))
    assert rows(COUNTS) == [(2, 2, 0, 0, 0)]
    assert desk.item().touches == 2


@pytest.mark.parametrize(
    ("scenario", "more", "fault"),
    [
        ("in_process", {"answers": {}}, "representative"),
        ("in_process", {"channel": "pigeon"}, "channel"),
        ("in_process", {"next_text": "someday"}, "next_date"),
        ("dance", {}, "scenario"),
        ("denied", {"answers": {**CALL, "result": "coding"}}, "reason_code"),
    ],
)
def test_a_refused_note_has_written_nothing(
    desk: Desk, scenario: str, more: dict[str, Any], fault: str
) -> None:
    with pytest.raises(InvalidNote) as error:
        note(desk, scenario, **more)
    assert fault in error.value.faults
    assert rows(COUNTS) == [(0, 0, 0, 0, 0)]


# What every scenario makes of the barrier of a claim that was sent and never answered.
LEADS_TO: list[tuple[str, dict[str, str], str, date | None]] = [
    ("in_process", {**CALL}, "awaiting_payer", date(2026, 3, 19)),
    ("not_on_file", {"member_verified": "yes", "eligible": "yes"}, "not_on_file", MARCH_12),
    ("forwarded", {"forwarded_to": "Other Plan"}, "awaiting_payer", date(2026, 4, 6)),
    ("approved", {"promised_date": "3/10"}, "awaiting_payer", date(2026, 3, 13)),
    (
        "paid_not_posted",
        {"trace": "9", "paid_date": "3/1", "paid_cents": "5"},
        "paid_unposted",
        date(2026, 3, 10),
    ),
    (
        "patient_share",
        {"processed_date": "3/1", "share_cents": "5"},
        "paid_unposted",
        date(2026, 3, 6),
    ),
    (
        "denied",
        {"result": "coding", "reason_code": "4", "explanation": "x"},
        "denied",
        date(2026, 3, 9),
    ),
    ("info_requested", {"wanted": "op note"}, "pended", date(2026, 3, 9)),
    ("patient_must_act", {"member_must": "call"}, "pended", date(2026, 3, 16)),
    ("in_review", {"result": "medical"}, "pended", date(2026, 3, 19)),
    ("appeal_status", {"result": "review"}, "awaiting_payer", date(2026, 3, 19)),
    (
        "appeal_status",
        {"result": "upheld", "decided_date": "3/1", "explanation": "x"},
        "denied",
        date(2026, 3, 10),
    ),
    (
        "claim_sent",
        {"result": "corrected", "changed": "modifier"},
        "corrected_pending",
        date(2026, 3, 30),
    ),
    ("claim_sent", {"result": "new"}, "awaiting_payer", date(2026, 3, 9)),
    ("records_sent", {"result": "records", **PAPERS}, "awaiting_payer", date(2026, 3, 16)),
    ("records_sent", {"result": "appeal", **PAPERS}, "appeal_pending", date(2026, 3, 16)),
    ("records_sent", {"result": "dispute", **PAPERS}, "appeal_pending", date(2026, 4, 6)),
    ("offset", {"offset_claim": "ICN4"}, "paid_unposted", MARCH_12),
    ("reprocess", {"promised_date": "20d"}, "awaiting_payer", date(2026, 3, 30)),
    ("no_answer", {"result": "message"}, "no_response", date(2026, 3, 9)),
    ("portal_down", {}, "no_response", date(2026, 3, 6)),
    ("note", {"remarks": "x"}, "no_response", None),
]


def test_each_scenario_leads_to_its_barrier(inbox: Inbox) -> None:
    numbers = [f"A{place:02d}" for place in range(len(LEADS_TO))]
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(claims_file(*(sent(number, 150) for number in numbers)), received_date=SENT)
    refresh_stale(TODAY)
    assert set(Barrier.objects.values_list("barrier", flat=True)) == {"no_response"}
    for number, (scenario, answers, _, _) in zip(numbers, LEADS_TO, strict=True):
        record_note(
            claim=Claim.objects.get(client=client, number=number),
            scenario=scenario,
            answers={"representative": "Joy", "reference": "R17", **answers},
            user=None,
            at=AT,
        )
    refresh_stale(TODAY)
    found = [
        (scenario, answers.get("result"), barrier, next_date)
        for (scenario, answers, _, _), (barrier, next_date) in zip(
            LEADS_TO,
            rows(
                "SELECT b.barrier, a.next_date FROM claims_claim c"
                " JOIN barriers_barrier b ON b.claim_id = c.id"
                " JOIN followup_activity a ON a.claim_id = c.id ORDER BY c.number"
            ),
            strict=True,
        )
    ]
    assert found == [(row[0], row[1].get("result"), row[2], row[3]) for row in LEADS_TO]


def test_an_act_taken_back_counts_no_more(inbox: Inbox) -> None:
    make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(claims_file(sent("A1", 150)), received_date=SENT)
    claim = Claim.objects.get()

    def barrier() -> str:
        refresh_stale(TODAY)
        return Barrier.objects.get().barrier

    def send() -> Activity:
        return record(
            claim=claim, activity_date=TODAY, channel="fax", action="appeal", outcome="sent", at=AT
        )

    first = send()
    assert send() == first
    assert (barrier(), WorkItem.objects.get().touches) == ("appeal_pending", 1)
    withdraw(first, user=None, at=AT, reason="wrong claim")
    withdraw(first, user=None, at=AT, reason="again")
    assert [one.reason for one in Withdrawal.objects.all()] == ["wrong claim"]
    assert WorkItem.objects.get().touches == 0  # at once
    assert barrier() == "no_response"
    assert AuditEvent.objects.filter(action="activity.withdraw").count() == 1
    second = send()  # the same, meant this time
    assert second != first
    assert send() == second
    assert (barrier(), WorkItem.objects.get().touches) == ("appeal_pending", 1)


def test_the_web_role_takes_back_too(desk: Desk) -> None:
    with acting_as(desk.specialist):
        made = note(desk)
        assert made.activity is not None
        withdraw(made.activity, user=desk.specialist, at=AT, reason="wrong claim")
    assert Withdrawal.objects.get().user == desk.specialist
    assert desk.item().touches == 0


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_taking_back_needs_a_reason(desk: Desk, reason: str) -> None:
    made = note(desk)
    assert made.activity is not None
    with pytest.raises(InvalidActivity):
        withdraw(made.activity, user=desk.specialist, at=AT, reason=reason)
    assert not Withdrawal.objects.exists()


def test_an_addendum_stands_beside_its_note(desk: Desk) -> None:
    made = note(desk)
    key = uuid4()
    with acting_as(desk.specialist):
        added = add_addendum(
            note=made, text="The claim number is ICN9", user=desk.admin, at=AT, form_key=key
        )
        again = add_addendum(note=made, text="other", user=desk.admin, at=AT, form_key=key)
    assert again == added
    assert (added.addendum_of, added.activity, added.narrative) == (
        made,
        None,
        "The claim number is ICN9",
    )
    assert desk.item().touches == 1  # it is no touch
    with pytest.raises(InvalidNote, match="addendum"):
        add_addendum(note=added, text="x", user=desk.admin, at=AT)
    with pytest.raises(InvalidNote, match="empty"):
        add_addendum(note=made, text=" ", user=desk.admin, at=AT)
    assert Note.objects.count() == 2


def test_who_is_mentioned_is_told_if_he_may_see_the_client(desk: Desk) -> None:
    with acting_as(desk.specialist):
        note(desk, answers={**CALL, "remarks": "@admin look; @stranger @client_user @nobody too"})
    notice = Notice.objects.get()
    assert notice.user == desk.admin
    assert notice.text == "specialist mentioned you on MINE A1"
    assert (notice.kind, notice.url) == ("note.mention", "/claims/MINE/A1/#timeline")


def test_nobody_is_told_of_himself(desk: Desk) -> None:
    note(desk, answers={**CALL, "remarks": "@specialist"})
    assert not Notice.objects.exists()


def pdf(name: str = "EOB of Doe.pdf", data: bytes = b"%PDF-1.7 eob") -> NewFile:
    return NewFile(name, len(data), iter([data]))


@pytest.mark.parametrize("key", ["", "a secret"])
def test_an_attachment_is_kept_with_the_originals(
    desk: Desk, settings: Any, tmp_path: Any, key: str
) -> None:
    settings.FILE_KEY = key
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    with acting_as(desk.specialist):
        note(desk, files=[pdf(), pdf("same.pdf"), pdf("../../x/letter.txt", b"hello")])
    first, second = Attachment.objects.order_by("pk")
    assert (first.name, first.size_bytes, first.content_type) == (
        "EOB of Doe.pdf",
        12,
        "application/pdf",
    )
    assert first.is_encrypted == bool(key)
    assert b"".join(attachment_chunks(first)) == b"%PDF-1.7 eob"
    assert second.name == "letter.txt"
    assert [p for p in tmp_path.iterdir() if p.is_file()] == []


@pytest.mark.parametrize(
    "file",
    [
        pdf("page.html", b"<script>"),
        pdf("eob.pdf", b"<script>"),
        pdf("eob.pdf", b""),
        pdf("eob.txt", b"MZ\0\0"),
        pdf("noending", b"%PDF-"),
        NewFile("big.pdf", 21 * 2**20, iter([b"%PDF-"])),
        NewFile("liar.pdf", 5, iter([b"%PDF-" + b"x" * 2**20] * 21)),
    ],
    ids=lambda file: file.name,
)
def test_a_file_of_no_taken_type_refuses_the_note(
    desk: Desk, settings: Any, tmp_path: Any, file: NewFile
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    with pytest.raises(FileRefused):
        note(desk, files=[file])
    assert rows(COUNTS) == [(0, 0, 0, 0, 0)]
    assert [p for p in tmp_path.iterdir() if p.is_file()] == []


def test_a_promise_comes_of_a_note_that_has_a_day(desk: Desk) -> None:
    with acting_as(desk.specialist):
        note(desk, "approved", answers={**CALL, "promised_date": "3/12", "promised_cents": "80"})
    promise = Promise.objects.get()
    assert (promise.party, promise.made_date, promise.promised_date, promise.amount_cents) == (
        11,
        TODAY,
        date(2026, 3, 12),
        8_000,
    )
    assert (desk.item().promise_state, desk.item().promise_date) == ("open", date(2026, 3, 12))


def test_a_rule_may_write_a_note(desk: Desk) -> None:
    made = record_note(
        claim=desk.claim, scenario="note", answers={"remarks": "rule 4"}, user=None, at=AT
    )
    assert (made.user, made.user_name, made.narrative) == (None, "", "rule 4")
