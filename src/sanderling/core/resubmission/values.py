"""What kinds of values a field may have, and from what was typed to what is sent.

Each kind says in one sentence what is wrong with a value, for the place beside the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from sanderling.core.money import NotAnAmount, parse_written_cents
from sanderling.core.resubmission.places import dollars
from sanderling.core.x12.read.values import NPI
from sanderling.core.x12.write.segments import clean, decimal_text


class ValueKind(StrEnum):
    """What a field holds."""

    TEXT = "text"  # free text in X12's characters
    IDENTIFIER = "identifier"  # no blanks at the ends, upper case
    CHOICE = "choice"
    DATE = "date"
    AMOUNT = "amount"
    QUANTITY = "quantity"
    NPI = "npi"
    DIAGNOSIS = "diagnosis"
    PROCEDURE = "procedure"
    REVENUE = "revenue"
    PLACE = "place"  # place of service, type of bill: two signs
    MODIFIERS = "modifiers"
    POINTERS = "pointers"
    CONDITIONS = "conditions"
    NDC = "ndc"
    STATE = "state"


class BadValue(ValueError):
    """What was typed is no value of the field; the text says what to do."""


_DIAGNOSIS: Final = re.compile(r"[A-Z][0-9][0-9A-Z][0-9A-Z]{0,4}|[0-9]{3}[0-9]{0,2}")
_PROCEDURE: Final = re.compile(r"[0-9A-Z]{5}")
_TWO: Final = re.compile(r"[0-9A-Z]{2}")
_QUANTITY: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
_ISO_DAY: Final = re.compile(r"(?P<year>[0-9]{4})-?(?P<month>[0-9]{2})-?(?P<day>[0-9]{2})")
_AMERICAN_DAY: Final = re.compile(r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})")
_AMOUNT_CENTS_MAX: Final = 99_999_999_99
_POINTERS_MAX: Final = 12
_NDC_PARTS: Final = (5, 4, 2)


def read_value(kind: ValueKind, typed: str, *, length_max: int = 80) -> str:
    """Return the value as it is kept and compared: dates ISO, codes upper case, amounts 150.00.

    Raises:
        BadValue: it is none of this kind.
    """
    text = typed.strip()
    if not text:
        return ""
    value = _READERS[kind](text)
    if len(value) > length_max:
        raise BadValue(f"Shorten it to {length_max} characters; it has {len(value)}.")
    return value


def _text(text: str) -> str:
    value = clean(text, 10_000)
    if not value:
        raise BadValue("Use letters and digits.")
    return value


def _day(text: str) -> str:
    match = _ISO_DAY.fullmatch(text) or _AMERICAN_DAY.fullmatch(text)
    try:
        if match:
            return date(int(match["year"]), int(match["month"]), int(match["day"])).isoformat()
    except ValueError:
        pass  # no such day in the calendar
    raise BadValue("Write the date as 2026-01-31.")


def _amount(text: str) -> str:
    try:
        found = parse_written_cents(text)
    except NotAnAmount as error:
        raise BadValue("Write dollars and cents, such as 150.00.") from error
    if not 0 <= found <= _AMOUNT_CENTS_MAX:
        raise BadValue("The amount must be zero or more, and below 100 million.")
    return dollars(found)


def _quantity(text: str) -> str:
    if not _QUANTITY.fullmatch(text) or not text.strip("0."):
        raise BadValue("Write a number above zero, such as 1 or 2.5.")
    return decimal_text(text.lstrip("0") or "0")


def _npi(text: str) -> str:
    value = text.replace(" ", "").replace("-", "")
    if not NPI[value]:
        raise BadValue("This is no NPI: ten digits, the last of which checks the others.")
    return value


def _matching(pattern: re.Pattern[str], sentence: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        value = text.upper().replace(" ", "").replace(".", "")
        if not pattern.fullmatch(value):
            raise BadValue(sentence)
        return value

    return read


def _listed(pattern: re.Pattern[str], most: int, sentence: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        values = text.upper().replace(",", " ").replace(":", " ").split()
        if len(values) > most or not all(pattern.fullmatch(value) for value in values):
            raise BadValue(sentence)
        if len(set(values)) != len(values):
            raise BadValue("One of these stands there twice.")
        return " ".join(values)

    return read


def _pointers(text: str) -> str:
    values = text.replace(",", " ").replace(":", " ").upper().split()
    numbers = [
        str(ord(value) - ord("A") + 1) if len(value) == 1 and "A" <= value <= "L" else value
        for value in values
    ]
    is_right = all(
        number.isascii() and number.isdigit() and 1 <= int(number) <= _POINTERS_MAX
        for number in numbers
    )
    if not is_right or len(numbers) > len("1234") or len(set(numbers)) != len(numbers):
        raise BadValue("Write up to four numbers of diagnoses, the main one first: 1 2.")
    return " ".join(str(int(number)) for number in numbers)


def _ndc(text: str) -> str:
    parts = text.replace(" ", "").split("-")
    if len(parts) == len(_NDC_PARTS):
        text = "".join(part.zfill(length) for part, length in zip(parts, _NDC_PARTS, strict=True))
    if not re.fullmatch(r"[0-9]{11}", text):
        raise BadValue("Write the NDC as eleven digits, or in three parts with hyphens.")
    return text


_READERS: Final[Mapping[ValueKind, Callable[[str], str]]] = {
    ValueKind.TEXT: _text,
    ValueKind.IDENTIFIER: lambda text: _text(text.replace("\t", " ")),
    ValueKind.CHOICE: str,
    ValueKind.DATE: _day,
    ValueKind.AMOUNT: _amount,
    ValueKind.QUANTITY: _quantity,
    ValueKind.NPI: _npi,
    ValueKind.DIAGNOSIS: _matching(
        _DIAGNOSIS, "Write a diagnosis code such as J01.90; the point may be left out."
    ),
    ValueKind.PROCEDURE: _matching(_PROCEDURE, "Write a code of five signs, such as 99213."),
    ValueKind.REVENUE: lambda text: _matching(
        re.compile(r"[0-9]{4}"), "Write a revenue code of four digits, such as 0450."
    )(text.zfill(4)),
    ValueKind.PLACE: _matching(_TWO, "Write two signs, such as 11."),
    ValueKind.MODIFIERS: _listed(_TWO, 4, "Write up to four modifiers of two signs: 25 59."),
    ValueKind.POINTERS: _pointers,
    ValueKind.CONDITIONS: _listed(_TWO, 24, "Write condition codes of two signs: D9 44."),
    ValueKind.NDC: _ndc,
    ValueKind.STATE: _matching(re.compile(r"[A-Z]{2}"), "Write the state's two letters."),
}
