"""What several tests of intake share."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from tests.builders import Inbox


@pytest.fixture
def inbox(tmp_path: Path, settings: Settings, db: None) -> Inbox:
    """An empty database, a folder to drop files into, and a place of their own for originals."""
    settings.SANDERLING_HOME = tmp_path / "home"
    folder = tmp_path / "in"
    folder.mkdir()
    return Inbox(folder)
