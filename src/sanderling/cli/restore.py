"""`sanderling restore`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from sanderling.cli.backup import COLUMNS, shown
from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database, say


@click.command("restore")
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@output_options
@needs_database
def command(folder: Path, form: str | None, output: Path | None) -> None:
    """Bring the whole system back from DIR, into an installation that has no data.

    Every file of DIR is held against its hash before anything is touched; then the database against
    the backup's row counts, ledger totals and audit chain. Exit status 1, and nothing brought in,
    when DIR is damaged or there is data here already. A backup of an older version is brought up to
    date.
    """
    from sanderling.audit.actions import record_event
    from sanderling.config.backups import restore_backup
    from sanderling.config.database import migrate

    wanted = chosen(form, output)
    found = restore_backup(folder)
    migrate(report=say)
    now = datetime.now(UTC)
    record_event(
        action="backup.restore",
        at=now,
        detail={"made_at": found.made_at.isoformat(), "rows": found.rows, "files": found.files},
    )
    print_rows([shown(folder, "restored", found)], columns=COLUMNS, as_of=now.date(), output=wanted)
