"""Rows of the typed tables while a transaction set is read, and the frames made of them.

The cells of a table stand one after another in one flat list: on the machines measured, adding a
row to it costs as much as adding a tuple to a list of rows, but cutting the columns out again
(`cells[column::width]`) costs a seventh of `zip(*rows)`, and no object per row waits for the
garbage collector.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final

import polars as pl

from sanderling.core.x12.problems import Problem
from sanderling.core.x12.tables import TYPES, Schema, polars_schema

Cells = list[Any]  # str, int (also cents, and days since 1970-01-01) or None
Frames = dict[str, pl.DataFrame]

ABOVE_CLAIMS: Final = -1  # claim_index of what stands before the first claim or after the last


def frame(schema: Schema, cells: Cells) -> pl.DataFrame:
    """Return the rows in `cells` as a frame; dates are given as days since 1970-01-01."""
    width = len(schema)
    count = len(cells) // width
    columns = []
    for place, (name, kind) in enumerate(schema.items()):
        values = cells[place::width]
        # Many columns hold one value throughout (null, the billing provider, a loop): comparing
        # costs a third of converting, and Polars looks for the first non-null one in Python.
        if not count:
            columns.append(pl.Series(name, [], dtype=TYPES[kind]))
        elif values[0] == values[-1] and values.count(values[0]) == count:
            columns.append(_constant(name, kind, values[0], count))
        elif kind == "date":
            columns.append(pl.Series(name, values, dtype=pl.Int32).cast(pl.Date))
        else:
            columns.append(pl.Series(name, values, dtype=TYPES[kind]))
    return pl.DataFrame(columns)


@cache
def _empty(columns: tuple[tuple[str, str], ...]) -> pl.DataFrame:
    return pl.DataFrame(schema=polars_schema(dict(columns)))


def _constant(name: str, kind: str, value: str | int | None, count: int) -> pl.Series:
    """Return a column of one value."""
    return _single(name, kind, value).new_from_index(0, count)


@lru_cache(maxsize=1_000)  # mostly null, a loop or a qualifier
def _single(name: str, kind: str, value: str | int | None) -> pl.Series:
    if kind == "date":
        return pl.Series(name, [value], dtype=pl.Int32).cast(pl.Date)
    return pl.Series(name, [value], dtype=TYPES[kind])


def _closed_length(cells: Cells, width: int, open_index: int) -> int:
    """Return how many cells stand before the rows of claim `open_index`.

    Rows above the claims that follow the last closed claim belong to what comes next.
    """
    length = len(cells)
    while length and cells[length - width] in (open_index, ABOVE_CLAIMS):
        length -= width
    return length


class Rows:
    """The rows of every table of one transaction set, and its problems, not yet taken.

    `settle` turns the rows of closed claims into pieces of frames while they are still in the
    processor's cache; done for twenty thousand claims at once it takes twice as long.
    """

    __slots__ = ("_pieces", "_schemas", "cells", "problems")

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self._schemas = schemas
        self._pieces: dict[str, list[pl.DataFrame]] = {name: [] for name in schemas}
        self.cells: dict[str, Cells] = {name: [] for name in schemas}
        self.problems: list[Problem] = []

    def settle(self, open_index: int) -> None:
        """Turn all rows before those of claim `open_index` into frames, kept until taken."""
        for name, schema in self._schemas.items():
            cells = self.cells[name]
            length = len(cells)
            if length and "claim_index" in schema:
                length = _closed_length(cells, len(schema), open_index)
            if length:
                tail = cells[length:]
                del cells[length:]
                self._pieces[name].append(frame(schema, cells))
                cells[:] = tail  # in place: the readers hold on to these lists

    def flush(self) -> None:
        """Turn all rows into frames, kept until taken: no row before this will change."""
        for name, schema in self._schemas.items():
            cells = self.cells[name]
            if cells:
                self._pieces[name].append(frame(schema, cells))
                cells.clear()

    def merge(self, frames: Frames, order: str = "position") -> None:
        """Add `frames`, with the rows since `flush` put in their places among them.

        Rows are put in order of the column `order`, those with the same value in the order they
        have.
        """
        for name, schema in self._schemas.items():
            cells, piece = self.cells[name], frames.get(name)
            if cells:
                rows = frame(schema, cells)
                cells.clear()
                if piece is not None and piece.height:
                    rows = pl.concat([piece, rows]).sort(order, maintain_order=True)
                piece = rows
            if piece is not None and piece.height:
                self._pieces[name].append(piece)

    def take_closed(self, open_index: int) -> tuple[Frames, list[Problem]]:
        """Return and forget all rows and problems before those of claim `open_index`."""
        self.settle(open_index)
        count = len(self.problems)
        while count and self.problems[count - 1].claim_index in (open_index, ABOVE_CLAIMS):
            count -= 1
        problems = self.problems[:count]
        del self.problems[:count]
        return self._frames(), problems

    def take_all(self) -> tuple[Frames, list[Problem]]:
        """Return and forget all rows and problems."""
        self.flush()
        problems = self.problems[:]
        self.problems.clear()
        return self._frames(), problems

    def _frames(self) -> Frames:
        frames: Frames = {}
        for name, schema in self._schemas.items():
            pieces = self._pieces[name]
            if not pieces:
                frames[name] = _empty(tuple(schema.items()))
            elif len(pieces) == 1:
                frames[name] = pieces[0]
            else:
                joined = pieces[0]
                for piece in pieces[1:]:  # of one schema, which `pl.concat` would look into
                    joined = joined.vstack(piece)
                frames[name] = joined
            pieces.clear()
        return frames


def flush_together(many: Sequence[Rows]) -> None:
    """Do `flush` for each; all have the same tables. Small frames cost as much as large ones."""
    for name, schema in many[0]._schemas.items():  # noqa: SLF001 (of the same class)
        lengths = [len(rows.cells[name]) for rows in many]
        if not any(lengths):
            continue
        joined = frame(schema, [cell for rows in many for cell in rows.cells[name]])
        start = 0
        for rows, length in zip(many, lengths, strict=True):
            if length:
                count = length // len(schema)
                rows._pieces[name].append(joined.slice(start, count))  # noqa: SLF001 (as above)
                rows.cells[name].clear()
                start += count
