"""Control limits: what is usual, and which months are not."""

from __future__ import annotations

import pytest

from sanderling.core.kpis.limits import Point, control_limits


def rates(*shares: float, of: int = 1_000) -> list[Point]:
    return [Point(round(share * of), of, round(share * of) / of) for share in shares]


def test_a_month_far_above_the_others_is_outside() -> None:
    found = control_limits(rates(0.10, 0.11, 0.09, 0.10, 0.11, 0.10, 0.09, 0.20), is_of_counts=True)
    assert found.center == pytest.approx(0.1, abs=0.002)  # it does not widen its own limits
    assert [one.why for one in found.points[:7]] == [""] * 7
    assert found.points[7].why == "above what is usual"


def test_months_that_differ_beyond_chance_widen_the_limits_of_a_share() -> None:
    shares = (0.08, 0.12, 0.09, 0.13, 0.10, 0.07, 0.12, 0.09)
    found = control_limits(rates(*shares, of=100_000), is_of_counts=True)
    assert all(one.why == "" for one in found.points)


def test_too_few_months_have_no_limits() -> None:
    found = control_limits(rates(0.1, 0.9, 0.1), is_of_counts=True)
    assert found.center is None
    assert all(one.low is None and one.why == "" for one in found.points)


def test_a_few_outcomes_are_not_judged() -> None:
    points = [*rates(0.1, 0.11, 0.09, 0.1, 0.1, 0.11), Point(3, 3, 1.0)]
    found = control_limits(points, is_of_counts=True)
    assert found.points[6].low is None
    assert found.points[6].why == ""


def test_eight_months_on_one_side_are_a_shift() -> None:
    values = [10.0, 12.0] * 12 + [10.5] * 8
    points = [Point(1, 1, value) for value in values]
    found = control_limits(points, is_of_counts=False)
    assert found.center == 11.0
    assert found.points[-1].why == "8 months or more in a row below the mean: it has shifted"
    assert found.points[-2].why == ""


def test_days_have_limits_by_their_moving_range() -> None:
    points = [Point(1, 1, float(value)) for value in (40, 42, 41, 43, 42, 41)]
    found = control_limits(points, is_of_counts=False)
    assert found.kind == "XmR"
    assert found.points[0].high == pytest.approx(41.5 + 2.66 * 7 / 5)
