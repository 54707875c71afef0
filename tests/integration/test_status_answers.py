"""277s that answer our requests: by our trace, by numbers, in any order, and never to others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker
from tests.builders import NPI, Inbox, claims_file, envelope, rows, sent
from tests.integration.pages import FOREIGN_NPI
from tests.integration.work_items import AT, TODAY, Workers, item, shared_world, workers_of

from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim
from sanderling.inquiries.actions import plan_requests
from sanderling.inquiries.due import due_requests
from sanderling.inquiries.limits import limits_of_payers
from sanderling.inquiries.models import StatusRequest
from sanderling.inquiries.rendering import trace_of
from sanderling.outbox.models import OutboundFile
from sanderling.receivables.claim import claim_detail

pytestmark = pytest.mark.django_db
LATER = TODAY + timedelta(days=1)


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    with django_db_blocker.unblock(), shared_world(tmp_path_factory) as folder:
        yield folder


@pytest.fixture
def workers(world: Path, db: None) -> Workers:
    plan_requests(at=AT)
    OutboundFile.objects.update(state="sent", sent_at=AT)
    return workers_of()


@pytest.fixture
def inbox(workers: Workers, world: Path) -> Inbox:
    return Inbox(world / "in", at=AT + timedelta(days=1))


def asked(number: str) -> StatusRequest:
    return StatusRequest.objects.get(claim_id=item(number).claim_id)


def reply(
    trace: str,
    status: str,
    *,
    number: str = "",
    icn: str = "",
    charge: str = "150",
    day: str = "20260102",
    more: str = "",
    said: str = "20260305",
) -> str:
    """Return loop 2200D of a 277."""
    return (
        f"TRN*2*{trace}~STC*{status}*{said}**{charge}{more}~"
        + (f"REF*1K*{icn}~" if icn else "")
        + (f"REF*EJ*{number}~" if number else "")
        + (f"DTP*472*RD8*{day}-{day}~" if day else "")
    )


def answer(
    *replies: str, npi: str = NPI, control: int = 900, batch: str = "", errors: str = ""
) -> str:
    """Return a 277; `errors`: what stands at the receiver's level."""
    head = (
        "BHT*0010*08*X1*20260305*1200*DG~HL*1**20*1~NM1*PR*2*ACME HEALTH*****PI*ACME1~"
        "HL*2*1*21*1~NM1*41*2*BILLCO*****46*BILLCO~"
    ) + (f"TRN*2*{batch}~{errors}" if errors else "")
    body = f"HL*3*2*19*1~NM1*1P*2*MAPLE FAMILY CLINIC*****XX*{npi}~" if npi else ""
    for level, text in enumerate(replies, start=4):
        body += f"HL*{level}*3*22*0~NM1*IL*1*DOE*JANE****MI*ABC123456789~{text}"
    return envelope(head + body, kind="277", guide="005010X212", code="HN", control=control)


def state(number: str) -> tuple[str, str]:
    """Return the state of the request about a claim, and the category it was answered with."""
    request = asked(number)
    found = rows("SELECT category FROM claims_answer WHERE id = %s", [str(request.answer_id or 0)])
    return request.state, found[0][0] if found else ""


def barrier(number: str) -> tuple[str, str]:
    refresh_stale(LATER)
    (found,) = rows(
        "SELECT barrier, next_action FROM barriers_barrier WHERE claim_id = %s",
        [str(item(number).claim_id)],
    )
    return found


@pytest.mark.parametrize(
    ("status", "more", "barrier_wanted", "action"),
    [
        ("F1:65", "*120*20260301**20260302*EFT900001", "paid_unposted", "find_payment"),
        ("F2:65", "", "denied", "find_payment"),
        ("P1:20", "", "awaiting_payer", "wait"),
        ("P3:297", "", "pended", "send_records"),
        ("A4:35", "", "not_on_file", "resubmit"),
        ("D0:35", "", "not_on_file", "resubmit"),
    ],
)
def test_an_answer_by_our_trace_alone_is_the_claims(
    inbox: Inbox, status: str, more: str, barrier_wanted: str, action: str
) -> None:
    inbox.take(
        answer(reply(trace_of(asked("A1").pk), status, charge="", day="", more=more), npi=""),
        received_date=LATER,
    )
    assert state("A1") == ("answered", status[:2])
    assert asked("A1").answered_date == LATER
    assert state("A2") == ("asked", "")
    assert barrier("A1") == (barrier_wanted, action)


def test_a_claim_in_process_has_a_next_day_and_is_not_due_before_it(inbox: Inbox) -> None:
    inbox.take(answer(reply(trace_of(asked("A1").pk), "P1:20")), received_date=LATER)
    refresh_stale(LATER)
    (next_date,) = rows(
        "SELECT next_date FROM barriers_barrier WHERE claim_id = %s", [str(item("A1").claim_id)]
    )[0]
    assert next_date == date(2026, 3, 21)  # the day after 14 days: DOMAIN 4.7
    assert {one.claim for one in due_requests(LATER, limits_of_payers())} == set()


def test_of_several_claims_in_an_answer_the_one_asked_about_is_taken(inbox: Inbox) -> None:
    trace = trace_of(asked("A1").pk)
    inbox.take(
        answer(
            reply(trace, "F2:65", number="A1", charge="99", day="20251111", icn="OLD"),
            reply(trace, "F1:65", number="A1", icn="NEW"),
            reply(trace, "P1:20", number="OTHER9", charge="20", day="20250101"),
        ),
        received_date=LATER,
    )
    assert state("A1") == ("answered", "F1")
    kept = rows(
        "SELECT payer_claim_number, claim_id, is_passed_over FROM claims_answer ORDER BY id"
    )
    assert kept == [("OLD", None, True), ("NEW", item("A1").claim_id, False), ("", None, False)]
    assert barrier("A1")[0] == "paid_unposted"


