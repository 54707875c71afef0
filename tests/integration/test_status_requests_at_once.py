"""Two runs at once, and kill -9 at random moments: each claim is asked about once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.test_kill_and_race import database, run, start, world_folder

from sanderling.postgres import launcher

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("SANDERLING_TEST_KILLS", "4"))


@pytest.fixture
def home(ready_home: Callable[[Path], None]) -> Iterator[Path]:
    """A home with claims that payers have long been silent about."""
    base = Path(tempfile.mkdtemp(prefix="sanderling-test-"))
    base.chmod(0o711)
    made = base / "home"
    files = world_folder(43, 40, 60, base / "world")
    for path in [*files.rglob("*")]:
        if path.is_file() and "835" in path.name:
            path.unlink()
    ready_home(made)
    assert run(made, "ingest", str(files), "--format", "csv").returncode in (0, 1)
    yield made
    launcher.stop(made)
    shutil.rmtree(base)


def asked(home: Path) -> list[tuple[int, int, str]]:
    with database(home) as connection:
        return connection.execute(
            "SELECT r.claim_id, r.party, 'SL' || lpad(r.file_id::text, 9, '0') || '.276'"
            "  FROM inquiries_status_request r ORDER BY 1, 2"
        ).fetchall()


def test_killed_and_at_once_each_claim_is_asked_about_once(home: Path) -> None:
    out = home.parent / "out"
    dice = random.Random(7)
    for _ in range(KILLS):
        process = start(home, "status-requests", "--out", str(out), "--format", "csv")
        time.sleep(dice.uniform(0.3, 1.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    together = [
        start(home, "status-requests", "--out", str(out), "--format", "csv") for _ in range(2)
    ]
    for process in together:
        process.communicate(timeout=120)
        assert process.returncode in (0, 1)
    found = asked(home)
    claims = [(claim, party) for claim, party, _ in found]
    assert len(claims) > 5
    assert len(set(claims)) == len(claims)
    assert {path.name for path in out.iterdir() if not path.name.startswith(".")} == {
        name for _, _, name in found
    }
    with database(home) as connection:
        states = connection.execute("SELECT DISTINCT state FROM outbox_file").fetchall()
    assert states == [("sent",)]
