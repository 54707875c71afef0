"""Leaves files in a mailbox, each exactly once in effect.

A file is written under an intermediate name, its size is looked at, then it is marked as handed
over, then it gets its own name. After an interruption the mark and what lies there tell how far it
came: with the mark and neither name there, the other side has taken it already.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from sanderling.audit.actions import record_event
from sanderling.core.deadlines.days import add_business_days
from sanderling.exchange.models import Mailbox
from sanderling.exchange.transport import Away, Transport, joined
from sanderling.files.storage import OriginalDamaged
from sanderling.news.actions import NewEvent, record_events
from sanderling.outbox.content import content_of
from sanderling.outbox.models import OutboundFile, State

ATTEMPTS_MAX: Final = 8  # with the waits below: given up after about two days
_FIRST_WAIT: Final = timedelta(minutes=5)
_LONGEST_WAIT: Final = timedelta(hours=12)


@dataclass(slots=True)
class Sent:
    """How many files were left, and how many could not be now."""

    files: int = 0
    troubled: int = 0


def send_waiting(mailbox: Mailbox, transport: Transport, *, at: datetime) -> Sent:
    """Leave what is due for the mailbox; one that cannot be left does not keep up the others.

    Raises:
        Away, Stopped, LocalTrouble: nothing more can be left now.
    """
    done = Sent()
    due = OutboundFile.objects.filter(
        mailbox_id=mailbox.pk, state=State.SENDING, next_attempt_at__lte=at
    )
    for pk in due.order_by("pk").values_list("pk", flat=True):
        file = OutboundFile.objects.get(pk=pk)
        if file.state != State.SENDING:
            continue
        try:
            data = content_of(file)
        except (OriginalDamaged, FileNotFoundError):
            _give_up(file, "its original is damaged or missing; make the file anew", at=at)
            done.troubled += 1
            continue
        try:
            deliver(file, data, mailbox.outgoing_folder, transport, at=at)
        except Away as away:
            # One may break off by itself; where the whole line is gone, the next one says so, too.
            postpone(file, away.sentence, at=at)
            done.troubled += 1
            raise
        _sent(file, mailbox, at=at)
        done.files += 1
    return done


def deliver(
    file: OutboundFile, data: bytes, folder: str, transport: Transport, *, at: datetime
) -> None:
    """Leave one file, or find that it was left before."""
    final, unfinished = joined(folder, file.name), joined(folder, f".{file.name}.part")
    if transport.size_of(final) == len(data):
        return
    if file.handed_over_at is not None and transport.size_of(unfinished) is None:
        return  # it had its name, and the other side has taken it
    if file.handed_over_at is None or transport.size_of(unfinished) != len(data):
        transport.put(data, unfinished)
        file.handed_over_at = at
        file.save(update_fields=["handed_over_at"])
    transport.rename(unfinished, final)


@transaction.atomic
def _sent(file: OutboundFile, mailbox: Mailbox, *, at: datetime) -> None:
    file.state, file.sent_at, file.fault, file.next_attempt_at = State.SENT, at, "", None
    file.attempts += 1
    if file.sender_id:  # an interchange: what is no X12 is confirmed by people
        file.receipt_due_date = add_business_days(at.date(), mailbox.receipt_days)
        file.acceptance_due_date = add_business_days(at.date(), mailbox.acceptance_days)
    file.save(
        update_fields=[
            *("state", "sent_at", "fault", "next_attempt_at", "attempts"),
            *("receipt_due_date", "acceptance_due_date"),
        ]
    )
    record_event(
        action="outbox.send",
        at=at,
        client_id=file.client_id,
        subject=("outbound_file", file.pk),
        detail={"mailbox": file.mailbox_id or 0, "attempts": file.attempts},
    )


def postpone(file: OutboundFile, why: str, *, at: datetime) -> None:
    """Try a file again later, each time after a longer wait; at last give up and say so."""
    file.attempts += 1
    if file.attempts >= ATTEMPTS_MAX:
        _give_up(file, why, at=at)
        return
    wait = min(_FIRST_WAIT * 2 ** (file.attempts - 1), _LONGEST_WAIT)
    file.fault, file.next_attempt_at = why, at + wait
    file.save(update_fields=["attempts", "fault", "next_attempt_at"])


@transaction.atomic
def _give_up(file: OutboundFile, why: str, *, at: datetime) -> None:
    file.state, file.fault, file.next_attempt_at = State.FAILED, why, None
    file.save(update_fields=["state", "fault", "next_attempt_at", "attempts"])
    record_event(
        action="outbox.give_up",
        at=at,
        client_id=file.client_id,
        subject=("outbound_file", file.pk),
        detail={"attempts": file.attempts},
    )
    record_events(
        [
            NewEvent(
                "exchange.failed",
                file.client_id,
                payer_id=file.payer_id,
                detail={"file": file.pk, "kind": file.kind, "claims": file.claim_count},
            )
        ],
        at=at,
    )
