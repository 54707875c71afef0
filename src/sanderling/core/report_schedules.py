"""When a report is due, and which days it is about.

A month is closed on its next month's n-th business day and told as it stood on its last day; a week
is told on a weekday about the seven days before it.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from sanderling.core.deadlines.days import add_business_days, add_months, is_business_day

BUSINESS_DAY_MAX: Final = 15  # every month has so many
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


class Rhythm(StrEnum):
    """How often a report is made."""

    MONTHLY = "monthly"
    WEEKLY = "weekly"


class BadRhythm(ValueError):
    """No such day of a month or week."""


def check_day(rhythm: Rhythm, day: int) -> None:
    """Refuse a day that not every month or week has.

    Raises:
        BadRhythm: not 1 to 15 (business days of a month), not 0 to 6 (Monday to Sunday).
    """
    first, last = (1, BUSINESS_DAY_MAX) if rhythm == Rhythm.MONTHLY else (0, 6)
    if not first <= day <= last:
        raise BadRhythm(f"{rhythm} reports are due on a day from {first} to {last}")


def next_due(rhythm: Rhythm, day: int, after: date) -> date:
    """Return the first day after `after` on which the report is due.

    `day`: the n-th business day of a month, or the weekday (0 Monday).

    Raises:
        BadRhythm: see `check_day`.
    """
    check_day(rhythm, day)
    if rhythm == Rhythm.WEEKLY:
        ahead = (day - after.weekday()) % 7
        return after + timedelta(days=ahead or 7)
    first = after.replace(day=1)
    due = add_business_days(first - _DAY, day)
    return due if due > after else add_business_days(add_months(first, 1) - _DAY, day)


def period_of(rhythm: Rhythm, due: date) -> tuple[date, date]:
    """Return the first and last day that a report due on `due` is about."""
    if rhythm == Rhythm.WEEKLY:
        return due - _WEEK, due - _DAY
    last = due.replace(day=1) - _DAY
    return last.replace(day=1), last


def clock_start(last: date) -> date:
    """Return the day from which the service level of a report counts: a period's last one.

    The last business day of it, so that the next business day is the first that counts.
    """
    while not is_business_day(last):
        last -= _DAY
    return last
