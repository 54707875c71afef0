"""Reads a CSV or spreadsheet file into rows of text, numbered as a spreadsheet numbers them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

import fastexcel

from sanderling.core.refusal import Refusal
from sanderling.intake.mappings import infer_columns

FILE_BYTES_MAX: Final = 200 * 2**20
_SPREADSHEET_STARTS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx and ods; xls
_DELIMITERS: Final = ",\t;|"
_SNIFFED_LINES: Final = 40

Row = Sequence[str]


class UnreadableSheet(Refusal):
    """The file is neither CSV nor a spreadsheet, too large, or damaged."""


def read_sheet(content: bytes) -> list[Row]:
    """Return the rows of the sheet, blank ones too: row n of the file is item n - 1.

    Of a workbook the first sheet with a header that tells a claim and a balance, else the first.

    Raises:
        UnreadableSheet: it cannot be read.
    """
    if len(content) > FILE_BYTES_MAX:
        raise UnreadableSheet(f"the file is larger than {FILE_BYTES_MAX // 2**20} MB; split it")
    if not content.strip():
        raise UnreadableSheet("the file is empty")
    if content.startswith(_SPREADSHEET_STARTS):
        return _workbook_rows(content)
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


def _workbook_rows(content: bytes) -> list[Row]:
    try:
        book = fastexcel.read_excel(content)
        sheets = [_sheet_rows(book, name) for name in book.sheet_names]
    except fastexcel.FastExcelError as error:
        raise UnreadableSheet(
            "the workbook cannot be read (damaged, or locked with a password)"
        ) from error
    if not sheets:
        raise UnreadableSheet("the workbook has no sheet")
    return next((rows for rows in sheets if infer_columns(rows) is not None), sheets[0])


def _sheet_rows(book: fastexcel.ExcelReader, name: str) -> list[Row]:
    # skip_rows=0: leading empty rows count, else the numbers of rows would not be the person's.
    sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    frame = sheet.to_polars()
    return [["" if cell is None else cell.strip() for cell in row] for row in frame.iter_rows()]
