"""A claim that is out and undecided: whose clock runs, from which day, and what was said of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from tests.unit.core.barriers.story import (
    CHARGE,
    PRIMARY,
    SECONDARY,
    Story,
    day,
    evidence_kinds,
    payer,
    said_of,
)

from sanderling.core.barriers.clocks import learned_days

SHARE = (("CO", "45", 6000), ("PR", "2", 1800))


def sent_to(payer_type: str, own_days: int | None = None) -> Story:
    story = Story(payer(1, payer_type, own_days))
    story.sent()
    return story


@pytest.mark.parametrize(
    ("payer_type", "own_days", "last_day"),
    [
        ("commercial", None, 25),
        ("medicare", None, 21),
        ("medicaid", None, 30),
        ("va", None, 45),
        ("auto", None, 40),
        ("other", None, 30),
        ("medicare", 7, 7),  # the payer's own days come first
    ],
)
def test_the_last_day_of_waiting_belongs_to_the_payer(
    payer_type: str, own_days: int | None, last_day: int
) -> None:
    story = sent_to(payer_type, own_days)

    on_time, late = story.row(last_day), story.row(last_day + 1)

    assert said_of(on_time, "barrier", "next_action", "team", "cause") == (
        "awaiting_payer", "wait", "ar", "claim_sent",
    )  # fmt: skip
    assert said_of(on_time, "since_date", "due_date", "recheck_date") == (
        day(0), day(last_day), day(last_day + 1),
    )  # fmt: skip
    assert said_of(late, "barrier", "next_action", "team", "cause", "since_date") == (
        "no_response", "check_status", "ar", "time", day(last_day + 1),
    )  # fmt: skip
    assert late["recheck_date"] is None


def test_somebody_looks_on_the_day_after_but_early_enough_before_the_limit() -> None:
    """DOMAIN 4.7: never later than 45 days before the filing limit."""
    assert sent_to("commercial").row(10)["next_date"] == day(26)
    slow = sent_to("commercial", 60).row(10)  # 90 days from January 2 end on April 2
    assert said_of(slow, "next_date", "deadline_date") == (date(2026, 2, 16), date(2026, 4, 2))


def test_the_clock_runs_from_the_payers_acceptance() -> None:
    story = sent_to("commercial")
    story.accepted(3)

    assert said_of(story.row(28), "barrier", "detail", "since_date") == (
        "awaiting_payer", "accepted", day(3),
    )  # fmt: skip
    assert story.row(29)["barrier"] == "no_response"
    assert story.row(2)["detail"] == "sent"
    assert evidence_kinds(story.row(28)) == ["accepted", "sent"]


def test_a_clearinghouse_that_passes_on_starts_no_clock_but_is_proof() -> None:
    story = sent_to("commercial")
    story.said(6, "277CA", "A2", "20", action="WQ", source_entity="AY")
    row = story.row(20)

    assert said_of(row, "detail", "due_date", "is_deadline_met") == ("sent", day(25), True)


def test_received_is_not_accepted() -> None:
    story = sent_to("commercial")
    story.said(6, "277CA", "A0", "17", action="WQ")
    assert said_of(story.row(20), "detail", "due_date", "is_deadline_met") == (
        "sent", day(25), False,
    )  # fmt: skip


def test_a_payer_that_says_it_works_on_it_is_still_waited_for() -> None:
    story = sent_to("commercial")
    story.said(10, "277", "P1", "20")
    assert story.row(20)["barrier"] == "awaiting_payer"
    assert story.row(26)["barrier"] == "no_response"


def test_sent_twice_without_reason_moves_no_clock() -> None:
    story = sent_to("commercial")
    story.sent(20)
    assert said_of(story.row(26), "barrier", "since_date") == ("no_response", day(26))


def test_nothing_is_known_before_it_is_received() -> None:
    story = sent_to("commercial")
    story.refused(12)
    story.paid(20, 7200, *SHARE)
    assert [story.row(number)["barrier"] for number in (0, 11, 12, 19)] == [
        "awaiting_payer", "awaiting_payer", "rejected", "rejected",
    ]  # fmt: skip
    assert set(story.rows(20)) == {14}


def test_a_claim_is_sent_on_the_day_it_says_and_known_when_it_came_in() -> None:
    story = Story()
    story.sent(10, submitted=4)
    assert story.rows(9) == {}
    assert said_of(story.row(10), "since_date", "due_date") == (day(4), day(29))


@pytest.mark.parametrize(
    ("observed", "count", "expected"), [(45, 29, None), (45, 30, 35), (45, 3000, 45), (25, 30, 25)]
)
def test_what_history_teaches_is_pulled_to_the_usual(
    observed: int, count: int, expected: int | None
) -> None:
    assert learned_days(observed, count, "commercial") == expected


# What the front ends and the payer said: the claim, its answers, the row on day 20.
Rejections = dict[str, tuple[Callable[[Story, int], object], tuple[str, str, str]]]
REJECTED: Rejections = {
    "by the payer's front end": (
        lambda story, number: story.refused(2, of=number), ("277CA", "A7:562", "resubmit"),
    ),
    "found by the claim's number": (
        lambda story, _: story.refused(2), ("277CA", "A7:562", "resubmit"),
    ),
    "by the clearinghouse": (
        lambda story, number: story.refused(2, "A3", "21", of=number, source_entity="AY"),
        ("277CA", "A3:21", "resubmit"),
    ),
    "with its file (999)": (
        lambda story, number: story.said(1, "999", "R", of=number, level="transaction"),
        ("999", "R", "resubmit"),
    ),
    "with its interchange (TA1)": (
        lambda story, number: story.said(1, "TA1", "R", "018", of=number, level="interchange"),
        ("TA1", "R:018", "resubmit"),
    ),
    "with its batch (277CA of the receiver)": (
        lambda story, number: story.refused(2, "A3", "24", of=number, level="receiver"),
        ("277CA", "A3:24", "resubmit"),
    ),
    "by a status answer": (
        lambda story, _: story.said(9, "277", "A7", "562"), ("status", "A7:562", "resubmit"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("say", "expected"), REJECTED.values(), ids=REJECTED)
def test_rejected(say: Callable[[Story, int], object], expected: tuple[str, str, str]) -> None:
    story = Story()
    number = story.sent()
    say(story, number)
    row = story.row(20)

    assert row["barrier"] == "rejected"
    assert said_of(row, "detail", "status_code", "next_action") == expected
    assert row["deadline_kind"] == "timely_filing"
    assert not row["is_deadline_met"]
    assert evidence_kinds(row)[0] in ("rejection", "status")


def test_a_file_accepted_with_errors_is_not_rejected() -> None:
    story = Story()
    number = story.sent()
    story.said(1, "999", "E", of=number, level="transaction")
    assert story.row(20)["barrier"] == "awaiting_payer"


def test_sent_again_after_a_rejection_it_waits_anew() -> None:
    story = Story()
    first = story.sent()
    story.refused(2, of=first)
    second = story.sent(8)
    story.accepted(9, of=second)

    assert said_of(story.row(7), "barrier", "since_date") == ("rejected", day(2))
    assert said_of(story.row(8), "barrier", "detail", "due_date") == (
        "awaiting_payer", "sent", day(33),
    )  # fmt: skip
    assert said_of(story.row(34), "barrier", "detail", "due_date") == (
        "awaiting_payer", "accepted", day(34),
    )  # fmt: skip
    assert story.row(35)["barrier"] == "no_response"


def test_rejected_twice_is_rejected_once_more() -> None:
    story = Story()
    story.refused(2, of=story.sent())
    story.refused(11, "A7", "85", of=story.sent(9))
    assert said_of(story.row(20), "barrier", "since_date", "status_code") == (
        "rejected", day(11), "A7:85",
    )  # fmt: skip


def test_the_last_word_on_a_claim_counts() -> None:
    story = Story()
    number = story.sent()
    story.refused(2, of=number)
    story.accepted(5, of=number)
    assert said_of(story.row(6), "barrier", "detail", "due_date") == (
        "awaiting_payer", "accepted", day(30),
    )  # fmt: skip

    story = Story()
    number = story.sent()
    story.accepted(2, of=number)
    story.refused(5, of=number)
    assert story.row(6)["barrier"] == "rejected"


def test_rejected_and_processed_all_the_same() -> None:
    story = Story()
    story.refused(2, of=story.sent())
    story.paid(14, 0, ("CO", "50", CHARGE))
    assert story.row(20)["barrier"] == "denied"


@pytest.mark.parametrize("category", ["A4", "D0"])
def test_not_on_file(category: str) -> None:
    story = sent_to("commercial")
    story.said(30, "277", category, "35")
    row = story.row(31)

    assert said_of(row, "barrier", "next_action", "since_date", "deadline_kind", "cause") == (
        "not_on_file", "resubmit", day(30), "timely_filing", "status",
    )  # fmt: skip


def test_accepted_and_not_on_file_is_asked_about_with_the_proof() -> None:
    """DOMAIN B6-4."""
    story = sent_to("commercial")
    story.accepted(2)
    story.said(30, "277", "D0", "35")
    row = story.row(31)

    assert said_of(row, "barrier", "next_action", "is_deadline_met") == (
        "not_on_file", "call_payer", True,
    )  # fmt: skip
    assert evidence_kinds(row)[:2] == ["status", "accepted"]


def test_sent_again_after_not_on_file_it_waits_anew() -> None:
    story = sent_to("commercial")
    story.said(30, "277", "D0", "35")
    story.sent(32)
    assert said_of(story.row(57), "barrier", "due_date") == ("awaiting_payer", day(57))
    assert story.row(58)["barrier"] == "no_response"


@pytest.mark.parametrize(
    ("category", "code"), [("R0", "1"), ("R3", "21"), ("R4", "294"), ("P3", "21"), ("P4", "717")]
)
def test_pended_by_a_status_answer(category: str, code: str) -> None:
    story = sent_to("commercial")
    story.said(12, "277", category, code)
    row = story.row(40)

    assert said_of(row, "barrier", "detail", "since_date", "deadline_kind", "deadline_date") == (
        "pended", "status", day(12), "records", day(42),
    )  # fmt: skip
    assert row["next_action"] not in ("wait", "")


def test_a_later_status_answer_takes_the_place_of_an_earlier_one() -> None:
    story = sent_to("commercial")
    story.said(12, "277", "R4", "294")
    story.said(18, "277", "F1", "65")
    assert [story.row(number)["barrier"] for number in (12, 18)] == ["pended", "paid_unposted"]


def test_an_answer_older_than_the_claim_that_is_out_says_nothing_of_it() -> None:
    story = Story()
    story.refused(2, of=story.sent())
    story.said(5, "277", "D0", "35")
    story.sent(8)
    assert story.row(9)["barrier"] == "awaiting_payer"


def test_paid_by_its_word_without_a_remittance() -> None:
    """DOMAIN B6-3."""
    story = sent_to("commercial")
    story.said(18, "277", "F1", "65")
    row = story.row(19)

    assert said_of(row, "barrier", "next_action", "team", "deadline_kind", "next_date") == (
        "paid_unposted", "find_payment", "posting", "", day(23),
    )  # fmt: skip


def test_denied_by_its_word_without_a_remittance() -> None:
    story = sent_to("commercial")
    story.said(18, "277", "F2", "54")
    row = story.row(19)

    assert said_of(row, "barrier", "detail", "status_code", "category") == (
        "denied", "status", "F2:54", "duplicate",
    )  # fmt: skip


def test_an_error_about_the_question_is_no_answer() -> None:
    story = sent_to("commercial")
    story.said(18, "277", "E0", "0")
    assert story.row(19)["barrier"] == "awaiting_payer"


def test_a_status_answer_never_overrules_a_remittance() -> None:
    story = sent_to("commercial")
    story.paid(14, 0, ("CO", "50", CHARGE))
    story.said(18, "277", "F1", "65")
    assert story.row(19)["barrier"] == "denied"


# The payers after the first: crossover, billed, forgotten.


def two_payers(*, is_forwarded: bool = False, status: str = "1", second: str = "medicaid") -> Story:
    story = Story(payer(1), payer(2, second))
    story.sent()
    story.paid(14, 7200, *SHARE, status=status, is_forwarded=is_forwarded, dated=12)
    return story


def test_a_forgotten_second_payer() -> None:
    row = two_payers().row(20, SECONDARY)

    assert said_of(row, "barrier", "category", "next_action", "team", "payer_id") == (
        "secondary_unbilled", "coordination_of_benefits", "bill_secondary", "billing", 2,
    )  # fmt: skip
    # Known on the 14th; the limit counts from the day the first payer paid.
    assert said_of(row, "since_date", "deadline_kind") == (day(14), "secondary_filing")
    assert row["deadline_date"] == date(2026, 4, 17)  # medicaid: 90 days from January 17


def test_no_second_payer_no_secondary_claim() -> None:
    """DOMAIN B6-10 the other way round: with a secondary on file nothing is the patient's yet."""
    alone = Story()
    alone.sent()
    alone.paid(14, 7200, *SHARE)

    assert {party: row["barrier"] for party, row in alone.rows(20).items()} == {
        14: "patient_responsibility"
    }
    assert {party: row["barrier"] for party, row in two_payers().rows(20).items()} == {
        12: "secondary_unbilled"
    }


