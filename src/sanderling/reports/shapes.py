"""The shapes of which the numbers of a report are made: figures, tables, charts.

A block is a dict that JSON can hold, with `layout` LAYOUT of the whole. Web page, PDF and workbook
are made of nothing else. What can be clicked says which of the block's rows are behind it (`where`:
column -> value) and how they make the number (`measure`): `cents` their sum, `claims` how many
different claims, `count` the sum of their counts, `numerator` and `denominator` likewise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl

LAYOUT: Final = 1
FEW: Final = 20  # outcomes; a share of fewer is shown as the outcomes
OTHERS: Final = "others"
Json = dict[str, Any]
Where = Mapping[str, object]


@dataclass
class Block:
    """One block of a report with the rows behind its numbers."""

    kind: str
    title: str
    about: str = ""  # what is counted, in a sentence or two
    figures: list[Json] = field(default_factory=list)
    tables: list[Json] = field(default_factory=list)
    charts: list[Json] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: pl.DataFrame | None = None  # claim_id and what `where` and `measure` name

    def json(self) -> Json:
        """Return what is frozen and shown."""
        return {
            "kind": self.kind, "title": self.title, "about": self.about, "figures": self.figures,
            "tables": self.tables, "charts": self.charts, "notes": self.notes,
        }  # fmt: skip


def figure(  # noqa: PLR0913 - what a figure is made of
    key: str,
    label: str,
    unit: str,
    value: float | None,
    *,
    where: Where | None = None,
    measure: str = "",
    about: str = "",
    of: tuple[int, int] | None = None,
    before: float | None = None,
    link: Json | None = None,
) -> Json:
    """Return a figure. `unit`: cents, count, rate, days; `of`: numerator and denominator."""
    return {
        "key": key, "label": label, "unit": unit, "value": _rounded(value), "about": about,
        "of": list(of) if of else None, "before": _rounded(before),
        "where": dict(where) if where is not None else None, "measure": measure, "link": link,
    }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 6)


def rate(
    key: str,
    label: str,
    above: int,
    below: int,
    *,
    about: str = "",
    **more: Any,  # noqa: ANN401
) -> Json:
    """Return a share as a figure, with what it is of."""
    value = above / below if below else None
    return figure(key, label, "rate", value, of=(above, below), about=about, **more)


def column(
    key: str, label: str, unit: str = "text", *, where: Where | None = None, measure: str = ""
) -> Json:
    """Return a column of a table; with a measure its cells can be clicked."""
    return {
        "key": key, "label": label, "unit": unit,
        "where": dict(where) if where else {}, "measure": measure,
    }  # fmt: skip


def row(
    cells: Mapping[str, object], *, where: Where | None = None, link: Json | None = None
) -> Json:
    """Return a row of a table; `link`: a page of the product that the first cell leads to."""
    told = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in cells.items()
    }
    return {"cells": told, "where": dict(where) if where is not None else None, "link": link}


def table(
    key: str,
    title: str,
    columns: Sequence[Json],
    rows: Sequence[Json],
    *,
    total: Json | None = None,
    empty: str = "",
) -> Json:
    """Return a table; `total`: a row under the others; `empty`: what to say without rows."""
    return {
        "key": key, "title": title, "columns": list(columns), "rows": list(rows), "total": total,
        "empty": empty,
    }  # fmt: skip


def chart(
    key: str, title: str, kind: str, *, of: str, x: str, series: Sequence[str], skip: int = 0
) -> Json:
    """Return a chart of a table's columns. `kind`: columns, bars (lying), lines, band.

    A band has three series: expected, low, high. `skip`: leave out so many last rows.
    """
    return {
        "key": key, "title": title, "kind": kind, "table": of, "x": x, "series": list(series),
        "skip": skip,
    }  # fmt: skip


def with_group(frame: pl.DataFrame, by: str, keep: int, measure: str = "cents") -> pl.DataFrame:
    """Return the frame with `group`: the value of `by` of the `keep` largest, else OTHERS."""
    sums = (
        frame.group_by(by).agg(pl.col(measure).sum()).sort([measure, by], descending=[True, False])
    )
    kept = sums[by].cast(pl.String)[:keep]
    if sums.height <= keep + 1:  # one left over is named, too
        kept = sums[by].cast(pl.String)
    text = pl.col(by).cast(pl.String)
    return frame.with_columns(
        group=pl.when(text.is_in(kept.implode())).then(text).otherwise(pl.lit(OTHERS))
    )


def in_order(sums: Mapping[str, int]) -> list[str]:
    """Return group keys, the largest first, OTHERS last."""
    return sorted(sums, key=lambda key: (key == OTHERS, -sums[key], key))
