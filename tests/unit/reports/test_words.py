"""Numbers of reports in words, the axes of charts, and the days of reports."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanderling.reports.book import Span
from sanderling.reports.comparing import differences
from sanderling.reports.shapes import OTHERS, figure, in_order, rate, row, table, with_group
from sanderling.reports.words import (
    figure_text,
    moved_text,
    number_text,
    period_text,
    short_text,
    ticks_of,
)

DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [("cents", 123456, "$1,234.56"), ("cents", -5, "-$0.05"), ("rate", 0.1234, "12.3%"),
     ("days", 40.25, "40.2 days"), ("count", 12345, "12,345"), ("text", "", ""),
     ("cents", None, "\u2013")],
)  # fmt: skip
def test_a_number_is_read_by_its_unit(unit: str, value: object, text: str) -> None:
    assert number_text(unit, value) == text


def test_a_share_of_few_outcomes_is_told_as_the_outcomes() -> None:
    few, many = rate("a", "A", 3, 19), rate("a", "A", 3, 20)
    for one in (few, many):
        one["of_units"] = ["count", "count"]
    assert (figure_text(few), figure_text(many)) == ("3 of 19", "15.0%")
    many |= {"before": 0.2, "before_of": [1, 5]}
    assert moved_text(many) == "before: 1 of 5"
    assert moved_text({**many, "before_of": [10, 50]}) == "before: 20.0%"


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_the_levels_of_an_axis_hold_every_value_and_are_few(one: int, other: int) -> None:
    values = [one, other]
    levels = [level["value"] for level in ticks_of("cents", values)]
    assert levels[0] <= min(0, *values, 0)
    assert levels[-1] >= max(0, *values, 0)
    assert 2 <= len(levels) <= 8
    assert len({b - a for a, b in pairwise(levels)}) == 1
    assert 0 in levels


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "$0"), (99_900, "$999"), (123_456, "$1.2k"), (-210_000_000, "-$2.1M")]
)
def test_an_axis_says_dollars_shortly(cents: int, text: str) -> None:
    assert short_text("cents", cents) == text


@given(DAYS, st.integers(0, 365))
def test_the_days_before_end_where_the_days_begin(first: date, more: int) -> None:
    span = Span(first, first + timedelta(days=more), first + timedelta(days=more))
    before = span.before
    assert before.to_date == first - timedelta(days=1)
    assert before.from_date <= before.to_date


def test_the_month_before_a_month_is_the_whole_month() -> None:
    march = Span(date(2026, 3, 1), date(2026, 3, 31), date(2026, 3, 31))
    assert (march.before.from_date, march.before.to_date) == (date(2026, 2, 1), date(2026, 2, 28))
    assert period_text(march.from_date, march.to_date) == "March 2026"
    assert period_text(date(2026, 2, 2), date(2026, 2, 8)) == "2026-02-02 to 2026-02-08"


@given(DAYS)
def test_the_days_of_a_trend_end_at_the_day_itself(day: date) -> None:
    days = Span(day, day, day).trend_days
    assert days == sorted(set(days))
    assert days[-1] == day
    assert all((one + timedelta(days=1)).day == 1 for one in days[:-1])


def test_the_smallest_groups_are_put_together_and_stand_last() -> None:
    frame = pl.DataFrame({"payer_id": [1, 2, 3, 4], "cents": [5, 40, 30, 1]})
    grouped = with_group(frame, "payer_id", 2)
    sums = dict(grouped.group_by("group").agg(pl.col("cents").sum()).iter_rows())
    assert sums == {"2": 40, "3": 30, OTHERS: 6}
    assert in_order(sums) == ["2", "3", OTHERS]
    assert OTHERS not in with_group(frame, "payer_id", 3)["group"].to_list()


def test_each_number_that_differs_is_named_once() -> None:
    def numbers(owed: int, names: list[str]) -> dict[str, object]:
        rows = [row({"name": name, "cents": owed}) for name in names]
        columns = [{"key": "name", "label": "Name", "unit": "text"},
                   {"key": "cents", "label": "Owed", "unit": "cents"}]  # fmt: skip
        return {"blocks": [{"title": "B", "figures": [figure("o", "Owed", "cents", owed)],
                            "tables": [table("t", "", columns, rows)]}]}  # fmt: skip

    assert differences(numbers(1, ["a"]), numbers(1, ["a"])) == []
    assert [(one["figure"], one["was"], one["is"])
            for one in differences(numbers(1, ["a", "a"]), numbers(2, ["a", "b"]))] == [
        ("Owed", 1, 2), ("a \u00b7 Owed", 1, 2), ("a (2) \u00b7 Owed", 1, None),
        ("b \u00b7 Owed", None, 2),
    ]  # fmt: skip
