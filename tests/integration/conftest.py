"""What several tests of intake share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from tests.builders import Inbox

from sanderling.accounts import idle
from sanderling.postgres import launcher


@pytest.fixture(autouse=True)
def unhurried_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session is written once in a test: what counts queries does not depend on the clock."""
    monkeypatch.setattr(idle, "SECONDS", 3_600)


@pytest.fixture
def inbox(tmp_path: Path, settings: Settings, db: None) -> Inbox:
    """An empty database, a folder to drop files into, and a place of their own for originals."""
    settings.SANDERLING_HOME = tmp_path / "home"
    folder = tmp_path / "in"
    folder.mkdir()
    return Inbox(folder)


@pytest.fixture(scope="session")
def ready_home() -> Iterator[Callable[[Path], None]]:
    """Put a home with a database of the newest schema and nothing in it where one says.

    It is made once by `sanderling init` and copied: making the schema takes ten times as long.
    """
    base = Path(tempfile.mkdtemp(prefix="sanderling-ready-"))
    base.chmod(0o711)
    made = base / "home"

    def put(home: Path) -> None:
        if not made.exists():
            kept = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
            kept = {name: text for name, text in kept.items() if not name.startswith("SANDERLING_")}
            subprocess.run(
                [sys.executable, "-m", "sanderling", "init"],
                env={**kept, "SANDERLING_HOME": str(made)},
                check=True,
                capture_output=True,
            )
            launcher.stop(made)
        subprocess.run(["cp", "-a", str(made), str(home)], check=True)

    yield put
    shutil.rmtree(base)
