from __future__ import annotations

from datetime import date

import pytest

from sanderling.core.deadlines.days import (
    add_business_days,
    add_months,
    holidays_between,
    holidays_of,
    is_business_day,
    next_business_day,
    year_end,
)


def test_the_federal_holidays_of_2026() -> None:
    # As the Office of Personnel Management lists them.
    assert holidays_of(2026) == (
        date(2026, 1, 1),
        date(2026, 1, 19),
        date(2026, 2, 16),
        date(2026, 5, 25),
        date(2026, 6, 19),
        date(2026, 7, 3),
        date(2026, 9, 7),
        date(2026, 10, 12),
        date(2026, 11, 11),
        date(2026, 11, 26),
        date(2026, 12, 25),
    )


def test_a_sunday_holiday_is_kept_on_monday() -> None:
    assert date(2027, 7, 5) in holidays_of(2027)
    assert is_business_day(date(2027, 7, 6))
    assert not is_business_day(date(2027, 7, 5))


def test_new_years_day_on_a_saturday_is_kept_the_year_before() -> None:
    eve = date(2021, 12, 31)  # 2022-01-01 is a Saturday

    assert not is_business_day(eve)
    assert eve in holidays_between(2021, 2021)
    assert eve not in holidays_of(2021)


def test_memorial_day_is_the_latest_monday_of_may() -> None:
    assert [day for day in holidays_of(2027) if day.month == 5] == [date(2027, 5, 31)]
    assert [day for day in holidays_of(2025) if day.month == 5] == [date(2025, 5, 26)]


def test_juneteenth_is_one_since_2021() -> None:
    assert is_business_day(date(2020, 6, 19))
    assert not is_business_day(date(2021, 6, 18))


def test_business_days_do_not_count_the_day_itself() -> None:
    friday, saturday = date(2026, 3, 6), date(2026, 3, 7)

    assert add_business_days(friday, 1) == date(2026, 3, 9)
    assert add_business_days(saturday, 1) == date(2026, 3, 9)
    assert next_business_day(saturday) == date(2026, 3, 9)
    assert next_business_day(friday) == friday
    with pytest.raises(ValueError, match="0 business days"):
        add_business_days(friday, 0)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2025, 2, 28), 12, date(2026, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_months_keep_the_day_or_take_the_last(day: date, count: int, expected: date) -> None:
    assert add_months(day, count) == expected


def test_the_end_of_a_later_year() -> None:
    assert year_end(date(2026, 1, 1), 1) == date(2027, 12, 31)
    assert year_end(date(2026, 12, 31), 0) == date(2026, 12, 31)