@pytest.mark.parametrize("order", ["as sent", "turned"])
def test_whatever_the_order_the_latest_answer_counts(inbox: Inbox, order: str) -> None:
    trace = trace_of(asked("A1").pk)
    first = answer(reply(trace, "P1:20", said="20260304"), control=901)
    second = answer(reply(trace, "F1:65"), control=902)
    error = answer(reply(trace, "E1:0"), control=903)
    files = [first, second, error]
    for text in reversed(files) if order == "turned" else files:
        inbox.take(text, received_date=LATER)
        inbox.take(text.replace("*000000", "*000001"), received_date=LATER)  # sent twice
    assert state("A1") == ("answered", "F1")
    assert len(rows("SELECT FROM claims_answer")) == 3


@pytest.mark.parametrize(("category", "became"), [("E0", "refused"), ("E1", "failed")])
def test_an_error_says_nothing_of_the_claim(inbox: Inbox, category: str, became: str) -> None:
    before = barrier("A1")
    inbox.take(answer(reply(trace_of(asked("A1").pk), f"{category}:535")), received_date=LATER)
    assert state("A1") == (became, category)
    assert barrier("A1") == before


def test_what_the_payers_system_could_not_answer_is_asked_again_what_is_wrong_is_not(
    inbox: Inbox,
) -> None:
    inbox.take(
        answer(reply(trace_of(asked("A1").pk), "E0:535"), reply(trace_of(asked("A2").pk), "E2:0")),
        received_date=LATER,
    )
    assert {one.claim for one in due_requests(LATER, limits_of_payers())} == {"A2"}
    in_a_month = TODAY + timedelta(days=40)
    assert {one.claim for one in due_requests(in_a_month, limits_of_payers())} == {
        *("A2", "A3", "A4", "B1")
    }
    inbox.take(claims_file(sent("A1", 150), batch="B9", control=140), received_date=LATER)
    assert "A1" in {one.claim for one in due_requests(in_a_month, limits_of_payers())}


def test_an_error_of_the_whole_batch_is_about_each_of_its_requests(inbox: Inbox) -> None:
    mine = OutboundFile.objects.get(pk=asked("A1").file_id)
    inbox.take(
        answer(npi="", batch=mine.reference, errors="STC*E4:10*20260305~"), received_date=LATER
    )
    assert [state(number) for number in ("A1", "A2", "A3", "A4")] == [("refused", "E4")] * 4
    assert state("B1") == ("asked", "")


def test_an_error_of_a_provider_is_about_the_requests_of_that_provider(inbox: Inbox) -> None:
    mine = OutboundFile.objects.get(pk=asked("A1").file_id)
    text = answer(npi=NPI, batch=mine.reference, errors="STC*A1:19*20260305~")
    whole = text.replace(f"XX*{NPI}~", f"XX*{NPI}~TRN*2*0~STC*E0:562:85*20260305~")
    text = whole.replace("SE*10*", "SE*12*")
    stranger = text.replace(NPI, FOREIGN_NPI)
    inbox.take(stranger, received_date=LATER)
    assert state("A1") == ("asked", "")
    inbox.take(text, received_date=LATER)
    assert [state(number) for number in ("A1", "A4")] == [("refused", "E0")] * 2


def test_an_answer_about_another_clients_claim_is_refused(inbox: Inbox) -> None:
    trace = trace_of(asked("A1").pk)
    inbox.take(
        answer(reply(trace, "F2:65", charge="310"), npi=FOREIGN_NPI),
        answer(reply(trace, "F2:65", number="B1", charge="310", day="20250101"), npi="", control=2),
        answer(reply(trace, "F2:65", number="ELSE", charge="1", day="20250101"), control=3),
        received_date=LATER,
    )
    assert state("A1") == state("B1") == ("asked", "")
    assert rows("SELECT DISTINCT claim_id, request_id FROM claims_answer") == [(None, None)]


def test_without_our_trace_numbers_and_charge_find_the_request(inbox: Inbox) -> None:
    inbox.take(
        answer(
            reply("0", "P1:20", number="A1"),
            reply("0", "P1:20", number="A2", charge="999", day="20240101"),
        ),
        received_date=LATER,
    )
    assert state("A1") == ("answered", "P1")
    assert state("A2") == ("asked", "")  # the payer speaks of another charge and day


def test_asking_and_being_answered_is_no_touch(inbox: Inbox) -> None:
    inbox.take(answer(reply(trace_of(asked("A1").pk), "P1:20")), received_date=LATER)
    refresh_stale(LATER)
    assert item("A1").touches == 0
    assert rows("SELECT count(*) FROM followup_activity") == [(0,)]


def test_the_timeline_tells_what_was_asked_and_answered(inbox: Inbox) -> None:
    inbox.take(
        answer(reply(trace_of(asked("A1").pk), "P1:20"), reply(trace_of(asked("A2").pk), "E0:535")),
        received_date=LATER,
    )

    def told(number: str) -> list[tuple[date, str, str]]:
        detail = claim_detail(Claim.objects.get(number=number), as_of=LATER)
        return [(one["date"], one["event"], one["text"]) for one in detail["timeline"]][1:]

    assert told("A1") == [
        (TODAY, "asked", "Status asked of ACME HEALTH (276)"),
        (LATER, "answered", "277 P1:20 Pending: in process · Accepted for processing"),
    ]
    assert [event for _, event, _ in told("A2")] == ["asked", "answered", "not answered"]
