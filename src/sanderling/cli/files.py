"""`sanderling files ...`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanderling.cli.ingest import COLUMNS, report_row
from sanderling.cli.output import Output, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

if TYPE_CHECKING:
    from sanderling.intake.actions import FileReport

LIST_COLUMNS = (
    "id",
    "file",
    "kind",
    "interchanges",
    "transactions",
    "claims",
    "status",
    "received_date",
    "source",
    "sha256",
    "problems",
)


@click.group("files")
def command() -> None:
    """Files: what came in, and what became of it."""


@command.command("list")
@click.option(
    "--status",
    type=click.Choice(["received", "posted", "partly", "quarantined", "duplicate"]),
    default=None,
    help="Only files with this status.",
)
@click.option(
    "--limit", type=click.IntRange(1), default=None, help="At most this many, latest first."
)
@output_options
@needs_database
def list_(status: str | None, limit: int | None, form: str | None, output: Path | None) -> None:
    """List the stored files, the latest first; `problems` is how many each has."""
    from django.db.models import Count
    from django.utils import timezone

    from sanderling.files.models import StoredFile

    found = StoredFile.objects.annotate(problem_count=Count("problems"))
    found = found.order_by("-received_date", "-pk")
    if status:
        found = found.filter(status=status)
    rows = (
        {
            "id": one.pk,
            "file": one.name,
            "kind": one.kind,
            "interchanges": one.interchange_count,
            "transactions": one.transaction_count,
            "claims": one.claim_count,
            "status": one.status,
            "received_date": one.received_date,
            "source": one.source,
            "sha256": one.sha256,
            "problems": one.problem_count,
        }
        for one in (found[:limit] if limit else found.iterator())
    )
    print_rows(rows, columns=LIST_COLUMNS, as_of=timezone.now().date(), output=chosen(form, output))


@command.command("replay")
@click.argument("files", nargs=-1, required=True, metavar="FILE_ID_OR_SHA...")
@output_options
@needs_database
def replay_(files: tuple[str, ...], form: str | None, output: Path | None) -> None:
    """Read quarantined or partly posted files again from their originals, after a fix."""
    from django.utils import timezone

    from sanderling.intake.replaying import find_file, replay_file

    wanted = chosen(form, output)
    now = timezone.now()
    stored = [find_file(text) for text in files]
    reports = [replay_file(one, recorded_at=now) for one in stored]
    _print(reports, as_of=now.date(), output=wanted)


@command.command("resume")
@output_options
@needs_database
def resume_(form: str | None, output: Path | None) -> None:
    """Finish files that an interruption left registered but not settled."""
    from django.utils import timezone

    from sanderling.intake.actions import resume

    wanted = chosen(form, output)
    now = timezone.now()
    _print(list(resume(recorded_at=now)), as_of=now.date(), output=wanted)


def _print(reports: list[FileReport], *, as_of: date, output: Output) -> None:
    print_rows(
        [report_row(report) for report in reports],
        columns=COLUMNS,
        as_of=as_of,
        output=output,
        totals={"files": len(reports), "claims": sum(report.claim_count for report in reports)},
    )
    if any(report.status in ("quarantined", "partly") for report in reports):
        raise click.exceptions.Exit(1)
