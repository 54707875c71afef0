"""`sanderling backup`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

if TYPE_CHECKING:
    from sanderling.config.backups import Backup

COLUMNS = (
    *("folder", "status", "made_at", "tables", "rows", "entries", "receivables_cents"),
    *("events", "files", "bytes"),
)


@click.command("backup")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@output_options
@needs_database
def command(folder: Path, form: str | None, output: Path | None) -> None:
    """Write the whole system to DIR: the database, the originals, the keys.

    DIR must be new or empty. People may go on working. What follows from the database (the
    analytics mirror) is left out, and so is SANDERLING_FILE_KEY: keep that elsewhere. DIR holds
    patient data and keys.
    """
    from sanderling.audit.actions import record_event
    from sanderling.config.backups import make_backup

    wanted = chosen(form, output)
    now = datetime.now(UTC)
    made = make_backup(folder, at=now)
    record_event(action="backup.make", at=now, detail={"rows": made.rows, "files": made.files})
    print_rows([shown(folder, "written", made)], columns=COLUMNS, as_of=now.date(), output=wanted)


def shown(folder: Path, status: str, backup: Backup) -> dict[str, object]:
    """Return the row that is printed of a backup (COLUMNS)."""
    return {
        "folder": str(folder),
        "status": status,
        **{name: getattr(backup, name) for name in COLUMNS[2:]},
    }
