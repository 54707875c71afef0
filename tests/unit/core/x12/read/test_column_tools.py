"""Cutting texts into columns and gathering rows by their owners."""

from __future__ import annotations

import polars as pl
import pytest

from sanderling.core.x12.read.column_tools import (
    UNKNOWN,
    ClaimsText,
    codes_joined,
    cut,
    owners,
    split_segments,
)
from sanderling.core.x12.read.delimiters import Delimiters


def _numbers(*values: int) -> pl.Series:
    return pl.Series(values, dtype=pl.UInt32)


def test_cut_gives_parts_by_number_and_null_where_none_is() -> None:
    parts = cut(pl.Series(["HC:99213:25", "", None, "HC::59"]), ":")

    assert parts.lengths.to_list() == [3, 1, 1, 3]
    assert [column.to_list() for column in parts.columns(range(4))] == [
        ["HC", None, None, "HC"],
        ["99213", None, None, None],
        ["25", None, None, "59"],
        [None, None, None, None],
    ]
    chosen = parts.chosen(pl.Series([False, False, False, True]))
    assert [column.to_list() for column in chosen.columns([0, 2])] == [["HC"], ["59"]]


def test_segments_know_their_claim_line_and_position() -> None:
    texts = [
        ClaimsText("CLP*A*1~SVC*X~CAS*CO~SVC*Y~CLP*B*1~REF*F8", 10, 0),
        ClaimsText("CLP*C*1~CLPX*1~CLP~SVC*Z", 40, 7),
    ]
    stretch = split_segments(texts, Delimiters(), ("CLP", "SVC", "CAS", "REF"))

    assert stretch.claim_count == 3
    assert stretch.text_starts == [0, 2, 3]
    assert stretch.row_starts == [0, 6, 10]
    assert stretch.claims.to_list() == [0, 0, 0, 0, 1, 1, 2, 2, 2, 2]
    assert stretch.lines.to_list() == [0, 1, 1, 2, 0, 0, 0, 0, 0, 1]
    assert stretch.services.to_list() == [0, 1, 1, 2, 2, 2, 2, 2, 2, 3]
    assert stretch.positions.to_list() == [10, 11, 12, 13, 14, 15, 40, 41, 42, 43]
    # A tag that only begins like CLP, and a CLP without elements, begin no claim.
    assert stretch.codes.to_list() == [0, 1, 2, 1, 0, 3, 0, UNKNOWN, UNKNOWN, 1]


@pytest.mark.parametrize(
    ("numbers", "values", "first", "last", "total"),
    [
        ([0, 1, 2], [5, None, 7], [5, None, 7], [5, None, 7], [5, 0, 7]),
        ([0, 0, 2, 2], [None, 4, 1, 2], [4, None, 1], [4, None, 2], [4, 0, 3]),
        ([1, 1, 1], [3, -5, 9], [None, 3, None], [None, 9, None], [0, 7, 0]),
        ([2], [None], [None, None, None], [None, None, None], [0, 0, 0]),
        ([], [], [None, None, None], [None, None, None], [0, 0, 0]),
    ],
)
def test_owners_take_first_last_and_total(
    numbers: list[int],
    values: list[int | None],
    first: list[int | None],
    last: list[int | None],
    total: list[int],
) -> None:
    found = owners(3, _numbers(*numbers))
    column = pl.Series(values, dtype=pl.Int64)

    assert found.first(column).to_list() == first
    assert found.first(column, last=True).to_list() == last
    assert found.total(column).to_list() == total


def test_codes_are_joined_without_those_that_are_not_there() -> None:
    one, two = pl.Series(["25", None, None]), pl.Series(["59", "76", None])
    none = pl.Series([None, None, None], dtype=pl.String)

    assert codes_joined([one, two, none]).to_list() == ["25:59", "76", None]
    assert codes_joined([none, two]).to_list() == ["59", "76", None]
    assert codes_joined([none, none]).to_list() == [None, None, None]
