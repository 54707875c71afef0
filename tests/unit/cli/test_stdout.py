"""Standard output that is full, closed, or read no further: a status, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def run(redirection: str, *arguments: str) -> tuple[int, str]:
    line = f'set -o pipefail; "$0" -m sanderling "$@" {redirection}'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["--help"], ["aging", "--help"]])
def test_a_full_disk_is_status_3(arguments: list[str]) -> None:
    """--help ends by an exception of click's, as commands that refuse something do."""
    status, said = run("> /dev/full", *arguments)
    assert status == 3
    assert said.splitlines() == ["sanderling: the system refused: No space left on device"]


@pytest.mark.parametrize("redirection", ["| true", ">&-"])
def test_a_reader_that_went_away_is_no_failure(redirection: str) -> None:
    assert run(redirection, "--help") == (0, "")