@pytest.mark.parametrize(
    ("status", "is_forwarded"), [("19", False), ("1", True)], ids=["CLP02 19", "NM1*TT or remark"]
)
def test_crossed_over_it_has_thirty_days(status: str, *, is_forwarded: bool) -> None:
    """DOMAIN B6-20 and B2 (PCN10003): 30 days from the first payer's payment date."""
    story = two_payers(status=status, is_forwarded=is_forwarded)

    in_time, late = story.row(42, SECONDARY), story.row(43, SECONDARY)

    assert said_of(in_time, "barrier", "detail", "due_date", "next_date", "next_action") == (
        "awaiting_payer", "crossover", day(42), day(42), "wait",
    )  # fmt: skip
    assert in_time["recheck_date"] == day(43)
    assert said_of(late, "barrier", "next_action", "since_date") == (
        "no_response", "check_status", day(43),
    )  # fmt: skip
    assert late["deadline_kind"] == "secondary_filing"


def test_a_second_payers_own_days_do_not_count_for_a_crossover() -> None:
    story = Story(payer(1), payer(2, "medicaid", 10))
    story.sent()
    story.paid(14, 7200, *SHARE, status="19", dated=12)
    assert story.row(42, SECONDARY)["barrier"] == "awaiting_payer"


def test_a_duplicate_answer_of_the_first_payer_starts_no_limit_anew() -> None:
    story = two_payers()
    story.sent(20)
    story.paid(30, 0, ("OA", "18", CHARGE), number="ICN2")
    assert said_of(story.row(31, SECONDARY), "since_date", "deadline_date") == (
        day(14), date(2026, 4, 17),
    )  # fmt: skip


