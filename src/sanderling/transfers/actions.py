"""Requests, decisions and undoing of transfers. The ledger follows in `posting`.

Every step locks the transfer first: of two people deciding at once, the second is told. A request
that is repeated while one waits is refused, a decision that is repeated changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.codes.names import NextAction
from sanderling.core.ledger.accounts import INSURANCE_RECEIVABLES
from sanderling.core.refusal import Refusal
from sanderling.followup.actions import record
from sanderling.followup.models import Channel, Outcome
from sanderling.transfers.models import State, Transfer
from sanderling.transfers.share import SELF_PAY, Judged, judged, judged_self_pay
from sanderling.transfers.tasks import defer_posting
from sanderling.transfers.telling import event_of, tell_approvers, tell_requester

TEXT_MAX: Final = 4_000
PERMISSION: Final = "refunds.approve"


class TransferRefused(Refusal):
    """The transfer cannot be requested or decided so."""


@transaction.atomic
def request_transfer(
    *,
    claim: Claim,
    party: int,
    amount_cents: int,
    note: str,
    user: User,
    at: datetime,
    is_self_pay: bool = False,
) -> Transfer:
    """Ask that what the payer left to the patient be moved to him.

    Deductible, coinsurance and the like need no approval; a denial that the payer calls the
    patient's is approved by another person, and so is whatever something speaks against.
    `is_self_pay`: no payer covers the day; the note says what shows it.

    Raises:
        TransferRefused: the patient owes it not, or not yet; one waits already.
    """
    note = note.strip()
    found = _judged(claim, party, is_self_pay=is_self_pay)
    if is_self_pay and not note:
        raise TransferRefused("note what shows that there was no coverage: a call, an answer (271)")
    if len(note) > TEXT_MAX:
        raise TransferRefused(f"a text has at most {TEXT_MAX} characters; shorten it")
    if not 0 < amount_cents <= found.due_cents:
        raise TransferRefused(
            f"{_left(found)} {found.due_cents / 100:.2f}; at most that can be moved"
        )
    if Transfer.objects.filter(
        claim=claim, party=party, state__in=(State.REQUESTED, State.APPROVED)
    ).exists():
        raise TransferRefused("a transfer of this balance waits already; decide that one first")
    try:
        with transaction.atomic():
            made = Transfer.objects.create(
                claim=claim,
                client_id=claim.client_id,
                party=party,
                payer_id=claim.payer_id_of(party),
                amount_cents=amount_cents,
                codes=" ".join(found.codes),
                note=note,
                requested_by=user,
                requested_at=at,
                needs_approval=found.needs_approval,
            )
    except IntegrityError as error:
        raise TransferRefused(
            "a transfer of this balance waits already, or the balance has just changed; reload"
        ) from error
    _step(made, "request", at=at, cents=amount_cents)
    if found.needs_approval:
        _act(made, Outcome.SENT, user=user, at=at, said="requested")
        tell_approvers(made, at=at)
        event_of("transfer.requested", made, at=at)
    else:
        _approve(made, user=None, at=at, note="")
    return made


@transaction.atomic
def decide_transfer(
    transfer_id: int, *, approves: bool, user: User, at: datetime, note: str = ""
) -> Transfer:
    """Approve or reject; never one's own request. Deciding so again changes nothing.

    Raises:
        TransferRefused: it waits for no decision, it is the user's own, he may not, the patient
            owes less now, or a rejection says not why.
    """
    note, found = note.strip(), _locked(transfer_id)
    done = (State.APPROVED, State.POSTED) if approves else (State.REJECTED,)
    if found.state in done and found.decided_by_id == user.pk:
        return found
    if found.state != State.REQUESTED:
        raise TransferRefused(f"transfer {found.pk} waits for no decision ({_said(found)})")
    if found.requested_by_id == user.pk:
        raise TransferRefused("nobody approves or rejects his own request; withdraw it, or wait")
    if not user.may(PERMISSION):
        raise TransferRefused("transfers are decided by a lead, account manager or administrator")
    if len(note) > TEXT_MAX:
        raise TransferRefused(f"a text has at most {TEXT_MAX} characters; shorten it")
    if approves:
        is_self_pay = found.codes == SELF_PAY
        if (
            found.amount_cents
            > _judged(found.claim, found.party, is_self_pay=is_self_pay).due_cents
        ):
            raise TransferRefused(
                "the patient owes less now than was requested; reject it, and request what is left"
            )
        _approve(found, user=user, at=at, note=note)
        return found
    if not note:
        raise TransferRefused("say why it is rejected, so that the claim is worked on")
    found.state = State.REJECTED
    found.decided_by, found.decided_at, found.decision_note = user, at, note
    found.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _step(found, "reject", at=at)
    _end_wait(found, user=user, at=at, said="rejected")
    event_of("transfer.decided", found, at=at)
    tell_requester(found, "is rejected", at=at, but=user.pk)
    return found


@transaction.atomic
def undo_transfer(transfer_id: int, *, user: User, at: datetime) -> Transfer:
    """Withdraw a request, or take a transfer back: the payer owes again. Twice changes nothing.

    Raises:
        TransferRefused: it is rejected, or somebody else's and the user may not.
    """
    found = _locked(transfer_id)
    if found.state in (State.WITHDRAWN, State.REVERSED):
        return found
    if found.state == State.REJECTED:
        raise TransferRefused(f"transfer {found.pk} is rejected; there is nothing to undo")
    is_own = found.requested_by_id == user.pk and found.state == State.REQUESTED
    if not is_own and not user.may(PERMISSION):
        raise TransferRefused("taking it back needs somebody who may approve transfers")
    is_posted = found.state == State.POSTED
    found.state = State.REVERSED if is_posted else State.WITHDRAWN
    found.undone_by, found.undone_at = user, at
    found.save(update_fields=["state", "undone_by", "undone_at"])
    _step(found, "undo" if is_posted else "withdraw", at=at)
    if is_posted:
        defer_posting()
    else:
        _end_wait(found, user=user, at=at, said="withdrawn")
    tell_requester(found, "was taken back", at=at, but=user.pk)
    return found


def _left(found: Judged) -> str:
    return "open and without coverage are" if found.is_self_pay else "left to the patient are"


def _judged(claim: Claim, party: int, *, is_self_pay: bool) -> Judged:
    if party not in [int(one) for one in INSURANCE_RECEIVABLES]:
        raise TransferRefused("choose which payer's balance is moved")
    found = (
        judged_self_pay(claim.pk, party)
        if is_self_pay
        else judged([(claim.pk, party)])[(claim.pk, party)]
    )
    if found.refusal:
        raise TransferRefused(found.refusal)
    return found


def _approve(found: Transfer, *, user: User | None, at: datetime, note: str) -> None:
    found.state = State.APPROVED
    found.decided_by, found.decided_at, found.decision_note = user, at, note
    found.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _step(found, "approve", at=at, by="person" if user else "policy")
    event_of("transfer.decided", found, at=at)
    if user is not None:
        _end_wait(found, user=user, at=at, said="approved")
        tell_requester(found, "is approved", at=at, but=user.pk)
    defer_posting()


def _end_wait(found: Transfer, *, user: User, at: datetime, said: str) -> None:
    """Record that the wait for a decision is over: what is left with the payer is worked on."""
    if found.needs_approval:
        _act(found, Outcome.DONE, user=user, at=at, said=said)


def _locked(transfer_id: int) -> Transfer:
    found = (
        Transfer.objects.select_for_update(of=("self",))
        .select_related("claim", "claim__client")
        .filter(pk=transfer_id)
        .first()
    )
    if found is None:
        raise TransferRefused(f"there is no transfer {transfer_id} that you may see")
    return found


def _said(found: Transfer) -> str:
    return str(State(found.state).label).lower()


def _step(found: Transfer, verb: str, *, at: datetime, **detail: object) -> None:
    record_event(
        action=f"transfer.{verb}",
        at=at,
        client_id=found.client_id,
        claim_id=found.claim_id,
        subject=("transfer", found.pk),
        detail=dict(detail),
    )


def _act(found: Transfer, outcome: Outcome, *, user: User, at: datetime, said: str) -> None:
    record(
        claim=found.claim,
        activity_date=at.date(),
        channel=Channel.INTERNAL,
        action=NextAction.TRANSFER_TO_PATIENT,
        outcome=outcome,
        at=at,
        user=user,
        reference=f"transfer {found.pk} {said}",
        note=f"Transfer to the patient {said}: {found.codes}.",
    )
