"""Approved transfers become facts, and the ledger follows: the only writer of these facts.

One transaction for the transfers of a day: their facts, the entries that follow from all facts of
their claims, and their new state. Killed in between nothing has happened, and the next run begins
again; run twice it does nothing the second time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

import polars as pl
from django.db import transaction

from sanderling.audit.actions import record_event
from sanderling.barriers.stale import mark_stale
from sanderling.barriers.tasks import defer_refresh
from sanderling.claims.models import DecidedFact
from sanderling.core.ledger.facts import ENTRIES
from sanderling.core.ledger.rules import claim_entries
from sanderling.ledger.actions import post_entries, take_posting_lock
from sanderling.remits.facts import load_facts
from sanderling.transfers.models import State, Transfer

AT_ONCE: Final = 2_000
KIND: Final = "transfer"


def post_approved(*, at: datetime) -> int:
    """Post every approved transfer and take back every one undone; return how many."""
    done = 0
    while count := _post_day(at):
        done += count
    return done


@transaction.atomic
def _post_day(at: datetime) -> int:
    """Post what became known on the earliest day that waits; return how many."""
    take_posting_lock()
    locked = Transfer.objects.select_for_update(of=("self",))
    waiting = [
        *locked.filter(state=State.APPROVED).order_by("decided_at", "pk")[:AT_ONCE],
        *locked.filter(state=State.REVERSED, undo_posted_at=None).order_by("pk")[:AT_ONCE],
    ]
    if not waiting:
        return 0
    day = min(_known_at(one).date() for one in waiting)
    these = [one for one in waiting if _known_at(one).date() == day]
    DecidedFact.objects.bulk_create(_fact(one, day) for one in these)
    claim_ids = sorted({one.claim_id for one in these})
    post_entries(
        wanted=claim_entries(load_facts(claim_ids)),
        claim_ids=claim_ids,
        provider_entries=pl.DataFrame(schema={**ENTRIES, "client_id": pl.Int64}),
        file_id=None,
        reason=KIND,
        posted_date=day,
        recorded_at=at,
    )
    for one in these:
        _mark(one, at=at)
    mark_stale(claim_ids, day)
    defer_refresh()
    return len(these)


def _known_at(one: Transfer) -> datetime:
    known = one.undone_at if one.state == State.REVERSED else one.decided_at
    assert known is not None  # noqa: S101 - each step sets its instant
    return known.astimezone(UTC)


def _fact(one: Transfer, day: date) -> DecidedFact:
    return DecidedFact(
        kind=KIND,
        decision_id=one.pk,
        is_reversal=one.state == State.REVERSED,
        claim_id=one.claim_id,
        client_id=one.client_id,
        party=one.party,
        amount_cents=one.amount_cents,
        known_date=day,
        order_key=_known_at(one).isoformat(),
    )


def _mark(one: Transfer, *, at: datetime) -> None:
    if one.state == State.REVERSED:
        one.undo_posted_at = at
        one.save(update_fields=["undo_posted_at"])
    else:
        one.state, one.posted_at = State.POSTED, at
        one.save(update_fields=["state", "posted_at"])
    record_event(
        action="transfer.posted" if one.state == State.POSTED else "transfer.reversal_posted",
        at=at,
        client_id=one.client_id,
        claim_id=one.claim_id,
        subject=("transfer", one.pk),
        detail={"cents": one.amount_cents},
    )
