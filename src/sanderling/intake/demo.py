"""Fills an empty installation with a made-up billing company whose last day is yesterday.

The simulator writes a world to a folder; its clients, payers and files come in by the same doors
as real ones, day by day, each file received on its day. Killed in the middle it goes on where it
stopped: the world is kept until all of it is in, and a file that is in already is left alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from sanderling.accounts.demo import ensure_demo_users
from sanderling.agreements.demo import ensure_demo_agreement
from sanderling.automation.demo import ensure_demo_rules
from sanderling.barriers.actions import freeze_week_ends, refresh_stale
from sanderling.clients.actions import import_clients
from sanderling.contracts.demo import ensure_demo_contracts
from sanderling.contracts.volumes import count_volumes
from sanderling.files.models import FileStatus, StoredFile
from sanderling.files.storage import hash_file
from sanderling.followup.importing import import_activities
from sanderling.intake.actions import ingest
from sanderling.intake.demo_work import ensure_demo_work
from sanderling.ledger.spans import extend_spans
from sanderling.payers.actions import import_payers
from sanderling.postgres.home import private_folder
from sanderling.simulator.live.opening import begin
from sanderling.simulator.output import write_world
from sanderling.simulator.world import World
from sanderling.simulator.worldstate import Settings

CLAIMS: Final = 500
DAYS: Final = 120
SEED: Final = 7
SOURCE: Final = "demo"
_COMPLETE: Final = "complete"  # its presence says that the world was written to the end

# done, total, what is being done
Progress = Callable[[int, int, str], None]


class DemoRefused(Exception):
    """The simulator's own clients, payers or activities were refused: a bug of ours."""


def fill_demo(
    progress: Progress = lambda _done, _total, _text: None,
    *,
    claims: int = CLAIMS,
    days: int = DAYS,
    seed: int = SEED,
) -> int:
    """Fill the database and make the demo users; return the number of files taken in.

    Equal sizes, seed and day give an equal world.
    """
    folder = private_folder(settings.SANDERLING_HOME, "demo")
    world = folder / "world"
    if not (folder / _COMPLETE).exists():
        _write(world, progress, Settings(claims, seed, _today() - timedelta(days=days), days))
        (folder / _COMPLETE).touch()
    _import_parties(world)
    ensure_demo_contracts(world / "contracts", today=_today(), at=timezone.now())
    count = _take_in(world, progress)
    _import_activities(world)
    extend_spans()
    refresh_stale(_today())
    freeze_week_ends(_today())
    ensure_demo_users()
    ensure_demo_agreement(at=timezone.now())
    refresh_stale(_today())
    now = datetime.combine(_today(), timezone.now().timetz())
    count_volumes(today=_today(), at=now)
    ensure_demo_work(at=now)
    ensure_demo_rules(at=now)
    shutil.rmtree(folder)
    return count


def _today() -> date:
    return timezone.now().date()


def _write(world: Path, progress: Progress, wanted: Settings) -> None:
    if world.exists():  # half of a world
        shutil.rmtree(world)
    made = World(wanted)
    write_world(
        made,
        world,
        lambda done: progress(done, wanted.days, "Living through a made-up half year ..."),
    )
    begin(made, counterparts_folder())


def counterparts_folder() -> Path:
    """Return where the clearinghouse and payers of a demonstration live on."""
    return private_folder(settings.SANDERLING_HOME, "counterparts")


def world_of(day: date) -> Settings:
    """Return what the world of a demonstration filled on a day was made from."""
    return Settings(CLAIMS, SEED, day - timedelta(days=DAYS), DAYS)


def _import_parties(world: Path) -> None:
    at = timezone.now()
    clients = import_clients(text=(world / "clients.csv").read_text(encoding="utf-8"), at=at)
    payers = import_payers(text=(world / "payers.csv").read_text(encoding="utf-8"), at=at)
    if clients.problems or payers.problems:
        raise DemoRefused([*clients.problems, *payers.problems])


def _import_activities(world: Path) -> None:
    """Take in what the made-up team did about claims."""
    path = world / "activities.csv"
    found = import_activities(text=path.read_text(encoding="utf-8"), at=timezone.now())
    if found.problems:
        raise DemoRefused(found.problems)


def _take_in(world: Path, progress: Progress) -> int:
    """Take in the days' files in order, less what was settled before an interruption."""
    settled = set(
        StoredFile.objects.exclude(status=FileStatus.RECEIVED).values_list("sha256", flat=True)
    )
    files = sorted(path for path in (world / "days").glob("*/*") if path.is_file())
    done = count = 0
    for day, of_day in groupby(files, key=lambda path: path.parent.name):
        paths = list(of_day)
        waiting = [path for path in paths if hash_file(path)[0] not in settled]
        progress(done, len(files), f"Taking in the files of {day} ...")
        for _ in ingest(
            waiting,
            received_date=date.fromisoformat(day),
            source=SOURCE,
            recorded_at=timezone.now(),
            is_followed_by_more=True,
        ):
            count += 1
        done += len(paths)
    progress(done, len(files), "Done")
    return count
