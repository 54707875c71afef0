"""From the bytes of whole segments to text in which every segment begins right after a terminator.

Each repair is tried only when a quick search finds its cause, so that a clean file costs little.
"""

from __future__ import annotations

import re
from functools import cache

from sanderling.core.x12.problems import Problem, problem_at
from sanderling.core.x12.read.delimiters import Delimiters


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
    """Return how many terminators stand before the first line break inside a segment; else -1.

    `raw` begins where a segment begins, perhaps with the line break after the one before.
    """
    if terminator in "\r\n":
        return -1
    breaks = raw.count(b"\n") or raw.count(b"\r")
    end = terminator.encode("latin-1")
    after_ends = raw.count(end + b"\n") + raw.count(end + b"\r\n")
    if breaks == after_ends + raw.startswith((b"\n", b"\r\n")):
        return -1
    match = _wrap_pattern(terminator).search(raw)
    return -1 if match is None else raw.count(end, 0, match.start())


def clean_text(
    raw: bytes, delimiters: Delimiters, position: int
) -> tuple[str, list[Problem]]:
    """Return whole segments as text, each ended by a terminator, and what had to be repaired.

    `position` is the number of the first segment in `raw`, which may begin with the line break
    after the segment before. Problems are told at the first segment they concern. Counted on the
    text before empty segments are left out, so that a position can lie behind by those.
    """
    terminator = delimiters.terminator
    problems: list[Problem] = []
    wrapped = find_wrap(raw, terminator)
    if wrapped >= 0:
        message = "Segments are broken over several lines; the line breaks were taken out."
        problems.append(problem_at("wrapped_lines", message, position=position + wrapped))
    if b"\x00" in raw:
        message = "Null bytes stand in the text; they were taken out."
        problems.append(problem_at("null_bytes", message, position=position))
    clean = raw.translate(None, unwanted_bytes(terminator))
    text, foreign = decode(clean, terminator)
    if foreign >= 0:
        message = "The text is neither ASCII nor UTF-8; it was read as Latin-1."
        problems.append(problem_at("not_utf8", message, position=position + foreign))
    return text, problems


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
        return text, clean.count(end, 0, error.start)


def _decode_segment(segment: bytes) -> str:
    try:
        return segment.decode("utf-8")
    except UnicodeDecodeError:
        return segment.decode("latin-1")


def tidy(text: str, delimiters: Delimiters, position: int) -> tuple[str, list[Problem]]:
    """Take padding and empty segments out of `text`, whose first segment is number `position`."""
    element, terminator = delimiters.element, delimiters.terminator
    problems: list[Problem] = []
    if (
        " " + element in text
        or element + " " in text
        or " " + terminator in text
        or terminator + " " in text
        or "\t" in text
        or text.startswith(" ")
    ):
        text, place = _without_padding(text, delimiters)
        if place >= 0:
            message = "Blanks stand before or after element values; they were taken off."
            at = position + text.count(terminator, 0, place)
            problems.append(problem_at("padded_elements", message, position=at))
    double = terminator + terminator
    if double in text or text.startswith(terminator):
        place = max(text.find(double), 0)
        at = position + text.count(terminator, 0, place)
        text = text.lstrip(terminator)
        while double in text:
            text = text.replace(double, terminator)
        if terminator not in "\r\n":
            message = "Terminators follow one another; the empty segments were left out."
            problems.append(problem_at("empty_segments", message, position=at))
    return text, problems


def _without_padding(text: str, delimiters: Delimiters) -> tuple[str, int]:
    """Return `text` without padding and where the first stood, -1 when there was none."""
    pattern = _padding_pattern(delimiters)
    stripped = text.lstrip(" \t")
    match = pattern.search(text) if stripped == text else None
    if match is None:
        return (stripped, 0) if stripped != text else (text, -1)
    return pattern.sub("", stripped), match.start()
