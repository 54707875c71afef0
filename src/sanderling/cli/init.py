"""`sanderling init`."""

from __future__ import annotations

import click

from sanderling.cli.runtime import say, start_django


@click.command("init")
def command() -> None:
    """Make the database ready (started, created, migrated), without serving."""
    start_django()
    from sanderling.config.database import ensure_database, migrate

    ensure_database()
    migrate(report=say)
    say("ready")
