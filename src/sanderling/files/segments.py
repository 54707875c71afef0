"""Shows segments of an original, numbered as the reader numbers them, without keeping the file.

Positions: the first ISA is 1; empty segments and bytes outside interchanges have none (see
core.x12.read.framing). What is before the wanted segments is counted, not kept.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.framing import utf16_encoding
from sanderling.core.x12.read.header import (
    HEADER_MAX,
    ISA,
    SAMPLE_MAX,
    BadHeader,
    read_header,
    with_used_component,
)

CHUNK_BYTES: Final = 1 << 20
BYTES_MAX: Final = 1 << 30  # read at most so much of a file to show a place in it
_NOISE: Final = b"\r\n\x00"
_BLANK: Final = b" \t\r\n\x00\x1a"
_TAIL: Final = 8  # the last bytes may be the beginning of an ISA
_START: Final = 8
_ENVELOPE: Final = re.compile(rb"I[SE]A")
_NEXT_ISA: Final = re.compile(rb"ISA[^A-Za-z0-9\s]")
_END: Final = re.compile(rb"IEA(?![A-Za-z0-9 ])")


@dataclass(frozen=True, slots=True)
class Element:
    """One element, or one component of a composite: CLP04, SVC01-2."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment as it stands in the original, less line breaks."""

    position: int
    text: str
    delimiters: Delimiters

    @property
    def name(self) -> str:
        """Return the segment's identifier: "CLP"."""
        return self.text.split(self.delimiters.element, 1)[0].strip()

    def elements(self) -> list[Element]:
        """Return the elements with their numbers; composites are taken apart."""
        values = self.text.split(self.delimiters.element)[1:]
        found = []
        for number, value in enumerate(values, start=1):
            name = f"{self.name}{number:02d}"
            parts = value.split(self.delimiters.component)
            if len(parts) == 1 or self.name == "ISA":
                found.append(Element(name, value))
            else:
                found += [Element(f"{name}-{at}", part) for at, part in enumerate(parts, start=1)]
        return found


class _Scan:
    """Reads a stream once, counting segments."""

    def __init__(self, read: Callable[[int], bytes], first: int, last: int) -> None:
        self._read = read
        self._first = first
        self._last = last
        self._raw = b""
        self._position = 0
        self._delimiters: Delimiters | None = None
        self._is_final = False
        self._left = BYTES_MAX
        self._transcoder: codecs.IncrementalDecoder | None = None

    def run(self) -> Iterator[Segment]:
        self._begin()
        while self._position < self._last:
            if self._delimiters is None:
                moved = self._seek()
                if self._position >= self._first and moved is not None:
                    yield moved
                is_waiting = moved is None
            else:
                before = len(self._raw)
                yield from self._advance(self._delimiters)
                is_waiting = len(self._raw) == before
            if is_waiting and not self._more():
                return

    def _begin(self) -> None:
        while len(self._raw) < _START and self._more():
            pass
        encoding = utf16_encoding(self._raw)
        if encoding:
            self._transcoder = codecs.getincrementaldecoder(encoding)(errors="replace")
            self._raw = self._transcoder.decode(self._raw).encode()
        self._raw = self._raw.removeprefix(codecs.BOM_UTF8)

    def _more(self) -> bool:
        """Read on; False when there is no more to work with."""
        if self._is_final:
            return False
        data = self._read(min(CHUNK_BYTES, self._left))
        self._left -= len(data)
        self._is_final = not data
        if self._transcoder is not None:
            data = self._transcoder.decode(data, final=self._is_final).encode()
        self._raw += data
        return True

    def _seek(self) -> Segment | None:
        """Go behind the next readable ISA and return it; None when more bytes are needed."""
        while (match := ISA.search(self._raw)) is not None:
            if len(self._raw) - match.start() < SAMPLE_MAX and not self._is_final:
                return None
            start = self._raw[match.start() : match.start() + HEADER_MAX]
            self._position += 1
            header = read_header(start, 1, self._position)
            if isinstance(header, BadHeader):
                self._raw = self._raw[match.start() + len(b"ISA") :]
                continue
            sample = self._raw[match.start() : match.start() + SAMPLE_MAX]
            header = with_used_component(header, sample)
            self._raw = self._raw[match.start() + header.length :]
            self._delimiters = header.delimiters
            text = _decoded(start[: header.length]).rstrip("\r\n")
            end = header.delimiters.terminator
            return Segment(self._position, text.removesuffix(end).strip(), header.delimiters)
        self._raw = b"" if self._is_final else self._raw[-_TAIL:]
        return None

    def _advance(self, delimiters: Delimiters) -> Iterator[Segment]:
        """Yield the wanted ones of the whole segments on hand, up to the end of the interchange."""
        end = delimiters.terminator.encode("latin-1")
        stop = self._raw.rfind(end) + 1
        if not stop and self._is_final and self._raw.strip(_BLANK):
            self._raw += end
            stop = len(self._raw)
        block, rest = self._raw[:stop], self._raw[stop:]
        noise = bytes(byte for byte in _NOISE if byte != end[0])
        if _ENVELOPE.search(block) is None:
            pieces = block.translate(None, noise + b" \t").split(end)
            if self._position + len(pieces) < self._first:
                self._position += sum(map(bool, pieces))
                self._raw = rest
                return
        at = 0
        for piece in block.split(end)[:-1]:
            bare = piece.strip(_BLANK)
            if _NEXT_ISA.match(bare):
                self._raw, self._delimiters = block[at:] + rest, None
                return
            at += len(piece) + 1
            if not bare:
                continue
            self._position += 1
            if self._first <= self._position <= self._last:
                text = _decoded(piece.translate(None, noise)).strip(" \t")
                yield Segment(self._position, text, delimiters)
            if _END.match(bare):
                self._raw, self._delimiters = block[at:] + rest, None
                return
        self._raw = rest


def read_segments(read: Callable[[int], bytes], *, first: int, last: int) -> Iterator[Segment]:
    """Yield the segments numbered `first` to `last`; reading stops after them.

    `read`: returns the next bytes, at most as many as asked for, none at the end.
    """
    yield from _Scan(read, first, last).run()


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
