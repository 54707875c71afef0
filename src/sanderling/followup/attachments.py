"""Documents kept with notes: an EOB that was faxed, a letter, a screenshot of a portal.

The bytes lie with the originals, under their hash, encrypted when a key is set. What a file is
called decides nothing: its first bytes must be those of a type that is taken.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.files.storage import CHUNK_BYTES, keep_original, open_original
from sanderling.followup.models import Attachment, Note

BYTES_MAX: Final = 20 * 2**20
FILES_MAX: Final = 10  # with one note
NAME_CHARACTERS_MAX: Final = 200
_ZIP: Final = b"PK\x03\x04"
# Ending: how the bytes begin, and the type that a download is given.
TYPES: Final[dict[str, tuple[tuple[bytes, ...], str]]] = {
    "pdf": ((b"%PDF-",), "application/pdf"),
    "png": ((b"\x89PNG\r\n\x1a\n",), "image/png"),
    "jpg": ((b"\xff\xd8\xff",), "image/jpeg"),
    "jpeg": ((b"\xff\xd8\xff",), "image/jpeg"),
    "tif": ((b"II*\x00", b"MM\x00*"), "image/tiff"),
    "tiff": ((b"II*\x00", b"MM\x00*"), "image/tiff"),
    "docx": (
        (_ZIP,),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "xlsx": ((_ZIP,), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "txt": ((), "text/plain"),
    "csv": ((), "text/csv"),
}


class FileRefused(Refusal):
    """The file is too large, empty, or of no type that is taken."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be attached: its name as the browser gave it, and its bytes in pieces."""

    name: str
    size_bytes: int
    chunks: Iterator[bytes]


def attach(note: Note, file: NewFile, *, user: User | None, at: datetime) -> Attachment:
    """Keep a file with a note; the same bytes again change nothing. Within a transaction.

    Raises:
        FileRefused: see there; nothing was kept.
    """
    name = _plain_name(file.name)
    ending = name.rpartition(".")[2].lower()
    if ending not in TYPES:
        raise FileRefused(f"attach one of: {', '.join(TYPES)}")
    if file.size_bytes > BYTES_MAX:
        raise FileRefused(f"a file may have {BYTES_MAX // 2**20} MB; attach a smaller one")
    if note.attachments.count() >= FILES_MAX:
        raise FileRefused(f"a note may have {FILES_MAX} files; write another note")
    handle, path_text = tempfile.mkstemp(dir=settings.FILE_UPLOAD_TEMP_DIR)
    path = Path(path_text)
    try:
        with os.fdopen(handle, "wb") as stream:
            sha256, size = _copy(file, stream.write)
        _check_content(path, ending, size)
        is_encrypted = keep_original(path, sha256)
    finally:
        path.unlink(missing_ok=True)
    kept, is_new = Attachment.objects.get_or_create(
        note=note,
        sha256=sha256,
        defaults={
            "claim_id": note.claim_id,
            "client_id": note.client_id,
            "name": name,
            "content_type": TYPES[ending][1],
            "size_bytes": size,
            "is_encrypted": is_encrypted,
            "user": user,
            "recorded_at": at,
        },
    )
    if is_new:
        record_event(
            action="attachment.add",
            at=at,
            client_id=note.client_id,
            claim_id=note.claim_id,
            subject=("attachment", kept.pk),
            detail={"sha256": sha256, "size_bytes": size},
        )
    return kept


def attachment_chunks(attachment: Attachment) -> Iterator[bytes]:
    """Return the file's bytes in pieces.

    Raises:
        OriginalDamaged: it does not decrypt, or the key is missing.
        FileNotFoundError: it is not there.
    """
    stream = open_original(attachment.sha256, is_encrypted=attachment.is_encrypted)
    with stream:
        while data := stream.read(CHUNK_BYTES):
            yield data


def _copy(file: NewFile, write: object) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in file.chunks:
        size += len(chunk)
        if size > BYTES_MAX:
            raise FileRefused(f"a file may have {BYTES_MAX // 2**20} MB; attach a smaller one")
        digest.update(chunk)
        write(chunk)  # type: ignore[operator]  # a stream's
    return digest.hexdigest(), size


def _check_content(path: Path, ending: str, size: int) -> None:
    if size == 0:
        raise FileRefused("the file is empty; attach another one")
    with path.open("rb") as stream:
        head = stream.read(4096)
    starts, _ = TYPES[ending]
    if starts and not head.startswith(starts):
        raise FileRefused(f"the file is no {ending}; attach it under its own type")
    if not starts and b"\0" in head:
        raise FileRefused("the file is no text; attach it under its own type")


def _plain_name(name: str) -> str:
    """Return the name without folders and without what a header or a folder stumbles over."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    safe = "".join(c if c.isprintable() and c not in '"<>:|?*' else "_" for c in bare).strip(" .")
    stem, _, ending = safe.rpartition(".")
    return f"{stem[:NAME_CHARACTERS_MAX]}.{ending[:10]}" if stem else safe
