"""Prints rows as a table, JSON, CSV or XLSX: the one place that knows CLI.md's conventions.

A row is a mapping with the documented keys. Integers whose key ends in `_cents` stay integers in
JSON and CSV and become dollars in the table and in XLSX.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

FORMATS = ("table", "json", "csv", "xlsx")
XLSX_ROWS_MAX = 1_048_575  # less the header

Row = Mapping[str, object]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Output:
    """Where and how rows are printed: what --format and --output said."""

    form: str
    path: Path | None


def output_options(command: F) -> F:
    """Add --format and --output to a command; it receives them as `form` and `output`."""
    command = click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write to this file instead of standard output.",
    )(command)
    return click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default=None,
        help="Default: table on a terminal, else json.",
    )(command)


def as_of_option(command: F) -> F:
    """Add --as-of to a command; it receives a date as `as_of` (default: today, UTC)."""
    return click.option(
        "--as-of",
        "as_of",
        type=ISODate(),
        default=lambda: datetime.now().astimezone().date(),
        help="What was true at the end of that day (default: today).",
    )(command)


class ISODate(click.ParamType[date]):
    """A day written as 2026-03-05."""

    name = "DATE"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Return the day, or refuse as wrong usage."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day like 2026-03-05", param, ctx)


def chosen(form: str | None, output: Path | None) -> Output:
    """Return the output that the options ask for.

    Raises:
        click.UsageError: XLSX to a terminal.
    """
    if form is None:
        form = "table" if output is None and sys.stdout.isatty() else "json"
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("--format xlsx needs --output FILE, or a redirected output")
    return Output(form=form, path=output)


def print_rows(
    rows: Iterable[Row],
    *,
    columns: Sequence[str],
    as_of: date,
    output: Output,
    totals: Row | None = None,
) -> None:
    """Print rows in the order given; `columns` names the keys to print, in order.

    JSON and CSV are written as the rows come; a table and XLSX hold them in memory. Totals are
    in JSON always (empty when there are none), in a table and XLSX as the last line, not in CSV.
    A file appears whole or not at all.

    Raises:
        click.UsageError: more rows than XLSX has.
    """
    if output.form == "xlsx":
        _write_bytes(_xlsx(rows, columns, totals), output)
        return
    writers: dict[str, Callable[[TextIO], None]] = {
        "json": lambda stream: _write_json(stream, rows, columns, as_of, totals or {}),
        "csv": lambda stream: _write_csv(stream, rows, columns),
        "table": lambda stream: _write_table(stream, rows, columns, totals),
    }
    write = writers[output.form]
    if output.path is None:
        write(sys.stdout)
        return
    temporary = output.path.with_name(f"{output.path.name}.part")
    with temporary.open("w", encoding="utf-8", newline="") as stream:
        write(stream)
    temporary.replace(output.path)


def print_document(document: Mapping[str, object], *, output: Output) -> None:
    """Print one JSON document that is no list of rows (`claims show`)."""
    text = json.dumps(document, ensure_ascii=False, indent=2, default=_json_value) + "\n"
    if output.path is None:
        sys.stdout.write(text)
    else:
        output.path.write_text(text, encoding="utf-8")


def dollars(cents: int) -> str:
    """Return cents as text with thousands separated: 123456 -> 1,234.56."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02d}"


def _json_value(value: object) -> object:
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _write_json(
    stream: TextIO, rows: Iterable[Row], columns: Sequence[str], as_of: date, totals: Row
) -> None:
    """Write one document, a row a line: still one JSON document, and easy to compare."""
    encode = json.JSONEncoder(ensure_ascii=False, default=_json_value).encode
    stream.write(f'{{"as_of": "{as_of.isoformat()}", "rows": [')
    separator = "\n"
    for row in rows:
        stream.write(separator + encode({name: row.get(name) for name in columns}))
        separator = ",\n"
    stream.write(("\n" if separator != "\n" else "") + f'], "totals": {encode(dict(totals))}}}\n')


def _write_csv(stream: TextIO, rows: Iterable[Row], columns: Sequence[str]) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_flat(row.get(name)) for name in columns])


def _flat(value: object) -> object:
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
        return json.dumps(value, ensure_ascii=False, default=_json_value)
    return value


def _is_money(name: str, value: object) -> bool:
    return name.endswith("_cents") and isinstance(value, int)


def _shown(name: str, value: object) -> str:
    if _is_money(name, value) and isinstance(value, int):
        return dollars(value)
    return str(_flat(value)).replace("\n", " ")


def _write_table(
    stream: TextIO, rows: Iterable[Row], columns: Sequence[str], totals: Row | None
) -> None:
    heads = [name.removesuffix("_cents") for name in columns]
    kept = list(rows)
    body = [[_shown(name, row.get(name)) for name in columns] for row in kept]
    foot = [[_shown(name, totals.get(name)) for name in columns]] if totals else []
    rights = [
        any(
            isinstance(row.get(name), int | float) for row in [*kept, *([totals] if totals else [])]
        )
        for name in columns
    ]
    widths = [max(map(len, cells)) for cells in zip(heads, *body, *foot, strict=True)]

    def line(cells: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, rights, strict=True)
        ]
        return "  ".join(parts).rstrip() + "\n"

    rule = line(["-" * width for width in widths])
    stream.write(line(heads) + rule)
    stream.writelines(line(cells) for cells in body)
    if foot:
        stream.write(rule + line(foot[0]))


def _xlsx(rows: Iterable[Row], columns: Sequence[str], totals: Row | None) -> bytes:
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
            raise click.UsageError(f"XLSX has at most {XLSX_ROWS_MAX:,} rows; use --format csv")
        _write_xlsx_row(sheet, at, row, columns, styles)
    if totals:
        _write_xlsx_row(sheet, at + 1, totals, columns, styles)
    book.close()
    return buffer.getvalue()


def _write_xlsx_row(
    sheet: Any, at: int, row: Row, columns: Sequence[str], styles: Mapping[str, Any]
) -> None:
    """Write typed cells: money as dollars, days as days, numbers as numbers."""
    for column, name in enumerate(columns):
        value = row.get(name)
        if value is None:
            continue
        if isinstance(value, int) and _is_money(name, value):
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
            sheet.write_string(at, column, str(_flat(value)))


def _write_bytes(content: bytes, output: Output) -> None:
    if output.path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return
    temporary = output.path.with_name(f"{output.path.name}.part")
    temporary.write_bytes(content)
    os.replace(temporary, output.path)  # noqa: PTH105 - the same, said once
