"""`sanderling activities ...`."""

from __future__ import annotations

from pathlib import Path

import click

from sanderling.cli.imports import print_import, read_text
from sanderling.cli.output import Output, chosen, output_options
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
    next_date, note. Loading a file twice changes nothing.
    """
    from django.utils import timezone

    from sanderling.followup.actions import import_activities

    wanted: Output = chosen(form, output)
    print_import(
        import_activities(text=read_text(file), at=timezone.now()), file=file, output=wanted
    )
