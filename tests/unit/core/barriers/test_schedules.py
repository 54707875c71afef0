"""A client's own follow-up schedule moves the day on which somebody looks."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.barriers.story import CHARGE, PATIENT, SERVICE, Story, day, payer

from sanderling.core.followup.schedules import SCHEDULES, with_schedules

# Age is counted from the day of service, three days before the claim was sent.


def denied(**more: Any) -> Story:
    """Return a claim denied on day 14."""
    story = Story(**more)
    story.sent()
    story.paid(14, 0, ("CO", "197", CHARGE))
    return story


def silent() -> Story:
    story = Story(payer(1, "medicare"))
    story.sent()
    return story


def test_without_a_schedule_the_routine_says_when() -> None:
    row = denied().row(14)
    assert (row["next_date"], row["schedule_id"]) == (day(17), None)
    assert silent().row(1)["next_date"] == day(22)  # the day after Medicare's 21


def test_a_schedule_says_when_somebody_looks_first() -> None:
    story = denied()
    story.looked_at(1, 5)
    assert (story.row(14)["next_date"], story.row(14)["schedule_id"]) == (day(15), 1)
    story.schedules[0]["first_days"] = 9  # later than the routine, too
    assert story.row(14)["next_date"] == day(23)
    waiting = silent()
    waiting.looked_at(7, 5)
    assert waiting.row(1)["next_date"] == day(7)


def test_after_a_touch_the_next_look_comes_by_the_schedule() -> None:
    story = denied()
    story.looked_at(1, 5)
    story.did(16, "call_payer", "no_answer")
    assert story.row(16)["next_date"] == day(21)
    story.did(21, "call_payer", "no_answer")
    assert story.row(22)["next_date"] == day(26)
    appealed = denied()
    appealed.looked_at(1, 5)
    appealed.did(16, "appeal", "sent")
    assert appealed.row(17)["next_date"] == day(21)  # without a schedule: 35 days


def test_a_day_that_a_person_set_stands() -> None:
    story = denied()
    story.looked_at(1, 5)
    story.did(16, "call_payer", "no_answer", next_on=30)
    assert story.row(17)["next_date"] == day(30)


def test_what_the_payer_says_anew_starts_the_schedule_anew() -> None:
    story = denied()
    story.looked_at(2, 20)
    story.did(16, "correct_and_rebill", "sent")
    assert story.row(17)["next_date"] == day(36)
    story.paid(25, 0, ("CO", "16", CHARGE))
    assert story.row(26)["next_date"] == day(27)


def test_a_schedule_never_holds_back_what_a_deadline_calls_for() -> None:
    story = denied()
    limit = story.row(14)["deadline_date"]
    story.looked_at(300, 300)
    row = story.row(14)
    assert row["deadline_kind"] == "appeal"
    assert row["next_date"] < limit


@pytest.mark.parametrize(
    ("narrow", "fits"),
    [
        ({"barrier": "denied"}, True),
        ({"barrier": "rejected"}, False),
        ({"payer_id": 1}, True),
        ({"payer_id": 2}, False),
        ({"payer_type": "commercial"}, True),
        ({"payer_type": "medicare"}, False),
        ({"min_cents": CHARGE}, True),
        ({"min_cents": CHARGE + 1}, False),
        ({"from_age_days": 17}, True),
        ({"from_age_days": 18}, False),
        ({"client_id": 4}, False),
    ],
)
def test_the_narrowest_schedule_that_fits_holds(narrow: dict[str, Any], *, fits: bool) -> None:
    story = denied()
    story.looked_at(20, 20)
    story.looked_at(1, 20, **narrow)
    assert story.row(14)["schedule_id"] == (2 if fits else 1)


def test_a_payer_comes_before_a_barrier_and_that_before_an_amount() -> None:
    story = denied()
    story.looked_at(4, 9, min_cents=10_000, from_age_days=5)
    story.looked_at(3, 9, payer_type="commercial", min_cents=1)
    assert story.row(14)["schedule_id"] == 2
    story.looked_at(2, 9, barrier="denied")
    assert story.row(14)["schedule_id"] == 3
    story.looked_at(1, 9, payer_id=1)
    assert story.row(14)["schedule_id"] == 4


def test_a_row_is_worked_out_again_when_its_age_brings_another_schedule() -> None:
    story = denied()
    story.looked_at(10, 10)
    story.looked_at(1, 2, from_age_days=30)
    row = story.row(14)
    assert (row["schedule_id"], row["recheck_date"]) == (1, day(27))  # service plus 30 days
    assert story.row(27)["schedule_id"] == 2


def test_what_a_patient_owes_follows_only_a_schedule_of_its_own() -> None:
    story = Story()
    story.sent()
    story.paid(14, 10000, ("PR", "1", 5000))
    story.looked_at(1, 2)
    assert story.row(15, PATIENT)["schedule_id"] is None
    story.looked_at(1, 2, barrier="patient_responsibility")
    assert story.row(15, PATIENT)["schedule_id"] == 2


def test_usual_days_between_touches_change_nothing_before_the_first_touch() -> None:
    story = denied()
    story.looked_at(None, 6, schedule_id=None)
    assert (story.row(14)["next_date"], story.row(14)["schedule_id"]) == (day(17), None)
    story.did(18, "call_payer", "no_answer")
    assert story.row(18)["next_date"] == day(24)


@settings(deadline=None, max_examples=30)
@given(order=st.permutations(range(4)))
def test_the_order_of_schedules_makes_no_difference(order: list[int]) -> None:
    rows = pl.DataFrame(
        {
            "claim_id": [1], "party": [11], "client_id": [3], "barrier": ["denied"],
            "payer_id": [1], "payer_type": ["commercial"], "balance_cents": [CHARGE],
            "service_date": [SERVICE],
        }
    )  # fmt: skip
    scopes: list[dict[str, Any]] = [
        {}, {"barrier": "denied"}, {"min_cents": 100}, {"from_age_days": 3, "min_cents": 100},
    ]  # fmt: skip
    story = Story()
    for number in order:
        story.looked_at(1, 2, schedule_id=number + 1, **scopes[number])
    frame = pl.DataFrame(
        [{name: one.get(name) for name in SCHEDULES} for one in story.schedules], schema=SCHEDULES
    )
    assert with_schedules(rows, frame, day(14))["schedule_id"].to_list() == [2]
