"""Bills next payers, takes that back while it has not gone out, and keeps people's answers.

Claims of one client and payer go in one file. All of a call happens in one transaction under one
lock: of two people, and of a double click, the second finds the claims billed. What is refused
stops nothing else, and nothing of it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_claim_events, record_event
from sanderling.claims.models import Claim
from sanderling.core.codes.names import NextAction
from sanderling.core.refusal import Refusal
from sanderling.core.resubmission.msp import TYPES
from sanderling.core.resubmission.next_payer import Supplied
from sanderling.core.resubmission.writing import FileKey, file_key, write_claims
from sanderling.followup.many import record_many, withdraw_many
from sanderling.followup.models import Channel, Outcome
from sanderling.outbox import actions as outbox
from sanderling.outbox.models import OutboundFile, Purpose
from sanderling.postgres.locks import Lock, hold_lock
from sanderling.resubmission.secondary_building import Key, Prepared, prepare
from sanderling.resubmission.secondary_models import (
    NEXT_PARTIES,
    SecondaryAnswer,
    SecondaryClaim,
    SecondaryState,
)

BATCH_MAX: Final = 500
RELATIONSHIPS: Final = {
    "18": "Self",
    "01": "Spouse",
    "19": "Child",
    "20": "Employee",
    "53": "Life partner",
    "G8": "Other",
    "21": "Unknown",
}
_ID_MAX: Final = 80
_NAME_MAX: Final = 60


class SecondaryRefused(Refusal):
    """The claims cannot be billed, undone or answered about so."""


@dataclass(slots=True)
class Billed:
    """What a call did: the files it queued, and a sentence for each claim that was refused."""

    claims: list[SecondaryClaim] = field(default_factory=list)
    files: list[OutboundFile] = field(default_factory=list)
    refused: list[tuple[Prepared, str]] = field(default_factory=list)

    @property
    def due_cents(self) -> int:
        """What is open for the payers that were billed."""
        return sum(one.due_cents for one in self.claims)


@transaction.atomic
def bill_next_payers(keys: Iterable[Key], *, user: User | None, at: datetime) -> Billed:
    """Queue the claims (claim, party) to their next payers.

    Raises:
        SecondaryRefused: none was chosen, or too many at once.
    """
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        raise SecondaryRefused("choose at least one claim")
    if len(wanted) > BATCH_MAX:
        raise SecondaryRefused(f"at most {BATCH_MAX:,} claims are billed at once; choose fewer")
    hold_lock(Lock.NEXT_PAYERS)
    billed = Billed()
    files: dict[tuple[int, int | None, int, FileKey], list[Prepared]] = {}
    for one in prepare(wanted, today=at.date()).values():
        if one.document is None:
            billed.refused.append((one, one.refusal))
            continue
        key = (one.claim.client_id, one.payer_id, one.party, file_key(one.document))
        files.setdefault(key, []).append(one)
    for members in files.values():
        _queue(members, billed, user=user, at=at)
    return billed


def _queue(members: Sequence[Prepared], billed: Billed, *, user: User | None, at: datetime) -> None:
    documents = [one.document for one in members if one.document is not None]
    first, partners = members[0], documents[0].partners
    file = outbox.queue_file(
        kind=documents[0].kind,
        purpose=Purpose.SECONDARY,
        client_id=first.claim.client_id,
        payer_id=first.payer_id,
        sender_id=partners.sender_id,
        receiver_id=partners.receiver_id,
        claims=[
            outbox.Draft(one.claim.pk, one.party, document.number)
            for one, document in zip(members, documents, strict=True)
        ],
        make=lambda row: write_claims(
            documents,
            control_number=row.control_number,
            reference=row.reference,
            created_at=at,
        ),
        user=user,
        at=at,
    )
    billed.files.append(file)
    billed.claims += _keep(members, file, user=user, at=at)


def _keep(
    members: Sequence[Prepared], file: OutboundFile, *, user: User | None, at: datetime
) -> list[SecondaryClaim]:
    """Keep what was told, as one touch of each claim."""
    first = members[0]
    activities = record_many(
        claims=[(one.claim.pk, one.claim.client_id) for one in members],
        activity_date=at.date(),
        channel=Channel.ELECTRONIC,
        action=NextAction.BILL_SECONDARY,
        outcome=Outcome.SENT,
        at=at,
        user=user,
        reference=file.name,
        note=f"Billed to the {first.place_text} payer, {first.payer_name or 'unknown'}.",
    )
    made = SecondaryClaim.objects.bulk_create(
        SecondaryClaim(
            claim=one.claim,
            client_id=one.claim.client_id,
            party=one.party,
            payer_id=one.payer_id,
            file=file,
            payment_ids=one.payment_ids,
            charge_cents=sum(line.charge_cents for line in one.lines),
            prior_paid_cents=one.prior_paid_cents,
            due_cents=one.due_cents,
            msp_type=one.msp_type,
            activity_id=activities[one.claim.pk],
            made_by=user,
            made_at=at,
        )
        for one in members
    )
    _record("secondary.bill", made, at=at, detail={"party": first.party, "file": file.pk})
    return made


def _record(
    action: str, claims: Sequence[SecondaryClaim], *, at: datetime, detail: dict[str, Any]
) -> None:
    record_claim_events(
        action=action,
        at=at,
        claims=[(one.client_id, one.claim_id, one.pk) for one in claims],
        subject_kind="secondary_claim",
        detail=detail,
    )


@transaction.atomic
def undo_file(file_id: int, *, user: User, at: datetime) -> int:
    """Take back the claims of a file that has not gone out; return how many.

    Doing so twice changes nothing and returns 0.

    Raises:
        SecondaryRefused: there is no such file that the user may see.
        OutboxRefused: it has gone out, or is going.
    """
    hold_lock(Lock.NEXT_PAYERS)
    members = list(SecondaryClaim.objects.filter(file_id=file_id).order_by("pk"))
    if not members:
        raise SecondaryRefused("there is no such file of claims to next payers")
    open_ones = [one for one in members if one.state == SecondaryState.SENT]
    if not open_ones:
        return 0
    outbox.cancel(file_id, at=at)
    SecondaryClaim.objects.filter(pk__in=[one.pk for one in open_ones]).update(
        state=SecondaryState.UNDONE, undone_by=user, undone_at=at
    )
    withdraw_many(
        activity_ids=[one.activity_id for one in open_ones if one.activity_id is not None],
        user=user,
        at=at,
        reason="Taken back before it was sent.",
    )
    _record("secondary.undo", open_ones, at=at, detail={"file": file_id})
    return len(open_ones)


@transaction.atomic
def answer(
    claim: Claim,
    party: int,
    *,
    user: User | None,
    at: datetime,
    msp_type: str | None = None,
    goes_now: bool | None = None,
    supplied: Supplied | None = None,
) -> SecondaryAnswer:
    """Keep what a person told; None leaves an answer as it was.

    Raises:
        SecondaryRefused: an unknown party or type, or a coverage without what a claim needs.
    """
    if party not in NEXT_PARTIES:
        raise SecondaryRefused("only a second or third payer is billed next")
    if msp_type is not None and msp_type not in ("", *TYPES):
        raise SecondaryRefused(f"an MSP type is one of {', '.join(TYPES)}")
    if supplied is not None:
        _check_supplied(supplied)
    found, _ = SecondaryAnswer.objects.select_for_update().get_or_create(
        claim=claim,
        party=party,
        defaults={"client_id": claim.client_id, "user": user, "at": at},
    )
    told = []
    if msp_type is not None:
        found.msp_type = msp_type
        told.append("msp_type")
    if goes_now is not None:
        found.goes_now = goes_now
        told.append("goes_now")
    if supplied is not None:
        found.supplied = asdict(supplied)
        told.append("coverage")
    found.user, found.at = user, at
    found.save()
    record_event(
        action="secondary.answer",
        at=at,
        client_id=claim.client_id,
        claim_id=claim.pk,
        subject=("secondary_answer", found.pk),
        detail={"party": party, "told": ", ".join(told), "msp_type": found.msp_type},
    )
    return found


def _check_supplied(supplied: Supplied) -> None:
    needed = {
        "the payer's name": supplied.payer_name,
        "the payer's electronic id": supplied.payer_id,
        "the member id": supplied.member_id,
        "the kind of insurance": supplied.filing_indicator,
    }
    for what, value in needed.items():
        if not value.strip():
            raise SecondaryRefused(f"{what} is missing")
    if supplied.relationship not in RELATIONSHIPS:
        raise SecondaryRefused("choose what the patient is to the insured")
    if supplied.relationship != "18" and not supplied.subscriber_last_name.strip():
        raise SecondaryRefused("the insured's name is missing")
    texts = asdict(supplied).values()
    if any(len(text) > (_ID_MAX if " " not in text else _NAME_MAX) for text in texts):
        raise SecondaryRefused(f"a name has at most {_NAME_MAX} characters; shorten it")
    if any(mark in text for text in texts for mark in "*~^:"):
        raise SecondaryRefused("the characters * ~ ^ : cannot be sent; write it without them")
