"""Sheets of other systems: CSV or workbook to rows of text, headers by their words, amounts.

Rows are numbered as a spreadsheet numbers them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

import fastexcel

from sanderling.core.money import NotAnAmount, parse_written_cents
from sanderling.core.refusal import Refusal

FILE_BYTES_MAX: Final = 200 * 2**20
_SPREADSHEET_STARTS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx and ods; xls
_DELIMITERS: Final = ",\t;|"
_SNIFFED_LINES: Final = 40
HEADER_ROWS_MAX: Final = 40  # titles above the header
_BLANKS: Final = re.compile(r"[^a-z0-9+>]+")
_INITIALS: Final = re.compile(r"(?<![a-z0-9])([a-z]) (?=[a-z](?![a-z0-9]))")  # "d o s" is "dos"
# Cells that say "nothing": a dash is how accounting formats print zero.
NO_AMOUNT: Final = {"", "n/a", "na", "null", "none"}
_ZERO: Final = {"-", "--", "\u2013", "\u2014", "$-", "$ -"}
_CREDIT: Final = re.compile(r"\s*(cr|credit)\.?$", re.IGNORECASE)
_LONG: Final = re.compile(r"-?[0-9]*\.[0-9]{3,}|-?[0-9.]+[eE][+-]?[0-9]+")
_NOISE: Final = Decimal("0.00001")  # what floating point leaves behind a computed cell
_CENTS_MAX: Final = 10**13  # more is no amount of ours; the column is another one

Row = Sequence[str]


class UnreadableSheet(Refusal):
    """The file is neither CSV nor a spreadsheet, too large, or damaged."""


def read_sheet(content: bytes, recognises: Callable[[Sequence[Row]], bool]) -> list[Row]:
    """Return the rows of the sheet, blank ones too: row n of the file is item n - 1.

    Of a workbook the first sheet whose header is recognised, else the first.

    Raises:
        UnreadableSheet: it cannot be read.
    """
    if len(content) > FILE_BYTES_MAX:
        raise UnreadableSheet(f"the file is larger than {FILE_BYTES_MAX // 2**20} MB; split it")
    if not content.strip():
        raise UnreadableSheet("the file is empty")
    if content.startswith(_SPREADSHEET_STARTS):
        return _workbook_rows(content, recognises)
    return _csv_rows(_text(content))


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            raise UnreadableSheet("the file is damaged (half a character at its end)") from None
    if b"\0" in content:
        raise UnreadableSheet("the file is no table; save it as CSV (UTF-8) or XLSX")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _csv_rows(text: str) -> list[Row]:
    lines = text.splitlines()[:_SNIFFED_LINES]
    delimiter = max(
        _DELIMITERS, key=lambda mark: max((line.count(mark) for line in lines), default=0)
    )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [[cell.strip() for cell in row] for row in reader]
    except csv.Error as error:
        raise UnreadableSheet(f"the file cannot be read as CSV: {error}") from error


def _workbook_rows(content: bytes, recognises: Callable[[Sequence[Row]], bool]) -> list[Row]:
    try:
        book = fastexcel.read_excel(content)
        sheets = [_sheet_rows(book, name) for name in book.sheet_names]
    except fastexcel.FastExcelError as error:
        raise UnreadableSheet(
            "the workbook cannot be read (damaged, or locked with a password)"
        ) from error
    if not sheets:
        raise UnreadableSheet("the workbook has no sheet")
    return next((rows for rows in sheets if recognises(rows)), sheets[0])


def _sheet_rows(book: fastexcel.ExcelReader, name: str) -> list[Row]:
    # skip_rows=0: leading empty rows count, else the numbers of rows would not be the person's.
    sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    frame = sheet.to_polars()
    return [["" if cell is None else cell.strip() for cell in row] for row in frame.iter_rows()]


def normalized_header(text: str) -> str:
    """Return the header in small letters, its words parted by one blank: "Acct. #" -> "acct no"."""
    text = text.lower().replace("#", " no ").replace("a/r", "ar").replace("'s", "")
    return _INITIALS.sub(r"\1", _BLANKS.sub(" ", text).strip())


def header_fingerprint(headers: Sequence[str]) -> str:
    """Return what is equal for sheets with the same headers in any order."""
    names = sorted(normalized_header(header) for header in headers if header.strip())
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


CENTS = " cents"  # so ends the normalized header of a column that holds whole cents


def whole_cents(text: str) -> int | None:
    """Return the cents of a cell that holds whole cents ("-1234"), None when it is blank.

    Raises:
        NotAnAmount: there is something else in it.
    """
    text = text.strip()
    if text.lower() in NO_AMOUNT:
        return None
    if not re.fullmatch(r"-?[0-9]{1,15}(\.0+)?", text):  # a spreadsheet may write 5 as 5.0
        raise NotAnAmount
    cents = int(text.partition(".")[0])
    if abs(cents) > _CENTS_MAX:
        raise NotAnAmount
    return cents


def cell_cents(text: str) -> int | None:
    """Return the cents of a cell, None when it is blank.

    Raises:
        NotAnAmount: there is something else in it.
    """
    text = text.strip()
    if text.lower() in NO_AMOUNT:
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
