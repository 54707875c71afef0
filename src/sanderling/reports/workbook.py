"""A report as a workbook: a sheet for each table, numbers as numbers, days as days."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sanderling.reports.models import Report
from sanderling.reports.words import period_text

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

SHEET_NAME_MAX: Final = 31
_FORMATS: Final = {
    "cents": "$#,##0.00;[Red]-$#,##0.00",
    "rate": "0.0%",
    "days": "#,##0.0",
    "count": "#,##0",
    "date": "yyyy-mm-dd",
}
Json = Mapping[str, Any]


def xlsx_of(report: Report) -> bytes:
    """Return the workbook: what it is of, the figures, then each table on a sheet of its own."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,  # a name that begins with = stays a name
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    # The time it is written would make equal reports differ.
    book.set_properties({"created": report.made_at.replace(tzinfo=None), "title": report.title})
    styles = {unit: book.add_format({"num_format": text}) for unit, text in _FORMATS.items()}
    styles["head"] = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    styles["total"] = book.add_format({"bold": True, "top": 1})
    styles |= {
        f"total {unit}": book.add_format({"num_format": text, "bold": True, "top": 1})
        for unit, text in _FORMATS.items()
    }
    _front(book, report, styles)
    names: set[str] = set()
    for block in report.numbers["blocks"]:
        for table in block["tables"]:
            _sheet(book, _name(block, table, names), table, styles)
    book.close()
    return buffer.getvalue()


def _front(book: Workbook, report: Report, styles: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet("Report")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 4, 18)
    numbers = report.numbers
    facts = (
        ("Report", report.title),
        ("Client", f"{numbers['client']} {numbers['client_name']}"),
        ("Period", period_text(report.from_date, report.to_date)),
        ("Provider", report.provider),
        ("From", report.from_date),
        ("To", report.to_date),
        ("As known at the end of", report.as_of_date),
        ("Numbers (SHA-256)", report.numbers_hash),
        ("Note", report.note),
    )
    at = 0
    for name, value in facts:
        if value != "":
            sheet.write_string(at, 0, name)
            _write(sheet, (at, 1), "date" if isinstance(value, date) else "text", value, styles)
            at += 1
    at += 1
    for column, name in enumerate(("Figure", "Value", "Of: above", "Of: below", "Before")):
        sheet.write_string(at, column, name, styles["head"])
    for block in numbers["blocks"]:
        for one in block["figures"]:
            at += 1
            units = one.get("of_units", ["cents", "cents"])
            sheet.write_string(at, 0, f"{block['title']}: {one['label']}")
            _write(sheet, (at, 1), one["unit"], one["value"], styles)
            for place, (unit, value) in enumerate(zip(units, one["of"] or [], strict=False)):
                _write(sheet, (at, 2 + place), unit, value, styles)
            _write(sheet, (at, 4), one["unit"], one["before"], styles)


def _name(block: Json, table: Json, names: set[str]) -> str:
    """Return a sheet's name: what spreadsheets allow, each once."""
    told = f"{block['title']} {table['title']}".strip()
    base = re.sub(r"[\[\]:*?/\\']", " ", told)[:SHEET_NAME_MAX].strip()
    name, count = base, 2
    while name.lower() in names:
        name, count = f"{base[: SHEET_NAME_MAX - 3]} {count}", count + 1
    names.add(name.lower())
    return name


def _sheet(book: Workbook, name: str, table: Json, styles: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(name)
    for column, one in enumerate(table["columns"]):
        sheet.write_string(0, column, one["label"], styles["head"])
        sheet.set_column(column, column, 24 if one["unit"] == "text" else 14)
    sheet.freeze_panes(1, 0)
    rows = [*table["rows"], *([table["total"]] if table["total"] else [])]
    for at, row in enumerate(rows, start=1):
        is_total = table["total"] is not None and at == len(rows)
        for column, one in enumerate(table["columns"]):
            value = row["cells"].get(one["key"])
            _write(sheet, (at, column), one["unit"], value, styles, is_total=is_total)


def _write(
    sheet: Worksheet,
    place: tuple[int, int],
    unit: str,
    value: object,
    styles: Mapping[str, Any],
    *,
    is_total: bool = False,
) -> None:
    """Write a typed cell: cents as dollars, days as days; nothing for None."""
    if value is None:
        return
    style = styles.get(f"total {unit}" if is_total else unit, styles["total"] if is_total else None)
    if unit == "date":
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
        sheet.write_datetime(*place, day, style)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        sheet.write_number(*place, value / 100 if unit == "cents" else value, style)
    else:
        sheet.write_string(*place, str(value), style)
