"""Laws of the valuation and of plans, for any items."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.priority.valued import TODAY, days, frame, item, valued

from sanderling.core.barriers.rows import BARRIERS
from sanderling.core.codes.names import Category, NextAction
from sanderling.core.priority import Constraints, Person, cold_start, plan_day, value_items
from sanderling.core.priority.feasible import Job, feasible
from sanderling.payers.models import PayerType

PARAMETERS = cold_start()
near = st.integers(-200, 200).map(days)


@st.composite
def items(draw: st.DrawFn) -> dict[str, Any]:
    barrier = draw(st.sampled_from(BARRIERS))
    balance = draw(st.integers(-10_000, 10_000_000))
    touched = draw(st.none() | st.integers(-100, 0).map(days))
    return item(
        item_id=draw(st.integers(1, 10**9)),
        client_id=draw(st.integers(1, 4)),
        payer_id=draw(st.none() | st.integers(1, 3)),
        payer_type=draw(st.sampled_from(["", *PayerType.values])),
        party=draw(st.sampled_from([11, 12, 13, 14])),
        balance_cents=balance,
        expected_cents=max(balance, 0) // draw(st.integers(1, 4)),
        barrier=barrier,
        category=draw(st.sampled_from(["", *Category])),
        subcategory=draw(st.sampled_from(["", "REGISTRATION", "COB", "NEWER"])),
        detail=draw(st.sampled_from(["", "act", "act_sent", "accepted"])),
        next_action=draw(st.sampled_from(list(NextAction))),
        team=draw(st.sampled_from(["ar", "billing"])),
        since_date=draw(st.integers(-300, 0).map(days)),
        due_date=draw(st.none() | near),
        deadline_date=draw(st.none() | near),
        deadline_kind=draw(st.sampled_from(["appeal", "timely_filing", "records", "refund"])),
        is_deadline_met=draw(st.booleans()),
        last_billed_date=draw(st.none() | st.integers(-300, 0).map(days)),
        last_touch_date=touched,
        last_action=draw(st.sampled_from(["", "appeal", "check_status"])) if touched else "",
        last_outcome=draw(st.sampled_from(["", "no_answer", "in_process"])) if touched else "",
        touches=draw(st.integers(1, 9)) if touched else 0,
        is_flagged=draw(st.booleans()),
    )


many = st.lists(items(), min_size=1, max_size=12, unique_by=lambda one: one["item_id"])


@given(many)
@settings(max_examples=20, deadline=None)
def test_a_value_is_never_negative_and_its_reasons_add_up_to_it(rows: list[dict[str, Any]]) -> None:
    for row in valued(*rows):
        assert row["value_cents"] >= 0
        assert 0 <= row["p_recover"] <= 1
        assert row["effort_minutes"] > 0
        parts = [reason[1].get("cents", 0) for reason in row["reasons"]]
        assert sum(parts) == row["value_cents"]
        assert all(part >= 0 for part in parts)


@given(items(), st.integers(0, 10_000_000))
@settings(max_examples=20, deadline=None)
def test_more_money_is_never_worth_less(one: dict[str, Any], more: int) -> None:
    """By the same channel: for more money a person may be asked, who finds more."""
    low, high = valued(one, one | {"item_id": 0, "expected_cents": one["expected_cents"] + more})
    assert high["value_cents"] >= low["value_cents"]


@given(items(), st.integers(0, 100), st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_a_nearer_deadline_is_never_worth_less(one: dict[str, Any], near_: int, more: int) -> None:
    far = one | {"deadline_date": days(near_ + more)}
    soon, late = valued(one | {"item_id": 0, "deadline_date": days(near_)}, far)
    assert soon["value_cents"] >= late["value_cents"] - 1  # each part is rounded down


@given(items())
@settings(max_examples=20, deadline=None)
def test_not_yet_ends_before_the_last_safe_day(one: dict[str, Any]) -> None:
    (row,) = valued(one)
    until: date | None = row["not_before_date"]
    limits = (
        one["deadline_date"] is not None
        and not one["is_deadline_met"]
        and one["deadline_kind"] != "refund"
        and one["deadline_date"] >= TODAY
    )
    if until is not None:
        assert until > TODAY
        if limits:
            assert until <= one["deadline_date"] - timedelta(days=3)


@given(many, st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]], dice: Any) -> None:
    mixed = list(rows)
    dice.shuffle(mixed)
    before = value_items(frame(*rows), PARAMETERS, TODAY).sort("item_id")
    after = value_items(frame(*mixed), PARAMETERS, TODAY).sort("item_id")
    assert before.equals(after)


@given(many, st.integers(0, 120), st.integers(0, 90), st.dictionaries(
    st.integers(1, 4), st.floats(0, 60), max_size=4))  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_a_plan_keeps_minutes_and_skills_and_promises(
    rows: list[dict[str, Any]], first: int, second: int, floors: dict[int, float]
) -> None:
    items_ = frame(*rows)
    both = items_.hstack(value_items(items_, PARAMETERS, TODAY).drop("item_id"))
    people = [
        Person(1, float(first), teams=frozenset({"ar"})),
        Person(2, float(second), client_ids=frozenset({1, 2})),
    ]
    plan = plan_day(both, people, Constraints(floors=floors), TODAY, PARAMETERS.minutes)
    used = dict(plan.rows.group_by("user_id").agg(pl.col("minutes").sum()).rows())
    assert used.get(1, 0) <= first + 1e-6
    assert used.get(2, 0) <= second + 1e-6
    assert plan.rows["item_id"].is_unique().all()
    kept = plan.rows.join(items_, on="item_id")
    assert set(kept.filter(pl.col("user_id") == 1)["team"]) <= {"ar"}
    assert set(kept.filter(pl.col("user_id") == 2)["client_id"]) <= {1, 2}
    waits = both.filter(pl.col("not_before_date") > TODAY)["item_id"].to_list()
    early = plan.rows.filter(pl.col("item_id").is_in(waits))
    assert set(early["why"]) <= {"must", "call", "spare"}
    due = both.filter(pl.col("next_date") <= TODAY)["item_id"].to_list()
    assert set(early.filter(pl.col("why") == "spare")["item_id"]) <= set(due)
    for floor in plan.floors:
        if floor.planned_minutes + 1e-6 >= floor.promised_minutes:
            assert floor.is_met


@given(st.lists(st.tuples(st.integers(-1, 6), st.integers(1, 60), st.integers(0, 900))),
       st.lists(st.integers(0, 60), min_size=1, max_size=5))  # fmt: skip
def test_what_is_promised_by_a_deadline_fits(
    asked: list[tuple[int, int, int]], minutes: list[int]
) -> None:
    jobs = [Job(number, day, float(own), loss) for number, (day, own, loss) in enumerate(asked)]
    choice = feasible(jobs, minutes)
    assert {job.item_id for job in (*choice.kept, *choice.given_up)} == set(range(len(jobs)))
    assert len(choice.kept) + len(choice.given_up) == len(jobs)
    for day in range(len(minutes)):
        due = sum(job.minutes for job in choice.kept if min(job.last_day, len(minutes) - 1) <= day)
        assert due <= sum(minutes[: day + 1]) + 1e-6
    assert json.dumps([job.loss_cents for job in choice.given_up]) == json.dumps(
        sorted((job.loss_cents for job in choice.given_up), reverse=True)
    )
