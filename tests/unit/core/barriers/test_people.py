"""What people did changes a barrier while the payer has said nothing since."""

from __future__ import annotations

import pytest
from tests.unit.core.barriers.story import (
    CHARGE,
    SECONDARY,
    Adjustment,
    Story,
    day,
    evidence_kinds,
    payer,
    said_of,
)

DENIED: Adjustment = ("CO", "197", CHARGE)
SHARE = (("CO", "45", 6000), ("PR", "2", 1800))


def denied() -> Story:
    story = Story()
    story.sent()
    story.paid(14, 0, DENIED)
    return story


def silent() -> Story:
    """Past its last day (25) without a word."""
    story = Story()
    story.sent()
    return story


@pytest.mark.parametrize(
    ("action", "channel", "expected"),
    [
        ("appeal", "fax", ("appeal_pending", "wait", "ar", "")),
        ("dispute_underpayment", "mail", ("appeal_pending", "wait", "ar", "")),
        ("correct_and_rebill", "electronic", ("corrected_pending", "wait", "ar", "appeal")),
        ("request_documents", "internal", ("awaiting_client", None, "client", "appeal")),
        ("obtain_authorization", "portal", ("awaiting_internal", None, "authorization", "appeal")),
        ("verify_eligibility", "call", ("awaiting_internal", None, "intake", "appeal")),
        ("escalate", "internal", ("awaiting_internal", None, "management", "appeal")),
    ],
)
def test_what_was_sent_after_a_denial(
    action: str, channel: str, expected: tuple[str, str | None, str, str]
) -> None:
    story = denied()
    story.did(20, action, "sent", channel=channel)
    row = story.row(21)

    barrier, next_action, team, deadline_kind = expected
    assert said_of(row, "barrier", "team", "detail", "cause", "since_date", "category") == (
        barrier, team, "act", "activity", day(20), "",
    )  # fmt: skip
    assert next_action is None or row["next_action"] == next_action
    # Time to appeal runs on while somebody else is asked.
    assert row["deadline_kind"] == deadline_kind
    assert evidence_kinds(row)[:2] == ["activity", "remittance"]
    assert story.row(19)["barrier"] == "denied"


@pytest.mark.parametrize(
    ("action", "last_day"), [("resubmit", 45), ("send_records", 50), ("bill_secondary", 45)]
)
def test_what_was_sent_has_its_own_clock(action: str, last_day: int) -> None:
    story = denied()
    story.did(20, action, "sent", channel="electronic")
    assert said_of(story.row(last_day), "barrier", "due_date") == ("awaiting_payer", day(last_day))
    late = story.row(last_day + 1)
    assert said_of(late, "barrier", "cause", "since_date") == (
        "no_response", "time", day(last_day + 1),
    )  # fmt: skip


def test_a_day_that_was_noted_comes_before_the_usual_clock() -> None:
    story = denied()
    story.did(20, "send_records", "sent", next_on=33)
    assert said_of(story.row(33), "barrier", "next_date") == ("awaiting_payer", day(33))
    assert story.row(34)["barrier"] == "no_response"


@pytest.mark.parametrize("action", ["check_status", "call_payer"])
@pytest.mark.parametrize(
    ("outcome", "barrier", "deadline_kind"),
    [
        ("paid", "paid_unposted", ""),
        ("denied", "denied", "appeal"),
        ("not_on_file", "not_on_file", "timely_filing"),
        ("pended", "pended", "records"),
    ],
)
def test_what_a_call_heard(action: str, outcome: str, barrier: str, deadline_kind: str) -> None:
    story = silent()
    story.did(30, action, outcome)
    row = story.row(31)

    assert said_of(row, "barrier", "deadline_kind", "since_date", "cause", "detail") == (
        barrier, deadline_kind, day(30), "activity", "act",
    )  # fmt: skip
    assert row["category"] == ("" if barrier in ("paid_unposted", "not_on_file") else "other")


@pytest.mark.parametrize(
    ("outcome", "next_on", "last_day"),
    [
        ("in_process", None, 44),
        ("promised", None, 50),
        ("in_process", 37, 37),
        ("promised", 33, 33),
    ],
)
def test_a_payer_that_puts_us_off_is_waited_for(
    outcome: str, next_on: int | None, last_day: int
) -> None:
    story = silent()
    story.did(30, "call_payer", outcome, next_on=next_on)
    assert said_of(story.row(last_day), "barrier", "since_date") == ("awaiting_payer", day(30))
    assert story.row(last_day + 1)["barrier"] == "no_response"


@pytest.mark.parametrize("outcome", ["no_answer", "other"])
def test_a_call_that_brought_nothing_changes_nothing(outcome: str) -> None:
    story = silent()
    story.did(30, "call_payer", outcome)
    assert said_of(story.row(31), "barrier", "cause") == ("no_response", "time")


@pytest.mark.parametrize("action", ["request_documents", "obtain_authorization"])
def test_what_was_asked_for_came(action: str) -> None:
    story = denied()
    story.did(20, action, "sent", channel="internal")
    story.did(26, action, "received", channel="internal")
    assert story.row(25)["barrier"] in ("awaiting_client", "awaiting_internal")
    assert said_of(story.row(26), "barrier", "category", "cause") == (
        "denied", "authorization", "remittance",
    )  # fmt: skip


def test_the_last_of_two_acts_counts() -> None:
    story = denied()
    story.did(20, "request_documents", "sent")
    story.did(24, "request_documents", "received")
    story.did(24, "appeal", "sent", channel="fax")
    assert story.row(25)["barrier"] == "appeal_pending"


