"""`sanderling manage ...`: Django's own commands, for developers."""

from __future__ import annotations

import click

from sanderling.cli.runtime import start_django

# These read files only; the database need not run for them.
WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "diffsettings",
    "findstatic",
    "help",
    "makemigrations",
}


@click.command(
    "manage",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run a Django management command (`sanderling manage help` lists them)."""
    start_django()
    from django.core.management import ManagementUtility

    from sanderling.config.database import ensure_database

    if not WITHOUT_DATABASE.intersection(arguments[:1]):
        ensure_database()
    try:
        ManagementUtility(["sanderling manage", *arguments]).execute()
    except SystemExit as exit_:
        raise click.exceptions.Exit(exit_.code if isinstance(exit_.code, int) else 1) from None
