"""Reads small 835s of a file together.

Reading column by column has a fixed cost a call, many times that of a small transaction set. So the
claims of the small sets that follow one another are read in one call.
"""

from __future__ import annotations

from typing import Final

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.read.columns_835 import read_columns
from sanderling.core.x12.read.garbage import collection_held_off
from sanderling.core.x12.read.parts import Part, SetPart
from sanderling.core.x12.read.set_835 import COLUMNS_MIN, Reader835

GROUP_CHARACTERS: Final = 4_000_000  # text that is read together at most
_CLAIMS_MIN: Final = 4_000  # characters of claims below which a set is read by itself


def may_join(part: Part, group: list[SetPart]) -> bool:
    """Tell whether `part` is a whole 835 that can be read together with `group`."""
    return (
        isinstance(part, SetPart)
        and part.is_first
        and part.is_last
        and part.transaction.kind == "835"
        and not part.refused
        and (not group or group[0].delimiters == part.delimiters)
    )


def read_together(group: list[SetPart]) -> list[Batch]:
    """Read whole 835s; one batch each, in their order."""
    with collection_held_off():
        return _read_together(group)


def _read_together(group: list[SetPart]) -> list[Batch]:
    size = sum(len(part.text) for part in group)
    minimum = _CLAIMS_MIN if size >= COLUMNS_MIN else COLUMNS_MIN
    readers = [Reader835(part.transaction, part.delimiters) for part in group]
    begun = [
        reader.before_claims(part.text, part.position, minimum)
        for reader, part in zip(readers, group, strict=True)
    ]
    texts = [claims for claims, _ in begun if claims is not None]
    reads = iter(read_columns(texts, group[0].delimiters) if texts else [])
    batches = []
    for part, reader, (claims, after) in zip(group, readers, begun, strict=True):
        if claims is not None:
            reader.add_claims(claims, next(reads))
            terminator = part.delimiters.terminator
            position = claims.position + claims.text.count(terminator) + 1
            reader.feed(part.text[-after:].split(terminator), position)
        tables, problems, refused = reader.finish()
        batches.append(
            Batch(
                part.transaction,
                tables,
                [*part.problems, *problems],
                refused=refused,
                end_position=part.end_position,
                content_sha256=part.content_sha256,
            )
        )
    return batches
