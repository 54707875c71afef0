"""Files brought in by the web page: put aside by the web server, taken in by the worker.

The web server works under a role that sees its user's clients only and may not post. It writes the
files to a spool folder of their own and leaves a note; the worker, which owns the database, takes
them in and removes the spool copy. The original is kept by intake itself.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.intake.actions import FileReport, ingest
from sanderling.intake.models import Upload, UploadedFile, UploadStatus
from sanderling.intake.turns import one_at_a_time
from sanderling.postgres.home import private_folder

logger = logging.getLogger(__name__)

NAME_LETTERS_MAX: Final = 200
_PIECE_BYTES: Final = 1 << 20


class NothingToUpload(Refusal):
    """No file came with the form."""


class UploadTooLarge(Refusal):
    """The files together exceed the setting SANDERLING_UPLOAD_MB."""


class Sent(Protocol):
    """A file as the framework hands it over."""

    name: str | None
    size: int | None
    file: BinaryIO


def start_upload(*, sent: Sequence[Sent], user_id: int, at: datetime) -> Upload:
    """Put the files aside and note them down; the caller defers the job in the same transaction.

    Raises:
        NothingToUpload, UploadTooLarge: nothing was kept.
    """
    if not sent:
        raise NothingToUpload("Choose one or more files first.")
    if sum(one.size or 0 for one in sent) > settings.UPLOAD_BYTES_MAX:
        raise UploadTooLarge(
            f"The files together are larger than {settings.UPLOAD_BYTES_MAX // 2**20} MB."
        )
    with transaction.atomic():
        upload = Upload.objects.create(user_id=user_id, created_at=at)
        folder = private_folder(private_folder(settings.SANDERLING_HOME, "uploads"), upload.token)
        try:
            for index, one in enumerate(sent, start=1):
                size = _write(one.file, folder / str(index))
                UploadedFile.objects.create(
                    upload=upload, index=index, name=shown_name(one.name or ""), size_bytes=size
                )
            record_event(
                action="upload.create",
                at=at,
                subject=("upload", upload.token),
                detail={"files": len(sent)},
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return upload


def shown_name(name: str) -> str:
    """Return a file's name without folders and control characters, never empty."""
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    bare = "".join(letter for letter in bare if letter.isprintable()).strip()
    return bare[:NAME_LETTERS_MAX] if bare.strip(".") else "unnamed"


def _write(source: BinaryIO, target: Path) -> int:
    size = 0
    source.seek(0)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as sink:
        while data := source.read(_PIECE_BYTES):
            size += sink.write(data)
        sink.flush()
        os.fsync(sink.fileno())
    return size


def take_upload(token: str, *, at: datetime) -> int:
    """Take in the waiting files of an upload, as the worker; return how many were settled.

    Done again after an interruption it goes on where it stopped.
    """
    count = 0
    with one_at_a_time():
        waiting = UploadedFile.objects.filter(upload_id=token, status=UploadStatus.WAITING)
        for one in waiting.order_by("index"):
            try:
                _take(one, at=at)
            except (OperationalError, InterfaceError):
                raise  # the database is away: the job is tried again
            except Exception:
                # A bug of ours in one file must not hold up the others; the log names the place.
                logger.exception("file %s of an upload failed", one.index)
                _settle(one, None)
            count += 1
        if not UploadedFile.objects.filter(upload_id=token, status=UploadStatus.WAITING).exists():
            shutil.rmtree(_spool(token), ignore_errors=True)
    return count


def waiting_uploads() -> Iterator[str]:
    """Return the uploads with files that nobody has taken in yet."""
    waiting = UploadedFile.objects.filter(status=UploadStatus.WAITING)
    yield from waiting.order_by("upload_id").values_list("upload_id", flat=True).distinct()


def _spool(token: str) -> Path:
    return Path(settings.SANDERLING_HOME) / "uploads" / token


def _take(one: UploadedFile, *, at: datetime) -> None:
    spooled = _spool(one.upload_id) / str(one.index)
    if not spooled.is_file():
        _settle(one, None)
        return
    # Under its own name: the stored file shows it. A name of our own making leads nowhere else.
    named = spooled.with_name(f"{one.index}.d") / one.name
    named.parent.mkdir(mode=0o700, exist_ok=True)
    if not named.exists():
        os.link(spooled, named)
    reports = list(ingest([named], received_date=None, source="upload", recorded_at=at))
    _settle(one, reports[-1] if reports else None)


def _settle(one: UploadedFile, report: FileReport | None) -> None:
    if report is None:
        one.status = UploadStatus.FAILED
    else:
        one.status = UploadStatus(report.status)
        one.file = report.file
        one.kind = "+".join(report.kinds)
        one.claim_count = report.claim_count
        one.problem_count = len(report.problems)
    one.save()
