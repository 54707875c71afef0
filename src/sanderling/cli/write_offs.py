"""`sanderling write-offs`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.group("write-offs")
def command() -> None:
    """Write-offs: post, small."""


@command.command("post")
@needs_database
def post() -> None:
    """Post what was approved and take back what was undone, as the worker does by itself.

    Run twice it posts nothing the second time.
    """
    from sanderling.barriers.actions import refresh_stale
    from sanderling.writeoffs.posting import post_decided

    now = datetime.now(UTC)
    count = post_decided(at=now)
    refresh_stale(now.date())
    click.echo(f"{count} write-off{'' if count == 1 else 's'} posted or taken back", err=True)


@command.command("small")
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(0, 3_650),
    default=60,
    show_default=True,
    help="Only balances that their party has owed for at least so many days.",
)
@click.option("--apply", "applies", is_flag=True, help="Write them off; else nothing changes.")
@output_options
@needs_database
def small(days: int, *, applies: bool, form: str | None, output: Path | None) -> None:
    """Small balances that the policy would write off: below their client's limit, not pending.

    Prints them; with --apply each becomes a write-off approved by the policy, and is posted.
    """
    from sanderling.barriers.actions import refresh_stale
    from sanderling.writeoffs.posting import post_decided
    from sanderling.writeoffs.small import COLUMNS, small_rows, write_off_small

    wanted = chosen(form, output)
    now = datetime.now(UTC)
    rows = small_rows(now.date(), older_than_days=days)
    print_rows(
        rows,
        columns=COLUMNS,
        as_of=now.date(),
        output=wanted,
        totals={
            "balances": len(rows),
            "balance_cents": sum(int(str(row["balance_cents"])) for row in rows),
        },
    )
    if not applies:
        click.echo("nothing was changed; --apply writes them off", err=True)
        return
    count, cents, refused = write_off_small(user=None, at=now, older_than_days=days)
    post_decided(at=now)
    refresh_stale(now.date())
    for sentence in refused:
        click.echo(sentence, err=True)
    click.echo(f"{count} balances written off, {cents} cents", err=True)
    if refused:
        raise SystemExit(1)
