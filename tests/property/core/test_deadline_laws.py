"""Laws of deadlines: for any day, any amount and any set of rules."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sanderling.core.deadlines.days import (
    add_business_days,
    add_months,
    business_day_from,
    business_days_later,
    holidays_around,
    is_business_day,
    months_later,
    next_business_day,
    year_end,
)
from sanderling.core.deadlines.due import NEED_SCHEMA, deadlines
from sanderling.core.deadlines.rules import OVERRIDE_SCHEMA, PAYER_TYPES, Kind, Unit, rules_frame

days = st.dates(date(1999, 1, 1), date(2060, 12, 31))
units = st.sampled_from([unit.value for unit in Unit])
weekend_rules = st.sampled_from(["none", "next_business_day"])
SERVICE_KINDS = st.sampled_from([Kind.TIMELY_FILING.value, Kind.CORRECTED_CLAIM.value])


@given(days, st.integers(1, 400))
def test_business_days_end_on_a_business_day_and_skip_none(day: date, count: int) -> None:
    end = add_business_days(day, count)
    passed = [day + timedelta(days=step) for step in range(1, (end - day).days + 1)]

    assert is_business_day(end)
    assert sum(map(is_business_day, passed)) == count


@given(days)
def test_holidays_are_never_more_than_four_days_of_rest(day: date) -> None:
    moved = next_business_day(day)

    assert is_business_day(moved)
    assert day <= moved <= day + timedelta(days=4)


@given(days, st.integers(0, 240))
def test_months_never_skip_one_and_keep_the_day_if_they_can(day: date, count: int) -> None:
    end = add_months(day, count)

    assert (end.year - day.year) * 12 + end.month - day.month == count
    assert end.day == day.day or (end.day < day.day and (end + timedelta(days=1)).day == 1)


@given(st.lists(st.tuples(days, st.integers(1, 300)), min_size=1, max_size=20))
def test_columns_of_days_agree_with_single_days(rows: list[tuple[date, int]]) -> None:
    frame = pl.DataFrame(rows, schema={"day": pl.Date, "count": pl.Int32}, orient="row")
    holidays = holidays_around(frame["day"], 300)

    found = frame.select(
        months=months_later(pl.col("day"), pl.col("count")),
        business=business_days_later(pl.col("day"), pl.col("count"), holidays),
        moved=business_day_from(pl.col("day"), holidays),
    )

    assert found["months"].to_list() == [add_months(*row) for row in rows]
    assert found["business"].to_list() == [add_business_days(*row) for row in rows]
    assert found["moved"].to_list() == [next_business_day(day) for day, _ in rows]


def _rules(*rows: dict[str, Any]) -> pl.DataFrame:
    defaults = {
        "clock": "service_to",
        "receipt_rule": "received",
        "provider_status": "any",
        "confidence": "H",
        "source": "contract",
        "weekend_rule": "none",
        "payer_name": "P",
        "client_name": "C",
        "level": 0,
    }
    full = [{name: (defaults | row).get(name) for name in OVERRIDE_SCHEMA} for row in rows]
    return rules_frame(overrides=pl.DataFrame(full, schema=OVERRIDE_SCHEMA))


def _needs(*rows: dict[str, Any]) -> pl.DataFrame:
    full = [
        {name: (row | {"item_id": i}).get(name) for name in NEED_SCHEMA}
        for i, row in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=NEED_SCHEMA)


def _by_hand(start: date, amount: int, unit: str, weekend_rule: str) -> date:
    end = {
        "calendar_days": lambda: start + timedelta(days=amount),
        "business_days": lambda: add_business_days(start, amount),
        "months": lambda: add_months(start, amount),
        "calendar_year_end": lambda: year_end(start, amount),
    }[unit]()
    return next_business_day(end) if weekend_rule == "next_business_day" else end


@settings(deadline=None)
@given(st.lists(days, min_size=2, max_size=12), st.integers(1, 365), units, weekend_rules)
def test_a_later_clock_never_gives_an_earlier_deadline(
    starts: list[date], amount: int, unit: str, weekend_rule: str
) -> None:
    starts = sorted(starts)
    amount = min(amount, 5) if unit == "calendar_year_end" else amount
    rules = _rules(
        {
            "rule_number": 1,
            "kind": "timely_filing",
            "payer_id": 1,
            "amount": amount,
            "unit": unit,
            "weekend_rule": weekend_rule,
        }
    )
    asked = _needs(
        *({"kind": "timely_filing", "payer_id": 1, "service_from_date": day} for day in starts)
    )

    found = deadlines(asked, rules)["deadline_date"].to_list()

    assert found == [_by_hand(day, amount, unit, weekend_rule) for day in starts]
    assert found == sorted(found)
    assert all(end >= start for start, end in zip(starts, found, strict=True))


rule_rows = st.fixed_dictionaries(
    {
        "kind": SERVICE_KINDS,
        "payer_id": st.sampled_from([None, 1, 2]),
        "payer_type": st.sampled_from(["commercial", "bcbs"]),
        "client_id": st.sampled_from([None, 1, 2]),
        "amount": st.integers(1, 300),
        "effective_from_date": st.none() | st.dates(date(2025, 1, 1), date(2025, 12, 31)),
        "effective_to_date": st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    }
)
need_rows = st.fixed_dictionaries(
    {
        "kind": SERVICE_KINDS,
        "payer_id": st.sampled_from([None, 1, 2, 3]),
        "payer_type": st.sampled_from([*PAYER_TYPES, None]),
        "client_id": st.sampled_from([None, 1, 2]),
        "service_from_date": st.dates(date(2024, 6, 1), date(2027, 6, 1)),
    }
)


def _best_by_hand(need: dict[str, Any], rows: list[dict[str, Any]]) -> int | None:
    """Return the number of the rule that binds, found one by one; None when no person's does."""
    best: tuple[Any, ...] | None = None
    number = None
    for row in rows:
        fits_payer = row["payer_id"] in {None, need["payer_id"]}
        fits_type = row["payer_id"] is not None or row["payer_type"] == (
            need["payer_type"] or "other"
        )
        begins, ends = row["effective_from_date"], row["effective_to_date"]
        day = need["service_from_date"]
        if (
            row["kind"] != need["kind"]
            or not fits_payer
            or not fits_type
            or row["client_id"] not in {None, need["client_id"]}
            or (begins and begins > day)
            or (ends and ends < day)
            or need["payer_type"] == "self_pay"
        ):
            continue
        key = (
            row["payer_id"] is not None,
            row["client_id"] is not None,
            begins or date.min,
            row["rule_number"],
        )
        if best is None or key > best:
            best, number = key, row["rule_number"]
    return number


@settings(deadline=None)
@given(st.lists(rule_rows, max_size=8), st.lists(need_rows, min_size=1, max_size=10))
def test_the_rule_found_in_bulk_is_the_one_found_by_hand(
    rows: list[dict[str, Any]], asked: list[dict[str, Any]]
) -> None:
    numbered = [
        {**row, "rule_number": number, "unit": "calendar_days"} for number, row in enumerate(rows)
    ]
    scoped = [{**row, "payer_type": None} if row["payer_id"] else row for row in numbered]

    found = deadlines(_needs(*asked), _rules(*scoped) if scoped else rules_frame())

    assert found.height == len(asked)
    for need, row in zip(asked, found.iter_rows(named=True), strict=True):
        number = _best_by_hand(need, numbered)
        if number is None:
            assert row["rule_id"] is None or row["rule_id"].startswith("system:")
            assert (row["rule_id"] is None) == (need["payer_type"] == "self_pay")
            continue
        assert row["rule_id"] == f"rule:{number}"
        span = timedelta(days=numbered[number]["amount"])
        assert row["deadline_date"] == need["service_from_date"] + span
