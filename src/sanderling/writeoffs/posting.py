"""Approved write-offs become facts, and the ledger follows: the only writer of these facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sanderling.barriers.posting import instant, post_decisions
from sanderling.claims.models import WriteOffFact
from sanderling.writeoffs.actions import audit_step, record_posted
from sanderling.writeoffs.models import State, WriteOff

AT_ONCE: Final = 2_000


def post_decided(*, at: datetime) -> int:
    """Post every approved write-off and take back every reversed one; return how many."""
    return post_decisions(
        lambda: [*_to_post(), *_to_take_back()],
        known_at=_known_at,
        keep=_keep,
        mark=lambda one: _mark_posted(one, at=at),
        reason="write_off",
        at=at,
    )


def _to_post() -> list[WriteOff]:
    return list(
        WriteOff.objects.select_for_update(of=("self",))
        .select_related("claim", "claim__client", "decided_by")
        .filter(state=State.APPROVED)
        .order_by("decided_at", "pk")[:AT_ONCE]
    )


def _to_take_back() -> list[WriteOff]:
    return list(
        WriteOff.objects.select_for_update(of=("self",))
        .select_related("claim", "claim__client", "decided_by")
        .filter(state=State.REVERSED, undo_posted_at=None)
        .order_by("undone_at", "pk")[:AT_ONCE]
    )


def _known_at(one: WriteOff) -> datetime:
    return instant(one.undone_at if one.state == State.REVERSED else one.decided_at)


def _keep(these: Sequence[WriteOff]) -> None:
    WriteOffFact.objects.bulk_create(_fact(one) for one in these)


def _fact(one: WriteOff) -> WriteOffFact:
    return WriteOffFact(
        write_off_id=one.pk,
        is_reversal=one.state == State.REVERSED,
        claim_id=one.claim_id,
        client_id=one.client_id,
        party=one.party,
        amount_cents=one.amount_cents,
        known_date=_known_at(one).date(),
        order_key=_known_at(one).isoformat(),
    )


def _mark_posted(one: WriteOff, *, at: datetime) -> None:
    if one.state == State.REVERSED:
        one.undo_posted_at = at
        one.save(update_fields=["undo_posted_at"])
        audit_step(one, "reversal_posted", at=at, detail={})
        return
    one.state, one.posted_at = State.POSTED, at
    one.save(update_fields=["state", "posted_at"])
    audit_step(one, "posted", at=at, detail={"cents": one.amount_cents})
    record_posted(one, at=at)
