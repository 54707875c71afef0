"""The same as `read_stream`, on several processors.

This process divides the file into transaction sets, which takes a fifth of the time or less; others
read them. A long 835 is divided further, between claims: every piece is told its position, the
index of its first claim and the provider above it, so that its rows come out as if read in one go.
Other long sets are read whole by one process (the guides advise senders to stop at 5,000 claims),
and here, as they come, when they are too long to be handed over in one piece.

Use a pool that does not fork (`multiprocessing.get_context("spawn")` or "forkserver"): Polars has
threads.
"""

from __future__ import annotations

import io
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import polars as pl

from sanderling.core.x12.batches import Batch, FileEvent, TransactionSet
from sanderling.core.x12.problems import Problem
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.garbage import collection_held_off
from sanderling.core.x12.read.parts import Part, SetPart
from sanderling.core.x12.read.set_835 import PieceRead, Reader835, read_piece
from sanderling.core.x12.read.set_reader import Tables
from sanderling.core.x12.read.stream import BATCH_CLAIMS, CHUNK_BYTES, batches, parts_of
from sanderling.core.x12.read.together import whole_sets
from sanderling.core.x12.tables import TABLES, TYPES, polars_schema

Event = Batch | FileEvent

TASK_CHARACTERS: Final = 4_000_000  # text handed to another process at once
WHOLE_SET_MAX: Final = 64_000_000  # characters up to which a set that is not an 835 is handed over
_WAITING_PER_WORKER: Final = 3