def test_a_remittance_dated_ahead_is_known_when_it_came() -> None:
    story = Story(payer(1), payer(2))
    story.sent()
    story.paid(14, 7200, *SHARE, status="19", dated=15)
    assert said_of(story.row(14, SECONDARY), "since_date", "due_date") == (day(14), day(45))


def test_billed_it_has_its_own_days() -> None:
    story = two_payers()
    story.sent(20, to=2)
    assert said_of(story.row(55, SECONDARY), "barrier", "detail", "due_date") == (
        "awaiting_payer", "sent", day(55),
    )  # fmt: skip
    assert said_of(story.row(56, SECONDARY), "barrier", "deadline_kind") == (
        "no_response", "secondary_filing",
    )  # fmt: skip


def test_billed_after_a_crossover_the_clock_is_that_of_the_claim_we_sent() -> None:
    story = two_payers(status="19")
    story.sent(44, to=2)
    story.accepted(46, source_name="SECOND MUTUAL")
    assert said_of(story.row(81, SECONDARY), "barrier", "detail", "due_date") == (
        "awaiting_payer", "accepted", day(81),
    )  # fmt: skip


def test_billed_and_rejected() -> None:
    story = two_payers()
    number = story.sent(20, to=2)
    story.refused(22, of=number, source_name="SECOND MUTUAL")
    assert said_of(story.row(23, SECONDARY), "barrier", "deadline_kind") == (
        "rejected", "secondary_filing",
    )  # fmt: skip


