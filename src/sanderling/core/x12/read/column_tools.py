"""Whole columns of segments at a time: cutting elements out, reading values, finding odd rows.

Used by the column readers (`columns_835`), which read what is regular about a long stretch of
claims; a claim in which anything is not is read by the segment reader. So these functions accept
only the usual form of a value and say "odd" otherwise, which is no judgement about the value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.tables import Schema, polars_schema

_AMOUNT: Final = r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"
_DAY: Final = r"^(19|20)[0-9]{6}$"


@dataclass(frozen=True, slots=True)
class ClaimsText:
    """Consecutive whole claims of one transaction set, divided by terminators, none at the end."""

    text: str
    position: int  # of the first segment
    claim_index: int  # of the first claim
    above: str | None = None  # what the set reader knows to stand above the first claim


@dataclass(slots=True)
class Stretch:
    """The claims of one or several texts, their segments as rows.

    `rows` has for each segment: text, tag, claim (0, 1, ... in the stretch), line (1, 2, ...; 0 is
    the claim itself) and position in the file. `odd` collects the claims left to the segment
    reader. `text_starts` has for each text the number of its first claim, and the claim count last.
    """

    rows: pl.DataFrame
    claim_count: int
    claim_starts: pl.Series  # row of each claim's first segment
    row_starts: list[int]  # row of each text's first segment
    text_starts: list[int]
    odd: list[pl.Series] = field(default_factory=list)

    def mark(self, claims: pl.Series) -> None:
        """Leave `claims` to the segment reader."""
        if len(claims):
            self.odd.append(claims)

    def odd_claims(self) -> pl.Series:
        """Return the claims that were marked, each once, in order."""
        if not self.odd:
            return pl.Series("claim", [], dtype=pl.Int64)
        return pl.concat([claims.cast(pl.Int64) for claims in self.odd]).unique().sort()


def split_segments(
    texts: Sequence[ClaimsText], delimiters: Delimiters, first_tag: str, line_tag: str
) -> Stretch:
    """Return the claims in `texts`, each of which begins with a claim's first segment.

    A claim begins with a segment `first_tag`, a line with `line_tag`, both three characters long.
    """
    terminator = delimiters.terminator
    segments = (
        pl.Series("text", [terminator.join(part.text for part in texts)])
        .str.split(terminator)
        .explode()
    )
    tags = segments.str.slice(0, 3)
    begins = segments.str.starts_with(first_tag + delimiters.element)
    if begins.sum() != (tags == first_tag).sum():  # "CLPX" begins no claim
        tags = tags.set((tags == first_tag) & ~begins, "")
    claims = begins.cum_sum().cast(pl.Int64) - 1
    starts = begins.arg_true()
    lines_so_far = (tags == line_tag).cum_sum().cast(pl.Int64)
    row_starts, positions = [], []
    row = 0
    for part in texts:
        count = part.text.count(terminator) + 1
        row_starts.append(row)
        positions.append(pl.int_range(part.position, part.position + count, eager=True))
        row += count
    rows = pl.DataFrame(
        {
            "text": segments,
            "tag": tags,
            "claim": claims,
            "line": lines_so_far - lines_so_far.gather(starts).gather(claims),
            "service": lines_so_far - 1,  # number of the line in the stretch
            "position": pl.concat(positions),
        }
    )
    text_starts = [*claims.gather(row_starts).to_list(), len(starts)]
    return Stretch(rows, len(starts), starts, row_starts, text_starts)


def elements_of(
    stretch: Stretch, tag: str, known: int, delimiters: Delimiters, *, keep_text: bool = False
) -> pl.DataFrame:
    """Return the segments `tag` with their elements e1 ... e`known`; null when empty or absent.

    Claims with a segment that has more elements are odd.
    """
    chosen = stretch.rows.filter(pl.col("tag") == tag[:3])
    return elements_in(stretch, chosen, tag, known, delimiters, keep_text=keep_text)


def elements_in(
    stretch: Stretch,
    chosen: pl.DataFrame,
    tag: str,
    known: int,
    delimiters: Delimiters,
    *,
    keep_text: bool = False,
) -> pl.DataFrame:
    """Do what `elements_of` does for the rows `chosen`."""
    parts = (
        chosen["text"]
        .str.split_exact(delimiters.element, known + 1)
        .struct.rename_fields([f"e{number}" for number in range(known + 2)])
        .struct.unnest()
    )
    name = tag.rstrip(delimiters.element)
    surplus = parts[f"e{known + 1}"].is_not_null() | (parts["e0"] != name)
    if surplus.any():
        stretch.mark(chosen["claim"].filter(surplus))
    values = [
        pl.when(pl.col(f"e{number}") != "").then(pl.col(f"e{number}")).alias(f"e{number}")
        for number in range(1, known + 1)
    ]
    columns = ["claim", "line", "service", "position"] + (["text"] if keep_text else [])
    return pl.concat([chosen.select(columns), parts.select(values)], how="horizontal")


def cents(stretch: Stretch, table: pl.DataFrame, name: str, *, required: bool) -> pl.Series:
    """Return column `name` in cents; rows where it is no plain amount make their claims odd."""
    texts = table[name]
    plain = texts.str.contains(_AMOUNT)
    odd = ~plain.fill_null(value=not required)
    if odd.any():
        stretch.mark(table["claim"].filter(odd))
        texts = pl.select(pl.when(plain).then(texts)).to_series()
    return texts.str.to_decimal(scale=2).to_physical().cast(pl.Int64).alias(name)


def days(stretch: Stretch, table: pl.DataFrame, name: str) -> pl.Series:
    """Return column `name` as dates; rows where it is none make their claims odd."""
    texts = table[name]
    plain = texts.str.contains(_DAY)
    dates = texts.str.to_date("%Y%m%d", strict=False)
    odd = ~plain.fill_null(value=False) | dates.is_null()
    if odd.any():
        stretch.mark(table["claim"].filter(odd))
    return dates.alias(name)


def mark_where(stretch: Stretch, table: pl.DataFrame, condition: pl.Expr) -> None:
    """Mark the claims of the rows of `table` for which `condition` holds (null: it does not)."""
    stretch.mark(table.filter(condition)["claim"])


def scatter_first(
    count: int, table: pl.DataFrame, column: str, *, by: str = "claim", last: bool = False
) -> pl.Series:
    """Return `count` values, each the first (or last) of its claim that is not null, or null."""
    values = table.select(by, column).drop_nulls(column)
    if not last:
        values = values.reverse()
    return pl.repeat(None, count, dtype=table[column].dtype, eager=True).scatter(
        values[by], values[column]
    )


def scatter_sum(count: int, table: pl.DataFrame, column: str, *, by: str) -> pl.Series:
    """Return `count` sums of `column`, 0 where `table` has no row."""
    sums = table.group_by(by).agg(pl.col(column).sum())
    return pl.repeat(0, count, dtype=pl.Int64, eager=True).scatter(sums[by], sums[column])


def codes_joined(parts: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Return the texts of the columns `names` that are there, joined by ":"; null when none is."""
    present = [name for name in names if parts[name].null_count() < parts.height]
    if not present:
        return pl.repeat(None, parts.height, dtype=pl.String, eager=True)
    if len(present) == 1:
        return parts[present[0]]
    joined = parts.select(pl.concat_str(present, separator=":", ignore_nulls=True)).to_series()
    return pl.select(pl.when(joined != "").then(joined)).to_series()


def in_order(schema: Schema, table: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of `schema`, with its types, those that `table` lacks null."""
    types = polars_schema(schema)
    return table.select(
        (pl.col(name) if name in table.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in types.items()
    )


def matches_all(texts: pl.Series, pattern: re.Pattern[str]) -> bool:
    """Tell whether every different text matches; nulls do."""
    return all(pattern.fullmatch(text) for text in texts.unique().drop_nulls())
