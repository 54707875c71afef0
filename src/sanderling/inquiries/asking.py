"""A person asks a payer about one claim, now."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.core.inquiries.limits import Limits, Way
from sanderling.core.refusal import Refusal
from sanderling.inquiries.actions import KIND, asked_on, new_ids, payer_numbers
from sanderling.inquiries.due import Due, due_one
from sanderling.inquiries.limits import limits_of
from sanderling.inquiries.models import Channel, RequestState, StatusRequest
from sanderling.inquiries.rendering import Asked, claims_sent, request_bytes, trace_of
from sanderling.outbox.actions import Draft, queue_file
from sanderling.outbox.models import OutboundFile, Purpose
from sanderling.payers.models import Payer
from sanderling.postgres.locks import Lock, hold_lock
from sanderling.worklists.inquiries import mark_written

PARTIES: Final = (11, 12, 13)


class AskRefused(Refusal):
    """The payer is not asked about this claim now."""


@transaction.atomic
def ask_one(claim_id: int, party: int, *, user: User, at: datetime) -> StatusRequest:
    """Queue a file that asks in real time about one claim; a second click is refused.

    Raises:
        AskRefused: it was asked about today, or cannot be, or the payer takes no more today.
    """
    hold_lock(Lock.STATUS_REQUESTS)
    found = due_one(claim_id, party, asked_by=f"user:{user.pk}", today=at.date())
    if found is None or party not in PARTIES:
        raise AskRefused("this claim has no such payer to ask")
    if found.fault:
        raise AskRefused(found.fault)
    if found.asked_date == at.date():
        raise AskRefused("it was asked about today already; look at that answer, or ask tomorrow")
    limits, _ = limits_of(Payer.objects.get(pk=found.payer_id))
    _check_limits(limits, asked_on(at.date()).get(found.payer_id, 0))
    request = _queue(found, user, at)
    if found.inquiry_id:
        mark_written([found.inquiry_id], at=at)
    return request


def _check_limits(limits: Limits, asked_today: int) -> None:
    if limits.way == Way.NONE:
        raise AskRefused("the payer takes no status requests; ask by portal or call")
    if asked_today >= limits.requests_a_day:
        raise AskRefused("as many as the payer takes a day were asked today; ask tomorrow")


def _queue(found: Due, user: User, at: datetime) -> StatusRequest:
    (pk,) = new_ids(1)
    number = payer_numbers([found.claim_id]).get(found.claim_id, "")
    asked = [Asked(trace_of(pk), found.submission_id, number)]
    sent = claims_sent([found.submission_id])
    file = queue_file(
        kind=KIND,
        purpose=Purpose.STATUS,
        client_id=found.client_id,
        payer_id=found.payer_id,
        sender_id=found.sender_id,
        receiver_id=found.receiver_id,
        claims=[Draft(found.claim_id, found.party, asked[0].trace)],
        make=lambda row: request_bytes(row, asked, sent),
        user=user,
        actor=found.asked_by,
        at=at,
    )
    return StatusRequest.objects.create(
        pk=pk,
        file=file,
        client_id=found.client_id,
        claim_id=found.claim_id,
        party=found.party,
        payer_id=found.payer_id,
        submission_id=found.submission_id,
        payer_claim_number=number,
        channel=Channel.REAL_TIME,
        asked_by=found.asked_by,
        asked_at=at,
        asked_date=at.date(),
        tries=found.tries,
    )


@transaction.atomic
def note_failure(file: OutboundFile, why: str) -> None:
    """Say that a request got no answer of use; one that was answered meanwhile keeps its answer."""
    StatusRequest.objects.filter(file=file, state=RequestState.ASKED).update(
        state=RequestState.FAILED, fault=why
    )
