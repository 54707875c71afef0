"""Originals, kept byte for byte under their SHA-256, encrypted when a key is set.

Layout: SANDERLING_HOME/originals/ab/cd/<sha256>[.enc]. A file is written under a temporary name,
made durable, then renamed: after a crash it is there wholly or not at all (`sealing`).
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from sanderling.files.sealing import CHUNK_BYTES, OriginalDamaged, open_sealed, write_whole
from sanderling.postgres.home import private_folder

__all__ = (
    "CHUNK_BYTES",
    "OriginalDamaged",
    "hash_file",
    "keep_bytes",
    "keep_original",
    "open_original",
)


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
    write_whole(source, target, key=key, bound_to=sha256)
    return key is not None


def open_original(sha256: str, *, is_encrypted: bool) -> BinaryIO:
    """Return a readable stream of the original's bytes.

    Raises:
        OriginalDamaged: it does not decrypt, or the key is missing.
        FileNotFoundError: it was never kept here.
    """
    place = _place(sha256, is_encrypted=is_encrypted)
    if not is_encrypted:
        return place.open("rb")
    key = _key()
    if key is None:
        place.stat()  # FileNotFoundError when it was never kept
        raise OriginalDamaged("kept encrypted, but SANDERLING_FILE_KEY is not set")
    return open_sealed(place, key=key, bound_to=sha256)


def _place(sha256: str, *, is_encrypted: bool) -> Path:
    name = f"{sha256}.enc" if is_encrypted else sha256
    return originals_folder() / sha256[:2] / sha256[2:4] / name


def _key() -> bytes | None:
    secret: str = settings.FILE_KEY
    return hashlib.sha256(b"sanderling originals\0" + secret.encode()).digest() if secret else None
