"""Reads small 835s, or small 837Ps, of a file together.

Reading column by column has a fixed cost a call, many times that of a small transaction set. So the
claims of the small sets that follow one another are read in one call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.read.columns_835 import read_columns
from sanderling.core.x12.read.columns_837 import read_units
from sanderling.core.x12.read.garbage import collection_held_off
from sanderling.core.x12.read.parts import Part, SetPart
from sanderling.core.x12.read.rows import flush_together
from sanderling.core.x12.read.set_835 import COLUMNS_MIN, Reader835
from sanderling.core.x12.read.set_837 import UNITS_MIN, Reader837, grammar_of

GROUP_CHARACTERS: Final = 4_000_000  # text that is read together at most
_CLAIMS_MIN: Final = 4_000  # characters of claims below which a set is read by itself
_KINDS: Final = frozenset({"835", "837P"})


def whole_sets(parts: Iterable[Part], *, batch_claims: int) -> Iterator[Part]:
    """Yield `parts`, the parts of a set put together as long as they are not too large.

    The parts of an 837P are also left apart from `batch_claims` claims on; an 835 has no row as
    wide as a claim's.
    """
    held: SetPart | None = None
    for part in parts:
        if not isinstance(part, SetPart) or part.transaction.kind not in _KINDS:
            yield part
            continue
        if held is not None:
            part = _joined(held, part)  # noqa: PLW2901 (the parts as one)
        is_held = part.is_first and not part.is_last and len(part.text) < GROUP_CHARACTERS
        if is_held and part.transaction.kind != "835":
            begin = f"{part.delimiters.terminator}CLM{part.delimiters.element}"
            is_held = part.text.count(begin) < batch_claims
        held = part if is_held else None
        if held is None:
            yield part


def _joined(first: SetPart, second: SetPart) -> SetPart:
    texts = (text for text in (first.text, second.text) if text)
    return replace(
        second,
        text=first.delimiters.terminator.join(texts),
        position=first.position,
        is_first=True,
        problems=[*first.problems, *second.problems],
        refused=first.refused or second.refused,
    )


def may_join(part: Part, group: list[SetPart]) -> bool:
    """Tell whether `part` is a whole set that can be read together with `group`."""
    return (
        isinstance(part, SetPart)
        and part.is_first
        and part.is_last
        and part.transaction.kind in _KINDS
        and (
            not group
            or (
                group[0].delimiters == part.delimiters
                and group[0].transaction.kind == part.transaction.kind
            )
        )
    )


def read_together(group: list[SetPart]) -> list[Batch]:
    """Read whole sets of one kind; one batch each, in their order."""
    with collection_held_off():
        if group[0].transaction.kind == "835":
            return _read_remittances(group)
        return _read_claims(group)


def _minimum(group: list[SetPart], least: int) -> int:
    """Return from how many characters of claims on a set is not read by itself.

    `least` is how many there must be in all.
    """
    size = sum(len(part.text) for part in group)
    return _CLAIMS_MIN if size >= least else least


def _read_remittances(group: list[SetPart]) -> list[Batch]:
    minimum = _minimum(group, COLUMNS_MIN)
    readers = [Reader835(part.transaction, part.delimiters) for part in group]
    begun = [
        reader.before_claims(part.text, part.position, minimum, is_whole=True)
        for reader, part in zip(readers, group, strict=True)
    ]
    flush_together([reader.rows for reader in readers])
    texts = [claims for claims, _ in begun if claims is not None]
    reads = iter(read_columns(texts, group[0].delimiters) if texts else [])
    for part, reader, (claims, after) in zip(group, readers, begun, strict=True):
        if claims is not None:
            read = next(reads)
            reader.add_claims(claims, read)
            rest = part.text[-after:].split(part.delimiters.terminator)
            reader.feed(rest, claims.position + read.segment_count)
        reader.complete()
    flush_together([reader.rows for reader in readers])
    return [_batch(part, reader) for part, reader in zip(group, readers, strict=True)]


def _read_claims(group: list[SetPart]) -> list[Batch]:
    minimum = _minimum(group, UNITS_MIN)
    readers = [Reader837(part.transaction, part.delimiters) for part in group]
    begun = [
        reader.before_claims(part.text, part.position, minimum)
        for reader, part in zip(readers, group, strict=True)
    ]
    flush_together([reader.rows for reader in readers])
    texts = [units for units, _ in begun if units is not None]
    grammar = grammar_of(group[0].transaction.kind)
    reads = iter(read_units(texts, group[0].delimiters, grammar) if texts else [])
    for part, reader, (units, after) in zip(group, readers, begun, strict=True):
        if units is not None:
            read = next(reads)
            reader.add_claims(units, read)
            reader.feed_text(part.text[-after:], units.position + read.segment_count)
        reader.complete()
    flush_together([reader.rows for reader in readers])
    return [_batch(part, reader) for part, reader in zip(group, readers, strict=True)]


def _batch(part: SetPart, reader: Reader835 | Reader837) -> Batch:
    tables, problems, refused = reader.taken()
    return Batch(
        part.transaction,
        tables,
        [*part.problems, *problems],
        refused=refused or part.refused,
        end_position=part.end_position,
        content_sha256=part.content_sha256,
    )
