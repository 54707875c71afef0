"""Whole columns of segments at a time: cutting elements out, reading values, finding odd rows.

Used by the column readers (`columns_835`), which read what is regular about a long stretch of
claims; a claim in which anything is not is read by the segment reader. So these functions accept
only the usual form of a value and say "odd" otherwise, which is no judgement about the value.

Every call of Polars costs as much as a few thousand cells, and comparing or copying texts many
times what it costs with numbers. So the text is cut once, into all its elements, a column is
gathered from them by number, and what is the same for every row is told from a minimum and a
maximum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import polars as pl

from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.tables import TYPES, Schema

_AMOUNT: Final = r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"
_DAY: Final = r"^(19|20)[0-9]{6}$"
UNKNOWN: Final = 255  # the code of a tag that is not expected


@dataclass(frozen=True, slots=True)
class ClaimsText:
    """Consecutive whole claims of one transaction set, divided by terminators, none at the end."""

    text: str
    position: int  # of the first segment
    claim_index: int  # of the first claim
    above: str | None = None  # what the set reader knows to stand above the first claim


@dataclass(frozen=True, slots=True)
class Cells:
    """Texts cut into parts: all parts of all texts in one column, and where each text's begin."""

    parts: pl.Series  # null when empty
    starts: pl.Series  # of each text, its place in `parts`
    lengths: pl.Series  # of each text, the count of its parts

    def chosen(self, mask: pl.Series) -> Cells:
        """Return the texts for which `mask` is true."""
        return Cells(self.parts, self.starts.filter(mask), self.lengths.filter(mask))

    def columns(self, numbers: Iterable[int]) -> list[pl.Series]:
        """Return for each number that part (0 is the first) of all texts, null where none is."""
        count = len(self.starts)
        shortest = _number(self.lengths.min())
        longest = _number(self.lengths.max())
        found = []
        for number in numbers:
            if number >= longest:
                found.append(constant(f"e{number}", None, count))
                continue
            places = self.starts + number
            if number >= shortest:
                is_there = self.lengths > number
                places = pl.select(pl.when(is_there).then(places)).to_series()
            found.append(self.parts.gather(places).alias(f"e{number}"))
        return found


def cut(texts: pl.Series, separator: str) -> Cells:
    """Cut every text; a null text has one part, null."""
    lists = texts.fill_null("").str.split(separator)
    lengths = lists.list.len()
    parts = lists.explode()
    parts = pl.select(pl.when(parts != "").then(parts)).to_series()
    return Cells(parts, lengths.cum_sum() - lengths, lengths)


def _number(value: object) -> int:
    """Return a minimum or maximum; 0 when there was nothing."""
    return value if isinstance(value, int) else 0


def constant(name: str, value: object, count: int, kind: str = "str") -> pl.Series:
    """Return a column of one value."""
    return _single(name, value, kind).new_from_index(0, count)


@lru_cache(maxsize=1_000)  # mostly null, a number or a loop
def _single(name: str, value: object, kind: str) -> pl.Series:
    return pl.Series(name, [value], dtype=TYPES[kind])


@dataclass(slots=True)
class Stretch:
    """The claims of one or several texts, a row for each segment.

    `claims` (0, 1, ... in the stretch), `lines` (1, 2, ... in the claim; 0 is the claim itself),
    `services` (lines so far in the stretch) and `positions` in the file have an item for each
    segment; `codes` the number of its tag in `tags`, or UNKNOWN. `odd` collects
    the claims left to the segment reader. `text_starts` has for each text the number of its first
    claim, and the claim count last.
    """

    segments: pl.Series
    cells: Cells
    tags: Sequence[str]
    codes: pl.Series
    claims: pl.Series
    lines: pl.Series
    services: pl.Series
    positions: pl.Series
    claim_count: int
    claim_starts: pl.Series  # row of each claim's first segment
    row_starts: list[int]  # row of each text's first segment, and the count of rows last
    text_starts: list[int]
    odd: list[pl.Series] = field(default_factory=list)

    def mark(self, claims: pl.Series) -> None:
        """Leave `claims` to the segment reader."""
        if len(claims):
            self.odd.append(claims)

    def odd_claims(self) -> pl.Series:
        """Return the claims that were marked, each once, in order."""
        if not self.odd:
            return pl.Series("claim", [], dtype=pl.UInt32)
        return pl.concat(self.odd).unique().sort()

    def having(self, *tags: str) -> pl.Series:
        """Tell for each segment whether it has one of `tags`."""
        mask = self.codes == self.tags.index(tags[0])
        for tag in tags[1:]:
            mask |= self.codes == self.tags.index(tag)
        return mask


