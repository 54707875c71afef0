"""`sanderling doctor`."""

from __future__ import annotations

import click

from sanderling.cli.runtime import start_django

EXIT_FAULTY = 3


@click.command("doctor")
def command() -> None:
    """Check the installation: one line for each check, status 3 when any fails."""
    start_django()
    from sanderling.config.checks import findings

    is_faulty = False
    for finding in findings():
        click.echo(f"{'ok  ' if finding.is_good else 'FAIL'}  {finding.name}: {finding.text}")
        is_faulty = is_faulty or not finding.is_good
    if is_faulty:
        raise click.exceptions.Exit(EXIT_FAULTY)
