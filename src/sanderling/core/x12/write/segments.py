"""Canonical segments: how one segment is put together before delimiters are chosen.

A canonical segment is text with ``*`` between elements, ``:`` between components and ``^`` between
repetitions, without terminator. Data never holds one of the four canonical delimiters, so that
`Delimiters.translate` can change all of them in one pass over the finished text.

Source: X12 005010 TR3s, appendix B.1.1 (delimiters, trailing elements are dropped).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_CANONICAL = "*:^~"
_UNWANTED = {ord(mark): " " for mark in _CANONICAL} | dict.fromkeys((*range(32), 127), " ")
# The extended character set of appendix B.1.1.2.2, after upper-casing.
_EXTENDED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !\"&'()+,-./;?=%@[]_{}\\|<>#$")


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The four separators of one interchange, and what follows each terminator."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    segment: str = "~"
    line_end: str = ""  # text after each terminator, such as a newline

    def __post_init__(self) -> None:
        """Refuse separators that could not be told apart."""
        marks = (self.element, self.component, self.repetition, self.segment)
        if len(set(marks)) != len(marks) or any(len(mark) != 1 for mark in marks):
            raise ValueError("delimiters must be four different single characters")
        if any(mark.isalnum() or mark == " " for mark in marks):
            raise ValueError("a delimiter may not be a letter, a digit or a blank")

    def translate(self, text: str) -> str:
        """Change canonical text with terminators into text with these separators."""
        chosen = (self.element, self.component, self.repetition, self.segment)
        if chosen != tuple(_CANONICAL):
            # A chosen separator that is ordinary data in canonical text becomes a blank.
            table = {ord(mark): " " for mark in chosen}
            table |= {ord(old): new for old, new in zip(_CANONICAL, chosen, strict=True)}
            text = text.translate(table)
        if self.line_end:
            text = text.replace(self.segment, self.segment + self.line_end)
        return text


def segment(*elements: str) -> str:
    """Join elements into one canonical segment; trailing empty elements are dropped."""
    return "*".join(elements).rstrip("*")


def composite(*components: str) -> str:
    """Join components into one canonical element; trailing empty components are dropped."""
    return ":".join(components).rstrip(":")


@lru_cache(maxsize=65536)
def clean(text: str, length_max: int = 60) -> str:
    """Make free text fit for an element: upper case, extended character set, no delimiters.

    Accents are taken off; any other foreign character becomes a blank; blanks are collapsed.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(mark for mark in text if not unicodedata.combining(mark))
    text = text.upper().translate(_UNWANTED)
    if not _EXTENDED.issuperset(text):
        text = "".join(mark if mark in _EXTENDED else " " for mark in text)
    return " ".join(text.split())[:length_max].rstrip()


def amount(cents: int) -> str:
    """Write integer cents as an X12 decimal (type R): ``25000`` is ``250``, ``-5`` is ``-.05``."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    if part == 0:
        return f"{sign}{whole}"
    if part % 10 == 0:
        return f"{sign}{whole or ''}.{part // 10}"
    return f"{sign}{whole or ''}.{part:02d}"


@lru_cache(maxsize=8192)
def day(value: date) -> str:
    """Write a day as CCYYMMDD (D8)."""
    return f"{value.year:04d}{value.month:02d}{value.day:02d}"


def day_range(from_date: date, to_date: date) -> str:
    """Write two days, both included, as CCYYMMDD-CCYYMMDD (RD8)."""
    return f"{day(from_date)}-{day(to_date)}"


def decimal_text(value: str) -> str:
    """Write a quantity given as decimal text without needless zeros: ``1.0`` is ``1``."""
    return value.rstrip("0").rstrip(".") if "." in value else value


def with_terminators(segments: Iterable[str]) -> str:
    """Join canonical segments into canonical text, each with its terminator."""
    text = "~".join(segments)
    return f"{text}~" if text else ""
