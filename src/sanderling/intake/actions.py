"""Files in: kept, read, posted or quarantined; the same again changes nothing.

Every path in, whoever brings it (command line, upload, watched folder), goes through `ingest`.
Interrupted at any moment it loses nothing: a file is registered and its original kept before it is
read, and what was not committed is done again by `resume` or by the next call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

from django.db import transaction

from sanderling.audit.actions import record_event
from sanderling.barriers.actions import refresh_stale
from sanderling.core.x12.batches import Batch, FileEvent
from sanderling.core.x12.problems import Problem, Severity
from sanderling.core.x12.read import read_stream
from sanderling.files.models import Arrival, FileProblem, FileStatus, SetStatus, StoredFile
from sanderling.files.storage import hash_file, keep_original, open_original
from sanderling.intake.turns import one_at_a_time
from sanderling.intake.units import (
    PendingSet,
    PostingUnit,
    is_about_content,
    keep_problems,
    quarantine_unposted,
)
from sanderling.ledger.actions import take_posting_lock

# A unit is posted when it holds this much; one day's files never mix with another's.
UNIT_CLAIMS: Final = 20_000
UNIT_SETS: Final = 200
_SNIFF_BYTES: Final = 4096
_ISA_DATE: Final = re.compile(rb"ISA(.)(?:[^\r\n]*?\1){8}(\d{6})\1", re.DOTALL)

Progress = Callable[[Path, int], None]


@dataclass(slots=True)
class FileReport:
    """What became of one file: a row of `sanderling ingest`."""

    path: Path
    file: StoredFile | None
    kinds: list[str] = field(default_factory=list)
    interchange_count: int = 0
    transaction_count: int = 0
    claim_count: int = 0
    status: str = FileStatus.RECEIVED.value
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _OpenFile:
    report: FileReport
    stored: StoredFile
    received_date: date | None
    outside: list[Problem] = field(default_factory=list)
    done_indexes: set[int] = field(default_factory=set)
    statuses: list[str] = field(default_factory=list)
    client_ids: set[int] = field(default_factory=set)
    pending_count: int = 0
    is_read: bool = False


def ingest(
    paths: Iterable[Path],
    *,
    received_date: date | None,
    source: str,
    recorded_at: datetime,
    progress: Progress = lambda _path, _bytes: None,
    is_followed_by_more: bool = False,
) -> Iterator[FileReport]:
    """Take in files (not folders) in the order given; yield a report when a file is settled.

    `received_date`: the day the business had the files; None: the day each interchange says it was
    made, but not after `recorded_at`. `is_followed_by_more`: another call comes at once, and the
    barriers may wait for it.
    """
    intake = _Intake(recorded_at=recorded_at, progress=progress)
    with one_at_a_time():
        for path in paths:
            opened = register(path, received_date=received_date, source=source, at=recorded_at)
            if isinstance(opened, FileReport):
                yield opened
                continue
            yield from intake.read(opened)
        yield from intake.close()
        if not is_followed_by_more:
            refresh_stale(recorded_at.date())


def resume(*, recorded_at: datetime) -> Iterator[FileReport]:
    """Finish files that an interruption left registered but not settled."""
    intake = _Intake(recorded_at=recorded_at, progress=lambda _path, _bytes: None)
    with one_at_a_time():
        for stored in StoredFile.objects.filter(status=FileStatus.RECEIVED).order_by("pk"):
            yield from intake.read(_continued(Path(stored.name), stored, _told_date(stored)))
        yield from intake.close()
        refresh_stale(recorded_at.date())


@transaction.atomic
def replay(stored: StoredFile, *, recorded_at: datetime) -> FileReport:
    """Read a quarantined or partly posted file again from its original, after a fix.

    Sets that were posted stay as they are.
    """
    unposted = stored.transactions.exclude(status=SetStatus.POSTED)
    FileProblem.objects.filter(transaction__in=unposted).delete()
    FileProblem.objects.filter(file=stored, transaction=None).delete()
    unposted.delete()
    record_event(action="file.replay", at=recorded_at, subject=("file", stored.pk))
    stored.status = FileStatus.RECEIVED
    stored.save(update_fields=["status"])
    intake = _Intake(recorded_at=recorded_at, progress=lambda _path, _bytes: None)
    opened = _continued(Path(stored.name), stored, _told_date(stored))
    return [*intake.read(opened), *intake.close()][-1]


def register(
    path: Path, *, received_date: date | None, source: str, at: datetime
) -> _OpenFile | FileReport:
    """Keep the original and a row for it; a report at once when the content is settled already."""
    sha256, size = hash_file(path)
    known = StoredFile.objects.filter(sha256=sha256).first()
    if received_date is None:
        with path.open("rb") as stream:
            day = _interchange_date(stream.read(_SNIFF_BYTES), at.date())
    else:
        day = received_date
    if known is not None and known.status != FileStatus.RECEIVED:
        Arrival.objects.create(
            file=known, name=path.name, received_date=day, recorded_at=at, source=source
        )
        return FileReport(
            path=path,
            file=known,
            kinds=[known.kind] if known.kind else [],
            interchange_count=known.interchange_count,
            transaction_count=known.transaction_count,
            claim_count=known.claim_count,
            status=FileStatus.DUPLICATE.value,
            problems=_open_problems(known),
        )
    is_encrypted = keep_original(path, sha256)
    if known is None:
        with transaction.atomic():
            known = StoredFile.objects.create(
                sha256=sha256,
                name=path.name,
                size_bytes=size,
                received_date=day,
                recorded_at=at,
                source=source,
                is_encrypted=is_encrypted,
            )
            Arrival.objects.create(
                file=known, name=path.name, received_date=day, recorded_at=at, source=source
            )
        return _OpenFile(FileReport(path=path, file=known), known, received_date)
    return _continued(path, known, received_date)


def _continued(path: Path, stored: StoredFile, received_date: date | None) -> _OpenFile:
    """Return a file of which some sets were settled before, with what is known of these."""
    opened = _OpenFile(FileReport(path=path, file=stored), stored, received_date)
    for done in stored.transactions.all():
        opened.done_indexes.add(done.index)
        opened.statuses.append(done.status)
        opened.client_ids.update(done.client_ids)
        opened.report.claim_count += done.claim_count
    problems = FileProblem.objects.filter(file=stored).exclude(transaction=None)
    for row in problems.select_related("transaction").order_by("position", "pk"):
        severity = Severity(row.severity)
        is_posted = row.transaction is not None and row.transaction.status == SetStatus.POSTED
        if is_posted and severity is Severity.CLAIM:
            opened.statuses.append(FileStatus.PARTLY.value)
        opened.report.problems.append(_problem_of(row))
    return opened


def _open_problems(stored: StoredFile) -> list[Problem]:
    """Return why a file that came again was not posted, or not wholly; [] when it was."""
    if stored.status not in (FileStatus.QUARANTINED, FileStatus.PARTLY):
        return []
    rows = FileProblem.objects.filter(file=stored).exclude(severity=Severity.WARNING.value)
    return [_problem_of(row) for row in rows.order_by("position", "pk")]


def _problem_of(row: FileProblem) -> Problem:
    return Problem(
        code=row.code,
        severity=Severity(row.severity),
        message=row.message,
        segment=row.segment,
        position=row.position,
        loop=row.loop,
        element=row.element,
    )


def _told_date(stored: StoredFile) -> date | None:
    """Return the day somebody said the file was received; None when the file itself told it."""
    with open_original(stored.sha256, is_encrypted=stored.is_encrypted) as stream:
        told = _interchange_date(stream.read(_SNIFF_BYTES), stored.recorded_at.date())
    return None if told == stored.received_date else stored.received_date


def _interchange_date(start: bytes, today: date) -> date:
    """Return the day in the first ISA, `today` when there is none or it lies ahead."""
    match = _ISA_DATE.search(start)
    if match is None:
        return today
    try:
        day = datetime.strptime(match.group(2).decode(), "%y%m%d").date()  # noqa: DTZ007
    except ValueError:
        return today
    return min(day, today)


class _Intake:
    """Reads files one after another and posts what they hold in units."""

    def __init__(self, *, recorded_at: datetime, progress: Progress) -> None:
        self._at = recorded_at
        self._progress = progress
        self._waiting: list[tuple[_OpenFile, PendingSet]] = []
        self._waiting_claims = 0
        self._open: list[_OpenFile] = []

    def read(self, opened: _OpenFile) -> Iterator[FileReport]:
        """Read one file to its end; yield reports of all files settled meanwhile."""
        self._open.append(opened)
        stored = opened.stored
        with open_original(stored.sha256, is_encrypted=stored.is_encrypted) as stream:
            watched = _Watched(stream, opened.report.path, self._progress)
            events = read_stream(cast("BinaryIO", watched))
            gathered: list[Batch] = []
            for event in events:
                if isinstance(event, FileEvent):
                    self._note(opened, event)
                    continue
                gathered.append(event)
                if not event.is_last:
                    if len(gathered) == 1:
                        yield from self._post_large(opened, event, events)
                        gathered = []
                    continue
                yield from self._gather(opened, gathered)
                gathered = []
        opened.is_read = True
        if len(self._open) >= UNIT_SETS or not opened.pending_count:
            yield from self._post()

    def close(self) -> Iterator[FileReport]:
        """Post what is still waiting."""
        yield from self._post()

    def _note(self, opened: _OpenFile, event: FileEvent) -> None:
        opened.outside += event.problems
        if event.interchange is not None:
            indexes = opened.report
            indexes.interchange_count = max(indexes.interchange_count, event.interchange.index)
        if event.refused:
            opened.statuses.append(SetStatus.QUARANTINED.value)

    def _gather(self, opened: _OpenFile, batches: list[Batch]) -> Iterator[FileReport]:
        pending = self._pending(opened, batches[0], batches)
        if pending is None:
            return
        if self._waiting and self._waiting[0][1].received_date != pending.received_date:
            yield from self._post()
        self._waiting.append((opened, pending))
        opened.pending_count += 1
        self._waiting_claims += sum(_claims_in(batch) for batch in batches)
        if self._waiting_claims >= UNIT_CLAIMS or len(self._waiting) >= UNIT_SETS:
            yield from self._post()

    def _post_large(
        self, opened: _OpenFile, first: Batch, rest: Iterator[Batch | FileEvent]
    ) -> Iterator[FileReport]:
        """Post a set that is longer than a batch while it is being read."""
        yield from self._post()

        def batches() -> Iterator[Batch]:
            yield first
            for event in rest:
                if isinstance(event, FileEvent):
                    self._note(opened, event)
                    continue
                yield event
                if event.is_last:
                    return

        pending = self._pending(opened, first, batches())
        if pending is None:
            for _ in batches():  # the rest of a set that was posted before an interruption
                continue
            return
        opened.pending_count += 1
        self._waiting.append((opened, pending))
        yield from self._post()

    def _pending(
        self, opened: _OpenFile, first: Batch, batches: Iterable[Batch]
    ) -> PendingSet | None:
        found = first.transaction
        report = opened.report
        report.transaction_count = max(report.transaction_count, found.index)
        report.interchange_count = max(report.interchange_count, found.interchange.index)
        if found.kind and found.kind not in report.kinds:
            report.kinds.append(found.kind)
        if found.index in opened.done_indexes:
            return None
        made = found.group_date or found.interchange.created_date
        # Resumed on a later day it is still the day it was first seen.
        today = opened.stored.recorded_at.date()
        day = opened.received_date or min(made or today, today)
        return PendingSet(file=opened.stored, received_date=day, batches=batches)

    def _post(self) -> Iterator[FileReport]:
        """Post the waiting sets together and settle the files that are complete."""
        waiting, self._waiting, self._waiting_claims = self._waiting, [], 0
        try:
            settled = self._post_unit(waiting)
        except Exception as error:
            if not is_about_content(error):
                raise
            settled = []
            for opened, pending in waiting:
                settled += self._post_alone(opened, pending, was_alone=len(waiting) == 1)
        yield from (opened.report for opened in settled)

    def _post_unit(self, waiting: list[tuple[_OpenFile, PendingSet]]) -> list[_OpenFile]:
        """Post sets in one database transaction; return the files that are settled with it."""
        with transaction.atomic():
            if waiting:
                take_posting_lock()
                unit = PostingUnit(posted_date=waiting[0][1].received_date, recorded_at=self._at)
                for _, pending in waiting:
                    unit.add(pending)
                unit.post()
            for opened, pending in waiting:
                _take_over(opened, pending)
            settled = [o for o in self._open if o.is_read and not o.pending_count]
            for opened in settled:
                _settle(opened, self._at)
        self._open = [o for o in self._open if o not in settled]
        return settled

    def _post_alone(
        self, opened: _OpenFile, pending: PendingSet, *, was_alone: bool
    ) -> list[_OpenFile]:
        """Post one set of a unit that failed; quarantine it when it is the one that cannot post."""
        if not was_alone:
            try:
                return self._post_unit([(opened, pending.begun_again())])
            except Exception as error:
                if not is_about_content(error):
                    raise
        failed = pending.begun_again()
        with transaction.atomic():
            take_posting_lock()
            quarantine_unposted(failed)
            _take_over(opened, failed)
            settled = [o for o in self._open if o.is_read and not o.pending_count]
            for other in settled:
                _settle(other, self._at)
        self._open = [o for o in self._open if o not in settled]
        return settled


def _claims_in(batch: Batch) -> int:
    for name in ("claim_payments", "claims", "status_claims"):
        if name in batch.tables:
            return batch.tables[name].height
    return 0


def _take_over(opened: _OpenFile, pending: PendingSet) -> None:
    opened.pending_count -= 1
    opened.statuses.append(pending.status.value)
    opened.client_ids.update(pending.client_ids)
    report = opened.report
    report.claim_count += pending.claim_count
    report.problems += pending.problems
    is_posted = pending.status == SetStatus.POSTED
    if is_posted and any(problem.severity is Severity.CLAIM for problem in pending.problems):
        opened.statuses.append(FileStatus.PARTLY.value)


def _settle(opened: _OpenFile, at: datetime) -> None:
    """Write down what became of the file as a whole."""
    report, stored = opened.report, opened.stored
    report.problems = opened.outside + report.problems
    report.problems.sort(key=lambda problem: problem.position)
    report.status = _status_of(set(opened.statuses))
    keep_problems(opened.outside, file=stored, set_id=None, client_ids=sorted(opened.client_ids))
    stored.kind = "+".join(report.kinds)
    stored.status = report.status
    stored.interchange_count = report.interchange_count
    stored.transaction_count = report.transaction_count
    stored.claim_count = report.claim_count
    stored.client_ids = sorted(opened.client_ids)
    stored.save()
    record_event(
        action="file.ingest",
        at=at,
        subject=("file", stored.pk),
        detail={
            "sha256": stored.sha256,
            "status": report.status,
            "transactions": report.transaction_count,
            "claims": report.claim_count,
        },
    )


def _status_of(statuses: set[str]) -> str:
    """Return the file's status from those of its sets."""
    if not statuses or statuses == {SetStatus.QUARANTINED.value}:
        return FileStatus.QUARANTINED.value
    if statuses == {SetStatus.DUPLICATE.value}:
        return FileStatus.DUPLICATE.value
    if statuses <= {SetStatus.POSTED.value, SetStatus.DUPLICATE.value}:
        return FileStatus.POSTED.value
    return FileStatus.PARTLY.value


class _Watched:
    """A stream that tells how much of it was read."""

    def __init__(self, stream: object, path: Path, progress: Progress) -> None:
        self._stream = stream
        self._path = path
        self._progress = progress

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(size)  # type: ignore[attr-defined]
        self._progress(self._path, len(data))
        return data
