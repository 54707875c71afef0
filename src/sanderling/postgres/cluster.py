"""One embedded database: where it is, as whom it runs, and the folders and files it needs."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sanderling.postgres.home import SYSTEM_FOLDER, SYSTEM_USER, database_folder, socket_folder


class DatabaseUnavailable(Exception):
    """The embedded database could not be made or started; the message says why."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One embedded database: where it is and as whom it runs."""

    home: Path
    root: Path
    sockets: Path
    server_user: str | None  # the system user to become, when we are root

    @property
    def data(self) -> Path:
        """The folder that initdb makes."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """What the server says when it starts and when something is wrong with it."""
        return self.root / "server.log"


def cluster_of(home: Path) -> Cluster:
    """Return the home's cluster, made or not; touches nothing."""
    return Cluster(
        home=home,
        root=database_folder(home),
        sockets=socket_folder(home),
        server_user=SYSTEM_USER if os.geteuid() == 0 else None,
    )


def prepare_folders(cluster: Cluster) -> None:
    """Make the folders of the database and of its socket, and the system user when we are root."""
    if cluster.server_user is not None:
        _ensure_system_user(cluster.server_user)
    elif _user_has_no_name():
        raise DatabaseUnavailable(
            f"the user number {os.geteuid()} has no name on this system, and PostgreSQL needs one"
        )
    if cluster.root.is_relative_to(SYSTEM_FOLDER):
        SYSTEM_FOLDER.mkdir(mode=0o711, parents=True, exist_ok=True)
    _private_folder(cluster, cluster.root)
    _private_folder(cluster, cluster.sockets)
    link = cluster.home / "postgres"
    if cluster.root != link and not link.is_symlink():
        link.symlink_to(cluster.root)


def _private_folder(cluster: Cluster, folder: Path) -> None:
    """Make the folder, owned by the server's user, mode 0700.

    Raises:
        DatabaseUnavailable: something else is there: in /tmp a stranger may have been first.
    """
    owner = os.geteuid()
    if cluster.server_user is not None:
        owner = pwd.getpwnam(cluster.server_user).pw_uid
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=False)
        if owner != os.geteuid():
            os.chown(folder, owner, pwd.getpwuid(owner).pw_gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise DatabaseUnavailable(f"{folder} is not a folder of user {pwd.getpwuid(owner).pw_name}")
    if stat.S_IMODE(found.st_mode) != 0o700:  # noqa: PLR2004 - a file mode
        folder.chmod(0o700)


def _user_has_no_name() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return True
    return False


def _ensure_system_user(name: str) -> None:
    with contextlib.suppress(KeyError):
        pwd.getpwnam(name)
        return
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise DatabaseUnavailable(
            f"PostgreSQL does not run as root and the system user {name} is missing: create it, "
            "or run Sanderling as a normal user"
        )
    done = subprocess.run(
        [
            useradd,
            "--system",
            "--user-group",
            "--no-create-home",
            f"--home-dir={SYSTEM_FOLDER}",
            "--shell=/usr/sbin/nologin",
            name,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:  # another home's start may have made it in between
        pwd.getpwnam(name)
    except KeyError:
        raise DatabaseUnavailable(
            f"the system user {name} could not be created: {done.stderr.strip()}"
        ) from None


def run_as_server(cluster: Cluster, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user, with a bare environment."""
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    user: int | None = None
    group: int | None = None
    if cluster.server_user is not None:
        entry = pwd.getpwnam(cluster.server_user)
        user, group = entry.pw_uid, entry.pw_gid
    try:
        # Output goes to files: the server inherits them, and a pipe would stay open with it.
        return _run_to_files(list(command), environment, user, group)
    except PermissionError as error:
        return subprocess.CompletedProcess(list(command), 126, "", str(error))


def _run_to_files(
    command: list[str], environment: dict[str, str], user: int | None, group: int | None
) -> subprocess.CompletedProcess[str]:

    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        done = subprocess.run(
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
            umask=0o077,
            check=False,
        )
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())


def write_whole(cluster: Cluster, path: Path, text: str) -> None:
    """Replace a file of the cluster as a whole, owned by the server's user."""
    temporary = path.with_name(f"{path.name}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    if cluster.server_user is not None:
        entry = pwd.getpwnam(cluster.server_user)
        os.chown(temporary, entry.pw_uid, entry.pw_gid)
    temporary.replace(path)
