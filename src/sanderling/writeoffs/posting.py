"""Approved write-offs become facts, and the ledger follows: the only writer of these facts.

One transaction for the write-offs of a day: their facts, the entries that follow from all facts of
their claims, and their new state. Killed in between nothing has happened, and the next run begins
again; run twice it does nothing the second time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

import polars as pl
from django.db import transaction

from sanderling.barriers.stale import mark_stale
from sanderling.barriers.tasks import defer_refresh
from sanderling.claims.models import WriteOffFact
from sanderling.core.ledger.facts import ENTRIES
from sanderling.core.ledger.rules import claim_entries
from sanderling.ledger.actions import post_entries, take_posting_lock
from sanderling.remits.facts import load_facts
from sanderling.writeoffs.actions import audit_step, record_posted
from sanderling.writeoffs.models import State, WriteOff

AT_ONCE: Final = 2_000


def post_decided(*, at: datetime) -> int:
    """Post every approved write-off and take back every reversed one; return how many."""
    done = 0
    while count := _post_day(at):
        done += count
    return done


@transaction.atomic
def _post_day(at: datetime) -> int:
    """Post what was decided on the earliest day that waits; return how many."""
    take_posting_lock()
    waiting = [*_to_post(), *_to_take_back()]
    if not waiting:
        return 0
    day = min(_known_date(one) for one in waiting)
    these = [one for one in waiting if _known_date(one) == day]
    WriteOffFact.objects.bulk_create(_fact(one) for one in these)
    claim_ids = sorted({one.claim_id for one in these})
    post_entries(
        wanted=claim_entries(load_facts(claim_ids)),
        claim_ids=claim_ids,
        provider_entries=pl.DataFrame(schema={**ENTRIES, "client_id": pl.Int64}),
        file_id=None,
        reason="write_off",
        posted_date=day,
        recorded_at=at,
    )
    for one in these:
        _mark_posted(one, at=at)
    mark_stale(claim_ids, day)
    defer_refresh()
    return len(these)


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
    known = one.undone_at if one.state == State.REVERSED else one.decided_at
    assert known is not None  # noqa: S101 - each step sets its instant
    return known.astimezone(UTC)


def _known_date(one: WriteOff) -> date:
    return _known_at(one).date()


def _fact(one: WriteOff) -> WriteOffFact:
    return WriteOffFact(
        write_off_id=one.pk,
        is_reversal=one.state == State.REVERSED,
        claim_id=one.claim_id,
        client_id=one.client_id,
        party=one.party,
        amount_cents=one.amount_cents,
        known_date=_known_date(one),
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
