"""`sanderling simulate`: made-up worlds as X12 files, and counterparts that answer ours."""

from __future__ import annotations

import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanderling.core.refusal import Refusal

if TYPE_CHECKING:
    from sanderling.simulator.live.world import Turn
    from sanderling.simulator.recipes import Recipe
    from sanderling.simulator.worldstate import Settings

PROGRESS_AFTER_SECONDS = 2.0
FOLDER_IN_USE = "{} is not empty; a world is written to a folder of its own"


class NothingLives(Refusal):
    """The folder holds no living world."""


class NoRecipe(Refusal):
    """The recipe cannot be followed."""


class Worlds(click.Group):
    """A group whose first command need not be named: `simulate OUT` writes a world to OUT."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Name the command that was left out."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["world", *args]
        return super().parse_args(ctx, args)


@click.group("simulate", cls=Worlds)
def command() -> None:
    """Made-up worlds. `simulate OUT` is short for `simulate world OUT`."""


@command.command("world")
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
@click.option(
    "--problems",
    metavar="RECIPE|SEED",
    help="Systemic problems of the world: a recipe (TOML), or a number that draws one.",
)
@click.option(
    "--live",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder in which a clearinghouse and payers live on after the last day.",
)
def write(
    *,
    out: Path,
    claims: int,
    seed: int,
    days: int,
    start: datetime,
    truth: Path | None,
    problems: str | None,
    live: Path | None,
) -> None:
    """Write a made-up world to OUT: clients, payers, contracts, and the files of each day.

    Equal options give equal files, byte for byte. No real person, payer or practice occurs.
    """
    from sanderling.simulator.live.opening import begin
    from sanderling.simulator.output import write_world
    from sanderling.simulator.truth import write_truth
    from sanderling.simulator.world import World
    from sanderling.simulator.worldstate import Settings

    for folder in (out, live):
        if folder is not None and folder.is_dir() and any(folder.iterdir()):
            raise click.UsageError(FOLDER_IN_USE.format(folder))
    settings = Settings(claims, seed, _day(start), days)
    world = World(settings, _recipe(problems, settings))
    progress = _Progress(days)
    files = write_world(world, out, progress)
    if truth is not None:
        write_truth(world, files, truth)
    if live is not None:
        begin(world, live)
    progress.done()
    click.echo(f"{len(files)} files, {len(world.state.episodes)} claims in {out}", err=True)


@command.command("live")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="Day that the answers are dated with.",
)
@click.option("--turns", type=click.IntRange(1, 1000), default=1, show_default=True)
def live(*, folder: Path, day: datetime, turns: int) -> None:
    """Let turns pass in the living world of FOLDER: read mailbox/in, answer into mailbox/out.

    Prints a line for each file that came in or went out. A 999 comes in the turn of its file, the
    277CA of the clearinghouse in the next, the payer's in the one after, a payment two turns later.
    """
    from sanderling.simulator.live.world import LiveWorld

    world = LiveWorld(_lived_in(folder))
    for _ in range(turns):
        _tell(world.turn(_day(day)))


@command.command("serve")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port; 0: any free one.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.05, 86_400),
    default=15.0,
    show_default=True,
    help="Length of a turn.",
)
def serve(*, folder: Path, host: str, port: int, seconds: float) -> None:
    """Serve the living world of FOLDER over SFTP; Ctrl-C stops it.

    User sandbill, with the key or password in FOLDER/keys. Answers are dated with today.
    """
    from sanderling.simulator.live.serving import serve as serve_world

    def ready(bound: int) -> None:
        click.echo(f"sftp://sandbill@{host}:{bound}")
        sys.stdout.flush()

    serve_world(
        _lived_in(folder), host=host, port=port, seconds=seconds, on_ready=ready, on_turn=_tell
    )


def _recipe(problems: str | None, settings: Settings) -> Recipe | None:
    from sanderling.simulator.recipes import BadRecipe, draw_recipe, load_recipe

    if problems is None:
        return None
    if problems.isdigit():
        return draw_recipe(int(problems), settings)
    try:
        return load_recipe(Path(problems), settings)
    except BadRecipe as error:
        raise NoRecipe(str(error)) from error


def _lived_in(folder: Path) -> Path:
    from sanderling.simulator.live.opening import is_open

    if not is_open(folder):
        raise NothingLives(f"nobody lives in {folder}; make a world with simulate OUT --live DIR")
    return folder


def _tell(turn: Turn) -> None:
    for name in turn.taken:
        click.echo(f"{turn.number} in {name}")
    for name in turn.answered:
        click.echo(f"{turn.number} out {name}")
    sys.stdout.flush()


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
