"""When reports are due, and about which days they are."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanderling.core.deadlines.days import is_business_day
from sanderling.core.report_schedules import (
    BadRhythm,
    Rhythm,
    check_day,
    clock_start,
    next_due,
    period_of,
)

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("after", "nth", "due"),
    [
        (date(2026, 3, 1), 3, date(2026, 3, 4)),  # a Sunday: Mon 2, Tue 3, Wed 4
        (date(2026, 3, 4), 3, date(2026, 4, 3)),  # today's is over: the next month's
        (date(2026, 3, 3), 3, date(2026, 3, 4)),
        (date(2025, 12, 31), 1, date(2026, 1, 2)),  # New Year's Day is none
        (date(2026, 6, 30), 3, date(2026, 7, 6)),  # 4 July is kept on Friday, the 3rd
    ],
)
def test_a_month_is_closed_on_its_business_day(after: date, nth: int, due: date) -> None:
    assert next_due(Rhythm.MONTHLY, nth, after) == due


def test_a_month_is_told_from_its_first_to_its_last_day() -> None:
    assert period_of(Rhythm.MONTHLY, date(2026, 3, 4)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert period_of(Rhythm.MONTHLY, date(2026, 1, 5)) == (date(2025, 12, 1), date(2025, 12, 31))


def test_a_week_is_told_on_its_weekday_about_the_seven_days_before() -> None:
    monday = date(2026, 3, 2)
    assert next_due(Rhythm.WEEKLY, 0, monday) == date(2026, 3, 9)
    assert next_due(Rhythm.WEEKLY, 0, monday - timedelta(days=1)) == monday
    assert next_due(Rhythm.WEEKLY, 4, monday) == date(2026, 3, 6)
    assert period_of(Rhythm.WEEKLY, monday) == (date(2026, 2, 23), date(2026, 3, 1))


@given(after=DAYS, nth=st.integers(1, 15))
def test_every_month_is_told_once_and_none_is_left_out(after: date, nth: int) -> None:
    first = next_due(Rhythm.MONTHLY, nth, after)
    second = next_due(Rhythm.MONTHLY, nth, first)
    assert first > after
    assert is_business_day(first)
    _, end = period_of(Rhythm.MONTHLY, first)
    assert period_of(Rhythm.MONTHLY, second)[0] == end + timedelta(days=1)


@given(after=DAYS, weekday=st.integers(0, 6))
def test_every_week_is_told_once_and_none_is_left_out(after: date, weekday: int) -> None:
    first = next_due(Rhythm.WEEKLY, weekday, after)
    second = next_due(Rhythm.WEEKLY, weekday, first)
    assert 0 < (first - after).days <= 7
    assert first.weekday() == weekday
    _, end = period_of(Rhythm.WEEKLY, first)
    assert period_of(Rhythm.WEEKLY, second)[0] == end + timedelta(days=1)


@pytest.mark.parametrize(
    ("rhythm", "day"),
    [(Rhythm.MONTHLY, 0), (Rhythm.MONTHLY, 16), (Rhythm.WEEKLY, -1), (Rhythm.WEEKLY, 7)],
)
def test_a_day_that_some_months_or_weeks_lack_is_refused(rhythm: Rhythm, day: int) -> None:
    with pytest.raises(BadRhythm):
        check_day(rhythm, day)


def test_the_clock_of_a_report_starts_on_the_last_business_day_of_its_period() -> None:
    assert clock_start(date(2026, 2, 28)) == date(2026, 2, 27)
    assert clock_start(date(2026, 3, 31)) == date(2026, 3, 31)
