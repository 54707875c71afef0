"""Where an installation lives: SANDERLING_HOME, its folders, and the database's place and socket.

Nothing here writes, except `private_folder` and `make_home`.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
from pathlib import Path

SYSTEM_USER = "sanderling-db"  # runs the server when we are root; PostgreSQL refuses to run as root
SYSTEM_FOLDER = Path("/var/lib/sanderling")
SOCKET_PATH_BYTES_MAX = 107  # sun_path of unix(7), less the final NUL
SOCKET_NAME = ".s.PGSQL.5432.lock"  # the longer of the two names that the server makes


def home_folder() -> Path:
    """Return the data directory: SANDERLING_HOME, or ~/.local/share/sanderling."""
    chosen = os.environ.get("SANDERLING_HOME", "").strip()
    return Path(chosen).expanduser().absolute() if chosen else _default_home()


def _default_home() -> Path:
    return Path("~/.local/share/sanderling").expanduser()


def make_home(home: Path) -> None:
    """Create the data directory; an existing one is left as it is.

    As root it may be passed through (0711), so that the database's own user reaches its part;
    every folder inside is private.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        home.mkdir(mode=0o700)
    except FileExistsError:
        return
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)


def private_folder(home: Path, name: str) -> Path:
    """Return a folder of the data directory, made with mode 0700 when missing."""
    make_home(home)
    folder = home / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def database_folder(home: Path) -> Path:
    """Return where the embedded database of this home lives.

    That is `postgres` inside the home. When we are root and the database's user cannot pass
    through to it (a home under /root), it is a folder under /var/lib/sanderling, and the home
    keeps a link to it.
    """
    inside = home / "postgres"
    if inside.is_symlink():
        return inside.readlink()
    if inside.exists() or os.geteuid() != 0 or _is_passable(home):
        return inside
    return SYSTEM_FOLDER / _digest(home)


def _is_passable(home: Path) -> bool:
    """Say whether any user can pass through to the folder; one not yet made will be passable."""
    for folder in (home, *home.parents):
        try:
            mode = folder.stat().st_mode
        except FileNotFoundError:
            continue
        if not mode & stat.S_IXOTH:
            return False
    return True


def socket_folder(home: Path) -> Path:
    """Return the folder of the unix socket: beside the database, or a short one when too long."""
    beside = database_folder(home) / "run"
    if len(os.fsencode(beside / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        return beside
    if os.geteuid() == 0:
        return Path("/run") / f"sanderling-{_digest(home)}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and len(runtime) < 60 and Path(runtime).is_dir():  # noqa: PLR2004 - leaves room
        return Path(runtime) / f"sanderling-{_digest(home)}"
    return Path("/tmp") / f"sanderling-{os.geteuid()}-{_digest(home)}"  # noqa: S108 - checked 0700


def _digest(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:16]


def operating_system_user() -> str:
    """Return the name of the user we run as, or its number when it has no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
