"""Requests, decisions, making and undoing of refunds. The ledger follows in `posting`.

Every step locks the refund first: of two people deciding at once, the second is told. A request
that is repeated while one waits is refused, a decision that is repeated changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.codes.names import NextAction
from sanderling.core.refusal import Refusal
from sanderling.followup.actions import record
from sanderling.followup.models import Channel, Outcome
from sanderling.ledger.models import OpenBalance
from sanderling.news.actions import NewEvent, notify, record_events
from sanderling.refunds.causes import causes_of
from sanderling.refunds.clock import identify
from sanderling.refunds.models import OPEN_STATES, Cause, Method, Refund, State
from sanderling.refunds.people import PERMISSION, approvers
from sanderling.refunds.tasks import defer_posting
from sanderling.web.templatetags.sanderling import money

TEXT_MAX: Final = 4_000
REFERENCE_MAX: Final = 200
MADE_DAYS_MAX: Final = 730  # how long ago a check can have been


class RefundRefused(Refusal):
    """The refund cannot be requested, decided or made so."""


@transaction.atomic
def request_refund(
    *, claim: Claim, party: int, amount_cents: int, method: str, cause: str, note: str, user: User,
    at: datetime,
) -> Refund:  # fmt: skip
    """Ask that a credit, or a part of it, be given back; the credit counts as identified.

    Raises:
        RefundRefused: not a part of what is in credit, one waits already, or the payer takes the
            money back by itself.
    """
    note = note.strip()
    _check_request(claim, party, amount_cents=amount_cents, method=method, cause=cause, note=note)
    identify(claim=claim, party=party, user=user, at=at)
    try:
        with transaction.atomic():
            made = Refund.objects.create(
                claim=claim,
                client_id=claim.client_id,
                party=party,
                payer_id=claim.payer_id_of(party),
                amount_cents=amount_cents,
                method=method,
                cause=cause,
                note=note,
                requested_by=user,
                requested_at=at,
            )
    except IntegrityError as error:
        raise RefundRefused(
            "a refund of this credit waits already, or the balance has just changed; reload"
        ) from error
    _step(made, "request", at=at, cents=amount_cents, method=method)
    _act(made, Outcome.SENT, user=user, at=at, said="requested")
    _event("refund.requested", made, at=at)
    heard = [one.pk for one in approvers(claim.client_id) if one.pk != user.pk]
    _notify(made, heard, "waits for approval", at=at)
    return made


@transaction.atomic
def decide_refund(
    refund_id: int, *, approves: bool, user: User, at: datetime, note: str = ""
) -> Refund:
    """Approve or reject; never one's own request. Deciding so again changes nothing.

    Raises:
        RefundRefused: it waits for no decision, it is the user's own, he may not, less is in credit
            now, the payer takes it back meanwhile, or a rejection says not why.
    """
    note, found = note.strip(), _locked(refund_id)
    wanted = State.APPROVED if approves else State.REJECTED
    if found.state == wanted and found.decided_by_id == user.pk:
        return found
    if found.state != State.REQUESTED:
        raise RefundRefused(f"refund {found.pk} waits for no decision ({_said(found)})")
    if found.requested_by_id == user.pk:
        raise RefundRefused("nobody approves or rejects his own request; withdraw it, or wait")
    if not user.may(PERMISSION):
        raise RefundRefused("refunds are decided by a lead, an account manager or an administrator")
    if not approves and not note:
        raise RefundRefused("say why it is rejected, so that the credit is worked on")
    if len(note) > TEXT_MAX:
        raise RefundRefused(f"a text has at most {TEXT_MAX} characters; shorten it")
    if approves:
        _check_credit(found.claim_id, found.party, found.amount_cents)
        _check_takeback(found.claim_id, found.party, found.method)
    found.state = wanted
    found.decided_by, found.decided_at, found.decision_note = user, at, note
    found.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _step(found, "approve" if approves else "reject", at=at)
    _event("refund.decided", found, at=at)
    _notify(found, [found.requested_by_id], "is approved" if approves else "is rejected", at=at)
    return found


@transaction.atomic
def make_refund(
    refund_id: int, *, made_date: date, reference: str, user: User, at: datetime
) -> Refund:
    """Say that the money went out: the ledger gets it. Said again it changes nothing.

    Raises:
        RefundRefused: it is not approved, the payer takes the money back, or day or reference fail.
    """
    reference, found = reference.strip(), _locked(refund_id)
    if found.state in (State.MADE, State.POSTED) and found.reference == reference:
        return found
    if found.state != State.APPROVED:
        raise RefundRefused(f"refund {found.pk} is not approved ({_said(found)})")
    if found.method == Method.TAKEBACK:
        raise RefundRefused("the payer takes this one back; it settles with the payer's remittance")
    if not reference or len(reference) > REFERENCE_MAX:
        raise RefundRefused("note the check's number or the portal's confirmation")
    if not at.date() - timedelta(days=MADE_DAYS_MAX) <= made_date <= at.date():
        raise RefundRefused("the day it was made lies within the last two years, not to come")
    _check_credit(found.claim_id, found.party, found.amount_cents)
    _check_takeback(found.claim_id, found.party, found.method)
    found.state, found.made_by, found.made_at = State.MADE, user, at
    found.made_date, found.reference = made_date, reference
    found.save(update_fields=["state", "made_by", "made_at", "made_date", "reference"])
    _step(found, "make", at=at)
    _act(found, Outcome.DONE, user=user, at=at, said="made")
    _event("refund.made", found, at=at)
    defer_posting()
    return found


@transaction.atomic
def withdraw_refund(refund_id: int, *, user: User, at: datetime) -> Refund:
    """Take a request or an approval back before the money went out; twice changes nothing.

    Raises:
        RefundRefused: it is made, rejected or settled; or somebody else's, and the user may not.
    """
    found = _locked(refund_id)
    if found.state == State.WITHDRAWN:
        return found
    if found.state not in (State.REQUESTED, State.APPROVED):
        raise RefundRefused(f"refund {found.pk} can no longer be withdrawn ({_said(found)})")
    if found.requested_by_id != user.pk and not user.may(PERMISSION):
        raise RefundRefused("only who asked for it, or who may approve it, withdraws it")
    found.state, found.undone_by, found.undone_at = State.WITHDRAWN, user, at
    found.save(update_fields=["state", "undone_by", "undone_at"])
    _step(found, "withdraw", at=at)
    return found


@transaction.atomic
def undo_refund(refund_id: int, *, user: User, at: datetime) -> Refund:
    """Undo a refund said to be made: a stopped check, a slip. The credit is there again.

    Raises:
        RefundRefused: it is not made, or the user may not approve refunds.
    """
    found = _locked(refund_id)
    if found.state == State.REVERSED:
        return found
    if found.state not in (State.MADE, State.POSTED):
        raise RefundRefused(f"refund {found.pk} is not made; there is nothing to undo")
    if not user.may(PERMISSION):
        raise RefundRefused("undoing it needs somebody who may approve refunds")
    if found.state == State.MADE:  # not in the ledger yet: approved as before
        found.state, found.made_by, found.made_at = State.APPROVED, None, None
        found.made_date, found.reference = None, ""
        found.save(update_fields=["state", "made_by", "made_at", "made_date", "reference"])
    else:
        found.state, found.undone_by, found.undone_at = State.REVERSED, user, at
        found.save(update_fields=["state", "undone_by", "undone_at"])
        defer_posting()
    _step(found, "undo", at=at)
    return found


def _check_request(
    claim: Claim, party: int, *, amount_cents: int, method: str, cause: str, note: str
) -> None:
    if method not in Method.values:
        raise RefundRefused("choose how it is given back")
    if cause not in Cause.values:
        raise RefundRefused("choose why it is in credit")
    if len(note) > TEXT_MAX:
        raise RefundRefused(f"a text has at most {TEXT_MAX} characters; shorten it")
    _check_credit(claim.pk, party, amount_cents)
    if Refund.objects.filter(claim=claim, party=party, state__in=OPEN_STATES).exists():
        raise RefundRefused("a refund of this credit waits already; decide that one first")
    _check_takeback(claim.pk, party, method)
    left = causes_of([(claim.pk, party)])[(claim.pk, party)].refundable_cents
    if left is not None and amount_cents > left:
        raise RefundRefused(
            f"only {money(left)} was paid too much; the rest of the credit is reductions that were"
            " posted twice, which go with the payer's reversal"
        )


def _check_credit(claim_id: int, party: int, amount_cents: int) -> None:
    found = OpenBalance.objects.filter(claim_id=claim_id, party=party).first()
    credit = -found.balance_cents if found else 0
    if credit <= 0:
        raise RefundRefused("nothing is in credit there any more; there is nothing to give back")
    if not 0 < amount_cents <= credit:
        raise RefundRefused("the amount must be above zero and at most what is in credit")


def _check_takeback(claim_id: int, party: int, method: str) -> None:
    if method == Method.TAKEBACK:
        return
    finding = causes_of([(claim_id, party)])[(claim_id, party)]
    if finding.is_payer_taking:
        raise RefundRefused(
            "the payer is taking this money back already; choose its takeback, and send no check"
        )


def _locked(refund_id: int) -> Refund:
    found = (
        Refund.objects.select_for_update(of=("self",))
        .select_related("claim", "claim__client")
        .filter(pk=refund_id)
        .first()
    )
    if found is None:
        raise RefundRefused(f"there is no refund {refund_id} that you may see")
    return found


def _said(found: Refund) -> str:
    return str(State(found.state).label).lower()


def _step(found: Refund, verb: str, *, at: datetime, **detail: object) -> None:
    record_event(
        action=f"refund.{verb}",
        at=at,
        client_id=found.client_id,
        claim_id=found.claim_id,
        subject=("refund", found.pk),
        detail=dict(detail),
    )


def _act(found: Refund, outcome: Outcome, *, user: User, at: datetime, said: str) -> None:
    record(
        claim=found.claim,
        activity_date=at.date(),
        channel=Channel.INTERNAL,
        action=NextAction.REFUND,
        outcome=outcome,
        at=at,
        user=user,
        reference=f"refund {found.pk} {said}",
        note=f"Refund {said}: {Cause(found.cause).label.lower()}.",
    )


def _event(kind: str, found: Refund, *, at: datetime) -> None:
    detail = {
        "refund": found.pk, "amount_cents": found.amount_cents, "method": found.method,
        "cause": found.cause, "state": found.state,
    }  # fmt: skip
    record_events(
        [
            NewEvent(
                kind, found.client_id, found.claim_id, found.party, found.payer_id, detail=detail
            )
        ],
        at=at,
    )


def _notify(found: Refund, user_ids: list[int], said: str, *, at: datetime) -> None:
    name = f"{found.claim.client.code} {found.claim.number}"
    notify(
        user_ids=user_ids,
        kind="refund",
        key=f"refund:{found.pk}:{found.state}",
        text=f"{name}: refund of {money(found.amount_cents)} {said}",
        at=at,
        url=reverse("refund", args=[found.pk]),
        client_id=found.client_id,
        claim_id=found.claim_id,
        amount_cents=found.amount_cents,
    )
