"""`sanderling up` and the command line as a person starts them: in processes of their own."""

from __future__ import annotations

import concurrent.futures
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from sanderling.postgres import launcher
from sanderling.postgres.cluster import cluster_of

SITE = Path(psutil.__file__).resolve().parents[1]
SOURCE = Path(__file__).resolve().parents[2] / "src"
START_SECONDS_MAX = 60


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sanderling-test-"))
    folder.chmod(0o711)
    yield folder / "home"
    launcher.stop(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture
def ready(home: Path, ready_home: Callable[[Path], None]) -> Path:
    """A home that was set up before."""
    ready_home(home)
    return home


def environment(home: Path) -> dict[str, str]:
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("SANDERLING_")},
        "SANDERLING_HOME": str(home),
    }


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sanderling", *arguments],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )


def started(home: Path, port: int) -> subprocess.Popen[str]:
    up = subprocess.Popen(
        [sys.executable, "-m", "sanderling", "up", "--port", str(port), "--workers", "1"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert up.stdout is not None
    for line in up.stdout:
        if f"http://127.0.0.1:{port}/" in line:
            return up
    raise AssertionError(f"up ended with {up.wait()} before it was ready")


def any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return list(psutil.Process(process.pid).children(recursive=True))


def is_gone(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def wait_until_gone(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + 20
    while not all(is_gone(process) for process in processes):
        assert time.monotonic() < deadline, "children outlived their parent"
        time.sleep(0.1)


@pytest.fixture(autouse=True)
def _assets_are_there() -> None:
    vendor = SOURCE / "sanderling" / "web" / "static" / "vendor" / "htmx.min.js"
    if not vendor.is_file():
        pytest.skip("the front-end files are missing: run `make setup`")


@pytest.mark.slow
def test_up_serves_and_an_interrupt_stops_everything(home: Path) -> None:
    port = any_port()
    with started(home, port) as up:
        children = family(up)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/account/login/") as page:
            assert page.status == 200
            assert b"Log in" in page.read()
        assert launcher.is_running(home)
        up.send_signal(signal.SIGINT)
        assert up.wait(timeout=30) == 0
    wait_until_gone(children)
    assert not launcher.is_running(home)


@pytest.mark.slow
def test_children_end_when_up_is_killed_and_the_next_up_serves(ready: Path) -> None:
    port = any_port()
    with started(ready, port) as up:
        children = family(up)
        assert len(children) >= 2
        up.kill()
    wait_until_gone(children)
    with started(ready, port) as again:
        again.send_signal(signal.SIGTERM)
        assert again.wait(timeout=30) == 0


def test_commands_start_the_database_themselves_also_after_a_kill(ready: Path) -> None:
    clients = ready.with_name("clients.csv")
    clients.write_text("code,name\nA,Ay\n", encoding="utf-8")
    done = run(ready, "clients", "import", str(clients), "--format", "csv")
    assert (done.returncode, done.stdout.splitlines()[1].split(",")[1:]) == (
        0,
        ["1", "1", "0", "0", ""],
    )
    data = cluster_of(ready).data
    os.kill(int((data / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
    done = run(ready, "clients", "import", str(clients), "--format", "csv")
    assert (done.returncode, done.stdout.splitlines()[1].split(",")[1:]) == (
        0,
        ["1", "0", "0", "1", ""],
    )
    assert run(ready, "down").returncode == 0
    assert not launcher.is_running(ready)


@pytest.mark.slow
def test_two_first_commands_at_once_both_do_their_work(home: Path) -> None:
    clients = home.with_name("clients.csv")
    clients.write_text("code,name,npis\nA,Ay,1234567893\n", encoding="utf-8")
    arguments = ("clients", "import", str(clients), "--format", "csv")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = [pool.submit(run, home, *arguments) for _ in range(2)]
    results = [future.result() for future in done]
    assert [result.returncode for result in results] == [0, 0], results
    outcomes = sorted(result.stdout.splitlines()[1].split(",", 1)[1] for result in results)
    assert outcomes == ["1,0,0,1,", "1,1,0,0,"]


def test_exit_statuses_and_no_traceback(ready: Path) -> None:
    bad = ready.with_name("bad.csv")
    bad.write_text("code,name\nA,\n", encoding="utf-8")
    refused = run(ready, "clients", "import", str(bad))
    assert refused.returncode == 1
    assert "row 2, column name" in refused.stderr
    assert run(ready, "clients", "import").returncode == 2
    assert run(ready, "nonsense").returncode == 2
    unreachable = subprocess.run(
        [sys.executable, "-m", "sanderling", "clients", "import", str(bad)],
        env={**environment(ready), "DATABASE_URL": "postgresql://x@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert unreachable.returncode == 3
    for done in (refused, unreachable):
        assert "Traceback" not in done.stderr
        assert done.stdout == "" or done.stdout.startswith("{")
    nonsense = subprocess.run(
        [sys.executable, "-m", "sanderling", "init"],
        env={**environment(ready), "SANDERLING_IDLE_MINUTES": "soon"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (nonsense.returncode, "SANDERLING_IDLE_MINUTES" in nonsense.stderr) == (2, True)


def test_doctor_is_content_with_a_fresh_installation(ready: Path) -> None:
    done = run(ready, "doctor")
    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout
    assert "client isolation" in done.stdout


def as_nobody(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    user = pwd.getpwnam("nobody")
    return subprocess.run(
        command,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{SOURCE}:{SITE}",
            "SANDERLING_HOME": str(home),
        },
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_normal_user_runs_it_too(home: Path) -> None:
    """The interpreter and the source must be readable for all; else this machine cannot tell."""
    python = f"/usr/bin/python3.{sys.version_info.minor}"
    home.parent.chmod(0o777)
    if not Path(python).exists():
        pytest.skip(f"no {python}, which every user could run")
    if as_nobody(home, python, "-c", "import sanderling, psycopg, django").returncode != 0:
        pytest.skip(f"user nobody cannot import from {SITE}")
    try:
        done = as_nobody(home, python, "-m", "sanderling", "init")
        assert done.returncode == 0, done.stderr
        assert home.stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert (home / "postgres" / "data").stat().st_uid == home.stat().st_uid
        done = as_nobody(home, python, "-m", "sanderling", "doctor")
        assert "ok    database" in done.stdout
    finally:
        as_nobody(home, python, "-m", "sanderling", "down")