def test_a_call_after_an_appeal_moves_the_day_and_keeps_the_appeal() -> None:
    story = denied()
    story.did(20, "appeal", "sent", channel="fax")
    story.did(40, "check_status", "in_process", next_on=60)
    assert said_of(story.row(41), "barrier", "next_date", "since_date") == (
        "appeal_pending", day(60), day(20),
    )  # fmt: skip


def test_a_call_before_an_appeal_is_history() -> None:
    story = denied()
    story.did(18, "check_status", "in_process", next_on=60)
    story.did(20, "appeal", "sent", channel="fax")
    assert said_of(story.row(21), "barrier", "next_date") == ("appeal_pending", day(55))


def test_an_appeal_without_an_answer_is_asked_about() -> None:
    """DOMAIN 4.7: day 35."""
    story = denied()
    story.did(20, "appeal", "sent", channel="fax")
    assert said_of(story.row(55), "barrier", "next_action") == ("appeal_pending", "wait")
    assert said_of(story.row(56), "barrier", "next_action") == ("appeal_pending", "check_status")


def test_an_appeal_answered_by_a_payment() -> None:
    story = denied()
    story.did(20, "appeal", "sent", channel="fax")
    story.took_back(50, 0, DENIED)
    story.paid(50, 15000, number="ICN2")
    assert story.row(49)["barrier"] == "appeal_pending"
    assert story.rows(50) == {}


def test_an_appeal_answered_by_another_denial() -> None:
    story = denied()
    story.did(20, "appeal", "sent", channel="fax")
    story.paid(50, 0, ("CO", "29", CHARGE), number="ICN2")
    assert said_of(story.row(51), "barrier", "category", "cause") == (
        "denied", "timely_filing", "remittance",
    )  # fmt: skip


def test_an_act_of_the_day_of_the_remittance_is_an_answer_to_it() -> None:
    story = denied()
    story.did(14, "appeal", "sent", channel="fax")
    assert story.row(14)["barrier"] == "appeal_pending"


def test_an_act_before_the_payers_last_word_is_history() -> None:
    story = silent()
    story.did(13, "call_payer", "in_process", next_on=90)
    story.paid(14, 0, DENIED)
    assert said_of(story.row(15), "barrier", "cause") == ("denied", "remittance")


def test_a_status_answer_after_a_call_is_the_last_word() -> None:
    story = silent()
    story.did(30, "call_payer", "promised")
    story.said(33, "277", "R4", "294")
    assert story.row(34)["barrier"] == "pended"


def test_what_nobody_has_done_yet_is_not_known() -> None:
    story = denied()
    story.did(40, "appeal", "sent")
    assert story.row(39)["barrier"] == "denied"


def test_an_appeal_turned_down_by_letter_opens_the_next_level() -> None:
    """DOMAIN B6-16: counted from the letter; the second commercial level has 60 days."""
    story = denied()
    story.did(20, "appeal", "sent", channel="fax")
    story.did(50, "appeal", "denied", channel="mail")
    row = story.row(51)

    assert said_of(row, "barrier", "deadline_kind", "deadline_level", "deadline_date") == (
        "denied", "appeal", 2, day(110),
    )  # fmt: skip


def test_the_second_payer_was_billed_by_hand() -> None:
    story = Story(payer(1), payer(2))
    story.sent()
    story.paid(14, 7200, *SHARE)
    story.did(20, "bill_secondary", "sent", channel="mail")
    assert said_of(story.row(55, SECONDARY), "barrier", "due_date") == ("awaiting_payer", day(55))
    assert said_of(story.row(56, SECONDARY), "barrier", "deadline_kind") == (
        "no_response", "secondary_filing",
    )  # fmt: skip


def test_acts_are_about_the_first_payer_that_owes() -> None:
    """The first payer's denied line is appealed; the share that the second owes is not."""
    story = Story(payer(1), payer(2), charge_cents=25000)
    story.sent()
    lines = ((15000, 7200, SHARE), (10000, 0, (("CO", "97", 10000),)))
    story.paid(14, 7200, lines=lines)
    story.did(20, "appeal", "sent", channel="fax")
    assert {party: row["barrier"] for party, row in story.rows(21).items()} == {
        11: "appeal_pending", 12: "secondary_unbilled",
    }  # fmt: skip


def test_people_do_not_overrule_a_payment_that_waits_to_be_posted() -> None:
    story = denied()
    story.paid(18, 9999, ("CO", "45", 1), is_held=True)
    story.did(20, "appeal", "sent")
    assert said_of(story.row(21), "barrier", "detail") == ("awaiting_internal", "held")


def test_a_patients_debt_is_nobodys_claim() -> None:
    story = Story()
    story.sent()
    story.paid(14, 7200, *SHARE)
    story.did(20, "check_status", "in_process")
    assert story.row(21, 14)["barrier"] == "patient_responsibility"


def test_billing_the_second_payer_is_about_it_though_the_first_one_owes_too() -> None:
    story = Story(payer(1), payer(2), charge_cents=30_000)
    story.sent()
    story.paid(
        14,
        7_200,
        lines=((15_000, 7_200, SHARE), (15_000, 0, (("CO", "197", 15_000),))),
    )
    story.did(20, "bill_secondary", "sent")

    assert story.row(21, SECONDARY)["barrier"] == "awaiting_payer"
    # What the first payer refused is still to be appealed.
    assert said_of(story.row(21), "barrier", "next_action") == (
        "denied",
        story.row(19)["next_action"],
    )
    assert story.row(19, SECONDARY)["barrier"] == "secondary_unbilled"
