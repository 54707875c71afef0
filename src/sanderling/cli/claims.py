"""`sanderling claims ...`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanderling.cli.claims_show import show
from sanderling.cli.output import ISODate, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

if TYPE_CHECKING:
    from sanderling.intake.snapshots import SnapshotReport

IMPORT_COLUMNS = (
    "file",
    "status",
    "mapping",
    "snapshot_date",
    "rows",
    "claims",
    "created",
    "updated",
    "unchanged",
    "absent",
    "insurance_cents",
    "patient_cents",
    "problems",
)


@click.group("claims")
def command() -> None:
    """Claims: everything about one, and balances taken over from another billing system."""


command.add_command(show)


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", "mapping_name", default="", help="Use, or keep, the columns under NAME.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=HEADER",
    help="Say what a column means, where its header does not tell.",
)
@click.option("--client", "client_code", default="", help="The client, where the sheet names none.")
@click.option(
    "--received",
    type=ISODate(),
    default=None,
    help="The day the sheet shows (default: today); a day in the sheet's title wins.",
)
@output_options
@needs_database
def import_(
    file: Path,
    mapping_name: str,
    columns: tuple[str, ...],
    client_code: str,
    received: date | None,
    form: str | None,
    output: Path | None,
) -> None:
    """Take over the balances of an aging report (CSV or XLSX) of another billing system.

    Columns may stand in any order under their usual names, below titles and above totals; how they
    were understood is kept for the next sheet with the same header. Amounts are dollars; below a
    header that ends in "cents" they are whole cents. A newer sheet takes the place
    of an older one, claim by claim. Loading a file twice changes nothing. Exit status 1 when a row
    was refused: the problems say which cell and why, the other rows are taken.
    """
    from django.utils import timezone

    from sanderling.intake.snapshots import UnknownClient, import_snapshot

    wanted = chosen(form, output)
    now = timezone.now()
    try:
        report = import_snapshot(
            file,
            received_date=received or now.date(),
            recorded_at=now,
            source="cli",
            client_code=client_code,
            mapping_name=mapping_name,
            given=given_columns(columns),
        )
    except UnknownClient as error:
        raise click.UsageError(str(error)) from None
    problems = _problems(report)
    for problem in problems:
        column = f", column {problem['column']}" if problem["column"] else ""
        click.echo(f"{file}: row {problem['row']}{column}: {problem['message']}", err=True)
    if report.absent:
        click.echo(
            f"{file}: {report.absent} open claims of earlier snapshots are not in this one; their"
            " balances stay as they are",
            err=True,
        )
    row: dict[str, object] = {
        "file": str(file),
        **{name: getattr(report, name) for name in IMPORT_COLUMNS[1:-1]},
        "problems": problems,
    }
    print_rows([row], columns=IMPORT_COLUMNS, as_of=now.date(), output=wanted)
    if any(problem["severity"] != "warning" for problem in problems):
        raise click.exceptions.Exit(1)


def given_columns(columns: tuple[str, ...]) -> dict[str, str]:
    """Return field -> header of --column FIELD=HEADER.

    Raises:
        click.UsageError: no equals sign.
    """
    given = {}
    for text in columns:
        name, sign, header = text.partition("=")
        if not sign or not header.strip():
            raise click.UsageError(f"--column {text}: write FIELD=HEADER")
        given[name.strip()] = header.strip()
    return given


def _problems(report: SnapshotReport) -> list[dict[str, object]]:
    return [
        {
            "row": problem.position,
            "column": problem.element,
            "severity": str(problem.severity),
            "code": problem.code,
            "message": problem.message,
        }
        for problem in report.reading.problems
    ]
