"""Tables come out of another process as they went in."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sanderling.core.x12.read import parallel
from sanderling.core.x12.tables import TABLES_835, polars_schema

_SCHEMA = polars_schema(TABLES_835["dates"])
_DAY, _NEXT_DAY = date(2026, 1, 5), date(2026, 1, 6)
_ROWS = [
    (0, 1, 10, "2110", "472", _DAY, _DAY),
    (0, 2, 11, "2110", "472", None, _NEXT_DAY),
    (1, 1, 15, "2110", "472", _DAY, _DAY),
]


@pytest.mark.parametrize("heights", [(3,), (1, 2), (0, 3), (1,), (0,), (0, 0)])
def test_tables_survive_packing(heights: tuple[int, ...]) -> None:
    rows = iter(_ROWS)
    tables = [
        pl.DataFrame([next(rows) for _ in range(height)], schema=_SCHEMA, orient="row")
        for height in heights
    ]

    packed = parallel._packed_table(tables)

    assert_frame_equal(parallel._unpacked_table("835", "dates", packed), pl.concat(tables))


def test_columns_of_one_value_are_not_sent_row_by_row() -> None:
    table = pl.DataFrame(_ROWS, schema=_SCHEMA, orient="row")

    packed = parallel._packed_table([table])

    assert packed.constants == {"loop": "2110", "qualifier": "472"}
    assert packed.height == 3


def test_a_column_with_some_nulls_is_no_constant() -> None:
    assert not parallel._is_constant(pl.Series(["A", None, "A"]))
    assert not parallel._is_constant(pl.Series(["A", "B", "A"]))
    assert parallel._is_constant(pl.Series([None, None], dtype=pl.String))
    assert parallel._is_constant(pl.Series([7, 7]))
