"""`sanderling mirror`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

if TYPE_CHECKING:
    from sanderling.mirror.actions import Refreshed

COLUMNS = ("what", "month", "client_id", "figure", "in_mirror", "in_database")


@click.group("mirror")
def command() -> None:
    """The analytics mirror: facts and ledger as Parquet, for trends and key figures."""


@command.command("refresh")
@needs_database
def refresh() -> None:
    """Bring the mirror in step with the database, as the worker does every night.

    Only the months with changed rows are written; then all of it is compared with the database.
    """
    from sanderling.mirror import actions

    now = datetime.now(UTC)
    with _bar("Refreshing") as progress:
        done = actions.refresh(now.date(), now, progress)
    _tell(done)


@command.command("rebuild")
@needs_database
def rebuild() -> None:
    """Make the mirror anew. Nothing is lost by it: all of it follows from the database."""
    from sanderling.mirror import actions

    now = datetime.now(UTC)
    with _bar("Rebuilding") as progress:
        done = actions.rebuild(now.date(), now, progress)
    _tell(done)


@command.command("check")
@output_options
@needs_database
def check(*, form: str | None, output: Path | None) -> None:
    """Compare the mirror with the database: a row for each figure that differs.

    By month and client: counts and sums of ledger entries, claim payments, claims as sent, claims
    and touches; and what every party owes. Exit status 1 when anything differs.
    """
    from sanderling.mirror import actions

    wanted = chosen(form, output)
    now = datetime.now(UTC)
    found = actions.check(now)
    print_rows(
        (one.as_dict() for one in found),
        columns=COLUMNS,
        as_of=now.date(),
        output=wanted,
        totals={"differences": len(found)},
    )
    if found:
        click.echo("the mirror differs: run `sanderling mirror rebuild`", err=True)
        raise SystemExit(1)


def _tell(done: Refreshed) -> None:
    what = "all claims" if done.is_whole else "claims that changed"
    click.echo(
        f"{done.claim_count} {what}, {done.file_count} files written"
        + ("; it had differed and was made anew" if done.was_rebuilt else ""),
        err=True,
    )
    if done.differences:
        click.echo(
            f"{len(done.differences)} figures differ from the database: see `sanderling mirror"
            " check`",
            err=True,
        )
        raise SystemExit(1)


@contextmanager
def _bar(text: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(text, total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield progress
