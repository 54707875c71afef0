"""Reads a stored file again after a fix, whatever kind it is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from sanderling.core.refusal import Refusal
from sanderling.files.models import FileStatus, StoredFile
from sanderling.intake.actions import FileReport, replay
from sanderling.intake.snapshot_facts import SNAPSHOT_KIND
from sanderling.intake.snapshots import replay_snapshot
from sanderling.intake.turns import one_at_a_time

_SETTLED: Final = (FileStatus.POSTED, FileStatus.DUPLICATE)
SHA_DIGITS_MIN: Final = 6


class NoSuchFile(Refusal):
    """No stored file, or several, go by that number or hash."""


class NothingToReplay(Refusal):
    """The file is posted wholly: there is nothing left in it to read again."""


def find_file(text: str) -> StoredFile:
    """Return the file with this number, or whose SHA-256 begins like this.

    Raises:
        NoSuchFile: none, or several.
    """
    is_number = text.isdecimal() and len(text) < 18  # noqa: PLR2004 - fits a bigint
    found = list(StoredFile.objects.filter(pk=int(text))) if is_number else []
    if not found and len(text) >= SHA_DIGITS_MIN:
        found = list(StoredFile.objects.filter(sha256__startswith=text.lower())[:2])
    if len(found) != 1:
        raise NoSuchFile(
            f"{'several files go' if found else 'no file goes'} by {text}; `sanderling files list`"
            " shows their numbers"
        )
    return found[0]


def replay_file(stored: StoredFile, *, recorded_at: datetime) -> FileReport:
    """Read the original again; what was posted stays as it is.

    Raises:
        NothingToReplay: it is posted wholly.
    """
    with one_at_a_time():
        stored.refresh_from_db()
        if stored.status in _SETTLED:
            raise NothingToReplay(f"file {stored.pk} is {stored.status}: nothing is left to replay")
        if stored.kind != SNAPSHOT_KIND:
            return replay(stored, recorded_at=recorded_at)
        report = replay_snapshot(stored, recorded_at=recorded_at)
        return FileReport(
            path=Path(stored.name),
            file=report.file,
            kinds=[SNAPSHOT_KIND],
            transaction_count=1,
            claim_count=report.claims,
            status=report.status,
            problems=report.reading.problems,
        )
