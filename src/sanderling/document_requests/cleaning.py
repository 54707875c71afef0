"""Files that nobody names are removed, counted, and the removal stands in the audit trail.

A file is kept before the transaction that names it, and that may fail: then nothing shows it and
nothing needs it. What the web server had half received when it was killed lies unencrypted in the
folder for uploads; its own removal never came.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

from sanderling.audit.actions import record_event
from sanderling.document_requests.keeping import kept_files
from sanderling.document_requests.models import Upload

# Longer than any transaction that could still name the file, and any upload that could go on.
UNNAMED_AFTER: Final = timedelta(days=2)
LEFT_AFTER: Final = timedelta(hours=1)


@dataclass(slots=True)
class Removed:
    """How many files were removed, and their bytes."""

    files: int = 0
    size_bytes: int = 0


def remove_unnamed(*, at: datetime) -> Removed:
    """Remove kept files of clients that no upload names; a second call finds none.

    Only for jobs: who sees some clients' uploads only would take the others' for unnamed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_security_active('document_requests_upload')")
        (sees_some,) = cursor.fetchone()
    if sees_some:
        raise RuntimeError("unnamed files are found by who sees all uploads")
    named = set(Upload.objects.values_list("sha256", "key_name"))
    removed = Removed()
    for path, sha256, key_name in kept_files():
        if (sha256, key_name) in named or not _is_older(path, UNNAMED_AFTER):
            continue
        # Somebody may have sent the same bytes since: they are named then, or were just touched.
        if not Upload.objects.filter(sha256=sha256, key_name=key_name).exists():
            _remove(path, UNNAMED_AFTER, removed)
    _record("document.clean_up", removed, at=at)
    return removed


def left_uploads() -> Iterator[Path]:
    """Yield files that a web server left half received when it was killed.

    Folders in there are uploads that wait for the worker; they have an owner.
    """
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    yield from (
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.is_symlink() and _is_older(path, LEFT_AFTER)
    )


def remove_left_uploads(*, at: datetime) -> Removed:
    """Remove what was left half received; a second call finds none."""
    removed = Removed()
    for path in list(left_uploads()):
        _remove(path, LEFT_AFTER, removed)
    _record("upload.clean_up", removed, at=at)
    return removed


def _is_older(path: Path, age: timedelta) -> bool:
    """Say so by the file system's clock; a file that is gone is not."""
    try:
        return time.time() - path.stat().st_mtime > age.total_seconds()
    except FileNotFoundError:
        return False


def _remove(path: Path, age: timedelta, removed: Removed) -> None:
    try:
        size = path.stat().st_size
        if not _is_older(path, age):
            return
        path.unlink()
    except FileNotFoundError:  # its owner was faster
        return
    removed.files += 1
    removed.size_bytes += size


def _record(action: str, removed: Removed, *, at: datetime) -> None:
    if removed.files:
        record_event(
            action=action,
            at=at,
            detail={"files": removed.files, "size_bytes": removed.size_bytes},
        )
