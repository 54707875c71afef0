"""`sanderling activities ...`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from sanderling.cli.imports import print_import, read_text
from sanderling.cli.output import ISODate, Output, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.group("activities")
def command() -> None:
    """Activities: what was done about claims."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@output_options
@needs_database
def import_(file: Path, form: str | None, output: Path | None) -> None:
    """Load follow-up done elsewhere from FILE (CSV).

    Columns: client, claim, date, user, channel (call, portal, electronic, fax, mail, internal),
    action (the names of next actions, such as check_status or appeal), outcome (sent, in_process,
    paid, denied, not_on_file, pended, promised, received, no_answer, done, other), reference,
    next_date, note. Of a note recorded by a form also: scenario, disposition, next_action,
    representative, contact, minutes, is_avoidable, party. Loading a file twice changes nothing.
    """
    from django.utils import timezone

    from sanderling.followup.importing import import_activities

    wanted: Output = chosen(form, output)
    print_import(
        import_activities(text=read_text(file), at=timezone.now()), file=file, output=wanted
    )


@command.command("export")
@click.option("--since", type=ISODate(), help="Only what was done on that day or later.")
@click.option("--client", default="", help="Only this client (code).")
@output_options
@needs_database
def export(since: date | None, client: str, form: str | None, output: Path | None) -> None:
    """Give what was done to another system, in the columns of `activities import`.

    In the order in which it was recorded. What was taken back is left out. Importing the CSV
    elsewhere gives the same activities.
    """
    from sanderling.audit.actions import record_event
    from sanderling.clients.queries import client_ids_by_code
    from sanderling.followup.exporting import COLUMNS, exported_activities

    wanted: Output = chosen(form, output)
    now = datetime.now(UTC)
    if client and client not in client_ids_by_code():
        raise click.UsageError(f"there is no client {client}")
    rows = exported_activities(since=since, client=client)
    detail = {"since": since.isoformat() if since else "", "client": client}
    record_event(action="activities.export", at=now, detail=detail)
    print_rows(rows, columns=COLUMNS, as_of=now.date(), output=wanted)
