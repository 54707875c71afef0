"""Watched folders: files that have come to rest are taken in, and stay where they are.

A file counts as complete when its size and time have not changed for a while between two looks.
What was taken in once is known by path, size and time and is not read again; content that comes
again under another name is recognised by its hash.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.db import InterfaceError, OperationalError

from sanderling.intake.actions import ingest
from sanderling.intake.models import WatchedFile

logger = logging.getLogger(__name__)

REST: Final = timedelta(seconds=10)
# What programs write to before they rename: never complete.
_UNFINISHED: Final = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download")


@dataclass(slots=True)
class WatchReport:
    """What a look at the folders found."""

    taken: int = 0
    resting: int = 0  # seen, not complete yet: worth another look soon
    unreadable: int = 0
    missing_folders: int = 0


@dataclass(frozen=True, slots=True)
class _Seen:
    path: str
    size_bytes: int
    modified_ns: int


def take_watched(folders: Sequence[str | Path], *, now: datetime) -> WatchReport:
    """Take in the complete files of the folders; one that cannot be read does not stop others."""
    report = WatchReport()
    found = [seen for folder in folders for seen in _files(Path(folder), report)]
    known = WatchedFile.objects.in_bulk([seen.path for seen in found], field_name="path")
    for seen in found:
        row = known.get(seen.path)
        if row is None or (row.size_bytes, row.modified_ns) != (seen.size_bytes, seen.modified_ns):
            _remember(seen, now)
            report.resting += 1
        elif row.is_taken:
            continue
        elif now - row.seen_at < REST:
            report.resting += 1
        else:
            _take(row, report, now)
    return report


def _files(folder: Path, report: WatchReport) -> Iterator[_Seen]:
    """Return the regular files below the folder, less hidden and unfinished ones and links."""
    if not folder.is_dir():
        report.missing_folders += 1
        return
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED):
                continue
            path = Path(place) / name
            try:
                status = path.lstat()
            except OSError:  # taken away between two looks
                continue
            if stat.S_ISREG(status.st_mode):
                yield _Seen(str(path), status.st_size, status.st_mtime_ns)


def _remember(seen: _Seen, now: datetime) -> None:
    WatchedFile.objects.update_or_create(
        path=seen.path,
        defaults={
            "size_bytes": seen.size_bytes,
            "modified_ns": seen.modified_ns,
            "seen_at": now,
            "is_taken": False,
        },
    )


def _take(row: WatchedFile, report: WatchReport, now: datetime) -> None:
    try:
        done = list(ingest([Path(row.path)], received_date=None, source="watched", recorded_at=now))
    except (OperationalError, InterfaceError):
        raise  # the database is away: the next look tries again
    except Exception:
        # Left as it is, and no reason to leave the others: the next look tries it again.
        logger.exception("watched file %s failed", row.pk)
        report.unreadable += 1
        return
    row.is_taken = True
    row.file = done[-1].file if done else None
    row.save(update_fields=["is_taken", "file"])
    report.taken += 1
