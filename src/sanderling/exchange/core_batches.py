"""Status requests in batches over CORE: sent, asked for, taken in, acknowledged; once in effect.

Each step is marked when it is done. One that was interrupted is done again under the same
PayloadID, by which the counterpart knows it; what it sends twice is recognised by its content.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from sanderling.audit.actions import record_event
from sanderling.exchange.core_calls import (
    acknowledge,
    fetch_receipt,
    fetch_results,
    payload_id_of,
    submit,
)
from sanderling.exchange.core_endpoint import CoreEndpoint, CoreFailed
from sanderling.exchange.core_mailboxes import core_mailbox_for, endpoint_of
from sanderling.exchange.core_models import CoreBatch
from sanderling.exchange.core_real_time import carry, end_without_answer, give_up_stuck
from sanderling.exchange.core_taking import acknowledgment_of, take_in
from sanderling.exchange.models import Kind, Mailbox, Run
from sanderling.exchange.running import note_run
from sanderling.exchange.sending import postpone
from sanderling.inquiries.models import Channel, StatusRequest
from sanderling.outbox.content import content_of
from sanderling.outbox.models import OutboundFile, Purpose, State
from sanderling.postgres.locks import Lock, session_lock

FIRST_ASK: Final = timedelta(minutes=15)
LONGEST_WAIT: Final = timedelta(hours=4)
ASKED_FOR: Final = timedelta(days=7)  # after that the answer is late, and asked anew
QUESTIONS_A_TURN: Final = 20  # one by one, 20 seconds each at worst
GONE: Final = "no results within seven days; they are no longer asked for"


def turn(*, now: Callable[[], datetime]) -> int:
    """Do what is due at all CORE mailboxes; return files moved. One at a time in a database."""
    with session_lock(Lock.EXCHANGE, -1) as is_ours:
        if not is_ours:
            return 0
        give_up_stuck(at=now())
        moved = _take_waiting(now=now)
        for mailbox in Mailbox.objects.filter(kind=Kind.CORE, is_on=True, stopped_at=None):
            moved += _visit(mailbox, now=now)
    return moved


def _take_waiting(*, now: Callable[[], datetime]) -> int:
    """Give files that no other mailbox took to the CORE mailbox that reaches their payer."""
    waiting = OutboundFile.objects.filter(purpose=Purpose.STATUS, state=State.WAITING)
    taken = 0
    for file in waiting.order_by("pk"):
        in_real_time = _is_question(file)
        mailbox = core_mailbox_for(file.client_id, file.payer_id, in_real_time=in_real_time)
        if mailbox is not None:
            still = OutboundFile.objects.filter(pk=file.pk, state=State.WAITING)
            taken += still.update(state=State.SENDING, mailbox_id=mailbox.pk, next_attempt_at=now())
    return taken


def _is_question(file: OutboundFile) -> bool:
    return StatusRequest.objects.filter(file=file, channel=Channel.REAL_TIME).exists()


def _visit(mailbox: Mailbox, *, now: Callable[[], datetime]) -> int:
    run = Run(mailbox=mailbox, begun_at=now())
    due = OutboundFile.objects.filter(
        mailbox_id=mailbox.pk, state=State.SENDING, next_attempt_at__lte=now()
    )
    questions = 0
    for file in due.order_by("pk"):
        if _is_question(file):
            if questions < QUESTIONS_A_TURN:
                run.sent += carry(file.pk, now=now)
                questions += 1
        else:
            run.sent += _submit(mailbox, file, run, now=now)
    for batch in CoreBatch.objects.filter(mailbox_id=mailbox.pk, next_ask_at__lte=now()):
        run.fetched += _fetch(mailbox, batch, run, now=now)
    if run.sent or run.fetched or run.fault:
        run.ended_at = now()
        run.save()
        note_run(mailbox, run, at=run.ended_at)
    return run.sent + run.fetched


def _submit(mailbox: Mailbox, file: OutboundFile, run: Run, *, now: Callable[[], datetime]) -> bool:
    payload_id = payload_id_of(file.sha256, file.name)
    try:
        submit(endpoint_of(mailbox), content_of(file), payload_id=payload_id, at=now())
    except CoreFailed as failed:
        run.fault = failed.sentence
        if failed.is_passing:
            postpone(file, failed.sentence, at=now())
        else:
            end_without_answer(file, failed.sentence, at=now())
        return False
    _submitted(mailbox, file, payload_id, at=now())
    return True


@transaction.atomic
def _submitted(mailbox: Mailbox, file: OutboundFile, payload_id: str, *, at: datetime) -> None:
    CoreBatch.objects.get_or_create(
        file=file,
        defaults={
            "client_id": file.client_id,
            "mailbox_id": mailbox.pk,
            "payload_id": payload_id,
            "submitted_at": at,
            "next_ask_at": at + FIRST_ASK,
        },
    )
    file.state, file.sent_at, file.fault, file.next_attempt_at = State.SENT, at, "", None
    file.attempts += 1
    file.save(update_fields=["state", "sent_at", "fault", "next_attempt_at", "attempts"])
    record_event(
        action="outbox.send",
        at=at,
        client_id=file.client_id,
        subject=("outbound_file", file.pk),
        detail={"mailbox": mailbox.pk, "attempts": file.attempts},
    )


def _fetch(mailbox: Mailbox, batch: CoreBatch, run: Run, *, now: Callable[[], datetime]) -> bool:
    """Ask for a batch's results, or acknowledge them anew where only that is missing."""
    endpoint = endpoint_of(mailbox)
    if batch.receipt_at is None:
        _take_receipt(endpoint, batch, now=now)
    try:
        told = fetch_results(endpoint, payload_id=batch.payload_id, at=now())
        if told is None:
            _ask_later(batch, "", at=now())
            return False
        is_new = batch.fetched_at is None
        if is_new:
            batch.stored_file_id = take_in(told, f"{batch.file.reference}.277", at=now())
            batch.fetched_at = now()
            batch.save(update_fields=["stored_file_id", "fetched_at"])
        receipt = acknowledgment_of(told, at=now())
        if receipt is not None:
            acknowledge(endpoint, receipt, payload_id=batch.payload_id, at=now())
    except CoreFailed as failed:
        run.fault = failed.sentence
        _ask_later(batch, failed.sentence, at=now())
        return False
    batch.acknowledged_at, batch.next_ask_at, batch.fault = now(), None, ""
    batch.save(update_fields=["acknowledged_at", "next_ask_at", "fault"])
    return is_new


def _take_receipt(endpoint: CoreEndpoint, batch: CoreBatch, *, now: Callable[[], datetime]) -> None:
    """Take in whether the batch could be read; `exchange.tracking` ties it to the file.

    Some counterparts keep none and say so: then nothing is asked for again.
    """
    try:
        told = fetch_receipt(endpoint, payload_id=batch.payload_id, at=now())
    except CoreFailed as failed:
        if failed.is_passing:
            return  # the results are asked for all the same; the receipt again next time
    else:
        if told is None:
            return
        take_in(told, f"{batch.file.reference}.999", at=now())
    batch.receipt_at = now()
    batch.save(update_fields=["receipt_at"])


def _ask_later(batch: CoreBatch, why: str, *, at: datetime) -> None:
    """Ask again after a longer wait each time; at last no more."""
    batch.asks += 1
    batch.fault = why
    if at - batch.submitted_at > ASKED_FOR:
        batch.next_ask_at, batch.fault = None, why or GONE
    else:
        batch.next_ask_at = at + min(FIRST_ASK * 2 ** min(batch.asks - 1, 8), LONGEST_WAIT)
    batch.save(update_fields=["asks", "fault", "next_ask_at"])
