"""One claim asked about while a person waits: the worker asks and takes the answer in.

A failure that may pass is tried once more when there is time left of the 20 seconds; a payer that
let them go by is not asked again by itself. A worker that was killed leaves a request that never
ends: `give_up_stuck` ends it, and the claim may be asked about again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.exchange.core_calls import ask_now, payload_id_of
from sanderling.exchange.core_endpoint import SECONDS_MAX, CoreEndpoint, CoreFailed
from sanderling.exchange.core_mailboxes import core_mailbox_for, endpoint_of
from sanderling.exchange.core_taking import take_in
from sanderling.exchange.models import Mailbox
from sanderling.inquiries.asking import AskRefused, ask_one, note_failure
from sanderling.inquiries.models import Channel, StatusRequest
from sanderling.outbox.content import content_of
from sanderling.outbox.models import OutboundFile, Purpose, State

STUCK: Final = timedelta(minutes=2)
SECONDS_WORTH_A_RETRY: Final = 2.0
SAID_NOTHING: Final = (
    "the payer answered without saying anything of the claim; ask by portal or call"
)


@transaction.atomic
def ask_claim(claim_id: int, party: int, *, user: User, at: datetime) -> StatusRequest:
    """Ask a payer about a claim in real time; the answer comes within 20 seconds or so.

    Raises:
        AskRefused: it was asked about today, cannot be, or no mailbox reaches the payer so.
    """
    request = ask_one(claim_id, party, user=user, at=at)
    mailbox = core_mailbox_for(request.client_id, request.payer_id, in_real_time=True)
    if mailbox is None:
        raise AskRefused(
            "no mailbox reaches this payer in real time; choose Ask for the status on the worklist"
        )
    _give_to(request.file, mailbox)
    transaction.on_commit(lambda: _defer(request.file_id))
    return request


def _give_to(file: OutboundFile, mailbox: Mailbox) -> None:
    """Give a file to its mailbox before any other transport sees it."""
    file.state, file.mailbox_id = State.SENDING, mailbox.pk
    file.save(update_fields=["state", "mailbox_id"])


def _defer(file_id: int) -> None:
    from sanderling.exchange.core_tasks import carry_question

    carry_question.defer(file_id=file_id)


def carry(file_id: int, *, now: Callable[[], datetime]) -> bool:
    """Carry a question to its counterpart and the answer back; whether there was one to use.

    A second worker that has the same file leaves it to the first.
    """
    taken = OutboundFile.objects.filter(pk=file_id, state=State.SENDING, attempts=0)
    if not taken.update(attempts=1):
        return False
    file = OutboundFile.objects.get(pk=file_id)
    mailbox = Mailbox.objects.get(pk=file.mailbox_id or 0)
    try:
        told = _ask(endpoint_of(mailbox), content_of(file), file, now)
    except CoreFailed as failed:
        end_without_answer(file, str(failed), at=now())
        return False
    take_in(told, f"{file.reference}.277", at=now())
    _sent(file, at=now())
    if StatusRequest.objects.filter(file=file, state="asked").exists():
        note_failure(file, SAID_NOTHING)
        return False
    return True


def _ask(
    endpoint: CoreEndpoint, data: bytes, file: OutboundFile, now: Callable[[], datetime]
) -> bytes:
    payload_id = payload_id_of(file.sha256, file.name)
    begun_at = now()
    try:
        return ask_now(endpoint, data, payload_id=payload_id, at=begun_at)
    except CoreFailed as failed:
        left = SECONDS_MAX - (now() - begun_at).total_seconds()
        if not failed.is_passing or left < SECONDS_WORTH_A_RETRY:
            raise
    seconds = min(endpoint.seconds, left)
    return ask_now(replace(endpoint, seconds=seconds), data, payload_id=payload_id, at=now())


@transaction.atomic
def _sent(file: OutboundFile, *, at: datetime) -> None:
    file.state, file.sent_at, file.fault = State.SENT, at, ""
    file.save(update_fields=["state", "sent_at", "fault"])
    _record(file, "outbox.send", at)


@transaction.atomic
def end_without_answer(file: OutboundFile, why: str, *, at: datetime) -> None:
    """Say that nothing came of a question."""
    file.state, file.fault, file.next_attempt_at = State.FAILED, why, None
    file.save(update_fields=["state", "fault", "next_attempt_at"])
    note_failure(file, why)
    _record(file, "outbox.give_up", at)


def _record(file: OutboundFile, action: str, at: datetime) -> None:
    record_event(
        action=action,
        at=at,
        client_id=file.client_id,
        subject=("outbound_file", file.pk),
        detail={"mailbox": file.mailbox_id or 0, "attempts": file.attempts},
    )


def give_up_stuck(*, at: datetime) -> int:
    """End questions whose worker is gone; return how many."""
    questions = StatusRequest.objects.filter(channel=Channel.REAL_TIME)
    stuck = OutboundFile.objects.filter(
        purpose=Purpose.STATUS, state=State.SENDING, attempts=1, queued_at__lt=at - STUCK
    ).filter(pk__in=questions.values("file"))
    done = 0
    for file in stuck.order_by("pk"):
        if questions.filter(file=file, state="asked").exists():
            end_without_answer(file, "asking was interrupted; ask again", at=at)
        else:  # only the last mark was missing
            _sent(file, at=at)
        done += 1
    return done
