"""Makes, starts and stops the embedded database of one home.

Alive means: it accepts a connection. A process number is no proof, since a killed server leaves
its pid file behind and the number may belong to another process by now.

Security: no TCP at all; a unix socket in a folder of mode 0700; peer authentication, so that only
the user of the installation (and the server's own system user) may log in, by name.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from sanderling.postgres.binaries import Binaries
from sanderling.postgres.cluster import (
    Cluster,
    DatabaseUnavailable,
    cluster_of,
    prepare_folders,
    run_as_server,
)
from sanderling.postgres.home import make_home
from sanderling.postgres.making import (
    DATABASE,
    OWNER,
    PORT,
    SUPERUSER,
    connect,
    fitting_binaries,
    make_cluster,
    make_database,
    write_configuration,
)

START_SECONDS_MAX = 600.0  # recovery after a crash may replay gigabytes of log
RETRY_SECONDS = 60.0  # for orphans of a killed server to let go of their shared memory
LOCK_SECONDS_MAX = 900.0
POLL_SECONDS = 0.05


def ensure_running(home: Path) -> bool:
    """Make the home's database if there is none and start it if it is not running.

    Returns True when this call started it. Safe to call from several processes at once.

    Raises:
        DatabaseUnavailable: it could not be made or started.
        PostgresMissing: there are no PostgreSQL programs to run.
    """
    cluster = cluster_of(home)
    if _answers(cluster):
        return False
    try:
        make_home(home)
        with _locked(home):
            if _answers(cluster):
                return False
            return _start(cluster)
    except PermissionError as error:
        raise DatabaseUnavailable(
            f"no permission for {error.filename}: the data directory {home} belongs to another user"
        ) from error
    except OSError as error:
        raise DatabaseUnavailable(
            f"the data directory {home} cannot be used: {error.strerror or error}"
        ) from error


def stop(home: Path) -> bool:
    """Stop the home's database if it runs; return whether it did.

    Raises:
        DatabaseUnavailable: it did not stop.
    """
    cluster = cluster_of(home)
    if not cluster.data.is_dir():
        return False
    with _locked(home):
        if _living_pid(cluster) is None:
            return False
        binaries = fitting_binaries(cluster)
        done = run_as_server(
            cluster,
            binaries.program("pg_ctl"),
            "stop",
            "--pgdata",
            str(cluster.data),
            "--mode=fast",
            "--wait",
            "--timeout=300",
        )
        if done.returncode != 0:
            raise DatabaseUnavailable(f"the database did not stop: {done.stderr.strip()}")
        return True


def is_running(home: Path) -> bool:
    """Say whether the home's database accepts connections."""
    return _answers(cluster_of(home))


def programs(home: Path) -> Binaries:
    """Return the PostgreSQL programs that fit the home's database (pg_dump, psql, ...)."""
    return fitting_binaries(cluster_of(home))


# How a connection is judged.


def _answers(cluster: Cluster) -> bool:
    """Say whether the product's database can be logged in to; False while it is starting."""
    if not cluster.sockets.is_dir():
        return False
    try:
        connect(cluster, database=DATABASE, user=OWNER).close()
    except psycopg.OperationalError:
        return False
    return True


def _serves(cluster: Cluster) -> bool:
    try:
        connect(cluster, database=SUPERUSER, user=SUPERUSER).close()
    except psycopg.OperationalError:
        return False
    return True


# Making and starting, under the lock.


def _start(cluster: Cluster) -> bool:
    prepare_folders(cluster)
    binaries = fitting_binaries(cluster)
    if not cluster.data.is_dir():
        make_cluster(cluster, binaries)
    write_configuration(cluster)
    started = False
    deadline = time.monotonic() + RETRY_SECONDS
    while not _serves(cluster):
        if _living_pid(cluster) is None:
            _forget_stale_pid(cluster)
            _launch(cluster, binaries)
            started = True
        failure = _wait_until_serving(cluster)
        if failure is None:
            break
        if time.monotonic() > deadline:
            raise DatabaseUnavailable(failure)
        time.sleep(0.5)  # e.g. "pre-existing shared memory block is still in use"
    make_database(cluster)
    return started


def _wait_until_serving(cluster: Cluster) -> str | None:
    """Wait while the server lives; return why it ended, or None once it serves."""
    deadline = time.monotonic() + START_SECONDS_MAX
    grace = time.monotonic() + 2.0  # between pg_ctl's return and the pid file
    while time.monotonic() < deadline:
        if _serves(cluster):
            return None
        if _living_pid(cluster) is None and time.monotonic() > grace:
            return f"the database did not start; see {cluster.log}: {_log_ending(cluster)}"
        time.sleep(POLL_SECONDS)
    return f"the database did not answer within {START_SECONDS_MAX:.0f} s; see {cluster.log}"


def _log_ending(cluster: Cluster) -> str:
    try:
        lines = cluster.log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "no log was written"
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "ERROR" in line]
    return (telling or lines or ["the log is empty"])[-1]


def _launch(cluster: Cluster, binaries: Binaries) -> None:
    # pg_ctl puts the server in a session of its own: Ctrl-C at the terminal does not reach it.
    run_as_server(
        cluster,
        binaries.program("pg_ctl"),
        "start",
        "--pgdata",
        str(cluster.data),
        "--log",
        str(cluster.log),
        "--no-wait",
    )


def _recorded_pid(cluster: Cluster) -> int | None:
    try:
        first = (cluster.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]
        return int(first)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def _living_pid(cluster: Cluster) -> int | None:
    """Return the pid file's process if it is alive, no zombie, and works in this data folder."""
    pid = _recorded_pid(cluster)
    if pid is None or not _is_alive(pid):
        return None
    try:
        working_folder = Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        # No /proc (macOS), or not ours to look at: trust the number.
        return None if Path("/proc/self").exists() else pid
    return pid if working_folder == cluster.data.resolve() else None


def _is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        if Path("/proc/self").exists():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    return status.rpartition(")")[2].split()[0] != "Z"


def _forget_stale_pid(cluster: Cluster) -> None:
    """Remove a dead server's pid file if its number now belongs to a process of another kind.

    PostgreSQL takes any living process of its own user under that number for a server and would
    refuse to start. The file is kept in every other case: with its shared-memory key the new
    server sees whether orphans of the old one are still at work.
    """
    pid = _recorded_pid(cluster)
    if pid is not None and _is_alive(pid):
        (cluster.data / "postmaster.pid").unlink(missing_ok=True)
        (cluster.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the home's lock, so that two commands at once do not both start the database."""
    handle = os.open(home / "postgres.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + LOCK_SECONDS_MAX
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DatabaseUnavailable(
                        f"another process has been starting the database of {home} for too long"
                    ) from None
                time.sleep(POLL_SECONDS)
        yield
    finally:
        os.close(handle)
