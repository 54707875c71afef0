"""Compiles the lock files from pyproject.toml: every version with its hashes, no index addresses.

Needs `uv` on the path or in the virtual environment; it is no dependency of ours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.lock": ["pyproject.toml", "--group", "build"],
    "requirements-dev.lock": [
        *("pyproject.toml", "--group", "dev", "--group", "build"),
        *("--constraints", "requirements.lock"),
    ],
    "requirements-node.lock": ["--group", "node"],
}


def main() -> int:
    """Write each lock file; return an exit status."""
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        print("uv is missing: pip install uv", file=sys.stderr)
        return 1
    for target, sources in LOCKS.items():
        command = [uv, "pip", "compile", "--quiet", "--no-config", "--universal"]
        command += ["--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
        command += ["--no-header", "--no-annotate", "--upgrade", *sources, "-o", target]
        environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        subprocess.run(command, cwd=REPOSITORY, check=True, env=environment)
    return 0


if __name__ == "__main__":
    sys.exit(main())
