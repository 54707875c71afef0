"""Requests, decisions and undoing. The ledger follows in `posting`, by the worker.

Every step locks the write-off first: of two people deciding at once, the second is told. A request
that is repeated while one waits is refused, a decision that is repeated changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.codes.names import NextAction
from sanderling.core.ledger.accounts import RECEIVABLES
from sanderling.core.refusal import Refusal
from sanderling.followup.actions import record
from sanderling.followup.models import Channel, Outcome
from sanderling.followup.signals import work_recorded
from sanderling.ledger.models import OpenBalance
from sanderling.web.actor import current_actor
from sanderling.writeoffs.limits import PERMISSION, limits_of
from sanderling.writeoffs.looks_collectible import Doubt, warnings_of
from sanderling.writeoffs.models import Approval, State, WriteOff
from sanderling.writeoffs.policy import requirement
from sanderling.writeoffs.reasons import REASONS
from sanderling.writeoffs.tasks import defer_posting
from sanderling.writeoffs.telling import event_of, tell_approvers, tell_requester

TEXT_MAX: Final = 4_000
ANSWER_DAYS: Final = 3  # DOMAIN 9.3, WOREQ


class WriteOffRefused(Refusal):
    """The write-off cannot be requested or decided so."""


class LooksCollectible(WriteOffRefused):
    """It may still be collected: somebody must say yes to writing it off all the same."""

    def __init__(self, warnings: Sequence[Doubt]) -> None:
        super().__init__(
            "this balance looks collectible; read why, and confirm if it is to be written off"
        )
        self.warnings = list(warnings)


@transaction.atomic
def request_write_off(  # noqa: PLR0913 - what a request says
    *,
    claim: Claim,
    party: int,
    amount_cents: int,
    reason: str,
    note: str,
    user: User | None,
    at: datetime,
    evidence: str = "",
    despite_warnings: bool = False,
    actor: str = "",
) -> WriteOff:
    """Ask that what the party owes, or a part of it, be given up.

    Below the client's first limit the policy approves at once. `actor` says who asks where no
    person does (rule:4, policy).

    Raises:
        WriteOffRefused: no reason of the list, not a part of what is owed, or one waits already.
        LooksCollectible: something speaks against it, and `despite_warnings` is not set.
    """
    note, evidence = note.strip(), evidence.strip()
    _check_request(claim, party, amount_cents=amount_cents, reason=reason, texts=(note, evidence))
    needed = requirement(amount_cents, limits_of(claim.client_id))
    warnings = (
        warnings_of(claim.pk, party, reason=reason, today=at.date()) if needed.approvals else []
    )
    if warnings and not despite_warnings:
        raise LooksCollectible(warnings)
    try:
        with transaction.atomic():
            made = WriteOff.objects.create(
                claim=claim,
                party=party,
                client_id=claim.client_id,
                payer_id=claim.payer_id_of(party),
                amount_cents=amount_cents,
                reason=reason,
                note=note,
                evidence=evidence,
                requested_by=user,
                requested_at=at,
                actor=actor or (f"user:{user.pk}" if user else current_actor()[0] or "policy"),
                approvals_needed=needed.approvals,
                warnings=[[one.key, one.text] for one in warnings],
            )
    except IntegrityError as error:
        raise WriteOffRefused(
            "a write-off of this balance waits already, or the balance has just changed; reload"
        ) from error
    _record_step(made, "request", at=at, cents=amount_cents, reason=reason)
    if needed.approvals:
        _record_act(made, Outcome.SENT, user=user, at=at, days=ANSWER_DAYS, said="requested")
        tell_approvers(made, at=at)
        event_of("write_off.requested", made, at=at)
    else:
        _approve(made, user=None, at=at)
    _tell_items([made])
    return made


@transaction.atomic
def decide(
    write_off_id: int,
    *,
    approves: bool,
    user: User,
    at: datetime,
    note: str = "",
    client_yes: str = "",
    despite_warnings: bool = False,
) -> WriteOff:
    """Approve or reject; where two people must approve, the first yes leaves it waiting.

    Raises:
        WriteOffRefused: it waits for no decision, it is the user's own, too much for his role, the
            client's yes is missing, it is more than is owed now, or a rejection says not why.
        LooksCollectible: something speaks against it, and `despite_warnings` is not set.
    """
    note, client_yes = note.strip(), client_yes.strip()
    found = _locked(write_off_id)
    if _is_done_already(found, approves=approves, user=user):
        return found
    _check_decider(found, user)
    if not approves:
        return _reject(found, user=user, at=at, note=note)
    _check_approval(found, client_yes=client_yes)
    warnings = standing_warnings(found, today=at.date())
    if warnings and not despite_warnings:
        raise LooksCollectible(warnings)
    Approval.objects.create(write_off=found, client_id=found.client_id, user=user, at=at, note=note)
    if client_yes:
        found.client_yes = client_yes
        found.save(update_fields=["client_yes"])
    given = found.approvals.count()
    _record_step(found, "approve", at=at, approvals=given, needed=found.approvals_needed)
    if given < found.approvals_needed:
        tell_approvers(found, at=at, but=[user.pk])
    else:
        _approve(found, user=user, at=at, note=note)
    _tell_items([found])
    return found


@transaction.atomic
def withdraw_write_off(write_off_id: int, *, user: User | None, at: datetime) -> WriteOff:
    """Take the request back, before a person decides it or the policy's yes is posted.

    Doing so twice changes nothing.

    Raises:
        WriteOffRefused: it is decided, or posted.
    """
    found = _locked(write_off_id)
    if found.state == State.WITHDRAWN:
        return found
    by_policy = found.state == State.APPROVED and not found.approvals_needed
    if found.state != State.REQUESTED and not by_policy:
        raise WriteOffRefused(f"write-off {found.pk} is decided; ask who approved to undo it")
    _undo(found, State.WITHDRAWN, user=user, at=at)
    return found


@transaction.atomic
def undo_approval(write_off_id: int, *, user: User, at: datetime) -> WriteOff:
    """Undo an approval: before it is posted nothing is posted, after it the ledger takes it back.

    Raises:
        WriteOffRefused: it is not approved, or the user's role may not approve the amount.
    """
    found = _locked(write_off_id)
    if found.state in (State.REVERSED, State.WITHDRAWN):
        return found
    if found.state not in (State.APPROVED, State.POSTED):
        raise WriteOffRefused(f"write-off {found.pk} is not approved; there is nothing to undo")
    if user.role not in _roles(found) or not user.may(PERMISSION):
        raise WriteOffRefused("undoing it needs somebody who may approve the amount")
    is_posted = found.state == State.POSTED
    _undo(found, State.REVERSED if is_posted else State.WITHDRAWN, user=user, at=at)
    if is_posted:
        defer_posting()
    tell_requester(found, "was taken back", at=at, but=user.pk)
    return found


def standing_warnings(found: WriteOff, *, today: date) -> list[Doubt]:
    """Return what speaks against a request that waits: as it was requested, and as it is now.

    The request itself makes the claim wait, so that an appeal under way is no longer its barrier.
    """
    told = {key: Doubt(key, text) for key, text in found.warnings}
    now = warnings_of(found.claim_id, found.party, reason=found.reason, today=today)
    return list({**told, **{one.key: one for one in now}}.values())


def _approve(found: WriteOff, *, user: User | None, at: datetime, note: str = "") -> None:
    found.state = State.APPROVED
    found.decided_by, found.decided_at, found.decision_note = user, at, note
    found.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _record_step(found, "approved", at=at, cents=found.amount_cents)
    event_of("write_off.decided", found, at=at)
    tell_requester(found, "is approved", at=at, but=user.pk if user else None)
    defer_posting()


def _reject(found: WriteOff, *, user: User, at: datetime, note: str) -> WriteOff:
    if not note:
        raise WriteOffRefused("say why it is rejected, so that the claim is worked on")
    found.state = State.REJECTED
    found.decided_by, found.decided_at, found.decision_note = user, at, note
    found.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _record_step(found, "reject", at=at)
    _record_act(found, Outcome.DONE, user=user, at=at, days=0, said="rejected")
    event_of("write_off.decided", found, at=at)
    tell_requester(found, "is rejected", at=at, but=user.pk)
    _tell_items([found])
    return found


def _undo(found: WriteOff, state: State, *, user: User | None, at: datetime) -> None:
    was = found.state
    found.state = state
    found.undone_by, found.undone_at = user, at
    found.save(update_fields=["state", "undone_by", "undone_at"])
    _record_step(found, "undo" if was != State.REQUESTED else "withdraw", at=at, was=was)
    if found.approvals_needed:
        _record_act(found, Outcome.DONE, user=user, at=at, days=0, said="withdrawn")
    _tell_items([found])


def _locked(write_off_id: int) -> WriteOff:
    found = (
        WriteOff.objects.select_for_update(of=("self",))
        .select_related("claim", "claim__client")
        .filter(pk=write_off_id)
        .first()
    )
    if found is None:
        raise WriteOffRefused(f"there is no write-off {write_off_id} that you may see")
    return found


def _is_done_already(found: WriteOff, *, approves: bool, user: User) -> bool:
    """Say whether the user has decided just so before: a double click."""
    if approves:
        return (
            found.state in (State.REQUESTED, State.APPROVED, State.POSTED)
            and found.approvals.filter(user=user).exists()
        )
    return found.state == State.REJECTED and found.decided_by_id == user.pk


def _roles(found: WriteOff) -> frozenset[str]:
    # Of an automatic one, whoever may approve the smallest amount that needs a person.
    limits = limits_of(found.client_id)
    return requirement(max(found.amount_cents, limits.auto_below_cents), limits).roles


def _check_decider(found: WriteOff, user: User) -> None:
    if found.state != State.REQUESTED:
        raise WriteOffRefused(
            f"write-off {found.pk} waits for no decision ({State(found.state).label.lower()})"
        )
    if found.requested_by_id == user.pk:
        raise WriteOffRefused("nobody approves or rejects his own request; withdraw it, or wait")
    if user.role not in _roles(found) or not user.may(PERMISSION):
        needed = requirement(found.amount_cents, limits_of(found.client_id))
        raise WriteOffRefused(f"this amount is decided by {needed.words}")


def _check_approval(found: WriteOff, *, client_yes: str) -> None:
    needed = requirement(found.amount_cents, limits_of(found.client_id))
    if needed.needs_client and not (client_yes or found.client_yes):
        raise WriteOffRefused("note who of the client agreed and when; this amount is its decision")
    if len(client_yes) > TEXT_MAX:
        raise WriteOffRefused(f"a text has at most {TEXT_MAX} characters; shorten it")
    owed = _owed(found.claim_id, found.party)
    if found.amount_cents > owed:
        raise WriteOffRefused(
            "less is owed now than was requested; reject it, and request what is left"
        )


def _check_request(
    claim: Claim, party: int, *, amount_cents: int, reason: str, texts: Sequence[str]
) -> None:
    if reason not in REASONS:
        raise WriteOffRefused("choose why it is written off")
    if any(len(text) > TEXT_MAX for text in texts):
        raise WriteOffRefused(f"a text has at most {TEXT_MAX} characters; shorten it")
    if party not in [int(one) for one in RECEIVABLES]:
        raise WriteOffRefused("choose whose balance is written off")
    owed = _owed(claim.pk, party)
    if owed <= 0:
        raise WriteOffRefused("nothing is owed there; there is nothing to write off")
    if not 0 < amount_cents <= owed:
        raise WriteOffRefused("the amount must be above zero and at most what is owed")
    if WriteOff.objects.filter(
        claim=claim, party=party, state__in=(State.REQUESTED, State.APPROVED)
    ).exists():
        raise WriteOffRefused("a write-off of this balance waits already; decide that one first")


def _owed(claim_id: int, party: int) -> int:
    found = OpenBalance.objects.filter(claim_id=claim_id, party=party).first()
    return found.balance_cents if found else 0


def _record_step(found: WriteOff, verb: str, *, at: datetime, **detail: object) -> None:
    record_event(
        action=f"write_off.{verb}",
        at=at,
        client_id=found.client_id,
        claim_id=found.claim_id,
        subject=("write_off", found.pk),
        detail=dict(detail),
    )


def _record_act(
    found: WriteOff, outcome: Outcome, *, user: User | None, at: datetime, days: int, said: str
) -> None:
    """Record the step as an activity: while a decision is awaited the claim waits for it."""
    record(
        claim=found.claim,
        activity_date=at.date(),
        channel=Channel.INTERNAL,
        action=NextAction.WRITE_OFF,
        outcome=outcome,
        at=at,
        user=user,
        reference=f"write-off {found.pk} {said}",
        next_date=at.date() + timedelta(days=days),
        note=f"Write-off {said}: {REASONS[found.reason].lower()}.",
    )


def _tell_items(found: Sequence[WriteOff]) -> None:
    work_recorded.send(sender=WriteOff, claim_ids=sorted({one.claim_id for one in found}))


def record_posted(found: WriteOff, *, at: datetime) -> None:
    """Record that the wait is over: what is left of the balance is worked on."""
    if found.approvals_needed:
        _record_act(found, Outcome.DONE, user=found.decided_by, at=at, days=0, said="posted")


def audit_step(found: WriteOff, verb: str, *, at: datetime, detail: dict[str, Any]) -> None:
    """Record a step of the worker in the audit trail."""
    _record_step(found, verb, at=at, **detail)
