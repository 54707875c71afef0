"""Cells as people write them: amounts, days, names, who owes."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from sanderling.core.money import NotAnAmount, parse_written_cents

# Cells that say "nothing": a dash is how accounting formats print zero.
_NO_AMOUNT: Final = {"", "n/a", "na", "null", "none"}
_ZERO: Final = {"-", "--", "\u2013", "\u2014", "$-", "$ -"}
_CREDIT: Final = re.compile(r"\s*(cr|credit)\.?$", re.IGNORECASE)
_LONG: Final = re.compile(r"-?[0-9]*\.[0-9]{3,}|-?[0-9.]+[eE][+-]?[0-9]+")
_NOISE: Final = Decimal("0.00001")  # what floating point leaves behind a computed cell
_CENTS_MAX: Final = 10**13  # more is no claim's balance; the column is another one
_DATE_FORMATS: Final = (
    "%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%m-%d-%y", "%m.%d.%Y", "%m.%d.%y",
    "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y",
)  # fmt: skip
_TIME: Final = re.compile(
    r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?(Z|[+-]\d{2}:?\d{2})?$"
)
_SERIAL: Final = re.compile(r"([2-7]\d{4})(\.\d+)?")
_EXCEL_DAY_ZERO: Final = date(1899, 12, 30)
_EIGHT_DIGITS: Final = re.compile(r"\d{8}")
_YEARS: Final = (1980, 2100)
_RANGE: Final = re.compile(r"\s+(?:-|to|thru|through|\u2013)\s+")

PATIENT_WORDS: Final = {
    "p", "pat", "patient", "pt", "self", "self pay", "selfpay", "self-pay", "guarantor", "private",
    "private pay", "patient responsibility", "patient resp", "pt resp", "sp", "cash",
}  # fmt: skip


class NotADay(ValueError):
    """The text is no day that a sheet would hold."""


def cell_cents(text: str) -> int | None:
    """Return the cents of a cell, None when it is blank.

    Raises:
        NotAnAmount: there is something else in it.
    """
    text = text.strip()
    if text.lower() in _NO_AMOUNT:
        return None
    if text.replace(" ", "") in _ZERO or text in _ZERO:
        return 0
    bare, is_credit = _CREDIT.subn("", text)
    cents = _rounded_cents(bare) if _LONG.fullmatch(bare) else parse_written_cents(bare)
    if abs(cents) > _CENTS_MAX:
        raise NotAnAmount
    return -cents if is_credit else cents


def _rounded_cents(text: str) -> int:
    """Return the cents of a number as a spreadsheet computes it: 0.30000000000000004 is 30."""
    value = Decimal(text)
    cents = value.quantize(Decimal("0.01"))
    if abs(value - cents) > _NOISE:
        raise NotAnAmount
    return int(cents * 100)


def cell_date(text: str) -> date | None:
    """Return the day in a cell, None when it is blank; of a range of days the first.

    Takes ISO and the American forms, month names, and the serial numbers of spreadsheets.

    Raises:
        NotADay: there is something else in it.
    """
    text = _RANGE.split(text.strip())[0]
    if not text or text.lower() in _NO_AMOUNT or text.strip("0/-. ") == "":
        return None
    bare = _TIME.sub("", text).strip()
    serial = _SERIAL.fullmatch(bare)
    if serial:
        return _EXCEL_DAY_ZERO + timedelta(days=int(serial[1]))
    if _EIGHT_DIGITS.fullmatch(bare):
        formats: tuple[str, ...] = ("%Y%m%d", "%m%d%Y")
    else:
        formats = _DATE_FORMATS
    for form in formats:
        try:
            day = datetime.strptime(bare, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if _YEARS[0] <= day.year < _YEARS[1]:
            return day
    raise NotADay


def person_names(text: str) -> tuple[str, str]:
    """Return (last, first) of "Doe, Jane A" or "Jane Doe", in capitals as X12 has them."""
    last, comma, first = text.upper().partition(",")
    if comma:
        return last.strip(), first.strip().split(" ")[0]
    words = last.split()
    if len(words) < 2:  # noqa: PLR2004 - one word is no first name
        return last.strip(), ""
    return words[-1], words[0]


def means_patient(text: str) -> bool:
    """Say whether a cell of responsibility, or of the payer, means the patient."""
    return text.strip().lower() in PATIENT_WORDS
