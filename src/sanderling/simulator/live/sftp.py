"""The SFTP server of the living world: its partner sees /in, /out and /appeals, and nothing else.

Keys are made on the first start and kept in the folder `keys`: the server's host key, one key pair
for the partner, a password. Faults on demand make it drop, fill up or slow down.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from sanderling.simulator.live.arrivals import MAILBOX
from sanderling.simulator.live.faults import Faults

USER = "sandbill"
KEYS = "keys"
_KIND = "ssh-ed25519"


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the keys lie."""

    folder: Path

    @property
    def host_key(self) -> Path:
        """The server's own key."""
        return self.folder / "host_key"

    @property
    def client_key(self) -> Path:
        """The partner's private key."""
        return self.folder / "client_key"

    @property
    def password(self) -> Path:
        """The partner's password, on one line."""
        return self.folder / "password"

    @property
    def user(self) -> Path:
        """The partner's name, on one line."""
        return self.folder / "user"

    def host_key_line(self) -> str:
        """The public half of the host key, as known_hosts holds it."""
        return asyncssh.read_private_key(self.host_key).export_public_key().decode().strip()

    def fingerprint(self) -> str:
        """SHA256:... of the host key, as OpenSSH prints it."""
        return asyncssh.read_private_key(self.host_key).convert_to_public().get_fingerprint()


def ensure_keys(folder: Path) -> Keys:
    """Make the keys that are missing."""
    keys = Keys(folder / KEYS)
    keys.folder.mkdir(mode=0o700, exist_ok=True)
    for path in (keys.host_key, keys.client_key):
        if not path.exists():
            make_key(path)
    if not keys.user.exists():
        _keep(keys.user, USER.encode())
    if not keys.password.exists():
        _keep(keys.password, secrets.token_urlsafe(18).encode())
    return keys


def make_key(path: Path) -> None:
    """Make a key pair in place of what is there."""
    _keep(path, asyncssh.generate_private_key(_KIND).export_private_key())


def _keep(path: Path, data: bytes) -> None:
    hidden = path.with_name(f".{path.name}")
    hidden.unlink(missing_ok=True)
    with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(data)
    hidden.replace(path)


class Mailbox:
    """A running server; files being written are in `busy`."""

    def __init__(self, folder: Path, faults: Faults | None = None) -> None:
        self.folder = folder
        self.faults = faults or Faults()
        self.keys = ensure_keys(folder)
        self.busy: dict[int, str] = {}  # open for writing: by file handle
        self._acceptor: asyncssh.SSHAcceptor | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; answers the port."""
        self._acceptor = await asyncssh.create_server(
            lambda: _Door(self.keys),
            host,
            port,
            server_host_keys=[str(self.keys.host_key)],
            sftp_factory=lambda chan: _Shelf(chan, self),
            allow_scp=False,
            reuse_address=True,
        )
        return self._acceptor.get_port()

    async def stop(self) -> None:
        """Stop listening and hang up."""
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
            self._acceptor = None

    def busy_paths(self) -> frozenset[str]:
        """Files somebody is writing, as the partner names them."""
        return frozenset(self.busy.values())


class _Door(asyncssh.SSHServer):
    """Lets the partner in by key or password."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        known = asyncssh.read_private_key(self._keys.client_key).convert_to_public()
        return username == USER and key == known

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        known = self._keys.password.read_text("utf-8").strip()
        return hmac.compare_digest(username, USER) and hmac.compare_digest(password, known)


class _Shelf(asyncssh.SFTPServer):
    """The mailbox of one session, with the faults in force."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], mailbox: Mailbox) -> None:
        super().__init__(chan, chroot=os.fsencode(mailbox.folder / MAILBOX))
        self._mailbox = mailbox
        self._moved = 0  # bytes of files, both ways
        self._opened: set[int] = set()

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Open a file; one that is written is busy until it is closed."""
        await self._suffer()
        is_written = bool(pflags & asyncssh.FXF_WRITE)
        if is_written:
            self._refuse_when_full()
        found = super().open(path, pflags, attrs)
        if is_written:
            self._mailbox.busy[id(found)] = os.fsdecode(path)
            self._opened.add(id(found))
        return found

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Read a block."""
        await self._suffer()
        data = super().read(file_obj, offset, size)
        whole = data if isinstance(data, bytes) else await data
        self._count(len(whole))
        return whole

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write a block; what comes before the line goes dead is on the disk."""
        await self._suffer()
        self._refuse_when_full()
        limit = self._mailbox.faults.drop_after_bytes
        if 0 <= limit < self._moved + len(data):
            super().write(file_obj, offset, data[: max(limit - self._moved, 0)])
            self._count(len(data))
        self._count(len(data))
        written = super().write(file_obj, offset, data)
        return written if isinstance(written, int) else await written

    def close(self, file_obj: object) -> None:
        """Close a file; it is whole now."""
        super().close(file_obj)
        self._mailbox.busy.pop(id(file_obj), None)
        self._opened.discard(id(file_obj))

    def exit(self) -> None:
        """End the session: what was not closed is not being written any more."""
        for number in self._opened:
            self._mailbox.busy.pop(number, None)

    async def _suffer(self) -> None:
        if self._mailbox.faults.seconds_a_call:
            await asyncio.sleep(self._mailbox.faults.seconds_a_call)

    def _refuse_when_full(self) -> None:
        if self._mailbox.faults.disk_is_full:
            raise asyncssh.SFTPFailure("No space left on device")

    def _count(self, size: int) -> None:
        """Count bytes, and hang up in the midst of a file when told to: once."""
        limit = self._mailbox.faults.drop_after_bytes
        self._moved += size
        if 0 <= limit < self._moved:
            self._mailbox.faults.drop_after_bytes = -1
            self.channel.get_connection().abort()
            raise asyncssh.SFTPConnectionLost("dropped")
