"""Files at rest: written whole or not at all, and encrypted with a key.

AES-256-GCM in chunks; each chunk's nonce counts up and the last one is marked, so that chunks can
be neither swapped nor cut off unnoticed. What a file is bound to (its own hash) must be said again
to open it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK_BYTES: Final = 1 << 20
_TAG_BYTES: Final = 16
_PREFIX_BYTES: Final = 7
_HEADER: Final = b"SNDR1"


class OriginalDamaged(Exception):
    """The stored bytes are not what was put in, or the key is not the one they were kept with."""


def write_whole(source: BinaryIO, target: Path, *, key: bytes | None, bound_to: str) -> None:
    """Write the source's bytes, encrypted when there is a key; after a crash all or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    with temporary.open("wb") as sink:
        temporary.chmod(0o600)
        if key is None:
            while data := source.read(CHUNK_BYTES):
                sink.write(data)
        else:
            _encrypt(source, sink, key, bound_to)
        sink.flush()
        os.fsync(sink.fileno())
    temporary.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def open_sealed(path: Path, *, key: bytes, bound_to: str) -> BinaryIO:
    """Return a readable stream of what `write_whole` encrypted.

    Raises:
        OriginalDamaged: while reading, when it does not decrypt.
        FileNotFoundError: there is no such file.
    """
    return _ChunkReader(_decrypt(path.open("rb"), key, bound_to))  # type: ignore[return-value]


def _encrypt(source: BinaryIO, sink: BinaryIO, key: bytes, bound_to: str) -> None:
    cipher, prefix = AESGCM(key), secrets.token_bytes(_PREFIX_BYTES)
    sink.write(_HEADER + prefix)
    number, data = 0, source.read(CHUNK_BYTES)
    while True:
        following = source.read(CHUNK_BYTES)
        is_last = not following
        sink.write(cipher.encrypt(_nonce(prefix, number, is_last=is_last), data, bound_to.encode()))
        if is_last:
            return
        number, data = number + 1, following


def _decrypt(stream: BinaryIO, key: bytes, bound_to: str) -> Iterator[bytes]:
    with stream:
        if stream.read(len(_HEADER)) != _HEADER:
            raise OriginalDamaged("no encrypted original")
        cipher, prefix = AESGCM(key), stream.read(_PREFIX_BYTES)
        number, data = 0, stream.read(CHUNK_BYTES + _TAG_BYTES)
        while True:
            following = stream.read(CHUNK_BYTES + _TAG_BYTES)
            nonce = _nonce(prefix, number, is_last=not following)
            try:
                yield cipher.decrypt(nonce, data, bound_to.encode())
            except Exception as error:
                raise OriginalDamaged("the bytes or the key have changed") from error
            if not following:
                return
            number, data = number + 1, following


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\1" if is_last else b"\0")


class _ChunkReader:
    """Reads an iterator of chunks like a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        parts, have = [self._rest], len(self._rest)
        while size < 0 or have < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        if size < 0:
            self._rest = b""
            return data
        self._rest = data[size:]
        return data[:size]

    def close(self) -> None:
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