def read_parallel(
    source: Path | bytes, *, executor: Executor, workers: int, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[Event]:
    """Yield what `read_stream` yields of `source`, in the same order, read in `executor`.

    Batches may be divided at other claims. At most three tasks a worker wait, so that memory stays
    bounded whatever the size of the file.
    """
    if isinstance(source, bytes):
        yield from _read(io.BytesIO(source), executor, workers, chunk_bytes)
        return
    with source.open("rb") as stream:
        yield from _read(stream, executor, workers, chunk_bytes)


class _Entry(Protocol):
    """Something whose events come when all before it have come."""

    def events(self) -> list[Event]: ...


def _read(stream: BinaryIO, executor: Executor, workers: int, chunk_bytes: int) -> Iterator[Event]:
    chunks = iter(lambda: stream.read(chunk_bytes), b"")
    waiting: deque[_Entry] = deque()
    for entry in _entries(parts_of(chunks, window_max=chunk_bytes), executor):
        waiting.append(entry)
        while len(waiting) > workers * _WAITING_PER_WORKER:
            yield from waiting.popleft().events()
    while waiting:
        yield from waiting.popleft().events()


def _entries(parts: Iterator[Part], executor: Executor) -> Iterator[_Entry]:
    """Divide `parts` into tasks; small transaction sets go together."""
    group: list[Part] = []
    size = 0
    parts = whole_sets(parts, batch_claims=BATCH_CLAIMS)
    for part in parts:
        is_long = isinstance(part, SetPart) and not part.is_last
        if is_long or size >= TASK_CHARACTERS:
            yield _Whole(executor.submit(_read_parts, group))
            group, size = [], 0
        if isinstance(part, SetPart) and not part.is_last:
            yield from _long_set(part, parts, executor)
            continue
        group.append(part)
        size += len(part.text) if isinstance(part, SetPart) else 0
    yield _Whole(executor.submit(_read_parts, group))


@dataclass(slots=True)
class _PackedTable:
    """Rows for another process: only what changes from row to row, and in Arrow's own form.

    Pickling a frame takes eight times as long as writing that, and sending it longer than reading
    the segments it came from.
    """

    height: int
    constants: dict[str, object]  # value of each column that has but one
    columns: bytes  # the others as an Arrow IPC stream; b"" when there are none


@dataclass(slots=True)
class _Packed:
    """Events, their tables put together by kind: few large ones cross processes sooner."""

    events: list[Event]  # batches without tables
    tables: dict[str, dict[str, _PackedTable]]  # of all batches of a kind
    heights: list[dict[str, int]]  # of each batch's tables, in their order


def _read_parts(parts: list[Part]) -> _Packed:
    """Read whole transaction sets; runs in another process."""
    events = list(batches(parts, batch_claims=BATCH_CLAIMS))
    found = [event for event in events if isinstance(event, Batch)]
    tables = {
        kind: {
            name: _packed_table(
                [batch.tables[name] for batch in found if batch.transaction.kind == kind]
            )
            for name in TABLES.get(kind, {})
        }
        for kind in {batch.transaction.kind for batch in found}
    }
    heights = [{name: table.height for name, table in batch.tables.items()} for batch in found]
    return _Packed(
        [replace(event, tables={}) if isinstance(event, Batch) else event for event in events],
        tables,
        heights,
    )


def _packed_table(tables: list[pl.DataFrame]) -> _PackedTable:
    joined = pl.concat(tables)
    constants = {column.name: column[0] for column in joined.iter_columns() if _is_constant(column)}
    columns = b""
    if joined.height and len(constants) < joined.width:
        stream = io.BytesIO()
        joined.drop(constants).rechunk().write_ipc_stream(stream, compression="uncompressed")
        columns = stream.getvalue()
    return _PackedTable(joined.height, constants, columns)


def _is_constant(column: pl.Series) -> bool:
    """Tell whether a column has the same value in every row; a column without rows has none."""
    count = len(column)
    if not count:
        return False
    nulls = column.null_count()
    if nulls or column[0] != column[-1]:
        return nulls == count
    return bool((column == column[0]).all())


def _unpacked_table(kind: str, name: str, packed: _PackedTable) -> pl.DataFrame:
    schema = TABLES[kind][name]
    columns = {}
    if packed.columns:
        columns = {
            column.name: column
            for column in pl.read_ipc_stream(io.BytesIO(packed.columns)).iter_columns()
        }
    for column, value in packed.constants.items():
        one = pl.Series(column, [value], dtype=TYPES[schema[column]])
        columns[column] = one.new_from_index(0, packed.height)
    if not columns:
        return pl.DataFrame(schema=polars_schema(schema))
    return pl.DataFrame([columns[column] for column in schema])


def _unpacked(packed: _Packed) -> list[Event]:
    """Return the events with their tables, slices of the large ones."""
    tables = {
        (kind, name): _unpacked_table(kind, name, table)
        for kind, of_kind in packed.tables.items()
        for name, table in of_kind.items()
    }
    starts: Counter[tuple[str, str]] = Counter()
    batches_found = [event for event in packed.events if isinstance(event, Batch)]
    for event, heights in zip(batches_found, packed.heights, strict=True):
        kind = event.transaction.kind
        for name, height in heights.items():
            event.tables[name] = tables[kind, name].slice(starts[kind, name], height)
            starts[kind, name] += height
    return packed.events


def _long_set(first: SetPart, parts: Iterator[Part], executor: Executor) -> Iterator[_Entry]:
    rest = _until_last(parts)
    if first.transaction.kind == "835":
        yield from _DividedSet(first, executor).entries(chain([first], rest))
        return
    gathered: list[Part] = [first]
    size = len(first.text)
    for part in rest:
        gathered.append(part)
        size += len(part.text)
        if size > WHOLE_SET_MAX and not part.is_last:
            yield from map(_Ready, batches(chain(gathered, rest), batch_claims=BATCH_CLAIMS))
            return
    yield _Whole(executor.submit(_read_parts, gathered))


def _until_last(parts: Iterator[Part]) -> Iterator[SetPart]:
    """Yield the parts of the transaction set that is open; nothing else stands among them."""
    for part in parts:
        if isinstance(part, SetPart):
            yield part
            if part.is_last:
                return


class _Ready:
    def __init__(self, event: Event) -> None:
        self._event = event

    def events(self) -> list[Event]:
        return [self._event]


class _Whole:
    def __init__(self, future: Future[_Packed]) -> None:
        self._future = future

    def events(self) -> list[Event]:
        return _unpacked(self._future.result())


_PackedPiece = tuple[PieceRead, dict[str, _PackedTable]]


def _read_piece(
    transaction: TransactionSet,
    delimiters: Delimiters,
    text: str,
    position: int,
    claim_index: int,
    provider_npi: str | None,
) -> _PackedPiece:
    """Do what `read_piece` does, its tables apart; runs in another process."""
    read = read_piece(transaction, delimiters, text, position, claim_index, provider_npi)
    tables = {name: _packed_table([table]) for name, table in read.tables.items()}
    return replace(read, tables={}), tables


class _Piece:
    """Some claims of a divided 835."""

    def __init__(self, future: Future[_PackedPiece], divided: _DividedSet) -> None:
        self._future = future
        self._divided = divided

    def events(self) -> list[Event]:
        read, packed = self._future.result()
        tables = {name: _unpacked_table("835", name, table) for name, table in packed.items()}
        return [self._divided.piece_batch(replace(read, tables=tables))]


class _End:
    """What follows the last whole claim of a divided 835, and its totals."""

    def __init__(self, divided: _DividedSet, part: SetPart, text: str, position: int) -> None:
        self._divided = divided
        self._part = part
        self._text = text
        self._position = position

    def events(self) -> list[Event]:
        return [self._divided.last_batch(self._part, self._text, self._position)]


class _DividedSet:
    """One long 835: this process reads what is before and after the claims."""

    def __init__(self, first: SetPart, executor: Executor) -> None:
        self._transaction = first.transaction
        self._delimiters = first.delimiters
        self._executor = executor
        self._reader = Reader835(first.transaction, first.delimiters)
        self._problems: list[Problem] = []
        self._is_first = True
        self._begin = first.delimiters.terminator + "CLP" + first.delimiters.element

    def entries(self, parts: Iterator[SetPart]) -> Iterator[_Entry]:
        """Yield the pieces of the set, then its end."""
        terminator = self._delimiters.terminator
        text, position = "", 0
        claims_began = False
        for part in parts:
            self._problems += part.problems
            if not text:
                text, position = part.text, part.position
            elif part.text:
                text += terminator + part.text
            if not claims_began:
                begin = text.find(self._begin)
                if begin >= 0:
                    claims_began = True
                    head = text[:begin].split(terminator)
                    self._reader.feed(head, position)
                    text, position = text[begin + 1 :], position + len(head)
            if claims_began:
                for piece, start in _pieces(text, self._begin, position):
                    yield self._submit(piece, start)
                    text = text[len(piece) + 1 :]
                    position = start + piece.count(terminator) + 1
            if part.is_last:
                yield _End(self, part, text, position)

    def _submit(self, piece: str, position: int) -> _Piece:
        claim_index, provider_npi = self._reader.place()
        future = self._executor.submit(
            _read_piece,
            self._transaction,
            self._delimiters,
            piece,
            position,
            claim_index,
            provider_npi,
        )
        self._reader.skip_claims(piece)
        return _Piece(future, self)

    def piece_batch(self, read: PieceRead) -> Batch:
        """Return the claims of a piece, the first with the header's rows before it."""
        self._reader.add_totals(read)
        tables, problems = read.tables, read.problems
        if self._is_first:
            tables, problems = self._reader.with_header(tables, problems)
        return self._batch(tables, problems)

    def _batch(self, tables: Tables, problems: list[Problem]) -> Batch:
        batch = Batch(
            self._transaction,
            tables,
            [*self._problems, *problems],
            is_first=self._is_first,
            is_last=False,
        )
        self._is_first, self._problems = False, []
        return batch

    def last_batch(self, part: SetPart, text: str, position: int) -> Batch:
        """Return what follows the pieces, and the totals of all."""
        with collection_held_off():
            if text:
                self._reader.feed_text(text, position)
            tables, problems, refused = self._reader.finish()
        batch = self._batch(tables, problems)
        batch.is_last = True
        batch.refused = refused or part.refused
        batch.end_position = part.end_position
        batch.content_sha256 = part.content_sha256
        return batch


def _pieces(text: str, begin: str, position: int) -> Iterator[tuple[str, int]]:
    """Yield long stretches of whole claims at the start of `text`, with their positions."""
    terminator = begin[0]
    start = 0
    while True:
        end = text.rfind(begin, start, start + TASK_CHARACTERS)
        if len(text) - start < TASK_CHARACTERS or end <= start:
            return
        yield text[start:end], position
        position += text.count(terminator, start, end) + 1
        start = end + 1
