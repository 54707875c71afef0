"""A mailbox behind SFTP (asyncssh). The host's key is pinned: a changed one is never talked to.

asyncssh lives in an event loop in a thread of its own: beside a running loop Django's database
refuses to work. Every call has an end: what takes longer is broken off as Away.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import stat
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import asyncssh

from sanderling.exchange.transport import Away, LocalTrouble, Remote, Stopped, is_wanted, joined

T = TypeVar("T")
CONNECT_SECONDS: Final = 20
CALL_SECONDS: Final = 120
_ENDING_SECONDS: Final = 4
_BLOCK: Final = 256 * 1024
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in where. `host_key`: SHA256:..., as OpenSSH prints it."""

    host: str
    port: int
    user: str
    host_key: str
    password: str = ""
    private_key: str = ""  # its whole text, unencrypted

    def __repr__(self) -> str:
        """Say nothing secret."""
        return f"Account({self.user}@{self.host}:{self.port})"


class _Pinned(asyncssh.SSHClient):
    def __init__(self, host_key: str) -> None:
        self._host_key = host_key

    def validate_host_public_key(
        self,
        host: str,
        addr: str,
        port: int,
        key: asyncssh.SSHKey,
    ) -> bool:
        """Take the pinned key and no other."""
        return key.get_fingerprint() == self._host_key


class SftpTransport:
    """An open connection; see `open_sftp`."""

    def __init__(self, loop: _Loop, client: asyncssh.SFTPClient) -> None:
        self._loop = loop
        self._client = client

    def listing(self, folder: str) -> Iterator[Remote]:
        """Yield the regular files of a folder, however many it has."""
        rows = self._loop.run(lambda: self._client.readdir(folder or "."))
        for row in sorted(rows, key=lambda row: str(row.filename)):
            name, attrs = str(row.filename), row.attrs
            if not is_wanted(name) or "/" in name or attrs.permissions is None:
                continue
            if stat.S_ISREG(attrs.permissions):
                yield Remote(joined(folder, name), attrs.size or 0, attrs.mtime or 0)

    def size_of(self, path: str) -> int | None:
        """Return a file's size, None when there is none."""
        try:
            return self._loop.run(lambda: self._client.stat(path)).size or 0
        except _Gone:
            return None

    def put(self, data: bytes, path: str) -> None:
        """Write a file whole, have it synced where the server can, and look at its size."""
        self._loop.run(lambda: self._put(data, path))
        if self.size_of(path) != len(data):
            raise Away("a file did not arrive whole; it is sent again")

    async def _put(self, data: bytes, path: str) -> None:
        async with self._client.open(path, "wb") as out:
            for start in range(0, len(data), _BLOCK):
                await out.write(data[start : start + _BLOCK])
            # An extension of OpenSSH's: others have it written when it is closed.
            with contextlib.suppress(asyncssh.SFTPOpUnsupported):
                await out.fsync()

    def rename(self, old: str, new: str) -> None:
        """Give a file its name. SFTP's own renaming refuses a name that is taken."""
        self._loop.run(lambda: self._client.rename(old, new))

    def get(self, path: str, target: Path) -> None:
        """Fetch a file into a local one; what did not come whole is Away."""
        self._loop.run(lambda: self._get(path, target))

    async def _get(self, path: str, target: Path) -> None:
        async with self._client.open(path, "rb") as source:
            size = (await source.stat()).size
            with target.open("xb") as out:
                while block := await source.read(_BLOCK):
                    _locally(lambda block=block: out.write(block))  # type: ignore[misc]
                _locally(lambda: _flushed(out))
                if size is not None and out.tell() != size:
                    raise Away("a file changed or broke off while it was fetched")

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is removed."""
        try:
            self._loop.run(lambda: self._client.remove(path))
        except _Gone:
            return


class _Gone(Stopped):
    """No such file or folder."""


def _flushed(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())


def _locally(step: Callable[[], object]) -> None:
    """Write here; what this disk cannot do is told apart from what the server cannot."""
    try:
        step()
    except OSError as error:
        if error.errno in _FULL:
            raise LocalTrouble("the disk is full; make room, then it goes on") from None
        raise LocalTrouble(f"a local file cannot be written ({error.strerror})") from None


class _Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, step: Callable[[], Awaitable[T]], *, seconds: float = CALL_SECONDS) -> T:
        """Do one thing there and wait for it, not for ever."""

        async def within() -> T:
            return await asyncio.wait_for(_awaited(step()), seconds)

        future = asyncio.run_coroutine_threadsafe(within(), self._loop)
        try:
            return future.result()
        except TimeoutError:
            raise Away("the server was too slow; it is tried again later") from None
        except (asyncssh.Error, OSError) as error:
            raise _ours(error) from None

    def close(self) -> None:
        """End the loop and its thread; what still closes has a moment for it."""
        ending = asyncio.run_coroutine_threadsafe(_rest(), self._loop)
        with contextlib.suppress(TimeoutError):
            ending.result(_ENDING_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=_ENDING_SECONDS)
        self._loop.close()


async def _rest() -> None:
    """Wait for what is still being closed; what does not end is broken off."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        _, late = await asyncio.wait(others, timeout=_ENDING_SECONDS / 2)
        for task in late:
            task.cancel()
    # Transports close at the next turn of the loop.
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def _awaited(step: Awaitable[T]) -> T:
    return await step


