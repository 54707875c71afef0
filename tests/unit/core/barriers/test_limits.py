"""Which deadline controls a row, and what meets it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.unit.core.barriers.story import CHARGE, Adjustment, Story, day, payer, said_of
from tests.unit.core.deadlines.needs import payers

from sanderling.core.deadlines.rules import rules_frame

SHARE = (("CO", "45", 6000), ("PR", "2", 1800))


def denied(reason: str, *payers_: dict[str, Any], group: str = "CO", **more: Any) -> Story:
    story = Story(*payers_, **more)
    story.sent()
    story.paid(14, 0, (group, reason, CHARGE), dated=12)
    return story


@pytest.mark.parametrize(
    ("reason", "payer_type", "kind", "last_day"),
    [
        ("197", "commercial", "appeal", date(2026, 7, 16)),  # 180 days from payment, January 17
        ("197", "medicare", "appeal", date(2026, 5, 22)),  # 120 days after five for the mail
        ("11", "commercial", "corrected_claim", date(2026, 7, 1)),  # 180 days from service
        ("50", "commercial", "corrected_claim", date(2026, 7, 1)),  # a coder reads it first
        ("11", "bcbs", "corrected_claim", date(2027, 1, 2)),
        ("27", "commercial", "corrected_claim", date(2026, 7, 1)),
        ("252", "commercial", "records", date(2026, 2, 16)),  # 30 days from the request
        ("252", "medicare", "records", date(2026, 3, 3)),
        ("29", "commercial", "appeal", date(2026, 7, 16)),
    ],
)
def test_a_denials_deadline_is_that_of_what_is_to_be_done(
    reason: str, payer_type: str, kind: str, last_day: date
) -> None:
    row = denied(reason, payer(1, payer_type)).row(20)
    assert said_of(row, "deadline_kind", "deadline_date") == (kind, last_day)
    assert row["deadline_level"] == (1 if kind == "appeal" else 0)
    assert row["deadline_rule"] != ""


def test_what_is_sent_anew_has_the_filing_limit() -> None:
    story = Story()
    story.sent()
    story.paid(14, 0, ("CO", "16", CHARGE), remarks=("MA130", "N290"))
    assert said_of(story.row(20), "next_action", "deadline_kind", "deadline_date") == (
        "resubmit", "timely_filing", date(2026, 4, 2),
    )  # fmt: skip


def test_a_stay_is_counted_from_its_last_day() -> None:
    """DOMAIN B3: institutional claims count from the through date of the statement."""
    stay = date(2026, 1, 9)
    facility = Story(kind="I", service_to_date=stay)
    office = Story(service_to_date=stay)
    for story in (facility, office):
        story.sent()
    assert facility.row(5)["deadline_date"] == date(2026, 4, 9)
    assert office.row(5)["deadline_date"] in (date(2026, 4, 2), date(2026, 4, 9))


def test_filed_in_time_with_proof_is_not_at_risk() -> None:
    """DOMAIN B6-1 and 7: an acceptance inside the limit meets it; a rejection never does."""
    story = Story()
    number = story.sent()
    story.accepted(2, of=number)
    accepted = story.row(10)
    story.refused(12, of=number)
    rejected = story.row(13)

    assert said_of(accepted, "deadline_kind", "is_deadline_met") == ("timely_filing", True)
    assert said_of(rejected, "deadline_kind", "is_deadline_met") == ("timely_filing", False)


def test_accepted_too_late_meets_nothing() -> None:
    story = Story(payer(1, "auto"))  # 35 days from service
    story.sent(30)
    story.accepted(33)
    assert said_of(story.row(34), "deadline_date", "is_deadline_met") == (date(2026, 2, 6), False)


def test_the_payers_own_days_come_first() -> None:
    own = rules_frame(
        payers=payers({"payer_id": 1, "payer_name": "ACME", "appeal_days": 60,
                       "timely_filing_days": 120, "corrected_claim_days": 200})
    )  # fmt: skip
    appeal = denied("197", payer(1, "medicare"), rules=own).row(20)
    corrected = denied("11", payer(1, "medicare"), rules=own).row(20)
    waiting = Story(payer(1, "medicare"), rules=own)
    waiting.sent()

    assert appeal["deadline_date"] == date(2026, 3, 18)  # no five days for the mail
    assert corrected["deadline_date"] == date(2026, 7, 21)
    assert waiting.row(5)["deadline_date"] == date(2026, 5, 2)


@pytest.mark.parametrize(
    ("first", "second", "last_day"),
    [
        ("medicare", "medicaid", date(2026, 7, 17)),  # six months from the remittance
        ("commercial", "medicaid", date(2026, 4, 17)),  # 90 days
        ("commercial", "commercial", date(2026, 4, 17)),
        ("commercial", "medicare", date(2027, 1, 2)),  # a year from service
    ],
)
def test_the_second_payers_limit(first: str, second: str, last_day: date) -> None:
    story = Story(payer(1, first), payer(2, second))
    story.sent()
    story.paid(14, 7200, *SHARE, dated=12)
    assert said_of(story.row(20, 12), "barrier", "deadline_kind", "deadline_date") == (
        "secondary_unbilled", "secondary_filing", last_day,
    )  # fmt: skip


def test_a_corrected_claim_that_is_out_has_the_appeal_of_the_denial() -> None:
    story = denied("11")
    story.sent(20, frequency="7")
    assert said_of(story.row(21), "barrier", "deadline_kind", "deadline_date") == (
        "corrected_pending", "appeal", date(2026, 7, 16),
    )  # fmt: skip


def test_under_what_people_wait_for_time_runs_on() -> None:
    coding = denied("11")
    coding.did(20, "request_documents", "sent", channel="internal")
    waiting = Story()
    waiting.sent()
    waiting.did(30, "verify_eligibility", "sent")
    assert coding.row(21)["deadline_kind"] == "corrected_claim"
    assert waiting.row(31)["deadline_kind"] == "timely_filing"


def test_records_sent_leave_the_time_to_appeal() -> None:
    story = denied("252")
    story.did(20, "send_records", "sent")
    assert said_of(story.row(21), "barrier", "deadline_kind", "deadline_date") == (
        "awaiting_payer", "appeal", date(2026, 7, 16),
    )  # fmt: skip


def test_an_appeal_turned_down_by_remittance_has_the_second_level() -> None:
    story = denied("50")
    refused: Adjustment = ("CO", "193", CHARGE)
    story.paid(50, 0, refused, dated=48, number="ICN2")
    assert said_of(story.row(51), "deadline_kind", "deadline_level", "deadline_date") == (
        "appeal", 2, day(108),
    )  # fmt: skip


def test_close_to_the_limit_somebody_looks_at_once() -> None:
    story = Story()
    story.sent()
    story.refused(85, of=story.sent(80))  # limit: day 87
    row = story.row(86)
    assert said_of(row, "deadline_date", "next_date", "since_date") == (
        date(2026, 4, 2), day(85), day(85),
    )  # fmt: skip
