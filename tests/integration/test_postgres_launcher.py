"""The embedded database: made, started, killed, started again, kept apart, kept from strangers."""

from __future__ import annotations

import concurrent.futures
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sanderling.postgres import home as homes
from sanderling.postgres import launcher
from sanderling.postgres.binaries import PostgresMissing, find_binaries
from sanderling.postgres.cluster import cluster_of
from sanderling.postgres.making import DATABASE, OWNER

SOURCE = Path(__file__).resolve().parents[2] / "src"


@pytest.fixture
def home() -> Iterator[Path]:
    # Not tmp_path: pytest's own folder is closed to the database's system user.
    folder = Path(tempfile.mkdtemp(prefix="sanderling-test-"))
    folder.chmod(0o711)
    yield folder / "home"
    launcher.stop(folder / "home")
    shutil.rmtree(folder)


def connect(home: Path, *, user: str = OWNER) -> psycopg.Connection:
    return psycopg.connect(
        host=str(homes.socket_folder(home)), dbname=DATABASE, user=user, autocommit=True
    )


def setting(home: Path, name: str) -> str:
    with connect(home) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def server_pid(home: Path) -> int:
    pid_file = homes.database_folder(home) / "data" / "postmaster.pid"
    return int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])


def test_the_first_call_makes_and_starts_it_the_second_finds_it(home: Path) -> None:
    assert launcher.ensure_running(home) is True
    assert launcher.ensure_running(home) is False
    assert launcher.is_running(home)
    assert launcher.stop(home) is True
    assert launcher.stop(home) is False
    assert not launcher.is_running(home)
    assert launcher.ensure_running(home) is True


def test_it_is_durable_and_closed_to_the_network(home: Path) -> None:
    launcher.ensure_running(home)
    assert setting(home, "listen_addresses") == ""
    assert setting(home, "fsync") == "on"
    assert setting(home, "synchronous_commit") == "on"
    assert setting(home, "data_checksums") == "on"
    assert setting(home, "server_encoding") == "UTF8"
    assert setting(home, "jit") == "off"
    sockets = homes.socket_folder(home)
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    with connect(home) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, True)


def test_killed_it_comes_back_with_every_committed_row(home: Path) -> None:
    launcher.ensure_running(home)
    with connect(home) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
        before = server_pid(home)
        os.kill(before, signal.SIGKILL)
    # At once: while the dead server's children may still be ending.
    assert launcher.ensure_running(home) is True
    assert server_pid(home) != before
    with connect(home) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_a_pid_file_whose_number_belongs_to_another_process_does_not_hinder(home: Path) -> None:
    launcher.ensure_running(home)
    pid_file = homes.database_folder(home) / "data" / "postmaster.pid"
    content = pid_file.read_text(encoding="utf-8")
    os.kill(server_pid(home), signal.SIGKILL)
    time.sleep(1)
    command = ["sleep", "60"]
    cluster = cluster_of(home)
    user = pwd.getpwnam(cluster.server_user).pw_uid if cluster.server_user else None
    with subprocess.Popen(command, user=user, cwd="/") as stranger:
        pid_file.write_text(f"{stranger.pid}\n" + content.split("\n", 1)[1], encoding="utf-8")
        try:
            assert launcher.ensure_running(home) is True
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_two_starting_at_once_agree(home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sanderling.postgres import launcher;"
        "print(launcher.ensure_running(Path(sys.argv[1])))"
    )

    def start() -> str:
        return subprocess.run(
            [sys.executable, "-c", code, str(home)], capture_output=True, text=True, check=True
        ).stdout.strip()

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        said = sorted(future.result() for future in [pool.submit(start) for _ in range(3)])
    assert said == ["False", "False", "True"]


def test_two_homes_live_side_by_side(home: Path) -> None:
    other = home.with_name("other")
    launcher.ensure_running(home)
    launcher.ensure_running(other)
    try:
        with connect(home) as connection:
            connection.execute("CREATE TABLE only_here (n int)")
        with connect(other) as connection:
            assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
        launcher.stop(home)
        assert launcher.is_running(other)
    finally:
        launcher.stop(other)


def test_a_path_too_long_for_a_socket_gets_a_short_one(home: Path) -> None:
    deep = home / ("a" * 60) / ("b" * 60)
    deep.parent.mkdir(parents=True)
    for folder in (home, deep.parent):
        folder.chmod(0o711)
    launcher.ensure_running(deep)
    try:
        sockets = homes.socket_folder(deep)
        assert not sockets.is_relative_to(deep)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert launcher.is_running(deep)
    finally:
        launcher.stop(deep)
        shutil.rmtree(homes.socket_folder(deep))


def test_a_database_of_another_major_version_is_refused(home: Path) -> None:
    launcher.ensure_running(home)
    launcher.stop(home)
    version = homes.database_folder(home) / "data" / "PG_VERSION"
    kept = version.read_text(encoding="ascii")
    version.write_text("11\n", encoding="ascii")
    try:
        with pytest.raises(PostgresMissing, match="made by PostgreSQL 11"):
            launcher.ensure_running(home)
    finally:
        version.write_text(kept, encoding="ascii")


@pytest.mark.skipif(not Path("/usr/lib/postgresql/15/bin").is_dir(), reason="no Debian PG 15 here")
def test_debians_fifteen_serves_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDERLING_POSTGRES_BIN", "/usr/lib/postgresql/15/bin")
    assert find_binaries(major=None).major == 15
    launcher.ensure_running(home)
    assert setting(home, "server_version").startswith("15.")
    # Started again by the major version on disk, not by the newest there is.
    launcher.stop(home)
    monkeypatch.delenv("SANDERLING_POSTGRES_BIN")
    launcher.ensure_running(home)
    assert setting(home, "server_version").startswith("15.")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_of_the_machine_is_refused(home: Path) -> None:
    launcher.ensure_running(home)
    stranger = pwd.getpwnam("nobody")
    code = (
        "import os, socket, sys\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "try: s.connect(sys.argv[1])\n"
        "except PermissionError: print('refused')\n"
    )
    done = subprocess.run(
        ["/usr/bin/python3", "-c", code, str(homes.socket_folder(home) / ".s.PGSQL.5432")],
        capture_output=True,
        text=True,
        check=False,
        user=stranger.pw_uid,
        group=stranger.pw_gid,
        extra_groups=[],
    )
    assert done.stdout.strip() == "refused"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has homes that others cannot enter")
def test_a_home_of_root_that_is_closed_to_others_keeps_its_database_outside(tmp_path: Path) -> None:
    """As /root is: the server's own user cannot pass, and no folder is opened for it."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    try:
        launcher.ensure_running(home)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        link = home / "postgres"
        assert link.is_symlink()
        assert link.readlink().parent == homes.SYSTEM_FOLDER
        assert launcher.is_running(home)
    finally:
        launcher.stop(home)
        shutil.rmtree(homes.database_folder(home))
