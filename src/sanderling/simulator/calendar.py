"""Business days of the simulated world: Monday to Friday, without holidays."""

from __future__ import annotations

from datetime import date, timedelta

_SATURDAY = 5


def is_business_day(day: date) -> bool:
    """True from Monday to Friday."""
    return day.weekday() < _SATURDAY


def next_business_day(day: date) -> date:
    """The day itself, or the Monday after."""
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return day


def add_business_days(day: date, count: int) -> date:
    """Go forward by business days; a count of 0 moves off a week-end only."""
    day = next_business_day(day)
    for _ in range(count):
        day = next_business_day(day + timedelta(days=1))
    return day
