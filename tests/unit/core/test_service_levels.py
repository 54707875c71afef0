"""Service levels: business days and hours at the client's place, warnings, standards."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanderling.core.service_levels import (
    KIND_WORDS,
    Level,
    ServiceKind,
    day_end,
    default_level,
    due_at,
    due_date,
    warn_at,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = Level("first_touch", 2, "business_days")
HOURS = Level("flag_answer", 4, "business_hours")


def new_york(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of 2026 in New York in winter (UTC - 5)."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) + timedelta(hours=5)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (date(2026, 3, 2), date(2026, 3, 4)),  # Monday
        (date(2026, 3, 5), date(2026, 3, 9)),  # Thursday: over the week-end
        (date(2026, 3, 7), date(2026, 3, 11)),  # Saturday starts on Monday
        (date(2026, 2, 13), date(2026, 2, 18)),  # Friday before Washington's Birthday
    ],
)
def test_two_business_days_end_on_the_second_day_with_business(start: date, due: date) -> None:
    assert due_date(start, DAYS) == due
    noon = datetime(start.year, start.month, start.day, 17, tzinfo=UTC)
    assert due_at(noon, DAYS) == day_end(due, DAYS.zone)


def test_a_day_ends_at_midnight_at_the_clients_place() -> None:
    late = datetime(2026, 3, 3, 2, tzinfo=UTC)  # still Monday evening in New York
    assert due_at(late, Level("x", 0, "business_days")) == datetime(
        2026, 3, 3, 4, 59, 59, tzinfo=UTC
    )
    pacific = Level("x", 0, "business_days", zone="America/Los_Angeles")
    assert due_at(late, pacific) == datetime(2026, 3, 3, 7, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (new_york(3, 2, 9), new_york(3, 2, 13)),
        (new_york(3, 2, 15), new_york(3, 3, 10)),  # two hours today, two tomorrow from 8
        (new_york(3, 2, 6), new_york(3, 2, 12)),  # before opening
        (new_york(3, 2, 19), new_york(3, 3, 12)),  # after closing
        (new_york(2, 13, 16), new_york(2, 17, 11)),  # Friday, then Washington's Birthday
        (new_york(2, 14, 12), new_york(2, 17, 12)),  # Saturday
    ],
)
def test_hours_count_while_the_office_is_open(start: datetime, due: datetime) -> None:
    assert due_at(start, HOURS) == due


def test_calendar_days_end_on_a_day_with_business() -> None:
    week = Level("high_dollar_touch", 7, "days")
    assert due_date(date(2026, 3, 2), week) == date(2026, 3, 9)
    assert due_date(date(2026, 3, 7), week) == date(2026, 3, 16)  # a Saturday


def test_the_warning_comes_when_three_quarters_of_the_time_have_gone() -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    assert warn_at(start, start + timedelta(hours=8)) == start + timedelta(hours=6)


def test_each_kind_has_a_standard_for_each_tier_and_a_name() -> None:
    for kind in ServiceKind:
        for tier in ("standard", "key"):
            level = default_level(tier, kind.value)
            assert not level.is_agreed
            assert level.words
        assert kind.value in KIND_WORDS
    assert default_level("key", "rejection_fix").words == "same business day"
    assert default_level("key", "question_answer").words == "4 business hours"
    assert default_level("standard", "high_dollar_touch").words == "14 calendar days"


@given(
    start=st.integers(0, 500 * 24 * 60).map(lambda minute: START + timedelta(minutes=minute)),
    count=st.integers(0, 20),
    later=st.timedeltas(timedelta(), timedelta(days=10)),
    unit=st.sampled_from(["business_days", "business_hours", "days"]),
)
def test_who_starts_later_or_has_more_time_is_never_due_earlier(
    start: datetime, count: int, later: timedelta, unit: str
) -> None:
    level, more = Level("x", count, unit), Level("x", count + 1, unit)
    due = due_at(start, level)
    assert due >= start
    assert due_at(start + later, level) >= due
    assert due_at(start, more) >= due
