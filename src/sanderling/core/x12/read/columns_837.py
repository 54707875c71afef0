"""Reads long stretches of an 837P's claims column by column.

Most claims of a large 837P are alike: a subscriber's level that is the patient's too, one claim
under it, known segments, plain amounts and dates, charges that add up. Here all their NM1 are cut
up at once, then all SV1, and so on, by Polars, several times faster than one segment after another.

What stands from one HL of a subscriber to the next is called a unit here. A unit about which
anything is unusual (a patient of his own, other payers, drugs, a date that is none, a wrong sum) is
left to `Reader837`, which reads segment by segment and knows what to say about it; so is the unit
after it, because levels are held against those before them. The rows of both are put together in
the order of the claims, so that the result is the same as `Reader837`'s alone
(`tests/property/core/test_x12_columns_837.py`).

It goes in two steps. The first looks at the order of segments only (`columns_837_order`), and after
it every unit that is left has one HL, SBR, subscriber, payer, CLM and HI, and every line one SV1,
so that their columns stand beside one another as they are. The second reads values
(`columns_837_values`).

Source: 837 TR3 005010X222A1, loops 2000B to 2420.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from sanderling.core.x12.read.column_tools import (
    ClaimsText,
    Stretch,
    constant,
    in_order,
    mark_where,
    split_segments,
)
from sanderling.core.x12.read.columns_837_order import (
    TAGS,
    Units,
    contexts_of,
    mark_disorder,
    order_of,
    units_in_order,
)
from sanderling.core.x12.read.columns_837_values import segments_of, tables_of, with_columns
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.set_837_state import Grammar
from sanderling.core.x12.tables import CLAIMS, TABLES_837

_BILLING: Final = (
    "billing_position",
    "billing_name",
    "billing_npi",
    "billing_tin",
    "billing_taxonomy",
)
_LEVEL_NUMBER: Final = r"^[1-9][0-9]{0,8}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsText(ClaimsText):
    """Whole units under one billing provider; `above` is the HL01 of its level."""

    next_level: int  # the HL01 of the first unit, if it is right
    billing: tuple[Any, ...]  # the billing provider's cells of a claim's row


@dataclass(frozen=True, slots=True)
class Level:
    """A subscriber's HL that was read."""

    number: int  # HL01
    position: int


@dataclass(frozen=True, slots=True)
class OddUnit:
    """A unit left to the segment reader."""

    claim_index: int  # of its first claim
    position: int  # of its HL
    segments: list[str]
    level: Level | None  # the level before it; None when that is odd too, or before the text
    is_followed: bool  # by a unit that is odd too


@dataclass(frozen=True, slots=True)
class UnitsRead:
    """What was read of the units of a text, and what was left."""

    frames: dict[str, pl.DataFrame]  # of the regular units
    segment_count: int
    claim_count: int  # of all units
    unit_count: int
    charge_cents: int  # of the regular units
    odd: list[OddUnit]
    level: Level | None  # the last one; None when it is odd


def read_units(
    texts: Sequence[UnitsText], delimiters: Delimiters, grammar: Grammar
) -> list[UnitsRead]:
    """Read whole units; one call for many texts costs hardly more than for one."""
    whole = split_segments(texts, delimiters, TAGS)
    order = order_of(grammar)
    contexts = contexts_of(whole, order)
    mark_disorder(whole, contexts, order)
    units, numbers = units_in_order(whole, contexts, order, delimiters.component)
    _check_levels(units, texts, numbers, whole)
    tables = tables_of(units)
    whole.mark(numbers.gather(units.stretch.odd_claims()))
    odd = _with_followers(whole)
    if len(odd):
        chosen = (~numbers.is_in(odd.implode())).arg_true()
        tables = {
            name: table.filter(table["claim"].is_in(chosen.implode()))
            for name, table in tables.items()
        }
    return _texts_read(whole, texts, tables, numbers, odd)


def _check_levels(
    units: Units, texts: Sequence[UnitsText], numbers: pl.Series, whole: Stretch
) -> None:
    """Mark units whose HL is not the one that is due."""
    stretch = units.stretch
    table = segments_of(units, "HL", 4)
    mark_where(stretch, table, (table["e4"] != "0").fill_null(value=True))
    levels = _level_numbers(whole)
    before = levels.shift(1).scatter(
        whole.text_starts[:-1], [part.next_level - 1 for part in texts]
    )
    is_due = (levels == before + 1).fill_null(value=False)
    above = _of_texts(whole, "above", [part.above for part in texts])
    if len(numbers) < whole.claim_count:
        is_due, above = is_due.gather(numbers), above.gather(numbers)
    mark_where(stretch, table, ~is_due | (table["e2"] != above).fill_null(value=True))


def _level_numbers(whole: Stretch) -> pl.Series:
    """Return the number in each unit's HL01, null where it is none as it should be."""
    texts = whole.cells.chosen(whole.having("HL")).columns([1])[0]
    plain = texts.str.contains(_LEVEL_NUMBER)
    if not plain.all() or plain.null_count():
        texts = pl.select(pl.when(plain).then(texts)).to_series()
    return texts.cast(pl.Int64)


