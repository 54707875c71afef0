"""Originals, kept byte for byte under their SHA-256, encrypted when a key is set.

Layout: SANDERLING_HOME/originals/ab/cd/<sha256>[.enc]. A file is written under a temporary name,
made durable, then renamed: after a crash it is there wholly or not at all. Encrypted originals are
AES-256-GCM in chunks; each chunk's nonce counts up and the last one is marked, so that chunks can
be neither swapped nor cut off unnoticed.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from sanderling.postgres.home import private_folder

CHUNK_BYTES: Final = 1 << 20
_TAG_BYTES: Final = 16
_PREFIX_BYTES: Final = 7
_HEADER: Final = b"SNDR1"


class OriginalDamaged(Exception):
    """The stored bytes are not what was put in, or the key is not the one they were kept with."""


def originals_folder() -> Path:
    """Return the folder of the originals."""
    return private_folder(Path(settings.SANDERLING_HOME), "originals")


def hash_file(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file's bytes (hexadecimal) and their number."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while data := stream.read(CHUNK_BYTES):
            digest.update(data)
            size += len(data)
    return digest.hexdigest(), size


def keep_original(path: Path, sha256: str) -> bool:
    """Store the bytes of `path`; return whether they are encrypted. Keeping twice is harmless."""
    with path.open("rb") as source:
        return _keep(source, sha256)


def keep_bytes(data: bytes) -> tuple[str, bool]:
    """Store bytes that we made; return their SHA-256 and whether they are encrypted."""
    sha256 = hashlib.sha256(data).hexdigest()
    return sha256, _keep(io.BytesIO(data), sha256)


def _keep(source: BinaryIO, sha256: str) -> bool:
    key = _key()
    target = _place(sha256, is_encrypted=key is not None)
    if target.exists():
        return key is not None
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    with temporary.open("wb") as sink:
        temporary.chmod(0o600)
        if key is None:
            while data := source.read(CHUNK_BYTES):
                sink.write(data)
        else:
            _encrypt(source, sink, key, sha256)
        sink.flush()
        os.fsync(sink.fileno())
    temporary.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return key is not None


def open_original(sha256: str, *, is_encrypted: bool) -> BinaryIO:
    """Return a readable stream of the original's bytes.

    Raises:
        OriginalDamaged: it does not decrypt, or the key is missing.
        FileNotFoundError: it was never kept here.
    """
    stream = _place(sha256, is_encrypted=is_encrypted).open("rb")
    if not is_encrypted:
        return stream
    key = _key()
    if key is None:
        stream.close()
        raise OriginalDamaged("kept encrypted, but SANDERLING_FILE_KEY is not set")
    return _ChunkReader(_decrypt(stream, key, sha256))  # type: ignore[return-value]


def _place(sha256: str, *, is_encrypted: bool) -> Path:
    name = f"{sha256}.enc" if is_encrypted else sha256
    return originals_folder() / sha256[:2] / sha256[2:4] / name


def _key() -> bytes | None:
    secret: str = settings.FILE_KEY
    return hashlib.sha256(b"sanderling originals\0" + secret.encode()).digest() if secret else None


def _encrypt(source: BinaryIO, sink: BinaryIO, key: bytes, sha256: str) -> None:
    cipher, prefix = AESGCM(key), secrets.token_bytes(_PREFIX_BYTES)
    sink.write(_HEADER + prefix)
    number, data = 0, source.read(CHUNK_BYTES)
    while True:
        following = source.read(CHUNK_BYTES)
        is_last = not following
        sink.write(cipher.encrypt(_nonce(prefix, number, is_last=is_last), data, sha256.encode()))
        if is_last:
            return
        number, data = number + 1, following


def _decrypt(stream: BinaryIO, key: bytes, sha256: str) -> Iterator[bytes]:
    with stream:
        if stream.read(len(_HEADER)) != _HEADER:
            raise OriginalDamaged("no encrypted original")
        cipher, prefix = AESGCM(key), stream.read(_PREFIX_BYTES)
        number, data = 0, stream.read(CHUNK_BYTES + _TAG_BYTES)
        while True:
            following = stream.read(CHUNK_BYTES + _TAG_BYTES)
            nonce = _nonce(prefix, number, is_last=not following)
            try:
                yield cipher.decrypt(nonce, data, sha256.encode())
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
