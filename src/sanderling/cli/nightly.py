"""`sanderling nightly`."""

from __future__ import annotations

import click

from sanderling.cli.runtime import needs_database


@click.command("nightly")
@needs_database
def command() -> None:
    """Do now what the worker does every night: mirror, prices, key figures, forecast, issues.

    Use it after much was brought in, so that pages need not wait for the night.
    """
    from django.utils import timezone

    from sanderling.config.nightly import run_all

    for words, count in run_all(timezone.now(), lambda words: click.echo(f"{words} ...", err=True)):
        click.echo(f"{words}: {count:,}")
