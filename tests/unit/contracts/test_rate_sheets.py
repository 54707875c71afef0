"""A payer's fee schedule, in whatever order and words, becomes rates to the cent."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanderling.contracts.rate_sheets import (
    RateReading,
    SheetRate,
    columns_by_name,
    infer_columns,
    possible_headers,
    read_rates,
)

HEADER = ["code", "modifier", "place_of_service", "allowed_cents"]


def reading(*rows: list[str], header: list[str] = HEADER) -> RateReading:
    sheet = [header, *rows]
    columns = infer_columns(sheet)
    assert columns is not None
    return read_rates(sheet, columns)


def fault(*cells: str, header: list[str] = HEADER) -> tuple[str, str]:
    found = reading(list(cells), header=header)
    assert found.rates == []
    (problem,) = found.problems
    assert problem.row == 2
    return problem.column, problem.message


def test_the_documented_columns_in_any_order() -> None:
    row = dict(zip(HEADER, ["99213", "25", "11", "9210"], strict=True))
    for order in permutations(HEADER):
        found = reading([row[name] for name in order], header=list(order))
        assert found.rates == [SheetRate("99213", "25", "11", 9210, 2)]
        assert (found.row_count, found.problems) == (1, [])


@pytest.mark.parametrize(
    "header",
    [
        ["CPT", "Mod", "POS", "Allowed Amount"],
        ["HCPCS Code", "Modifier 1", "Place of Service", "Fee"],
        ["Proc. Code", "MOD", "pos code", "Contracted Rate"],
        ["Procedure Code", "Modifiers", "Place of Svc", "Fee Schedule Amount"],
    ],
)
def test_headers_of_payers_and_dollars_become_exact_cents(header: list[str]) -> None:
    found = reading(["71046", "26", "2", "$1,234.56"], header=header)
    assert found.rates == [SheetRate("71046", "26", "02", 123_456, 2)]


def test_titles_above_and_a_copyright_below_are_no_rows() -> None:
    sheet = [
        ["Blue Plan fees 2026", "", ""],
        ["", "", ""],
        ["CPT", "Description", "Fee"],
        ["99213", "Office visit", "92.10"],
        ["", "", ""],
        ["CPT copyright American Medical Association", "", ""],
    ]
    columns = infer_columns(sheet)
    assert columns is not None
    found = read_rates(sheet, columns)
    assert [(one.code, one.allowed_cents, one.row) for one in found.rates] == [("99213", 9210, 4)]
    assert (found.row_count, found.problems) == (1, [])


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        (("99213", "", "", "-1"), "allowed_cents", "is negative"),
        (("99213", "", "", "0"), "allowed_cents", "is zero"),
        (("99213", "", "", ""), "allowed_cents", "is empty"),
        (("99213", "", "", "92.10"), "allowed_cents", "whole cents"),
        (("99213", "", "", "1000000001"), "allowed_cents", "ten million"),
        (("", "26", "", "9210"), "code", "is empty"),
        (("9921", "26", "11", "x"), "allowed_cents", "whole cents"),
        (("992133", "", "", "9210"), "code", "is no code"),
        (("99211-99215", "", "", "9210"), "code", "code by code"),
        (("99213", "ABC", "", "9210"), "modifier", "two characters"),
        (("99213", "", "office", "9210"), "place_of_service", "two digits"),
        (("99213-26", "TC", "", "9210"), "modifier", "the code says 26"),
    ],
)
def test_a_row_with_a_fault_is_refused_in_words(
    cells: tuple[str, ...], column: str, words: str
) -> None:
    at, message = fault(*cells)
    assert at == column
    assert words in message


def test_the_same_code_modifier_and_place_twice_keeps_the_first() -> None:
    found = reading(
        ["99213", "", "", "9210"],
        ["99213", "", "11", "9300"],
        ["99213", "25", "", "9400"],
        ["99213", " ", "", "9999"],
    )
    assert [one.allowed_cents for one in found.rates] == [9210, 9300, 9400]
    assert [(one.row, one.message) for one in found.problems] == [
        (5, "99213 is in row 2 already; keep one of them")
    ]


@pytest.mark.parametrize(
    ("header", "text", "code", "modifier"),
    [
        ("CPT", "100", "00100", ""),
        ("Rev Code", "450", "0450", ""),
        ("code", "0450", "0450", ""),
        ("code", "99213.0", "99213", ""),
        ("code", "71046-26", "71046", "26"),
        ("code", "j1885", "J1885", ""),
        ("code", "0042t", "0042T", ""),
    ],
)
def test_codes_as_spreadsheets_leave_them(header: str, text: str, code: str, modifier: str) -> None:
    found = reading([text, "5"], header=[header, "allowed_cents"])
    assert [(one.code, one.modifier) for one in found.rates] == [(code, modifier)]


def test_a_column_named_by_a_person_wins() -> None:
    sheet = [["Item", "2025", "2026"], ["99213", "90.00", "92.10"]]
    assert infer_columns(sheet) is None
    columns = columns_by_name(sheet, {"code": "item", "allowed": "2026"})
    assert columns is not None
    assert read_rates(sheet, columns).rates == [SheetRate("99213", "", "", 9210, 2)]


def test_a_person_is_offered_what_stands_above_the_first_rate() -> None:
    sheet = [["Fees 2026", ""], ["Item", "2026 Price"], ["99213", "$92.10"], ["99214", "$130.00"]]
    assert possible_headers(sheet) == ["Fees 2026", "Item", "2026 Price"]


@given(st.dictionaries(st.integers(10_000, 99_999), st.integers(1, 10**9), max_size=9))
def test_the_content_is_the_same_in_any_order(rates: dict[int, int]) -> None:
    rows = [[str(code), "", "", str(cents)] for code, cents in rates.items()]
    forth, back = reading(*rows), reading(*reversed(rows))
    assert forth.content_sha256 == back.content_sha256
    assert sum(one.allowed_cents for one in forth.rates) == sum(rates.values())


@given(st.integers(1, 10**9))
def test_dollars_with_signs_and_commas_lose_no_cent(cents: int) -> None:
    text = f"${cents // 100:,}.{cents % 100:02}"
    found = reading(["99213", text], header=["CPT", "Rate"])
    assert [one.allowed_cents for one in found.rates] == [cents]
