"""`sanderling exchange`: visits to mailboxes, now."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.group("exchange")
def command() -> None:
    """Mailboxes: list, run."""


@command.command("list")
@output_options
@needs_database
def list_mailboxes(form: str | None, output: Path | None) -> None:
    """Mailboxes and how they stand."""
    from sanderling.exchange.queries import MAILBOX_COLUMNS, mailboxes

    print_rows(
        mailboxes(),
        columns=MAILBOX_COLUMNS,
        as_of=datetime.now(UTC).date(),
        output=chosen(form, output),
        totals={},
    )


@command.command("run")
@click.option("--mailbox", "name", help="Only this one; default: all that are on.")
@needs_database
def run(name: str | None) -> None:
    """Release what is queued, leave it in the mailboxes, fetch what has come, track answers.

    The worker does it by itself. Exit status 1 when a mailbox could not be worked.
    """
    from sanderling.exchange.models import Kind, Mailbox
    from sanderling.exchange.running import visit_all

    found = Mailbox.objects.filter(is_on=True, stopped_at=None).exclude(kind=Kind.CORE)
    if name is not None:
        found = Mailbox.objects.filter(name=name).exclude(kind=Kind.CORE)
        if not found.exists():
            raise click.UsageError(f"there is no mailbox named {name}: sanderling exchange list")
    runs = visit_all(list(found.order_by("pk")), now=lambda: datetime.now(UTC), pause=time.sleep)
    for one in runs:
        said = f"{one.mailbox.name}: {one.sent} left there, {one.fetched} fetched"
        if one.resting:
            said += f", {one.resting} perhaps still being written"
        click.echo(f"{said}. {one.fault}" if one.fault else said, err=True)
    if any(one.fault for one in runs):
        raise SystemExit(1)
