"""Cash ahead: worked by hand for one payer, and laws that hold for any history."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanderling.core.deadlines.days import is_business_day
from sanderling.core.forecast.frames import CASH, SOURCES, WAITS, History
from sanderling.core.forecast.intervals import WHOLE, quantiles, totals, tried, with_bounds
from sanderling.core.forecast.project import project

TODAY = date(2026, 6, 30)


Row = tuple[str, int, int, int, int | None, int, int]


def history(rows: list[Row]) -> History:
    """Rows of (process, client, payer, days ago, lag or None, exposure, cash)."""
    waits = pl.DataFrame(
        [
            {
                "process": process,
                "client_id": client,
                "payer_id": payer,
                "payer_type": "commercial",
                "kind": "P",
                "start_date": TODAY - timedelta(days=ago),
                "exposure_cents": exposure,
                "event_date": None if lag is None else TODAY - timedelta(days=ago - lag),
                "cash_cents": cash if lag is not None else 0,
            }
            for process, client, payer, ago, lag, exposure, cash in rows
        ],
        schema=dict(WAITS),
    )
    cash = (
        waits.filter(pl.col("event_date").is_not_null())
        .group_by("client_id", day="event_date")
        .agg(cents=pl.col("cash_cents").sum())
        .select(CASH.keys())
    )
    return History(waits, cash)


def test_a_claim_that_waits_is_expected_when_its_payer_answers() -> None:
    # 300 claims of long ago, all answered after 20 days at 40 % of the charge; one sent 10 days
    # ago for $1,000.00: $400.00 in ten days, that is in the second week.
    past: list[Row] = [("answer", 1, 7, 150, 20, 100_000, 40_000)] * 300
    found = project(history([*past, ("answer", 1, 7, 10, None, 100_000, 0)]), TODAY, 4)
    answers = found.filter(pl.col("source") == "answer").sort("week")["expected_cents"].to_list()
    assert answers[0] == pytest.approx(0, abs=1)
    assert answers[1] == pytest.approx(40_000, rel=0.02)
    assert sum(answers[2:]) == pytest.approx(0, abs=1_000)


def test_a_refusal_is_expected_back_as_often_as_before() -> None:
    # Of 200 refusals a half came back after 30 days with all that was refused.
    past: list[Row] = [("recovery", 1, 7, 200, 30, 50_000, 50_000)] * 100
    past += [("recovery", 1, 7, 200, None, 50_000, 0)] * 100
    found = project(history([*past, ("recovery", 1, 7, 25, None, 50_000, 0)]), TODAY, 4)
    rows = found.filter(pl.col("source") == "recovery", pl.col("week") == 1)
    assert rows["expected_cents"].item() == pytest.approx(25_000, rel=0.05)


def test_claims_yet_to_be_sent_follow_the_sending_of_late() -> None:
    # One claim of $1,000.00 on each business day for half a year, answered after 7 days at 50 %.
    days = [ago for ago in range(180) if is_business_day(TODAY - timedelta(days=ago))]
    rows = [("answer", 1, 7, ago, 7 if ago >= 7 else None, 100_000, 50_000) for ago in days]
    found = project(history(rows), TODAY, 13).group_by("week").agg(pl.col("expected_cents").sum())
    by_week = dict(found.rows())
    assert by_week[1] == pytest.approx(250_000, rel=0.05)
    assert by_week[2] == pytest.approx(250_000 - 50_000, rel=0.06)  # 3 July 2026 is kept
    assert by_week[8] == pytest.approx(250_000, rel=0.06)


def test_who_sends_on_holidays_too_is_expected_to() -> None:
    days = [ago for ago in range(180) if (TODAY - timedelta(days=ago)).weekday() < 5]
    rows: list[Row] = [
        ("answer", 1, 7, ago, 7 if ago >= 7 else None, 100_000, 50_000) for ago in days
    ]
    found = project(history(rows), TODAY, 2).group_by("week").agg(pl.col("expected_cents").sum())
    assert dict(found.rows())[2] == pytest.approx(250_000, rel=0.05)  # 3 July 2026 is a holiday


def test_nothing_known_is_nothing_expected() -> None:
    empty = History(pl.DataFrame(schema=dict(WAITS)), pl.DataFrame(schema=dict(CASH)))
    assert project(empty, TODAY).is_empty()
    assert tried(empty, TODAY).is_empty()


WAIT = st.tuples(
    st.sampled_from(["answer", "recovery", "next_payer"]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 300),
    st.integers(0, 90) | st.none(),
    st.integers(1, 500_000),
    st.integers(0, 400_000),
).map(lambda row: (*row[:4], row[4] if row[4] is None or row[4] <= row[3] else None, *row[5:]))


@settings(max_examples=40, deadline=None)
@given(st.lists(WAIT, min_size=1, max_size=30), st.randoms())
def test_the_order_of_rows_does_not_matter_and_sources_are_known(
    rows: list[Row], dice: Random
) -> None:
    shuffled = list(rows)
    dice.shuffle(shuffled)
    found, again = (project(history(one), TODAY, 3) for one in (rows, shuffled))
    assert found["expected_cents"].to_list() == pytest.approx(again["expected_cents"].to_list())
    assert set(found["source"]) <= set(SOURCES)
    assert (found["variance"] >= 0).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(WAIT, min_size=1, max_size=30))
def test_the_whole_is_the_sum_of_the_clients(rows: list[Row]) -> None:
    sums = totals(project(history(rows), TODAY, 3))
    whole = sums.filter(pl.col("client_id") == WHOLE)
    parts = (
        sums.filter(pl.col("client_id") != WHOLE)
        .group_by("week")
        .agg(pl.col("expected_cents").sum())
    )
    assert dict(whole.select("week", "expected_cents").rows()) == pytest.approx(dict(parts.rows()))


@settings(max_examples=30, deadline=None)
@given(st.lists(WAIT, min_size=1, max_size=30), st.integers(1, 200))
def test_a_past_day_knows_nothing_later(rows: list[Row], back: int) -> None:
    day = TODAY - timedelta(days=back)
    later = history(rows)
    cut = [
        (
            *row[:3],
            row[3],
            row[4] if row[4] is not None and row[3] - row[4] >= back else None,
            *row[5:],
        )
        for row in rows
        if row[3] >= back
    ]
    left, right = later.known_on(day), history(cut)
    assert left.waits.sort(left.waits.columns).equals(right.waits.sort(right.waits.columns))
    assert left.cash.sort("client_id", "day").equals(right.cash.sort("client_id", "day"))


def test_bounds_hold_four_of_five_residuals_once_there_are_enough() -> None:
    past = pl.DataFrame(
        {
            "origin_date": [TODAY] * 101,
            "client_id": [1] * 101,
            "week": [1] * 101,
            "residual": [float(value) for value in range(-50, 51)],
        }
    )
    learned = quantiles(past)
    row = learned.filter(pl.col("distance") == 0, ~pl.col("is_whole")).row(0, named=True)
    assert (row["low"], row["high"]) == (-40.0, 40.0)
    rows = pl.DataFrame({"client_id": [1], "week": [1], "expected_cents": [1000.4], "scale": [2.0]})
    assert with_bounds(rows, learned).row(0) == (1, 1, 1000, 2.0, 920, 1080)


def test_with_some_residuals_the_bounds_are_students() -> None:
    past = pl.DataFrame(
        {
            "origin_date": [TODAY] * 9,
            "client_id": [1] * 9,
            "week": [1] * 9,
            "residual": [-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0],
        }
    )
    row = quantiles(past).filter(pl.col("distance") == 0, ~pl.col("is_whole")).row(0, named=True)
    # Of nine: spread 1.3693, Student's 0.9 quantile with 8 degrees 1.3968, sqrt(10/9) 1.0541.
    assert row["high"] == pytest.approx(2.0162, abs=1e-3)
    assert row["low"] == pytest.approx(-2.0162, abs=1e-3)


def test_the_bounds_of_all_clients_lean_on_what_the_scale_promises() -> None:
    past = pl.DataFrame(
        {
            "origin_date": [TODAY] * 9,
            "client_id": [WHOLE] * 9,
            "week": [1] * 9,
            "residual": [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0],
        }
    )
    row = quantiles(past).filter(pl.col("distance") == 0, "is_whole").row(0, named=True)
    # Nine residuals, mean 1 and variance 1.875, and eight of mean 0 and variance 1: 0.5294, 1.4632.
    reach = 1.2816 * (1.4632 * 18 / 17) ** 0.5
    assert row["low"] == pytest.approx(0.5294 - reach, abs=1e-3)
    assert row["high"] == pytest.approx(0.5294 + reach, abs=1e-3)


def test_with_few_residuals_the_bounds_are_the_normal_ones_and_wider_for_single_clients() -> None:
    learned = quantiles(tried(history([("answer", 1, 7, 5, None, 10, 0)]), TODAY))
    single, whole = (learned.filter(pl.col("is_whole") == is_whole) for is_whole in (False, True))
    assert set(single["low"].round(4)) == {-1.9224}
    assert set(single["high"].round(4)) == {1.9224}
    assert set(whole["high"].round(4)) == {1.3593}  # 1.2816 x sqrt(9/8)


def test_a_payer_whose_remittances_stay_away_is_not_expected_to_pay_as_before() -> None:
    # Five claims a day, answered after ten days at 50 %; nothing since five weeks.
    rows: list[Row] = []
    for ago in range(300):
        lag = 10 if ago - 10 >= 35 else None
        rows += [("answer", 1, 7, ago, lag, 10_000, 5_000)] * 5
        rows += [("answer", 1, 8, ago, 10 if ago >= 10 else None, 10_000, 5_000)] * 5
    found = dict(
        project(history(rows), TODAY, 4).group_by("week").agg(pl.col("expected_cents").sum()).rows()
    )
    # Payer 8 still pays 35 claims a week; payer 7 a fifth, the least that is expected.
    assert found[1] == pytest.approx(175_000 * 1.2, rel=0.05)


def test_one_large_claim_of_late_does_not_promise_another_one_each_month() -> None:
    rows: list[Row] = [("answer", 1, 7, ago, 7, 100_000, 50_000) for ago in range(8, 300)]
    rows += [("answer", 1, 7, 9, 7, 20_000_000, 10_000_000)]
    found = project(history(rows), TODAY, 4).filter(pl.col("source") == "new_claims")
    # $500.00 on each of 28 days less the wait, and less than a sixth of the large one.
    assert found["expected_cents"].sum() < 21 * 50_000 + 10_000_000 / 6
