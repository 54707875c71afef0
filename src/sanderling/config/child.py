"""A server process of `sanderling up`: ends when its parent ends, even by kill -9.

The parent holds the writing end of a pipe and nothing is ever written: when the parent is gone,
reading ends, on any operating system.

Started as `python -m sanderling.config.child web|worker|counterparts`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

PIPE_VARIABLE = "SANDERLING_PARENT_PIPE"
STOP_SECONDS_MAX = 15.0


def main(arguments: list[str]) -> None:
    """Watch the parent in a thread and serve."""
    pipe = os.environ.get(PIPE_VARIABLE)
    if pipe is not None:
        threading.Thread(target=_end_with_parent, args=(int(pipe),), daemon=True).start()
    role, *rest = arguments
    if role == "web":
        _serve_web(host=rest[0], port=int(rest[1]), workers=int(rest[2]))
    elif role == "counterparts":
        folder, port, seconds, portal_port = rest
        _serve_counterparts(
            folder=Path(folder),
            port=int(port),
            seconds=float(seconds),
            portal_port=int(portal_port),
        )
    else:
        _run_worker()


def _end_with_parent(pipe: int) -> None:
    os.read(pipe, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS_MAX)
    os.killpg(os.getpgid(0), signal.SIGKILL)  # we lead a group of our own: see Service


def _serve_web(*, host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "sanderling.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        process_name=None,
    ).serve()


def _serve_counterparts(*, folder: Path, port: int, seconds: float, portal_port: int) -> None:
    """Let the demonstration's clearinghouse and payers answer; it needs no database."""
    from sanderling.simulator.live.serving import serve

    serve(
        folder,
        host="127.0.0.1",
        port=port,
        seconds=seconds,
        on_ready=lambda _port: None,
        on_turn=lambda _turn: None,
        portal_port=portal_port,
    )


def _run_worker() -> None:
    from sanderling.cli.runtime import start_django

    start_django()
    from django.core.management import call_command

    from sanderling.intake.tasks import defer_resume

    defer_resume()
    call_command("procrastinate", "worker", "--concurrency=2")


if __name__ == "__main__":
    main(sys.argv[1:])