def _ours(error: Exception) -> Exception:
    """Return what we say where asyncssh or the network said something; never their text."""
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return _Gone("a folder or file of the mailbox is not there; mend its folders")
    if isinstance(error, asyncssh.SFTPPermissionDenied):
        return Stopped("the server does not permit it; mend the account or its folders")
    if isinstance(error, asyncssh.SFTPNoSpaceOnFilesystem | asyncssh.SFTPQuotaExceeded):
        return Away("the server's disk is full; it is tried again later")
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return Stopped(
            "the server's host key is not the pinned one; ask the counterpart, and pin the new key"
            " only if they changed it"
        )
    if isinstance(error, asyncssh.PermissionDenied):
        return Stopped("the server refuses the log-in; mend user, password or key")
    if isinstance(error, asyncssh.KeyImportError):
        return Stopped("the private key cannot be read; it must be unencrypted")
    return Away("the server is not there or broke off; it is tried again later")


@contextlib.contextmanager
def open_sftp(account: Account) -> Iterator[SftpTransport]:
    """Connect and log in.

    Raises:
        Stopped: another host key than the pinned one, or a refused log-in.
        Away: the server is not there.
    """
    if not account.host_key:
        raise Stopped("no host key is pinned; try the connection and pin the key it shows")
    loop = _Loop()
    try:
        connection = loop.run(lambda: _connected(account), seconds=CONNECT_SECONDS)
        try:
            client = loop.run(connection.start_sftp_client, seconds=CONNECT_SECONDS)
            yield SftpTransport(loop, client)
        finally:
            loop.run(lambda: _hung_up(connection))
    finally:
        loop.close()


async def _hung_up(connection: asyncssh.SSHClientConnection) -> None:
    connection.abort()
    await connection.wait_closed()


def _connected(account: Account) -> Coroutine[Any, Any, asyncssh.SSHClientConnection]:
    keys = [asyncssh.import_private_key(account.private_key)] if account.private_key else None

    async def connect() -> asyncssh.SSHClientConnection:
        connection, _ = await asyncssh.create_connection(
            lambda: _Pinned(account.host_key),
            account.host,
            account.port,
            username=account.user,
            password=account.password or None,
            client_keys=keys,
            known_hosts=([], [], []),
            agent_path=None,
            config=None,
            login_timeout=CONNECT_SECONDS,
            keepalive_interval=15,
        )
        return connection

    return connect()


def host_key_of(host: str, port: int) -> str:
    """Return the key that a server shows, to be compared with what the counterpart told.

    Raises:
        Away: no server answers there.
    """
    loop = _Loop()
    try:
        key = loop.run(
            lambda: asyncssh.get_server_host_key(host, port, config=None), seconds=CONNECT_SECONDS
        )
    finally:
        loop.close()
    if key is None:
        raise Away("the server shows no key")
    return key.get_fingerprint()
