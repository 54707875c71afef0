"""Days as people type them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanderling.core.followup.days import read_day, working_day

TODAY = date(2026, 3, 5)  # a Thursday


@pytest.mark.parametrize(
    ("text", "coming", "past"),
    [
        ("+7", date(2026, 3, 12), date(2026, 2, 26)),
        ("7", date(2026, 3, 12), date(2026, 2, 26)),
        ("3d", date(2026, 3, 8), date(2026, 3, 2)),
        ("2w", date(2026, 3, 19), date(2026, 2, 19)),
        ("1 month", date(2026, 4, 4), date(2026, 2, 3)),
        ("mon", date(2026, 3, 9), date(2026, 3, 2)),
        ("Thursday", date(2026, 3, 12), date(2026, 2, 26)),
        ("today", TODAY, TODAY),
        ("tom", date(2026, 3, 6), date(2026, 3, 6)),
        ("yesterday", date(2026, 3, 4), date(2026, 3, 4)),
        ("2026-04-01", date(2026, 4, 1), date(2026, 4, 1)),
        ("4/1/26", date(2026, 4, 1), date(2026, 4, 1)),
        ("1/8", date(2027, 1, 8), date(2026, 1, 8)),
        ("4/1", date(2026, 4, 1), date(2025, 4, 1)),
        ("3/5", TODAY, TODAY),
    ],
)
def test_a_day_means(text: str, coming: date, past: date) -> None:
    assert read_day(text, today=TODAY) == coming
    assert read_day(text, today=TODAY, is_past=True) == past


@pytest.mark.parametrize("text", ["", "x", "2/30", "13/1/2026", "2026-02-30", "++3", "-3", "9999"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_day(text, today=TODAY) is None


@given(st.text(max_size=12))
def test_no_text_breaks_it(text: str) -> None:
    read_day(text, today=TODAY)
    read_day(text, today=date(2028, 2, 29), is_past=True)


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)))
def test_a_working_day_is_near_and_no_weekend(day: date) -> None:
    found = working_day(day)
    assert found.weekday() < 5
    assert timedelta(0) <= found - day <= timedelta(days=2)
