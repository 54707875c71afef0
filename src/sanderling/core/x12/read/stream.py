"""One pass over a file: from framing to batches of typed tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sanderling.core.x12.batches import Batch, FileEvent
from sanderling.core.x12.problems import Problem
from sanderling.core.x12.read.framing import Framing
from sanderling.core.x12.read.garbage import collection_held_off
from sanderling.core.x12.read.parts import Part, SetPart
from sanderling.core.x12.read.registry import READERS
from sanderling.core.x12.read.rows import frame
from sanderling.core.x12.read.set_reader import SetReader, Tables, TextReader
from sanderling.core.x12.read.together import (
    GROUP_CHARACTERS,
    may_join,
    read_together,
    whole_sets,
)
from sanderling.core.x12.tables import TABLES

CHUNK_BYTES: Final = 4 << 20
BATCH_CLAIMS: Final = 20_000


def empty_tables(kind: str) -> Tables:
    """Return the tables of `kind` without rows; none at all when the kind is not known."""
    return {name: frame(schema, []) for name, schema in TABLES.get(kind, {}).items()}


def parts_of(chunks: Iterable[bytes], *, window_max: int) -> Iterator[Part]:
    """Yield the parts of a file given in chunks."""
    framing = Framing(window_max=window_max)
    for chunk in chunks:
        yield from framing.feed(chunk)
    yield from framing.close()


class _OpenSet:
    """The reader of a transaction set and what it has handed over so far."""

    def __init__(self, part: SetPart) -> None:
        self.reader: SetReader | None = None
        self.is_first = True
        self.problems: list[Problem] = []  # of the envelope
        reader = READERS.get(part.transaction.kind)  # none for a kind that is not known
        if reader is not None:
            self.reader = reader(part.transaction, part.delimiters)


def batches(parts: Iterable[Part], *, batch_claims: int) -> Iterator[Batch | FileEvent]:
    """Read the transaction sets among `parts`; what is outside them is handed on as it is."""
    current: _OpenSet | None = None
    group: list[SetPart] = []  # small 835s or 837Ps that wait to be read together
    size = 0
    for part in whole_sets(parts, batch_claims=batch_claims):
        if isinstance(part, SetPart) and may_join(part, group):
            group.append(part)
            size += len(part.text)
            if size < GROUP_CHARACTERS:
                continue
            yield from read_together(group)
            group, size = [], 0
            continue
        if group:
            yield from read_together(group)
            group, size = [], 0
        if isinstance(part, FileEvent):
            yield part
            continue
        if part.is_first or current is None:
            current = _OpenSet(part)
        current.problems += part.problems
        with collection_held_off():
            batch = _read_part(current, part, batch_claims)
        if batch is not None:
            yield batch
    if group:
        yield from read_together(group)


def _read_part(current: _OpenSet, part: SetPart, batch_claims: int) -> Batch | None:
    reader = current.reader
    if reader is not None and part.text:
        if isinstance(reader, TextReader):
            reader.feed_text(part.text, part.position)
        else:
            reader.feed(part.text.split(part.delimiters.terminator), part.position)
    if part.is_last:
        return _last_batch(current, part)
    if reader is None or reader.closed_claims() < batch_claims:
        return None
    tables, problems = reader.take()
    batch = Batch(
        part.transaction,
        tables,
        [*current.problems, *problems],
        is_first=current.is_first,
        is_last=False,
    )
    current.is_first, current.problems = False, []
    return batch


def _last_batch(current: _OpenSet, part: SetPart) -> Batch:
    refused = part.refused
    problems = current.problems
    if current.reader is None:
        tables = empty_tables(part.transaction.kind)
    else:
        tables, found, reader_refuses = current.reader.finish()
        problems = [*problems, *found]
        refused = refused or reader_refuses
    return Batch(
        part.transaction,
        tables,
        problems,
        is_first=current.is_first,
        is_last=True,
        refused=refused,
        end_position=part.end_position,
        content_sha256=part.content_sha256,
    )
