"""A new generation of the mirror: rows are gathered by table and month, then written once."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl

from sanderling.mirror.files import (
    Manifest,
    MonthFile,
    in_months,
    mirror_folder,
    ordered,
    read_month,
    write_month,
    write_parquet,
)
from sanderling.mirror.rows import Rows
from sanderling.mirror.tables import TABLES, Table

Tables = dict[str, dict[str, MonthFile]]


class Gathering:
    """New rows on their way into a generation, on disk by table and month: memory stays small."""

    def __init__(self, generation: str) -> None:
        self.generation = generation
        self._folder = mirror_folder() / f".{generation}"
        self._parts: dict[tuple[str, str], list[Path]] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for parts in self._parts.values():
            for path in parts:
                path.unlink()
        self._folder.rmdir()

    def add(self, rows: Rows) -> None:
        """Put rows aside."""
        for name, frame in rows.items():
            for month, part in in_months(TABLES[name], frame):
                parts = self._parts.setdefault((name, month), [])
                path = self._folder / f"{name}.{month}.{len(parts)}"
                write_parquet(part, path)
                parts.append(path)

    def months(self, table: Table) -> set[str]:
        """Return the months of a table that new rows lie in."""
        return {month for name, month in self._parts if name == table.name}

    def rows(self, table: Table, month: str) -> pl.DataFrame:
        """Return the new rows of a table and month, ordered."""
        parts = self._parts.get((table.name, month), [])
        if not parts:
            return pl.DataFrame(schema=dict(table.schema))
        return ordered(table, pl.concat([pl.read_parquet(path) for path in parts]))


def written_anew(gathered: Gathering) -> Tables:
    """Write every table from the gathered rows alone."""
    return {
        table.name: {
            month: write_month(table, month, gathered.generation, gathered.rows(table, month))
            for month in sorted(gathered.months(table))
        }
        for table in TABLES.values()
    }


def written_over(before: Manifest, gathered: Gathering, claim_ids: pl.Series) -> Tables:
    """Write again the months in which rows of these claims, or of none, are others than before.

    The gathered rows are all rows of these claims and all rows of no claim.
    """
    return {
        table.name: _table_over(table, before, gathered, claim_ids) for table in TABLES.values()
    }


def _table_over(
    table: Table, before: Manifest, gathered: Gathering, claim_ids: pl.Series
) -> dict[str, MonthFile]:
    present = before.tables[table.name]
    is_theirs = pl.col("claim_id").is_null() | pl.col("claim_id").is_in(claim_ids.implode())
    after: dict[str, MonthFile] = {}
    for month in sorted({*present, *gathered.months(table)}):
        new = gathered.rows(table, month)
        if month not in present:
            after[month] = write_month(table, month, gathered.generation, new)
            continue
        old = read_month(present[month])
        if old.filter(is_theirs).collect().equals(new):
            after[month] = present[month]
            continue
        kept = old.filter(~is_theirs).collect()
        rows = ordered(table, pl.concat([kept, new]))
        if not rows.is_empty():
            after[month] = write_month(table, month, gathered.generation, rows)
    return after