def split_segments(
    texts: Sequence[ClaimsText], delimiters: Delimiters, tags: Sequence[str]
) -> Stretch:
    """Return the claims in `texts`, each of which begins with a claim's first segment.

    `tags` are those that may occur; a claim begins with a segment of the first, a line with one of
    the second.
    """
    terminator = delimiters.terminator
    joined = terminator.join(part.text for part in texts)
    segments = pl.Series("text", [joined]).str.split(terminator).explode()
    cells = cut(segments, delimiters.element)
    names = cells.parts.gather(cells.starts)
    codes = names.cast(pl.Enum(tags), strict=False).to_physical().fill_null(UNKNOWN)
    begins = codes == 0
    bare = begins & (cells.lengths == 1)
    if bare.any():  # a tag without elements begins no claim here
        codes = codes.set(bare, UNKNOWN)
        begins &= ~bare
    claims = begins.cum_sum() - 1
    starts = begins.arg_true()
    services = (codes == 1).cum_sum()
    row_starts, positions = [0], []
    for part in texts:
        count = part.text.count(terminator) + 1 if len(texts) > 1 else len(segments)
        row_starts.append(row_starts[-1] + count)
        positions.append(pl.int_range(part.position, part.position + count, eager=True))
    text_starts = [*claims.gather(row_starts[:-1]).to_list(), len(starts)]
    return Stretch(
        segments=segments,
        cells=cells,
        tags=tags,
        codes=codes,
        claims=claims.alias("claim"),
        lines=(services - services.gather(starts).gather(claims)).alias("line"),
        services=services.alias("service"),
        positions=positions[0] if len(positions) == 1 else pl.concat(positions),
        claim_count=len(starts),
        claim_starts=starts,
        row_starts=row_starts,
        text_starts=text_starts,
    )


def elements_of(stretch: Stretch, tag: str, known: int, *, keep_text: bool = False) -> pl.DataFrame:
    """Return the segments `tag` with their elements e1 ... e`known`; null when empty or absent.

    Beside them stand claim, line, service (see `Stretch`), position, and the text when asked for.
    Claims with a segment that has more elements are odd.
    """
    mask = stretch.having(tag)
    chosen = stretch.cells.chosen(mask)
    columns = [
        stretch.claims.filter(mask),
        stretch.lines.filter(mask),
        stretch.services.filter(mask),
        stretch.positions.filter(mask).alias("position"),
        *chosen.columns(range(1, known + 1)),
    ]
    if _number(chosen.lengths.max()) > known + 1:
        stretch.mark(columns[0].filter(chosen.lengths > known + 1))
    if keep_text:
        columns.append(stretch.segments.filter(mask).alias("text"))
    return pl.DataFrame(columns)


def cents(stretch: Stretch, table: pl.DataFrame, name: str, *, required: bool) -> pl.Series:
    """Return column `name` in cents; rows where it is no plain amount make their claims odd."""
    texts = table[name]
    if texts.null_count() == len(texts):
        if required:
            stretch.mark(table["claim"])
        return constant(name, None, len(texts), "cents")
    plain = texts.str.contains(_AMOUNT)
    if required and plain.null_count():
        stretch.mark(table["claim"].filter(texts.is_null()))
    if not plain.all():  # nulls aside
        stretch.mark(table["claim"].filter(~plain.fill_null(value=True)))
        texts = pl.select(pl.when(plain).then(texts)).to_series()
    return texts.str.to_decimal(scale=2).to_physical().cast(pl.Int64).alias(name)


