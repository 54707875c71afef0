"""Files that clients sent: what they are by their content, and kept encrypted, always.

Layout: SANDERLING_HOME/documents/ab/<sha256>.<key name>. The key is SANDERLING_DOCUMENT_KEY, else
SANDERLING_FILE_KEY, else one that this installation made in its folder `keys`; the name of the key
stands beside each file, so that files kept with an earlier one open as long as it is there.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings

from sanderling.core.refusal import Refusal
from sanderling.document_requests.models import Upload
from sanderling.files.sealing import CHUNK_BYTES, OriginalDamaged, open_sealed, write_whole
from sanderling.followup.attachments import TYPES as ATTACHMENT_TYPES
from sanderling.postgres.home import private_folder

BYTES_MAX: Final = 25 * 2**20  # of one file; clamd takes as much by default
NAME_CHARACTERS_MAX: Final = 120
_HEAD_BYTES: Final = 4_096
_DOCX_PARTS_MAX: Final = 10_000
TAKEN: Final = ("pdf", "jpg", "png", "tif", "docx")
SAID: Final = "PDF, JPEG, PNG, TIFF or Word (docx)"
ACCEPT: Final = ".pdf,.jpg,.jpeg,.png,.tif,.tiff,.docx"


class FileRefused(Refusal):
    """The file is empty, too large, of no type that is taken, or carries something harmful."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is kept."""

    content_type: str
    ending: str
    size_bytes: int
    sha256: str
    key_name: str


def type_of(stream: BinaryIO) -> tuple[str, str]:
    """Return ending and media type by the content alone; what it is called decides nothing.

    Raises:
        FileRefused: none of the types that are taken, or a Word file with macros.
    """
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    for ending in TAKEN:
        starts, media_type = ATTACHMENT_TYPES[ending]
        if head.startswith(starts) and (ending != "docx" or _is_plain_docx(stream)):
            return ending, media_type
    raise FileRefused(f"send it as {SAID}; other files are not taken")


def _is_plain_docx(stream: BinaryIO) -> bool:
    """Say whether a ZIP is a Word document; only its list of parts is read, nothing unpacked."""
    try:
        with zipfile.ZipFile(stream) as packed:
            names = set(packed.namelist()[:_DOCX_PARTS_MAX])
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused("the Word file has macros; save it as a PDF and send that")
    return {"[Content_Types].xml", "word/document.xml"} <= names


def measure(stream: BinaryIO) -> tuple[str, int]:
    """Return SHA-256 and size of a stream.

    Raises:
        FileRefused: empty, or too large.
    """
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while data := stream.read(CHUNK_BYTES):
        size += len(data)
        if size > BYTES_MAX:
            raise FileRefused(f"it is larger than {BYTES_MAX // 2**20} MB; send it in parts")
        digest.update(data)
    if not size:
        raise FileRefused("it is empty; choose it again")
    return digest.hexdigest(), size


def keep(stream: BinaryIO) -> Kept:
    """Keep the bytes encrypted; keeping the same twice is harmless.

    Raises:
        FileRefused: see `measure` and `type_of`; nothing is kept then.
    """
    sha256, size = measure(stream)
    ending, media_type = type_of(stream)
    key_name, key = next(iter(_keys().items()))
    place = _place(sha256, key_name)
    try:
        os.utime(place)  # it is wanted again: the clean-up waits from now on
    except FileNotFoundError:
        stream.seek(0)
        write_whole(stream, place, key=key, bound_to=sha256)
    return Kept(media_type, ending, size, sha256, key_name)


def chunks_of(upload: Upload) -> Iterator[bytes]:
    """Return a file's bytes in pieces.

    Raises:
        OriginalDamaged: it does not decrypt, or its key is not here any more.
        FileNotFoundError: it is gone.
    """
    key = _keys().get(upload.key_name)
    if key is None:
        raise OriginalDamaged("kept with a key that is not here")
    stream = open_sealed(_place(upload.sha256, upload.key_name), key=key, bound_to=upload.sha256)
    with stream:
        while data := stream.read(CHUNK_BYTES):
            yield data


def bytes_of(upload: Upload) -> bytes:
    """Return a file's bytes as a whole, as `chunks_of`."""
    return b"".join(chunks_of(upload))


def plain_name(name: str, ending: str) -> str:
    """Return a name without folders and odd characters, with the ending that the content has."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    safe = "".join(c if c.isprintable() and c not in '"<>:|?*%' else "_" for c in bare).strip(" .")
    stem = safe.rpartition(".")[0] if "." in safe else safe
    return f"{stem[:NAME_CHARACTERS_MAX].strip(' .') or 'document'}.{ending}"


def kept_files() -> Iterator[tuple[Path, str, str]]:
    """Yield each kept file with its SHA-256 and the name of its key."""
    folder = private_folder(Path(settings.SANDERLING_HOME), "documents")
    for path in sorted(folder.glob("*/*")):
        sha256, _, key_name = path.name.partition(".")
        if path.is_file():
            yield path, sha256, key_name


def _place(sha256: str, key_name: str) -> Path:
    folder = private_folder(Path(settings.SANDERLING_HOME), "documents")
    return folder / sha256[:2] / f"{sha256}.{key_name}"


def _keys() -> dict[str, bytes]:
    """Return the keys by name, the one that new files are kept with first."""
    found = {}
    for secret in settings.DOCUMENT_KEYS:
        key = hashlib.sha256(b"sanderling documents\0" + secret.encode()).digest()
        found[hashlib.sha256(key).hexdigest()[:8]] = key
    return found
