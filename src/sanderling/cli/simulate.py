"""`sanderling simulate`: write a made-up world as X12 files, day by day."""

from __future__ import annotations

import sys
import time
from datetime import date, datetime
from pathlib import Path

import click

PROGRESS_AFTER_SECONDS = 2.0
FOLDER_IN_USE = "OUT is not empty; a world is written to a folder of its own"


@click.command("simulate")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--claims", type=click.IntRange(1, 5_000_000), default=2000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--days", type=click.IntRange(1, 3650), default=180, show_default=True)
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2026-01-01",
    show_default=True,
    help="First day of service.",
)
@click.option(
    "--truth",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what is true: balances, reasons, file totals. Never feed it to the product.",
)
def command(
    *, out: Path, claims: int, seed: int, days: int, start: datetime, truth: Path | None
) -> None:
    """Write a made-up world to OUT: clients, payers, contracts, and the files of each day.

    Equal options give equal files, byte for byte. No real person, payer or practice occurs.
    """
    from sanderling.simulator.output import write_world
    from sanderling.simulator.truth import write_truth
    from sanderling.simulator.world import World
    from sanderling.simulator.worldstate import Settings

    if out.is_dir() and any(out.iterdir()):
        raise click.UsageError(FOLDER_IN_USE)
    world = World(Settings(claims, seed, _day(start), days))
    progress = _Progress(days)
    files = write_world(world, out, progress)
    if truth is not None:
        write_truth(world, files, truth)
    progress.done()
    click.echo(f"{len(files)} files, {len(world.state.episodes)} claims in {out}", err=True)


def _day(value: datetime) -> date:
    return value.date()


class _Progress:
    """A line on stderr once the work takes longer than two seconds."""

    def __init__(self, days: int) -> None:
        self._days = days
        self._began = time.monotonic()
        self._shown = -1
        self._step = 1 if sys.stderr.isatty() else 10

    def __call__(self, done: int) -> None:
        percent = done * 100 // self._days // self._step * self._step
        if time.monotonic() - self._began > PROGRESS_AFTER_SECONDS and percent != self._shown:
            self._shown = percent
            click.echo(f"\rsimulating: {percent:3d} %", nl=False, err=True)
            sys.stderr.flush()

    def done(self) -> None:
        """End the line."""
        if self._shown >= 0:
            click.echo("", err=True)
