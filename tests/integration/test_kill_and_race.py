"""kill -9 at any moment, and several at once: the end is the same as if nothing had happened.

Real processes with a home and a database of their own. SANDERLING_TEST_KILLS sets how often the
test kills (default few; the full measure is 100).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests import builders
from tests.integration.worlds import make_world

from sanderling.postgres import launcher
from sanderling.postgres.cluster import cluster_of
from sanderling.postgres.making import DATABASE, OWNER, PORT

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("SANDERLING_TEST_KILLS", "6"))
KINDS = ("837p", "837i", "837d", "835", "999", "277ca", "277", "ta1")


def environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SANDERLING_")}
    kept.pop("DATABASE_URL", None)
    return {**kept, "SANDERLING_HOME": str(home)}


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sanderling", *arguments],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    process = start(home, *arguments)
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.fixture
def homes(ready_home: Callable[[Path], None]) -> Iterator[list[Path]]:
    """Two homes with a schema and nothing in it."""
    base = Path(tempfile.mkdtemp(prefix="sanderling-test-"))
    base.chmod(0o711)
    made = [base / "calm", base / "killed"]
    for home in made:
        ready_home(home)
    yield made
    for home in made:
        launcher.stop(home)
    shutil.rmtree(base)


@contextlib.contextmanager
def database(home: Path) -> Iterator[psycopg.Connection]:
    launcher.ensure_running(home)
    cluster = cluster_of(home)
    with psycopg.connect(
        host=str(cluster.sockets), port=PORT, user=OWNER, dbname=DATABASE
    ) as connection:
        yield connection


def dump(home: Path) -> dict[str, list[str]]:
    with database(home) as connection:
        return {
            part: sorted(map(repr, connection.execute(query).fetchall()))
            for part, query in builders.PARTS.items()
        }


def kill_postmaster(home: Path) -> None:
    pid_file = cluster_of(home).data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
        os.kill(int(pid_file.read_text().split("\n", 1)[0]), signal.SIGKILL)


def world_folder(seed: int, claims: int, days: int, into: Path) -> Path:
    """Write a world's files of the kinds that post; return the folder."""
    world = make_world(seed, claims, days)
    for path in world.paths(*KINDS):
        target = into / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return into


def test_kill_at_random_moments_changes_nothing(
    homes: list[Path], ready_home: Callable[[Path], None]
) -> None:
    calm, killed = homes
    files = str(world_folder(41, 12, 45, calm.parent / "world"))
    began = time.monotonic()
    undisturbed = run(calm, "ingest", files, "--format", "csv")
    assert undisturbed.returncode == 0, undisturbed.stderr
    seconds = time.monotonic() - began
    dice = random.Random(7)

    interrupted = 0
    for round_ in range(KILLS):
        process = start(killed, "ingest", files, "--format", "csv")
        # What was done before a kill stays done: later rounds are killed in later parts of the work.  # noqa: E501
        try:
            process.communicate(timeout=dice.uniform(0.3, 1.0) * seconds * 0.7)
        except subprocess.TimeoutExpired:
            interrupted += 1
            process.kill()
            process.communicate()
        else:
            # All was in before the kill: begin again with an empty database.
            launcher.stop(killed)
            shutil.rmtree(killed)
            ready_home(killed)
        if round_ % 4 == 3:
            kill_postmaster(killed)

    last = run(killed, "ingest", files, "--format", "csv")
    assert last.returncode == 0, last.stderr
    assert dump(killed) == dump(calm)
    assert interrupted >= KILLS // 3, "the kills came too late to prove anything"
    again = run(killed, "ingest", files, "--format", "json")
    rows = json.loads(again.stdout)["rows"]
    assert {row["status"] for row in rows} == {"duplicate"}
    assert dump(killed) == dump(calm)


def test_two_processes_with_the_same_files_at_once(homes: list[Path]) -> None:
    calm, both = homes
    files = str(world_folder(42, 8, 30, calm.parent / "world"))
    assert run(calm, "ingest", files, "--format", "csv").returncode == 0

    together = [start(both, "ingest", files, "--format", "json") for _ in range(2)]
    ended = [process.communicate(timeout=300) for process in together]

    assert [process.returncode for process in together] == [0, 0], ended
    statuses: dict[str, list[str]] = {}
    for out, err in ended:
        assert "Traceback" not in err
        for row in json.loads(out)["rows"]:
            statuses.setdefault(row["file"], []).append(row["status"])
    assert {tuple(sorted(found)) for found in statuses.values()} == {("duplicate", "posted")}
    assert dump(both) == dump(calm)