def test_an_answer_is_placed_with_the_payer_that_gives_it() -> None:
    """A late word of the first payer says nothing of the claim that the second one has."""
    story = two_payers()
    story.sent(20, to=2)
    story.said(25, "277", "D0", "35", source_name="ACME HEALTH")
    assert story.row(26, SECONDARY)["barrier"] == "awaiting_payer"
    story.said(27, "277", "D0", "35", source_name="Second Mutual.")
    assert story.row(28, SECONDARY)["barrier"] == "not_on_file"


def test_an_answer_is_placed_by_the_batch_it_quotes() -> None:
    story = Story(payer(1), payer(2, "medicaid"))
    story.sent(batch="B1")
    story.paid(14, 7200, *SHARE)
    story.sent(20, to=2, batch="B2")
    story.refused(22, batch_reference="B2", source_name="CLEARHOUSE")
    assert story.row(23, SECONDARY)["barrier"] == "rejected"


def test_the_second_payer_denied_its_share() -> None:
    story = two_payers()
    story.sent(20, to=2)
    story.paid(40, 0, ("OA", "23", 13200), ("CO", "29", 1800), status="2", number="ICN2")
    row = story.row(41, SECONDARY)

    assert said_of(row, "barrier", "category", "payer_id", "since_date") == (
        "denied", "timely_filing", 2, day(40),
    )  # fmt: skip


