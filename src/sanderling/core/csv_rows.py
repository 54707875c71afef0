"""Reads a CSV text into rows with their numbers; what is wrong is a value, not an exception."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Something refused in one row: which row of the file, which column, and what to do."""

    row: int  # as a spreadsheet numbers it: the header is row 1
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: its number and its cells by column, blanks around them removed."""

    number: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return the cell, empty when the file has no such column."""
        return self.cells.get(column, "")

    def parts(self, column: str) -> tuple[str, ...]:
        """Return the `;`-separated parts of the cell, empty ones left out."""
        return tuple(part.strip() for part in self.text(column).split(";") if part.strip())


def read_rows(
    text: str, *, required: tuple[str, ...], optional: tuple[str, ...]
) -> tuple[list[CsvRow], list[RowProblem]]:
    """Return the rows that have all required cells, and what is wrong with the others.

    The separator is a comma, or a semicolon or tab when the header has no comma. Headers may
    be in any order and case. A header that is missing refuses the file.
    """
    text = text.removeprefix("\ufeff")
    header, _, _ = text.partition("\n")
    delimiter = next((mark for mark in ",\t;" if mark in header), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [cell.strip().lower() for cell in next(reader, [])]
    problems = [
        RowProblem(1, name, "the file has no such column; add it to the header")
        for name in required
        if name not in names
    ]
    if problems:
        return [], problems
    problems = [
        RowProblem(1, name, f"unknown column; known are {', '.join((*required, *optional))}")
        for name in names
        if name and name not in required and name not in optional
    ]
    rows: list[CsvRow] = []
    number = 1  # not the reader's line: a quoted cell may have several lines
    try:
        for number, cells in enumerate(reader, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            row = _row(number, names, cells, required, problems)
            if row is not None:
                rows.append(row)
    except csv.Error as error:
        problems.append(RowProblem(number + 1, "", f"cannot be read as CSV: {error}"))
    return rows, problems


def _row(
    number: int,
    names: list[str],
    cells: list[str],
    required: tuple[str, ...],
    problems: list[RowProblem],
) -> CsvRow | None:
    if len(cells) > len(names):
        problems.append(
            RowProblem(number, "", f"{len(cells)} cells under {len(names)} columns: quote commas")
        )
        return None
    row = CsvRow(number, dict(zip(names, (cell.strip() for cell in cells), strict=False)))
    missing = [name for name in required if not row.text(name)]
    problems.extend(RowProblem(number, name, "is empty; it is required") for name in missing)
    return None if missing else row


def whole_number(
    row: CsvRow, column: str, *, minimum: int, maximum: int, problems: list[RowProblem]
) -> int | None:
    """Return the cell as a whole number; None when empty, or when refused into `problems`."""
    text = row.text(column)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not minimum <= int(text) <= maximum:
        problems.append(
            RowProblem(row.number, column, f"must be a whole number from {minimum} to {maximum}")
        )
        return None
    return int(text)


def choice(
    row: CsvRow, column: str, *, known: list[str], default: str, problems: list[RowProblem]
) -> str:
    """Return the cell as one of the known words; the default when empty or refused."""
    text = row.text(column).lower().replace(" ", "_").replace("-", "_")
    if not text:
        return default
    if text not in known:
        problems.append(RowProblem(row.number, column, f"must be one of {', '.join(known)}"))
        return default
    return text
