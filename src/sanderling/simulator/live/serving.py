"""Runs a living world as a process: its SFTP server, and a turn every so many seconds.

Started by `sanderling simulate serve` and, beside a demonstration, by `sanderling up --demo`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from sanderling.simulator.live.faults import Faults
from sanderling.simulator.live.portal_desk import finder
from sanderling.simulator.live.sftp import USER, Mailbox, ensure_keys
from sanderling.simulator.live.world import LiveWorld, Turn
from sanderling.simulator.portal import Portal


def today() -> date:
    """The day answers are dated with."""
    return datetime.now(UTC).date()


def serve(
    folder: Path,
    *,
    host: str,
    port: int,
    seconds: float,
    on_ready: Callable[[int], None],
    on_turn: Callable[[Turn], None],
    portal_port: int | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; `on_ready` hears the port, `on_turn` each turn that did much.

    A turn in which nothing would happen is not taken. `portal_port`: where the payers' web portal
    is served, None for no portal.
    """
    with contextlib.ExitStack() as stack:
        if portal_port is not None:
            keys = ensure_keys(folder)
            stack.enter_context(
                Portal(
                    finder(folder),
                    name="Tidewater payer portal",
                    user=USER,
                    password=keys.password.read_text("utf-8").strip(),
                    port=portal_port,
                )
            )
        asyncio.run(_serve(folder, host, port, seconds, on_ready, on_turn))


async def _serve(
    folder: Path,
    host: str,
    port: int,
    seconds: float,
    on_ready: Callable[[int], None],
    on_turn: Callable[[Turn], None],
) -> None:
    faults = Faults()
    world = LiveWorld(folder, faults)
    mailbox = Mailbox(folder, faults)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    on_ready(await mailbox.start(host, port))
    try:
        while not stop.is_set():
            if world.has_work(today()):
                busy = mailbox.busy_paths()
                turn = await asyncio.to_thread(world.turn, today(), busy)
                if turn.taken or turn.answered:
                    on_turn(turn)
            try:
                await asyncio.wait_for(stop.wait(), timeout=seconds)
            except TimeoutError:
                continue
    finally:
        await mailbox.stop()
