"""Runs web server, worker and a demonstration's counterparts as children, and stops them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from sanderling.config.child import PIPE_VARIABLE, STOP_SECONDS_MAX

PORT_DEFAULT = 8000
PORTS_TRIED = 50
READY_SECONDS_MAX = 60.0
POLL_SECONDS = 0.1


class ServiceFailed(Exception):
    """A child ended by itself or did not become ready, or the port is taken."""


@dataclass(frozen=True, slots=True)
class Counterparts:
    """The made-up clearinghouse and payers: where they live, and where they listen."""

    folder: Path
    port: int
    turn_seconds: int
    portal_port: int


@dataclass(slots=True)
class Service:
    """The children of one `sanderling up`."""

    host: str
    port: int
    workers: int
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    counterparts: Counterparts | None = None  # of a demonstration
    pipe: int = -1  # the end that only we hold
    is_stopping: bool = False

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        shown = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://[{shown}]:{self.port}/" if ":" in shown else f"http://{shown}:{self.port}/"


def free_port(*, host: str, port: int | None) -> int:
    """Return the asked port, or the first free one from the default on.

    Raises:
        ServiceFailed: the asked one is taken, or all are.
    """
    candidates = [port] if port else range(PORT_DEFAULT, PORT_DEFAULT + PORTS_TRIED)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in candidates:
        with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    if port:
        raise ServiceFailed(f"port {port} of {host} is in use; choose another with --port")
    raise ServiceFailed(f"no free port from {PORT_DEFAULT} on; choose one with --port")


def start(service: Service) -> None:
    """Start the children and wait until the web server answers, or until we are told to stop.

    From here on SIGINT and SIGTERM only ask for the stop, which `wait` then sees.

    Raises:
        ServiceFailed: one ended, or the server does not answer in time.
    """
    _listen_for_stop(service)
    reading, service.pipe = os.pipe()
    common = {**os.environ, PIPE_VARIABLE: str(reading)}
    common.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
    common.setdefault("SANDERLING_URL", service.url)
    web = ["web", service.host, str(service.port), str(service.workers)]
    service.children["web server"] = _child(
        web, {**common, "SANDERLING_DATABASE_ROLE": "sanderling_app"}, reading
    )
    service.children["worker"] = _child(
        ["worker"], {**common, "SANDERLING_ACTOR": "worker"}, reading
    )
    if service.counterparts is not None:
        other = service.counterparts
        service.children["counterparts"] = _child(
            [
                *("counterparts", str(other.folder), str(other.port)),
                *(str(other.turn_seconds), str(other.portal_port)),
            ],
            common,
            reading,
        )
    os.close(reading)
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not service.is_stopping and not _answers(service.url):
        _refuse_if_ended(service)
        if time.monotonic() > deadline:
            raise ServiceFailed(f"the web server did not answer within {READY_SECONDS_MAX:.0f} s")
        time.sleep(POLL_SECONDS)


def _listen_for_stop(service: Service) -> None:
    def note(_signal: int, _frame: FrameType | None) -> None:
        service.is_stopping = True

    signal.signal(signal.SIGINT, note)
    signal.signal(signal.SIGTERM, note)


def wait(service: Service) -> None:
    """Wait until SIGINT or SIGTERM comes.

    Raises:
        ServiceFailed: a child ended by itself.
    """
    while not service.is_stopping:
        _refuse_if_ended(service)
        time.sleep(POLL_SECONDS)


def stop(service: Service, *, say: Callable[[str], None]) -> None:
    """Stop all children: first politely, then for good."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for child in service.children.values():
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS_MAX
    for name, child in service.children.items():
        try:
            child.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            say(f"the {name} does not stop; killing it")
        # The whole group: a server killed from outside leaves its own children behind.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    if service.pipe >= 0:
        os.close(service.pipe)


def _child(arguments: list[str], environment: dict[str, str], pipe: int) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own: Ctrl-C comes to us, and we stop it in order."""
    return subprocess.Popen(
        [sys.executable, "-m", "sanderling.config.child", *arguments],
        env=environment,
        pass_fds=(pipe,),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}healthz", timeout=5) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP
    except (OSError, urllib.error.URLError):
        return False


def _refuse_if_ended(service: Service) -> None:
    for name, child in service.children.items():
        status = child.poll()
        if status is not None:
            raise ServiceFailed(f"the {name} ended by itself (status {status})")
