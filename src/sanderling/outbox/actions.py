"""Puts files into the outbox. What is sent from there, and what comes back, is `exchange`'s.

A file is queued in the transaction of whoever makes it: both are there afterwards, or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django import app

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.files.storage import keep_bytes
from sanderling.outbox.models import OutboundClaim, OutboundFile, State
from sanderling.outbox.signals import file_cancelled
from sanderling.postgres.jobs import defer_on_commit
from sanderling.web.actor import current_actor

RELEASE = "exchange.release"  # the job of the room above that takes it from here


class OutboxRefused(Refusal):
    """The file cannot be queued, approved or cancelled so."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A claim that goes into a file: `reference` is what an answer names it by (CLM01, TRN02)."""

    claim_id: int
    party: int
    reference: str


@transaction.atomic
def queue_file(  # noqa: PLR0913 - what a file says
    *,
    kind: str,
    purpose: str,
    client_id: int,
    payer_id: int | None,
    sender_id: str,
    receiver_id: str,
    claims: Sequence[Draft],
    make: Callable[[OutboundFile], bytes],
    user: User | None,
    at: datetime,
    actor: str = "",
    is_held: bool = False,
) -> OutboundFile:
    """Queue one file; `make` renders its bytes from the row, whose id gives its control numbers.

    `is_held`: it goes out only when another person than `user` has approved it. The bytes are
    kept before the row is committed: a rolled back transaction leaves an original that nothing
    names, never a row without bytes.

    Raises:
        OutboxRefused: there is no claim in it.
    """
    if not claims:
        raise OutboxRefused("no claim to send; choose at least one")
    file = OutboundFile.objects.create(
        kind=kind,
        purpose=purpose,
        client_id=client_id,
        payer_id=payer_id,
        sender_id=sender_id,
        receiver_id=receiver_id,
        claim_count=len(claims),
        state=State.HELD if is_held else State.QUEUED,
        queued_at=at,
        queued_by=user,
        actor=actor or current_actor()[0],
    )
    OutboundClaim.objects.bulk_create(
        [
            OutboundClaim(
                file=file,
                client_id=client_id,
                claim_id=one.claim_id,
                party=one.party,
                reference=one.reference,
            )
            for one in claims
        ]
    )
    data = make(file)
    file.sha256, file.is_encrypted = keep_bytes(data)
    file.size_bytes = len(data)
    file.save(update_fields=["sha256", "is_encrypted", "size_bytes"])
    record_event(
        action="outbox.queue",
        at=at,
        client_id=client_id,
        subject=("outbound_file", file.pk),
        detail={"kind": kind, "purpose": purpose, "claims": len(claims), "held": is_held},
    )
    if not is_held:
        _ask_release()
    return file


@transaction.atomic
def approve(file_id: int, *, user: User, at: datetime) -> OutboundFile:
    """Let a held file go out.

    Raises:
        OutboxRefused: it is not held, or the user asked for it.
    """
    file = OutboundFile.objects.select_for_update().get(pk=file_id)
    if file.state != State.HELD:
        raise OutboxRefused(f"{file.name} waits for no approval: it is {file.get_state_display()}")
    if file.queued_by_id == user.pk:
        raise OutboxRefused(f"{file.name} was made by you; another person must approve it")
    file.state, file.approved_by, file.approved_at = State.QUEUED, user, at
    file.save(update_fields=["state", "approved_by", "approved_at"])
    _record("outbox.approve", file, at)
    _ask_release()
    return file


@transaction.atomic
def cancel(file_id: int, *, at: datetime) -> OutboundFile:
    """Keep a file from going out.

    Raises:
        OutboxRefused: it has gone out, or is going.
    """
    file = OutboundFile.objects.select_for_update().get(pk=file_id)
    if file.state not in (State.HELD, State.QUEUED, State.WAITING) or file.stored_file_id:
        raise OutboxRefused(f"{file.name} can no longer be cancelled; it is on its way or sent")
    file.state = State.CANCELLED
    file.save(update_fields=["state"])
    _record("outbox.cancel", file, at)
    file_cancelled.send(sender=OutboundFile, file_id=file.pk, at=at)
    return file


@transaction.atomic
def retry(file_id: int, *, at: datetime) -> OutboundFile:
    """Try a file again that was not delivered.

    Raises:
        OutboxRefused: it has not failed, or our own reader did not take it.
    """
    file = OutboundFile.objects.select_for_update().get(pk=file_id)
    if file.state != State.FAILED:
        raise OutboxRefused(f"{file.name} has not failed: it is {file.get_state_display()}")
    if file.mailbox_id is None:
        raise OutboxRefused(f"{file.name} is not taken by our own reader; make the claims anew")
    file.state, file.attempts, file.fault, file.next_attempt_at = State.SENDING, 0, "", at
    file.save(update_fields=["state", "attempts", "fault", "next_attempt_at"])
    _record("outbox.retry", file, at)
    return file


def _ask_release() -> None:
    """Have the worker release it when this transaction commits; asked twice it does it once."""
    defer_on_commit(app.configure_task(RELEASE, queueing_lock=RELEASE))


def _record(action: str, file: OutboundFile, at: datetime) -> None:
    record_event(action=action, at=at, client_id=file.client_id, subject=("outbound_file", file.pk))
