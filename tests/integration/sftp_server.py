"""The simulator's SFTP server in a thread, for tests of who talks to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from sanderling.simulator.live.arrivals import MAILBOX
from sanderling.simulator.live.faults import Faults
from sanderling.simulator.live.sftp import USER, Mailbox


@dataclass
class Server:
    """A running server: where it is, what is in it, what goes wrong."""

    port: int
    root: Path  # holds out, in, appeals
    faults: Faults
    mailbox: Mailbox
    user: str = USER

    @property
    def host_key(self) -> str:
        """The fingerprint of its key, as OpenSSH prints it."""
        return asyncssh.read_private_key(self.mailbox.keys.host_key).get_fingerprint()

    @property
    def password(self) -> str:
        return self.mailbox.keys.password.read_text("utf-8").strip()

    @property
    def client_key(self) -> Path:
        return self.mailbox.keys.client_key


@contextmanager
def serving(folder: Path, faults: Faults | None = None) -> Iterator[Server]:
    """Serve a mailbox in a folder until the context ends."""
    for name in ("in", "out", "appeals"):
        (folder / MAILBOX / name).mkdir(parents=True, exist_ok=True)
    mailbox = Mailbox(folder, faults or Faults())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port = asyncio.run_coroutine_threadsafe(mailbox.start(), loop).result(10)
    try:
        yield Server(port, folder / MAILBOX, mailbox.faults, mailbox)
    finally:
        asyncio.run_coroutine_threadsafe(mailbox.stop(), loop).result(10)
        asyncio.run_coroutine_threadsafe(_rest(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _rest() -> None:
    """Let what is being closed end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=2)
    await asyncio.sleep(0.01)
