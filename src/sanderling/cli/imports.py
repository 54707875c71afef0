"""What all imports of tables share: reading the file, printing what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import click

from sanderling.cli.output import Output, print_rows
from sanderling.core.csv_rows import RowProblem
from sanderling.core.refusal import Refusal

FILE_BYTES_MAX = 200 * 2**20


class UnreadableFile(Refusal):
    """The file is too large, or not text."""


class ImportResult(Protocol):
    """What an import says about itself."""

    rows: int
    created: int
    updated: int
    unchanged: int
    problems: list[RowProblem]


def read_text(file: Path) -> str:
    """Return the file's text: UTF-8, else Windows-1252.

    Raises:
        UnreadableFile: too large, or with NUL bytes.
    """
    if file.stat().st_size > FILE_BYTES_MAX:
        raise UnreadableFile(f"{file} is larger than {FILE_BYTES_MAX // 2**20} MB; split it")
    content = file.read_bytes()
    if b"\0" in content:
        raise UnreadableFile(f"{file} is no text file; save it as CSV (UTF-8)")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def print_import(result: ImportResult, *, file: Path, output: Output) -> None:
    """Print one row of counts, say each problem on stderr, and end with 1 if there is any."""
    for problem in result.problems:
        column = f", column {problem.column}" if problem.column else ""
        click.echo(f"{file}: row {problem.row}{column}: {problem.message}", err=True)
    counts: dict[str, object] = {
        "file": str(file),
        "rows": result.rows,
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "problems": [
            {"row": problem.row, "column": problem.column, "message": problem.message}
            for problem in result.problems
        ],
    }
    print_rows([counts], columns=list(counts), as_of=datetime.now(UTC).date(), output=output)
    if result.problems:
        raise click.exceptions.Exit(1)
