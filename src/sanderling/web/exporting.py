"""Writes rows as JSON, CSV or XLSX: the one shape that command line and pages share.

A row is a mapping with the documented keys. Integers whose key ends in `_cents` stay integers in
JSON and CSV and become dollars in XLSX, as numbers.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

XLSX_ROWS_MAX: Final = 1_048_575  # less the header
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\n")

Row = Mapping[str, object]


class TooManyRows(Exception):
    """More rows than the format can hold."""


def dollars(cents: int) -> str:
    """Return cents as text with thousands separated: 123456 -> 1,234.56."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02d}"


def is_money(name: str, value: object) -> bool:
    """Say whether a value of this key is an amount in cents."""
    return name.endswith("_cents") and isinstance(value, int)


def json_value(value: object) -> object:
    """Return what JSON has for days and sequences.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def write_json(
    stream: TextIO, rows: Iterable[Row], columns: Sequence[str], as_of: date, totals: Row
) -> None:
    """Write one document, a row a line: still one JSON document, and easy to compare."""
    encode = json.JSONEncoder(ensure_ascii=False, default=json_value).encode
    stream.write(f'{{"as_of": "{as_of.isoformat()}", "rows": [')
    separator = "\n"
    for row in rows:
        stream.write(separator + encode({name: row.get(name) for name in columns}))
        separator = ",\n"
    stream.write(("\n" if separator != "\n" else "") + f'], "totals": {encode(dict(totals))}}}\n')


def write_csv(stream: TextIO, rows: Iterable[Row], columns: Sequence[str]) -> None:
    """Write a header and the rows, each value in one cell.

    Text that begins like a formula gets an apostrophe before it: names come from strangers' files.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(flat(row.get(name))) for name in columns])


def _harmless(cell: object) -> object:
    """Return text that a spreadsheet does not take for a formula; numbers are as they were."""
    if not isinstance(cell, str):
        return cell
    # The csv module quotes a line feed but not a carriage return, which would begin a row, too.
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def flat(value: object) -> object:
    """Return a value that fits one cell: lists as a;b, anything deeper as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)) and all(isinstance(part, str | int) for part in value):
        return ";".join(str(part) for part in value)
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, default=json_value)
    return value


def xlsx(rows: Iterable[Row], columns: Sequence[str], totals: Row | None) -> bytes:
    """Return a workbook with one header row, typed cells, and the totals as the last row.

    Raises:
        TooManyRows: more than a sheet holds.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "constant_memory": True,
            "strings_to_formulas": False,  # a name that begins with = stays a name
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    sheet = book.add_worksheet("rows")
    styles = {
        "head": book.add_format({"bold": True, "bottom": 1}),
        "money": book.add_format({"num_format": "#,##0.00"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "none": None,
    }
    for column, name in enumerate(columns):
        sheet.write_string(0, column, name.removesuffix("_cents"), styles["head"])
        sheet.set_column(column, column, 14)
    sheet.freeze_panes(1, 0)
    at = 0
    for at, row in enumerate(rows, start=1):
        if at > XLSX_ROWS_MAX:
            raise TooManyRows(f"XLSX has at most {XLSX_ROWS_MAX:,} rows; use CSV")
        _write_xlsx_row(sheet, at, row, columns, styles)
    if totals:
        _write_xlsx_row(sheet, at + 1, totals, columns, styles)
    book.close()
    return buffer.getvalue()


def _write_xlsx_row(
    sheet: Worksheet, at: int, row: Row, columns: Sequence[str], styles: Mapping[str, Any]
) -> None:
    """Write typed cells: money as dollars, days as days, numbers as numbers."""
    for column, name in enumerate(columns):
        value = row.get(name)
        if value is None:
            continue
        if isinstance(value, int) and is_money(name, value):
            sheet.write_number(at, column, value / 100, styles["money"])
        elif isinstance(value, bool):
            sheet.write_boolean(at, column, value)
        elif isinstance(value, int | float):
            sheet.write_number(at, column, value)
        elif isinstance(value, date):
            # A time zone has no place in a spreadsheet; instants go as text.
            if isinstance(value, datetime):
                sheet.write_string(at, column, value.isoformat())
            else:
                sheet.write_datetime(at, column, value, styles["date"])
        else:
            sheet.write_string(at, column, str(flat(value)))
