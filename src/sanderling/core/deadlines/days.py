"""Arithmetic of days: months, business days, the holidays of the United States government.

Each rule exists once for a single day and once for a column; a property test holds them together.
Source: 5 U.S.C. 6103 for the holidays, DOMAIN 4.1 for months.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from typing import Final

import polars as pl

MONDAY: Final = 0
THURSDAY: Final = 3
SATURDAY: Final = 5
SUNDAY: Final = 6
JUNETEENTH_SINCE: Final = 2021
MONTHS_A_YEAR: Final = 12
BUSINESS_DAYS_A_YEAR_MIN: Final = 240
YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2199


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """Return the nth such weekday of a month; nth -1 is the latest."""
    if nth < 0:
        last = date(year, month, monthrange(year, month)[1])
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _observed(day: date) -> date:
    """Return the day a holiday is kept: Friday for a Saturday, Monday for a Sunday."""
    if day.weekday() == SATURDAY:
        return day - timedelta(days=1)
    if day.weekday() == SUNDAY:
        return day + timedelta(days=1)
    return day


@cache
def holidays_of(year: int) -> tuple[date, ...]:
    """Return the federal holidays of a year as kept; New Year's may fall on 31 December before."""
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= JUNETEENTH_SINCE:
        fixed.append(date(year, 6, 19))
    moving = [
        _nth_weekday(year, 1, MONDAY, 3),  # Martin Luther King, Jr.
        _nth_weekday(year, 2, MONDAY, 3),  # Washington's Birthday
        _nth_weekday(year, 5, MONDAY, -1),  # Memorial Day
        _nth_weekday(year, 9, MONDAY, 1),  # Labor Day
        _nth_weekday(year, 10, MONDAY, 2),  # Columbus Day
        _nth_weekday(year, 11, THURSDAY, 4),  # Thanksgiving Day
    ]
    return tuple(sorted([*(_observed(day) for day in fixed), *moving]))


def holidays_between(first_year: int, last_year: int) -> list[date]:
    """Return the federal holidays kept in these years, both included."""
    # The New Year's Day after the last year may be kept on its 31 December.
    years = range(first_year, last_year + 2)
    return [day for year in years for day in holidays_of(year)]


def is_business_day(day: date) -> bool:
    """Say whether a day is neither Saturday, Sunday nor a federal holiday."""
    if day.weekday() >= SATURDAY or day in holidays_of(day.year):
        return False
    return day not in holidays_of(day.year + 1)


def next_business_day(day: date) -> date:
    """Return the day itself when it is a business day, else the next one."""
    while not is_business_day(day):
        day += timedelta(days=1)
    return day


def add_business_days(day: date, count: int) -> date:
    """Return the day `count` business days after a day; the day itself is not counted.

    Raises:
        ValueError: the count is below one.
    """
    if count < 1:
        raise ValueError(f"{count} business days cannot be added")
    for _ in range(count):
        day = next_business_day(day + timedelta(days=1))
    return day


def add_months(day: date, count: int) -> date:
    """Return the same day of the month `count` months later, or that month's last day."""
    year, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 + count, MONTHS_A_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def year_end(day: date, years: int) -> date:
    """Return 31 December of the year `years` after a day's."""
    return date(day.year + years, 12, 31)


def months_later(day: pl.Expr, count: pl.Expr) -> pl.Expr:
    """Return `add_months` of a column of days and a column of counts."""
    months = day.dt.year() * MONTHS_A_YEAR + day.dt.month().cast(pl.Int32) - 1 + count
    year, month = months // MONTHS_A_YEAR, months % MONTHS_A_YEAR + 1
    first = pl.date(year, month, 1)
    last_day = first.dt.month_end().dt.day()
    return pl.date(year, month, pl.min_horizontal(day.dt.day(), last_day))


def business_days_later(day: pl.Expr, count: pl.Expr, holidays: Iterable[date]) -> pl.Expr:
    """Return `add_business_days` of a column of days and a column of counts."""
    return day.dt.add_business_days(count, holidays=list(holidays), roll="backward")


def business_day_from(day: pl.Expr, holidays: Iterable[date]) -> pl.Expr:
    """Return `next_business_day` of a column of days."""
    return day.dt.add_business_days(0, holidays=list(holidays), roll="forward")


def holidays_around(days: pl.Series, count_max: int) -> list[date]:
    """Return the holidays that adding up to `count_max` business days to these days can meet.

    Days before 1900 or after 2199 are typing errors of a file; they have no holidays here.
    """
    first, last = days.min(), days.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return []
    years = 1 + -(-count_max // BUSINESS_DAYS_A_YEAR_MIN)
    return holidays_between(max(first.year - 1, YEAR_MIN), min(last.year + years, YEAR_MAX))
