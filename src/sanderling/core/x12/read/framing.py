"""From a stream of bytes to interchanges, functional groups and stretches of transaction sets.

`Framing` is fed chunks as they come and yields `FileEvent`s (what is outside transaction sets) and
`SetPart`s (what is inside). It searches for envelope segments with `find`, so that segments of a
transaction set are not looked at one by one here, and keeps no more than a chunk.

Where it stands: outside any interchange (searching for "ISA"), inside one, or inside a refused one
(searching for the next "ISA", as nothing there can be trusted).

Positions: every segment of an interchange has a number, the first ISA is 1. Empty segments and
bytes outside interchanges have none.

Source: X12.5 and X12.6 control structures; 835 TR3 005010X221A1 appendix C.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

from sanderling.core.x12.batches import FileEvent
from sanderling.core.x12.problems import Problem, problem_at
from sanderling.core.x12.read.cleaning import clean_text
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.envelope import Envelope
from sanderling.core.x12.read.header import (
    HEADER_MAX,
    ISA,
    SAMPLE_MAX,
    BadHeader,
    Header,
    read_header,
    with_used_component,
)
from sanderling.core.x12.read.parts import Part

SEGMENT_MAX: Final = 4_000_000  # bytes without a terminator after which an interchange is given up
_WINDOW_MIN: Final = 8_192  # first look into an interchange: many are small
_BYTE_ORDER_MARK: Final = codecs.BOM_UTF8
_BARE: Final = re.compile(rb"(?:GS|ST|BHT|BPR|TA1)[^A-Za-z0-9\s]")  # segments without an ISA
_START_LENGTH: Final = 8  # bytes that show a byte-order mark or UTF-16
_BLANK: Final = b" \t\r\n\x00\x1a"  # 0x1a: end of file in CP/M and after


def utf16_encoding(start: bytes) -> str:
    """Return the codec of a file that starts like UTF-16, with or without its mark; else ""."""
    if start.startswith(codecs.BOM_UTF16_LE) or start[1:6:2] == b"\0\0\0":
        return "utf-16-le"
    if start.startswith(codecs.BOM_UTF16_BE) or start[:6:2] == b"\0\0\0":
        return "utf-16-be"
    return ""


class Framing:
    """Divides a file; `feed` it chunks and `close` it, and take what they yield."""

    def __init__(self, *, window_max: int) -> None:
        self._window_max = window_max
        self._window = _WINDOW_MIN
        self._raw = b""
        self._at = 0  # how much of it is done with
        self._head = b""  # how the file begins
        self._started = False
        self._transcoder: codecs.IncrementalDecoder | None = None
        self._events: list[Part] = []
        self._position = 0  # of the last segment that was counted
        self._interchange_count = 0
        self._set_count = 0
        self._envelope: Envelope | None = None
        self._skipped = 0  # bytes outside interchanges, not yet told
        self._skipped_is_blank = True
        self._terminator = b""  # of the interchange before
        self._seen: set[tuple[str, str, str]] = set()

    def feed(self, data: bytes) -> Iterator[Part]:
        """Yield what can be told after `data`."""
        if self._transcoder is not None:
            data = self._transcoder.decode(data).encode()
        self._raw = self._raw[self._at :] + data
        self._at = 0
        if not self._started and len(self._raw) < _START_LENGTH:
            return
        yield from self._run(final=False)

    def close(self) -> Iterator[Part]:
        """Yield what is left, at the end of the file."""
        if self._transcoder is not None:
            self._raw += self._transcoder.decode(b"", final=True).encode()
        yield from self._run(final=True)
        if self._envelope is not None:
            self._end_interchange(None)
        self._end_of_file()
        yield from self._drain()

    def _drain(self) -> list[Part]:
        events, self._events = self._events, []
        return events

    def _tell(self, problem: Problem, *, refused: bool = False) -> None:
        self._events.append(FileEvent(None, [problem], refused=refused))

    def _run(self, *, final: bool) -> Iterator[Part]:
        if not self._started:
            self._start()
        while True:
            if self._envelope is None:
                if not self._seek(final=final):
                    break
                self._tell_skipped()
                self._begin_interchange()
            elif not self._advance(self._envelope, final=final):
                break
            yield from self._drain()
        yield from self._drain()

    # --- the start and the end of the file --------------------------------------------------------

    def _start(self) -> None:
        self._started = True
        encoding = utf16_encoding(self._raw)
        if encoding:
            self._transcoder = codecs.getincrementaldecoder(encoding)(errors="replace")
            self._raw = self._transcoder.decode(self._raw).encode()
            self._tell(problem_at("utf16", "The file is UTF-16 text; it was converted and read."))
        elif self._raw.startswith(_BYTE_ORDER_MARK):
            self._tell(problem_at("byte_order_mark", "The file starts with a byte-order mark."))
        self._raw = self._raw.removeprefix(_BYTE_ORDER_MARK)
        self._head = self._raw[:_START_LENGTH].lstrip()

    def _end_of_file(self) -> None:
        if self._position:
            self._tell_skipped()
        elif self._skipped_is_blank:
            message = "The file is empty or blank; ask the sender for it again."
            self._tell(problem_at("empty_file", message), refused=True)
        else:
            message = "No ISA segment was found, so this is no X12 file."
            if _BARE.match(self._head):
                message = (
                    "The file begins inside an interchange: its segments have no ISA before them, "
                    "which says who sent them and how they are divided. Ask the sender for the "
                    "whole interchange, ISA to IEA."
                )
            self._tell(problem_at("no_interchange", message), refused=True)

    def _tell_skipped(self) -> None:
        count, is_blank = self._skipped, self._skipped_is_blank
        self._skipped, self._skipped_is_blank = 0, True
        if count and not is_blank:
            message = f"{count} bytes that belong to no interchange were not read."
            self._tell(problem_at("bytes_skipped", message, position=self._position))
        elif count and not self._position:
            message = f"{count} blanks or line breaks stand before the ISA."
            self._tell(problem_at("leading_blanks", message))

    # --- outside interchanges ---------------------------------------------------------------------

    def _skip_to(self, place: int) -> None:
        passed = self._raw[self._at : place]
        self._skipped += len(passed)
        self._skipped_is_blank = self._skipped_is_blank and not passed.strip(
            _BLANK + self._terminator
        )
        self._at = place

    def _seek(self, *, final: bool) -> bool:
        """Go to the next ISA; False when there is none yet, or not enough of it."""
        match = ISA.search(self._raw, self._at)
        if match is None:
            # The last bytes may begin an ISA; one more, so that "LISA" does not become one.
            kept = 0 if final else _TAIL
            self._skip_to(max(self._at, len(self._raw) - kept))
            return False
        self._skip_to(match.start())
        return final or len(self._raw) - self._at >= SAMPLE_MAX

    def _begin_interchange(self) -> None:
        self._position += 1
        header = read_header(
            self._raw[self._at : self._at + HEADER_MAX], self._interchange_count + 1, self._position
        )
        if isinstance(header, BadHeader):
            self._tell(header.problem, refused=True)
            self._skip_to(self._at + len(b"ISA"))
            return
        header = with_used_component(header, self._raw[self._at : self._at + SAMPLE_MAX])
        self._interchange_count += 1
        self._at += header.length
        self._window = _WINDOW_MIN
        self._envelope = Envelope(header, self._position, self._set_count)
        problems = [*header.problems, *self._duplicates(header)]
        self._events.append(FileEvent(header.interchange, problems))

    def _duplicates(self, header: Header) -> list[Problem]:
        interchange = header.interchange
        key = (interchange.sender_id, interchange.receiver_id, interchange.control_number)
        if key not in self._seen:
            self._seen.add(key)
            return []
        return [
            problem_at(
                "duplicate_interchange",
                "An interchange with this ISA13 from the same sender stands earlier in the file; "
                "see whether its content was sent twice.",
                segment="ISA",
                position=interchange.position,
                element="ISA13",
            )
        ]

    # --- inside an interchange --------------------------------------------------------------------

    def _advance(self, envelope: Envelope, *, final: bool) -> bool:
        """Read a window of whole segments; False when more bytes are needed for it."""
        raw, at = self._raw, self._at
        terminator = envelope.terminator_byte
        end = raw.rfind(terminator, at, at + self._window) + 1
        if end:
            self._window = min(self._window * 2, self._window_max)
            self._read(envelope, raw[at:end])
            return True
        if len(raw) - at > self._window:  # a long segment: look further
            self._window *= 2
            if self._window > SEGMENT_MAX:
                self._give_up(envelope)
            return True
        rest = raw[at:].strip(_BLANK)
        if ISA.match(rest) and (final or len(rest) >= HEADER_MAX):
            # An interchange with another terminator, and no IEA before it.
            self._end_interchange(None)
            return True
        if not final:
            return False
        if rest:
            message = "The last segment has no terminator; the file may have been cut short."
            position = envelope.position + 1
            envelope.add_problems([problem_at("missing_terminator", message, position=position)])
            self._read(envelope, rest + terminator)
        self._at = len(raw)
        return False

    def _give_up(self, envelope: Envelope) -> None:
        envelope.add_problems(
            [
                problem_at(
                    "segment_too_long",
                    f"No segment terminator within {SEGMENT_MAX} bytes; ask the sender to send the "
                    "file again.",
                    position=envelope.position + 1,
                )
            ]
        )
        self._end_interchange(None, refused=True)

    def _read(self, envelope: Envelope, piece: bytes) -> None:
        """Read whole segments up to the end of the interchange or of `piece`."""
        delimiters = envelope.delimiters
        text, problems = clean_text(piece, delimiters, envelope.position + 1)
        body = envelope.body_of(text)
        ends = any(body.text[mark + 1] == "I" for mark in body.marks)
        stop = _find_segment(text, delimiters, ("IEA", "ISA")) if ends else -1
        envelope.add_problems(problems)
        trailer = None
        start, length = self._at, len(piece)
        if stop >= 0:
            rest = text[stop:].lstrip(" \t")
            if rest.startswith("IEA"):
                trailer = rest[: rest.index(delimiters.terminator)]
            whole = text.count(delimiters.terminator, 0, stop) + (trailer is not None)
            # Line breaks were taken out of the text, so its places are not the places of the bytes.
            length -= len(piece.split(envelope.terminator_byte, whole)[whole])
            body = envelope.body_of(text[:stop])
        self._at = start + length
        self._events += envelope.read(body)
        if envelope.refused:
            self._at = start
            self._end_interchange(None, refused=True)
        elif stop >= 0:
            self._end_interchange(trailer)

    def _end_interchange(self, trailer: str | None, *, refused: bool = False) -> None:
        """Close what is open; `trailer` is the IEA segment, None when there is none."""
        envelope = self._envelope
        if envelope is None:
            return
        self._events += envelope.end(trailer, refused=refused)
        self._position = envelope.position
        self._set_count = envelope.set_count
        self._terminator = envelope.terminator_byte
        self._envelope = None


_TAIL: Final = 8


def _find_segment(text: str, delimiters: Delimiters, tags: tuple[str, ...]) -> int:
    """Return where in `text` the first segment with one of `tags` begins, or -1."""
    terminator = delimiters.terminator
    found = -1
    for tag in tags:
        place = text.find(tag, 0, found if found >= 0 else len(text))
        while place >= 0:
            follower = text[place + 3 : place + 4]
            before = text[:place].rstrip(" \t") if text[place - 1 : place] in " \t" else None
            starts = (
                place == 0
                or text[place - 1] == terminator
                or (before is not None and (not before or before.endswith(terminator)))
            )
            if starts and not follower.isalnum() and follower != " ":
                found = place
                break
            place = text.find(tag, place + 1, found if found >= 0 else len(text))
    return found
