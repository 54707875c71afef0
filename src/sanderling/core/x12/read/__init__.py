"""Reading X12: one pass from bytes to typed tables."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from sanderling.core.x12.batches import Batch, FileEvent
from sanderling.core.x12.read.parallel import read_parallel
from sanderling.core.x12.read.sniffing import sniff
from sanderling.core.x12.read.stream import BATCH_CLAIMS, CHUNK_BYTES, batches, parts_of

__all__ = ["read_bytes", "read_parallel", "read_stream", "sniff"]


def read_stream(
    stream: BinaryIO, *, batch_claims: int = BATCH_CLAIMS, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[Batch | FileEvent]:
    """Yield what a file holds, in its order, in one pass and bounded memory.

    A batch is closed at the first end of a chunk at which `batch_claims` claims are complete.
    Nothing in a file raises; the stream's own errors pass through.
    """
    chunks = iter(lambda: stream.read(chunk_bytes), b"")
    return batches(parts_of(chunks, window_max=chunk_bytes), batch_claims=batch_claims)


def read_bytes(data: bytes) -> list[Batch | FileEvent]:
    """Return what a small file holds."""
    return list(read_stream(io.BytesIO(data)))
