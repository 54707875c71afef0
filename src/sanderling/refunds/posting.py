"""Refunds that were made become facts, and the ledger follows: the only writer of these facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sanderling.audit.actions import record_event
from sanderling.barriers.posting import instant, post_decisions
from sanderling.claims.models import DecidedFact
from sanderling.refunds.models import Refund, State

AT_ONCE: Final = 2_000
KIND: Final = "refund"


def post_made(*, at: datetime) -> int:
    """Post every refund that was made and take back every one undone; return how many."""
    return post_decisions(
        _waiting,
        known_at=_known_at,
        keep=_keep,
        mark=lambda one: _mark(one, at=at),
        reason=KIND,
        at=at,
    )


def _waiting() -> list[Refund]:
    locked = Refund.objects.select_for_update(of=("self",))
    return [
        *locked.filter(state=State.MADE).order_by("made_at", "pk")[:AT_ONCE],
        *locked.filter(state=State.REVERSED, undo_posted_at=None).order_by("pk")[:AT_ONCE],
    ]


def _known_at(one: Refund) -> datetime:
    return instant(one.undone_at if one.state == State.REVERSED else one.made_at)


def _keep(these: Sequence[Refund]) -> None:
    DecidedFact.objects.bulk_create(_fact(one) for one in these)


def _fact(one: Refund) -> DecidedFact:
    return DecidedFact(
        kind=KIND,
        decision_id=one.pk,
        is_reversal=one.state == State.REVERSED,
        claim_id=one.claim_id,
        client_id=one.client_id,
        party=one.party,
        amount_cents=one.amount_cents,
        known_date=_known_at(one).date(),
        order_key=_known_at(one).isoformat(),
    )


def _mark(one: Refund, *, at: datetime) -> None:
    if one.state == State.REVERSED:
        one.undo_posted_at = at
        one.save(update_fields=["undo_posted_at"])
    else:
        one.state, one.posted_at = State.POSTED, at
        one.save(update_fields=["state", "posted_at"])
    record_event(
        action="refund.posted" if one.state == State.POSTED else "refund.reversal_posted",
        at=at,
        client_id=one.client_id,
        claim_id=one.claim_id,
        subject=("refund", one.pk),
        detail={"cents": one.amount_cents},
    )