def _of_texts(whole: Stretch, name: str, values: Sequence[Any], kind: str = "str") -> pl.Series:
    """Return for each unit the value of its text."""
    if values.count(values[0]) == len(values):
        return constant(name, values[0], whole.claim_count, kind)
    counts = zip(values, whole.text_starts, whole.text_starts[1:], strict=False)
    return pl.concat([constant(name, value, end - start, kind) for value, start, end in counts])


def _with_followers(whole: Stretch) -> pl.Series:
    """Return the odd units, and with each the unit after it in the same text."""
    odd = whole.odd_claims()
    if not len(odd):
        return odd
    after = odd + 1
    ends = pl.Series(whole.text_starts[1:], dtype=pl.UInt32)
    after = after.filter(~after.is_in(ends.implode()))
    return pl.concat([odd, after]).unique().sort()


def _texts_read(
    whole: Stretch,
    texts: Sequence[UnitsText],
    tables: dict[str, pl.DataFrame],
    numbers: pl.Series,
    odd: pl.Series,
) -> list[UnitsRead]:
    claims = whole.having("CLM").cum_sum().gather(whole.claim_starts).cast(pl.Int64)
    claims_end = int(whole.having("CLM").sum())
    starts = [*claims.to_list(), claims_end]
    offsets = [
        part.claim_index - starts[start]
        for part, start in zip(texts, whole.text_starts, strict=False)
    ]
    indexes = (claims + _of_texts(whole, "offset", offsets, "int")).gather(numbers)
    frames = {
        name: _frame(name, table, indexes)
        for name, table in _with_billing(whole, texts, tables, numbers).items()
    }
    ends = numbers.search_sorted(pl.Series(whole.text_starts, dtype=pl.UInt32), side="left")
    places = {
        name: [int(place) for place in table["claim"].search_sorted(ends, side="left")]
        for name, table in tables.items()
    }
    levels = _level_numbers(whole)
    left = _odd_units(whole, odd, starts, levels)
    reads = []
    for number in range(len(texts)):
        start, end = whole.text_starts[number : number + 2]
        own = {
            name: frames[name].slice(found[number], found[number + 1] - found[number])
            for name, found in places.items()
        }
        reads.append(
            UnitsRead(
                frames=own,
                segment_count=whole.row_starts[number + 1] - whole.row_starts[number],
                claim_count=starts[end] - starts[start],
                unit_count=end - start,
                charge_cents=int(own["claims"]["charge_cents"].sum()),
                odd=[
                    replace(unit, claim_index=unit.claim_index + offsets[number])
                    for place, unit in left.items()
                    if start <= place < end
                ],
                level=None if end - 1 in left else _level(whole, levels, end - 1),
            )
        )
    return reads


def _with_billing(
    whole: Stretch,
    texts: Sequence[UnitsText],
    tables: dict[str, pl.DataFrame],
    numbers: pl.Series,
) -> dict[str, pl.DataFrame]:
    """Add the billing provider to the claims."""
    claims = tables["claims"]
    columns = {}
    for place, name in enumerate(_BILLING):
        values = [part.billing[place] for part in texts]
        column = _of_texts(whole, name, values, CLAIMS[name])
        columns[name] = column.gather(numbers).gather(claims["claim"])
    return {**tables, "claims": with_columns(claims, **columns)}


def _frame(name: str, table: pl.DataFrame, indexes: pl.Series) -> pl.DataFrame:
    columns = {column.name: column for column in table.iter_columns()}
    columns["claim_index"] = indexes.gather(table["claim"])
    if "line" in columns:
        columns["line_index"] = columns["line"]
    elif name == "diagnoses":
        columns["line_index"] = constant("line_index", 0, table.height, "int")
    return in_order(TABLES_837[name], columns, table.height)


def _level(whole: Stretch, levels: pl.Series, unit: int) -> Level:
    return Level(levels[unit], whole.positions[whole.claim_starts[unit]])


def _odd_units(
    whole: Stretch, odd: pl.Series, claims: list[int], levels: pl.Series
) -> dict[int, OddUnit]:
    """Return the odd units; their claim indexes count from the first claim of the stretch."""
    if not len(odd):
        return {}
    rows = [*whole.claim_starts.to_list(), len(whole.segments)]
    numbers = set(odd.to_list())
    text_starts = set(whole.text_starts)
    found = {}
    for unit in sorted(numbers):
        is_first = unit in text_starts or unit - 1 in numbers
        found[unit] = OddUnit(
            claim_index=claims[unit],
            position=whole.positions[rows[unit]],
            segments=whole.segments.slice(rows[unit], rows[unit + 1] - rows[unit]).to_list(),
            level=None if is_first else _level(whole, levels, unit - 1),
            is_followed=unit + 1 in numbers and unit + 1 not in text_starts,
        )
    return found
