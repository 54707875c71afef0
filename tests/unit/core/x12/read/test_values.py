"""Amounts, days and check digits as texts."""

from __future__ import annotations

from datetime import date

import pytest

from sanderling.core.x12.read.values import day_range, is_npi, parse_cents, parse_date, parse_days


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("0", 0), ("1", 100), ("-1", -100), ("100.5", 10_050), (".5", 50), ("-.05", -5),
        ("7.", 700), ("7.500", 750), ("007.10", 710),
        ("999999999999999.99", 99_999_999_999_999_999),
    ],
)  # fmt: skip
def test_amounts(text: str, cents: int) -> None:
    assert parse_cents(text) == cents


@pytest.mark.parametrize(
    "text",
    ["", "-", ".", "-.", "1,000", "+1", "1e3", "1.005", "1 0", " 1", "--1", "1-", "$1", "１０", "٣",
     "1_0", "NaN", "1000000000000000"],
)  # fmt: skip
def test_what_is_no_amount(text: str) -> None:
    assert parse_cents(text) is None


def test_days() -> None:
    assert parse_days("19700101") == 0
    assert parse_days("20240229") == (date(2024, 2, 29) - date(1970, 1, 1)).days
    assert parse_date("260119") == date(2026, 1, 19)
    assert parse_date("691231") == date(2069, 12, 31)
    assert parse_date("700101") == date(1970, 1, 1)


@pytest.mark.parametrize(
    "text", ["", "20230229", "20261301", "00000101", "2026-1-1", "２０２６０１０１", "202601011"]
)
def test_what_is_no_day(text: str) -> None:
    assert parse_days(text) is None


def test_ranges() -> None:
    first, last = parse_days("20260101"), parse_days("20260131")

    assert day_range("D8", "20260101") == (first, first)
    assert day_range("RD8", "20260101-20260131") == (first, last)
    assert day_range("DT", "202601011530") == (first, first)
    assert day_range("RD8", "20260101") == (None, None)
    assert day_range("RD8", "20260101-20260199") == (None, None)
    assert day_range("DT", "20260101") == (None, None)


def test_npi_check_digits() -> None:
    assert is_npi("1234567893")
    assert not is_npi("1234567890")
    assert not is_npi("123456789")
    assert not is_npi("12345678９3")
