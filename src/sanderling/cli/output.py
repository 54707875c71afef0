"""Prints rows as a table, JSON, CSV or XLSX: the one place that knows CLI.md's conventions.

A row is a mapping with the documented keys. Integers whose key ends in `_cents` stay integers in
JSON and CSV and become dollars in the table and in XLSX.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from sanderling.web.exporting import (
    Row,
    TooManyRows,
    dollars,
    flat,
    is_money,
    json_value,
    write_csv,
    write_json,
    xlsx,
)

FORMATS = ("table", "json", "csv", "xlsx")

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
        default=lambda: datetime.now(UTC).date(),
        help="What was true at the end of that day (default: today, UTC).",
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
            day = date.fromisoformat(str(value))
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:  # nor 20260305 or weeks, which ISO also has
            self.fail(f"{value!r} is no day like 2026-03-05", param, ctx)
        return day


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
        try:
            content = xlsx(rows, columns, totals)
        except TooManyRows as error:
            raise click.UsageError(str(error)) from None
        _write_bytes(content, output)
        return
    writers: dict[str, Callable[[TextIO], None]] = {
        "json": lambda stream: write_json(stream, rows, columns, as_of, totals or {}),
        "csv": lambda stream: write_csv(stream, rows, columns),
        "table": lambda stream: _write_table(stream, rows, columns, totals),
    }
    write = writers[output.form]
    if output.path is None:
        write(sys.stdout)
        return
    with (
        _appearing_whole(output.path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        write(stream)


def print_document(document: Mapping[str, object], *, output: Output) -> None:
    """Print one JSON document that is no list of rows (`claims show`)."""
    text = json.dumps(document, ensure_ascii=False, indent=2, default=json_value) + "\n"
    if output.path is None:
        sys.stdout.write(text)
    else:
        output.path.write_text(text, encoding="utf-8")


def _shown(name: str, value: object) -> str:
    if is_money(name, value) and isinstance(value, int):
        return dollars(value)
    return str(flat(value)).replace("\n", " ")


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


def _write_bytes(content: bytes, output: Output) -> None:
    if output.path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return
    with _appearing_whole(output.path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def _appearing_whole(path: Path) -> Iterator[Path]:
    """Give a name to write under; the file takes its own when all is written, else it goes."""
    temporary = path.with_name(f"{path.name}.part")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