def test_the_second_payer_paid_its_share() -> None:
    story = two_payers()
    story.sent(20, to=2)
    story.paid(40, 1800, ("OA", "23", 13200), status="2", number="ICN2")
    assert story.rows(41) == {}


def test_a_third_payer_after_the_second() -> None:
    story = Story(payer(1), payer(2), payer(3))
    story.sent()
    story.paid(14, 7200, *SHARE)
    story.sent(20, to=2)
    story.paid(40, 1000, ("OA", "23", 13200), ("PR", "2", 800), status="2", number="ICN2")
    assert {party: row["barrier"] for party, row in story.rows(41).items()} == {
        13: "secondary_unbilled"
    }


def test_a_denial_of_the_first_payer_leaves_the_second_alone() -> None:
    """Nothing is left for the second payer while the first has decided nothing final."""
    story = Story(payer(1), payer(2))
    story.sent()
    story.paid(14, 0, ("CO", "50", CHARGE))
    assert {party: row["barrier"] for party, row in story.rows(20).items()} == {PRIMARY: "denied"}


# Balances taken over, and what fits nothing.


def test_a_balance_taken_over_waits_for_the_payer() -> None:
    story = Story()
    story.taken_over(0, 9000, 500)
    rows = story.rows(25)
    assert said_of(rows[11], "barrier", "detail", "due_date") == (
        "awaiting_payer", "snapshot", day(25),
    )  # fmt: skip
    assert rows[14]["barrier"] == "patient_responsibility"
    assert story.row(26)["barrier"] == "no_response"


def test_what_was_decided_after_it_was_taken_over() -> None:
    story = Story()
    story.taken_over(0, 9000)
    story.paid(10, 0, ("CO", "197", CHARGE))
    assert said_of(story.row(11), "barrier", "category") == ("denied", "authorization")
