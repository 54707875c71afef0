"""Rows into frames.

A set reader keeps each table as a list of rows in the order of its schema (tuples, or lists while
a row is still being filled). Dates are days since 1970-01-01, amounts cents, absent values None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, TypeAlias

import polars as pl

from sanderling.core.x12.tables import TABLES, TYPES, Schema

Row: TypeAlias = Sequence[int | str | bool | None]
Rows: TypeAlias = list[Row]

_DATE: Final = "date"


def frame(schema: Schema, rows: Sequence[Row]) -> pl.DataFrame:
    """Return `rows`, each in the order of `schema`, as a frame with its types."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=pl.Int32).cast(pl.Date)
            if kind == _DATE
            else pl.Series(name, values, dtype=TYPES[kind])
            for (name, kind), values in zip(schema.items(), columns, strict=True)
        ]
    )


@cache
def _empty(kind: str, table: str) -> pl.DataFrame:
    return frame(TABLES[kind][table], [])


def frames(kind: str, rows: Mapping[str, Sequence[Row]]) -> dict[str, pl.DataFrame]:
    """Return every table of transaction set kind `kind`; those without rows are empty."""
    return {
        table: frame(schema, rows[table]) if rows.get(table) else _empty(kind, table)
        for table, schema in TABLES[kind].items()
    }


def rows_of_claim(rows: Rows, claim_index: int) -> Rows:
    """Cut the rows of the claim that is still open off the end of `rows` and return them.

    The first column of `rows` is the claim index. Cost: the rows of that one claim.
    """
    start = len(rows)
    while start and rows[start - 1][0] == claim_index:
        start -= 1
    tail = rows[start:]
    del rows[start:]
    return tail


def column_numbers(schema: Schema) -> dict[str, int]:
    """Return the place of each column in a row of `schema`."""
    return {name: number for number, name in enumerate(schema)}
