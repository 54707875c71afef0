"""Puts claims that are sent again into the outbox: one file for a client, payer and way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.core.codes.names import NextAction
from sanderling.core.resubmission.edits import Edit, from_json
from sanderling.core.resubmission.kinds import Kind, purpose_of
from sanderling.core.resubmission.writing import write_claims
from sanderling.followup.actions import record
from sanderling.followup.models import Activity, Channel, Outcome
from sanderling.outbox.actions import Draft, queue_file
from sanderling.outbox.models import OutboundFile
from sanderling.resubmission.models import Resubmission, State
from sanderling.resubmission.preparing import Ready

NOTE_MAX: Final = 4_000
_ACTS: Final = {
    Kind.FIRST: NextAction.RESUBMIT,
    Kind.REPLACEMENT: NextAction.CORRECT_AND_REBILL,
    Kind.VOID: NextAction.CORRECT_AND_REBILL,
}
_SAID: Final = {
    Kind.FIRST: "Sent again as a new claim",
    Kind.REPLACEMENT: "Sent a replacement",
    Kind.VOID: "Sent a void",
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A resubmission that may go out, and its claim as it goes."""

    row: Resubmission
    ready: Ready


def queue_all(outgoing: Sequence[Outgoing], *, user: User | None, at: datetime) -> None:
    """Queue the claims, as few files as can be, and record the send of each as an activity.

    Call it in the transaction that makes or approves the rows: they are queued, or nothing is.
    """
    groups: dict[tuple[Any, ...], list[Outgoing]] = {}
    for one in outgoing:
        key = (one.row.client_id, one.row.payer_id, purpose_of(one.ready.kind), one.ready.key)
        groups.setdefault(key, []).append(one)
    for alike in groups.values():
        file = _queue_file(alike, user=user, at=at)
        for one in alike:
            one.row.file, one.row.queued_at = file, at
            one.row.activity = _record_send(one, file, user=user, at=at)
            one.row.state = State.QUEUED
            one.row.save(
                update_fields=[
                    *("file", "queued_at", "activity", "state"),
                    *("decided_by", "decided_at", "decision_note"),
                ]
            )


def _queue_file(alike: Sequence[Outgoing], *, user: User | None, at: datetime) -> OutboundFile:
    first = alike[0]
    documents = [one.ready.document for one in alike]

    def make(file: OutboundFile) -> bytes:
        return write_claims(
            documents,
            control_number=file.control_number,
            reference=file.reference,
            created_at=at,
        )

    return queue_file(
        kind=first.ready.document.kind,
        purpose=purpose_of(first.ready.kind),
        client_id=first.row.client_id,
        payer_id=first.row.payer_id,
        sender_id=first.ready.key.partners.sender_id,
        receiver_id=first.ready.key.partners.receiver_id,
        claims=[Draft(one.row.claim_id, one.row.party, one.ready.document.number) for one in alike],
        make=make,
        user=user,
        at=at,
        actor=first.row.actor,
    )


def _record_send(one: Outgoing, file: OutboundFile, *, user: User | None, at: datetime) -> Activity:
    changes = "; ".join(change_text(edit) for edit in from_json(one.row.edits))
    note = f"{_SAID[one.ready.kind]}: {one.row.reason}" + (f" ({changes})" if changes else "")
    return record(
        claim=one.row.claim,
        activity_date=at.date(),
        channel=Channel.ELECTRONIC,
        action=_ACTS[one.ready.kind],
        outcome=Outcome.SENT,
        at=at,
        user=user,
        reference=file.name,
        note=note[:NOTE_MAX],
    )


def change_text(edit: Edit) -> str:
    """Return a correction as one phrase: Member ID: A1 -> A2."""
    return f"{edit.label}: {edit.old or 'nothing'} -> {edit.new or 'nothing'}"
