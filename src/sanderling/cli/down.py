"""`sanderling down`."""

from __future__ import annotations

import click

from sanderling.postgres.home import home_folder
from sanderling.postgres.launcher import stop


@click.command("down")
def command() -> None:
    """Stop the embedded database of this home; commands start it again."""
    click.echo("stopped" if stop(home_folder()) else "was not running", err=True)
