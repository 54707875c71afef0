"""From the bytes of whole segments to text in which every segment begins right after a terminator.

Each repair is tried only when a quick search finds its cause, so that a clean file costs little.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import polars as pl

from sanderling.core.x12.problems import Problem, problem_at
from sanderling.core.x12.read.delimiters import Delimiters

_LONG: Final = 100_000  # characters from which on a call of Polars pays


@cache
def unwanted_bytes(terminator: str) -> bytes:
    """Return the bytes to take out: line breaks, unless they end segments, and null bytes."""
    return bytes(byte for byte in b"\r\n\x00" if chr(byte) != terminator)


@cache
def _wrap_pattern(terminator: str) -> re.Pattern[bytes]:
    end = re.escape(terminator.encode("latin-1"))
    return re.compile(rb"[^\s" + end + rb"][ \t]*[\r\n]")


@cache
def _padding_pattern(delimiters: Delimiters) -> re.Pattern[str]:
    edges = re.escape(delimiters.element + delimiters.terminator)
    # Possessive and only from the start of a run: a long run of blanks is looked at once.
    return re.compile(rf"(?<=[{edges}])[ \t]++|(?<![ \t])[ \t]++(?=[{edges}])")


def find_wrap(raw: bytes, terminator: str) -> int:
    """Return how many segments stand before the first line break inside a segment; else -1.

    `raw` begins where a segment begins, perhaps with the line break after the one before.
    """
    if terminator in "\r\n" or not (b"\n" in raw or b"\r" in raw):
        return -1
    breaks = raw.count(b"\n") or raw.count(b"\r")
    end = terminator.encode("latin-1")
    after_ends = raw.count(end + b"\n") + raw.count(end + b"\r\n")
    if breaks == after_ends + raw.startswith((b"\n", b"\r\n")):
        return -1
    match = _wrap_pattern(terminator).search(raw)
    return -1 if match is None else _segments_before(raw, end, match.start())


def clean_text(raw: bytes, delimiters: Delimiters, position: int) -> tuple[str, list[Problem]]:
    """Return whole segments as text, each ended by a terminator, and what had to be repaired.

    `position` is the number of the first segment in `raw`, which may begin with the line break
    after the segment before. Problems are told at the first segment they concern.
    """
    terminator = delimiters.terminator
    problems: list[Problem] = []
    wrapped = find_wrap(raw, terminator)
    if wrapped >= 0:
        message = "Segments are broken over several lines; the line breaks were taken out."
        problems.append(problem_at("wrapped_lines", message, position=position + wrapped))
    if b"\x00" in raw:
        message = "Null bytes stand in the text; they were taken out."
        at = position + _segments_before(raw, terminator.encode("latin-1"), raw.index(b"\x00"))
        problems.append(problem_at("null_bytes", message, position=at))
    unwanted = unwanted_bytes(terminator)
    clean = raw
    if any(byte in raw for byte in unwanted):  # looking for one is quicker than copying
        clean = raw.translate(None, unwanted)
    text, foreign = decode(clean, terminator)
    if foreign >= 0:
        message = "The text is neither ASCII nor UTF-8; it was read as Latin-1."
        problems.append(problem_at("not_utf8", message, position=position + foreign))
    return text, problems


def _segments_before(raw: bytes, end: bytes, place: int) -> int:
    """Return how many segments that are not empty end before `place`."""
    return sum(1 for segment in raw[:place].split(end)[:-1] if segment.strip(b" \t\r\n\x00"))


def decode(clean: bytes, terminator: str) -> tuple[str, int]:
    """Return the text and the index of the first segment that is not UTF-8 but Latin-1, or -1.

    Decided segment by segment, so that it does not matter how the file is divided into chunks.
    """
    end = terminator.encode("latin-1")
    if not terminator.isascii():
        text = clean.decode("latin-1")
        return text, -1 if clean.replace(end, b"").isascii() else 0
    try:
        return clean.decode("utf-8"), -1
    except UnicodeDecodeError as error:
        text = terminator.join(_decode_segment(segment) for segment in clean.split(end))
        return text, _segments_before(clean, end, error.start)


def _decode_segment(segment: bytes) -> str:
    try:
        return segment.decode("utf-8")
    except UnicodeDecodeError:
        return segment.decode("latin-1")


@dataclass(frozen=True, slots=True)
class Body:
    """Text in which each segment stands between two terminators, one in front of the first.

    `marks` are the places of the terminators before envelope segments (ST, SE, GS, GE, ISA, IEA).
    """

    text: str
    marks: list[int]
    problems: list[Problem]


def body_of(text: str, delimiters: Delimiters, position: int) -> Body:
    """Take padding and empty segments out of `text` and find its envelope segments.

    `text` is whole segments, each with its terminator; `position` is the number of the first.
    """
    terminator = delimiters.terminator
    padded = text
    text, padding = _without_padding(text, delimiters)
    problems = []
    if padding >= 0:
        message = "Blanks stand before or after element values; they were taken off."
        before = padded[:padding].encode()
        at = position + _segments_before(before, terminator.encode(), len(before))
        problems.append(problem_at("padded_elements", message, position=at))
    body = terminator + text
    pattern = _mark_pattern(terminator)
    marks = [match.start() for match in pattern.finditer(body)]
    empty = [mark for mark in marks if body[mark + 1] == terminator]
    if empty:
        if terminator not in "\r\n":
            message = "Terminators follow one another; the empty segments were left out."
            at = position + body.count(terminator, 0, empty[0])
            problems.append(problem_at("empty_segments", message, position=at))
        body = re.sub(f"{re.escape(terminator)}{{2,}}", terminator, body)
        marks = [match.start() for match in pattern.finditer(body)]
    return Body(body, marks, problems)


def _without_padding(text: str, delimiters: Delimiters) -> tuple[str, int]:
    """Return `text` without padding and where the first stood, -1 when there was none."""
    padding = _padding_pattern(delimiters)
    if text.startswith((" ", "\t")):
        return padding.sub("", text.lstrip(" \t")), 0
    if "\t" not in text and not _has_padding(text, delimiters):
        return text, -1
    match = padding.search(text)
    if match is None:
        return text, -1
    return padding.sub("", text), match.start()


def _has_padding(text: str, delimiters: Delimiters) -> bool:
    """Tell whether a blank stands beside a delimiter."""
    if len(text) < _LONG:
        # A blank as the first character of the pattern lets `search` skip to the blanks.
        return _padded_pattern(delimiters).search(text) is not None
    # Names and addresses are full of blanks; Polars needs a seventh of the time for them.
    return bool(pl.Series([text]).str.contains(_padded_expression(delimiters)).item())


@cache
def _padded_expression(delimiters: Delimiters) -> str:
    edges = "".join(f"\\x{{{ord(edge):x}}}" for edge in (delimiters.element, delimiters.terminator))
    return f"[{edges}] | [{edges}]"


@cache
def _padded_pattern(delimiters: Delimiters) -> re.Pattern[str]:
    edges = re.escape(delimiters.element + delimiters.terminator)
    return re.compile(rf" (?:(?<=[{edges}] )|(?=[{edges}]))")


@cache
def _mark_pattern(terminator: str) -> re.Pattern[str]:
    end = re.escape(terminator)
    return re.compile(rf"{end}(?:(?={end})|(?:S[ET]|G[ES]|I[ES]A)(?![A-Za-z0-9 ]))")
