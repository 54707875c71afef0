r"""Element values as numbers: amounts in cents, days, and check digits.

A file repeats its amounts and dates over and over, so each text is parsed once and remembered;
the memory is emptied when it grows too large. Digits are ASCII digits only: Python's own `int`
and `\d` also take Arabic or full-width ones.

Source: X12 data types R, DT; 835 TR3 005010X221A1 appendix B.1.1.3.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final

_AMOUNT: Final = re.compile(r"(-?)([0-9]{0,15})(?:\.([0-9]*))?")
_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY_DIGITS: Final = 8
_TIMESTAMP: Final = re.compile(r"[0-9]{8}[0-9]{4}(?:[0-9]{2})?")
MEMORY_MAX: Final = 200_000


class Memory(dict[str, int | None]):
    """A dictionary that parses what it does not know yet: `memory[text]`.

    None means that the text is empty or cannot be read; the caller, who has the text, knows which.
    """

    __slots__ = ("_parse",)

    def __init__(self, parse: Callable[[str], int | None]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, text: str) -> int | None:
        if len(self) >= MEMORY_MAX:
            self.clear()
        value = self[text] = self._parse(text)
        return value


def parse_cents(text: str) -> int | None:
    """Return the amount in cents, or None when `text` is no amount of whole cents.

    Accepted: an optional minus sign, up to 15 digits, an optional point with decimals of which
    only zeros may follow the second ("100", "-100.5", ".5", "7.500").
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    sign, whole, decimals = match.groups(default="")
    if not whole and not decimals:
        return None
    if decimals[2:].strip("0"):
        return None
    cents = int(whole or "0") * 100 + int(decimals[:2].ljust(2, "0"))
    return -cents if sign else cents


def parse_days(text: str) -> int | None:
    """Return CCYYMMDD as days since 1970-01-01, or None when there is no such day."""
    if len(text) != _DAY_DIGITS or not (text.isascii() and text.isdigit()):
        return None
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return day.toordinal() - _EPOCH


def parse_date(text: str) -> date | None:
    """Return CCYYMMDD, or YYMMDD as ISA09 has it, as a date; None when there is no such day.

    Two-digit years are 1970 to 2069.
    """
    if len(text) == _DAY_DIGITS - 2 and text.isascii() and text.isdigit():
        text = ("20" if text < "70" else "19") + text
    days = parse_days(text)
    return None if days is None else date.fromordinal(days + _EPOCH)


CENTS: Final = Memory(parse_cents)
DAYS: Final = Memory(parse_days)


def day_range(qualifier: str, text: str) -> tuple[int | None, int | None]:
    """Return first and last day of a DTP03 or DTM02 text; (None, None) when it cannot be read.

    `qualifier` is DTP02: D8 one day, RD8 CCYYMMDD-CCYYMMDD, DT a day with a time. Both ends
    belong to the range; a single day is both.
    """
    if qualifier == "RD8":
        first, hyphen, last = text.partition("-")
        if not hyphen:
            return None, None
        ends = DAYS[first], DAYS[last]
        return ends if None not in ends else (None, None)
    if qualifier == "DT":
        if not _TIMESTAMP.fullmatch(text):
            return None, None
        text = text[:_DAY_DIGITS]
    day = DAYS[text]
    return day, day


def is_npi(text: str) -> bool:
    """Tell whether `text` is a national provider identifier: ten digits, Luhn with 80840 before.

    Source: 45 CFR 162.406; the prefix 80840 contributes 24 to the sum.
    """
    if len(text) != 10 or not (text.isascii() and text.isdigit()):  # noqa: PLR2004 (NPI length)
        return False
    total = 24
    for index, character in enumerate(text):
        digit = int(character)
        if index % 2 == 0:
            digit = digit * 2 - 9 if digit > 4 else digit * 2  # noqa: PLR2004 (Luhn)
        total += digit
    return total % 10 == 0


class NpiMemory(dict[str, bool]):
    """Remembers which identifiers pass `is_npi`."""

    __slots__ = ()

    def __missing__(self, text: str) -> bool:
        if len(self) >= MEMORY_MAX:
            self.clear()
        value = self[text] = is_npi(text)
        return value


NPI: Final = NpiMemory()