def days(stretch: Stretch, table: pl.DataFrame, name: str) -> pl.Series:
    """Return column `name` as dates; rows where it is none make their claims odd."""
    texts = table[name]
    dates = texts.str.to_date("%Y%m%d", strict=False).alias(name)
    # A file names the same days over and over.
    if dates.null_count() or not texts.unique().str.contains(_DAY).all():
        plain = texts.str.contains(_DAY)
        odd = ~plain.fill_null(value=False) | dates.is_null()
        stretch.mark(table["claim"].filter(odd))
    return dates


def mark_where(stretch: Stretch, table: pl.DataFrame, condition: pl.Series) -> None:
    """Mark the claims of the rows of `table` for which `condition` holds (null: it does not)."""
    if condition.any():
        stretch.mark(table["claim"].filter(condition))


def mark_null(stretch: Stretch, table: pl.DataFrame, *names: str) -> None:
    """Mark the claims of the rows of `table` in which any of the columns `names` is null."""
    for name in names:
        if table[name].null_count():
            stretch.mark(table["claim"].filter(table[name].is_null()))


def mark_unless_in(
    stretch: Stretch, table: pl.DataFrame, name: str, values: frozenset[str]
) -> None:
    """Mark the claims of the rows of `table` in which the column is none of `values`."""
    if not values.issuperset(table[name].unique().to_list()):
        known = table[name].is_in(values).fill_null(value=False)
        stretch.mark(table["claim"].filter(~known))


@dataclass(frozen=True, slots=True)
class Owners:
    """Which of `count` claims or lines each of some rows belongs to; the rows are in order."""

    count: int
    numbers: pl.Series
    is_each_one: bool  # one row for each, so that a column of the rows is one of the owners

    def first(self, values: pl.Series, *, last: bool = False) -> pl.Series:
        """Return for each owner the first (or last) value that is not null, or null."""
        if values.null_count() == len(values):
            return pl.Series([None], dtype=values.dtype).new_from_index(0, self.count)
        if self.is_each_one:
            return values
        numbers = self.numbers
        if values.null_count():
            present = values.is_not_null()
            numbers, values = numbers.filter(present), values.filter(present)
        if not last:
            numbers, values = numbers.reverse(), values.reverse()
        empty = pl.Series([None], dtype=values.dtype).new_from_index(0, self.count)
        return empty.scatter(numbers, values)

    def total(self, values: pl.Series) -> pl.Series:
        """Return for each owner the sum of its integers, 0 where it has none."""
        values = values.fill_null(0)
        if self.is_each_one:
            return values
        latest = (
            pl.Series([None], dtype=pl.Int64)
            .new_from_index(0, self.count)
            .scatter(self.numbers, values.cum_sum())
            .fill_null(strategy="forward")
            .fill_null(0)
        )
        return latest - latest.shift(1, fill_value=0)


def owners(count: int, numbers: pl.Series) -> Owners:
    """Return to whom rows belong that have these numbers, none less than the one before."""
    is_each_one = len(numbers) == count and bool(
        (numbers == pl.int_range(0, count, dtype=pl.UInt32, eager=True)).all()
    )
    return Owners(count, numbers, is_each_one)


def codes_joined(columns: Sequence[pl.Series]) -> pl.Series:
    """Return the texts that are there, joined by ":"; null when none is."""
    present = [column for column in columns if column.null_count() < len(column)]
    if not present:
        return constant("codes", None, len(columns[0]))
    if len(present) == 1:
        return present[0]
    joined = pl.select(pl.concat_str(present, separator=":", ignore_nulls=True)).to_series()
    return pl.select(pl.when(joined != "").then(joined)).to_series()


def in_order(schema: Schema, columns: dict[str, pl.Series], height: int) -> pl.DataFrame:
    """Return the columns of `schema`, with its types, those that are not there null."""
    return pl.DataFrame(
        [
            columns[name].cast(TYPES[kind]).alias(name)
            if name in columns
            else constant(name, None, height, kind)
            for name, kind in schema.items()
        ]
    )
