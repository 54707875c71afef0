"""Lets queued files out: our own claims come in by the same door, then a mailbox takes the file.

An 837 of ours is read by intake as any other, so that the ledger, submissions and barriers know
what was sent. What our own reader does not take wholly is not sent. Each step is marked when it is
done and recognised when it is done again: a killed release goes on where it was.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction

from sanderling.audit.actions import record_event
from sanderling.exchange.models import Kind, Mailbox
from sanderling.files.models import FileStatus
from sanderling.intake.actions import FileReport, ingest
from sanderling.outbox.content import content_of
from sanderling.outbox.models import OutboundFile, State
from sanderling.postgres.home import private_folder
from sanderling.postgres.locks import Lock, session_lock

SOURCE: Final = "outbox"
CLAIMS: Final = ("837P", "837I", "837D")
_TAKEN: Final = (FileStatus.POSTED, FileStatus.DUPLICATE)


@dataclass(slots=True)
class Released:
    """What a release did, by file id."""

    to_mailbox: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)


def release(*, at: datetime) -> Released:
    """Release what is queued; what another process is releasing now is left to it."""
    done = Released()
    with session_lock(Lock.EXCHANGE) as is_ours:
        if not is_ours:
            return done
        mailboxes = list(Mailbox.objects.filter(is_on=True).order_by("pk"))
        for pk in (
            OutboundFile.objects.filter(state=State.QUEUED)
            .order_by("pk")
            .values_list("pk", flat=True)
        ):
            file = OutboundFile.objects.get(pk=pk)
            if file.state == State.QUEUED:
                _release(file, mailboxes, done, at=at)
        _hand_over_waiting(mailboxes, done, at=at)
    return done


def _release(
    file: OutboundFile, mailboxes: Sequence[Mailbox], done: Released, *, at: datetime
) -> None:
    if file.kind in CLAIMS and file.stored_file_id is None:
        report = _bring_in(file, at=at)
        if report.status not in _TAKEN or report.file is None:
            _fail(file, report, at=at)
            done.failed.append(file.pk)
            return
        file.stored_file_id = report.file.pk
        file.save(update_fields=["stored_file_id"])
    mailbox = mailbox_for(file, mailboxes)
    with transaction.atomic():
        # Cancelled meanwhile: then it stays here.
        row = OutboundFile.objects.select_for_update().get(pk=file.pk)
        if row.state != State.QUEUED:
            return
        row.mailbox_id = mailbox.pk if mailbox else None
        row.state = State.SENDING if mailbox else State.WAITING
        row.next_attempt_at = at if mailbox else None
        row.save(update_fields=["mailbox_id", "state", "next_attempt_at"])
        record_event(
            action="outbox.release",
            at=at,
            client_id=row.client_id,
            subject=("outbound_file", row.pk),
            detail={"mailbox": row.mailbox_id or 0},
        )
    (done.to_mailbox if mailbox else done.waiting).append(file.pk)


def _hand_over_waiting(mailboxes: Sequence[Mailbox], done: Released, *, at: datetime) -> None:
    """Give files that waited for a mailbox to one that has come since."""
    for file in OutboundFile.objects.filter(state=State.WAITING).order_by("pk"):
        mailbox = mailbox_for(file, mailboxes)
        if mailbox is None:
            continue
        changed = OutboundFile.objects.filter(pk=file.pk, state=State.WAITING).update(
            mailbox_id=mailbox.pk, state=State.SENDING, next_attempt_at=at
        )
        if changed:
            done.to_mailbox.append(file.pk)
            if file.pk in done.waiting:
                done.waiting.remove(file.pk)


def _bring_in(file: OutboundFile, *, at: datetime) -> FileReport:
    folder = private_folder(Path(settings.SANDERLING_HOME), "exchange")
    with tempfile.TemporaryDirectory(dir=folder, prefix="release-") as place:
        path = Path(place) / file.name
        path.write_bytes(content_of(file))
        reports = list(ingest([path], received_date=at.date(), source=SOURCE, recorded_at=at))
    return reports[-1]


def _fail(file: OutboundFile, report: FileReport, *, at: datetime) -> None:
    worst = next(iter(report.problems), None)
    where = f": {worst.code} at {worst.segment} {worst.position}" if worst else ""
    file.state = State.FAILED
    file.fault = f"our own reader does not take it ({report.status}){where}; it was not sent"
    file.next_attempt_at = None
    file.stored_file_id = report.file.pk if report.file else None
    file.save(update_fields=["state", "fault", "next_attempt_at", "stored_file_id"])
    record_event(
        action="outbox.refuse",
        at=at,
        client_id=file.client_id,
        subject=("outbound_file", file.pk),
        detail={"status": report.status},
    )


def mailbox_for(file: OutboundFile, mailboxes: Sequence[Mailbox]) -> Mailbox | None:
    """Return the mailbox that takes a file: the one that names most of what the file is."""
    fitting = [
        one
        for one in mailboxes
        if one.kind != Kind.CORE
        and file.kind in one.sends
        and (not one.client_ids or file.client_id in one.client_ids)
        and (not one.payer_ids or file.payer_id in one.payer_ids)
    ]
    return max(
        fitting,
        key=lambda one: (bool(one.client_ids) + bool(one.payer_ids), bool(one.payer_ids), -one.pk),
        default=None,
    )
