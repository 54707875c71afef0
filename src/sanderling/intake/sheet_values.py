"""Cells as people write them: days, names, who owes."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final

from sanderling.core.sheets import NO_AMOUNT

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


def cell_date(text: str) -> date | None:
    """Return the day in a cell, None when it is blank; of a range of days the first.

    Takes ISO and the American forms, month names, and the serial numbers of spreadsheets.

    Raises:
        NotADay: there is something else in it.
    """
    text = _RANGE.split(text.strip())[0]
    if not text or text.lower() in NO_AMOUNT or text.strip("0/-. ") == "":
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
