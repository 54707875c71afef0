"""`sanderling ingest`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanderling.cli.output import ISODate, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

if TYPE_CHECKING:
    from sanderling.intake.actions import FileReport

COLUMNS = ("file", "kind", "interchanges", "transactions", "claims", "status", "problems")
PROBLEM_KEYS = ("segment", "position", "loop", "element", "code", "severity", "message")


@click.command("ingest")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--received",
    type=ISODate(),
    default=None,
    help="The day the business had the files (default: the day each interchange was made, never"
    " after today).",
)
@output_options
@needs_database
def command(
    paths: tuple[Path, ...], received: date | None, form: str | None, output: Path | None
) -> None:
    """Read X12 files, and folders of them, into the ledger.

    Takes 837P, 837I, 837D, 835, 999, TA1, 277CA, 276 and 277, in any mix. The same content again,
    also under another name, changes nothing. Exit status 1 when something was refused: the rows say
    what and why, and the file is kept.
    """
    from django.utils import timezone

    from sanderling.barriers.actions import freeze_week_ends
    from sanderling.cli.progress import files_progress
    from sanderling.files.models import FileStatus
    from sanderling.intake.actions import ingest, resume
    from sanderling.ledger.spans import extend_spans

    wanted = chosen(form, output)
    now = timezone.now()
    files = list(_files(paths))
    with files_progress(files) as progress:
        reports = list(
            ingest(files, received_date=received, source="cli", recorded_at=now, progress=progress)
        )
        reports += resume(recorded_at=now)  # what an interruption left behind
        extend_spans()
        freeze_week_ends(now.date())
    print_rows(
        [report_row(report) for report in reports],
        columns=COLUMNS,
        as_of=now.date(),
        output=wanted,
        totals={
            "files": len(reports),
            "claims": sum(r.claim_count for r in reports if r.status != FileStatus.DUPLICATE),
        },
    )
    if any(r.status in (FileStatus.QUARANTINED, FileStatus.PARTLY) for r in reports):
        raise click.exceptions.Exit(1)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and p.name[0] != ".")
        else:
            yield path


def report_row(report: FileReport) -> dict[str, object]:
    """Return what the contract prints of a file (COLUMNS)."""
    return {
        "file": str(report.path),
        "kind": "+".join(report.kinds),
        "interchanges": report.interchange_count,
        "transactions": report.transaction_count,
        "claims": report.claim_count,
        "status": report.status,
        "problems": [
            {key: str(value) if key == "severity" else value for key, value in _items(problem)}
            for problem in report.problems
        ],
    }


def _items(problem: object) -> Iterator[tuple[str, object]]:
    for key in PROBLEM_KEYS:
        yield key, getattr(problem, key)
