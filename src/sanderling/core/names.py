"""Brings names and numbers into the one form in which they are compared."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"[^0-9A-Z&]+")
_NOT_IN_NUMBERS = re.compile(r"[^0-9A-Z]+")
TIN_DIGITS = 9


def normalized_name(name: str) -> str:
    """Return the name in capitals, every run of punctuation and blanks as one blank.

    "Blue  Cross-Blue Shield, Inc." and "BLUE CROSS BLUE SHIELD INC" become the same.
    """
    return _PUNCTUATION.sub(" ", name.upper()).strip()


def normalized_number(number: str) -> str:
    """Return the identifier in capitals, nothing else in it: "12-3456789" -> 123456789."""
    return _NOT_IN_NUMBERS.sub("", number.upper())


def is_tin(number: str) -> bool:
    """Say whether a normalized number can be a taxpayer identification number: nine digits."""
    return len(number) == TIN_DIGITS and number.isdigit()
