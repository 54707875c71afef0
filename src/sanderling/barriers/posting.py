"""What people decided about claims becomes facts, and the ledger and the barriers follow.

One transaction for what became known on a day: the facts, the entries that follow from all facts of
their claims, and the new state of what was decided. Killed in between nothing has happened, and the
next run begins again; run twice it does nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import polars as pl
from django.db import transaction

from sanderling.barriers.stale import mark_stale
from sanderling.barriers.tasks import defer_refresh
from sanderling.core.ledger.facts import ENTRIES
from sanderling.core.ledger.rules import claim_entries
from sanderling.ledger.actions import post_entries, take_posting_lock
from sanderling.remits.facts import load_facts


class Decision(Protocol):
    """What somebody decided about a claim: a write-off, a refund, a transfer."""

    @property
    def claim_id(self) -> int:
        """The claim it is about."""


D = TypeVar("D", bound=Decision)


def post_decisions(
    find: Callable[[], Sequence[D]],
    *,
    known_at: Callable[[D], datetime],
    keep: Callable[[Sequence[D]], object],
    mark: Callable[[D], None],
    reason: str,
    at: datetime,
) -> int:
    """Post everything that waits, day by day; return how many.

    `find`: what waits, locked; `keep`: writes the facts; `mark`: says of one that it is posted.
    """
    done = 0
    while count := _post_day(find, known_at, keep, mark, reason=reason, at=at):
        done += count
    return done


@transaction.atomic
def _post_day(
    find: Callable[[], Sequence[D]],
    known_at: Callable[[D], datetime],
    keep: Callable[[Sequence[D]], object],
    mark: Callable[[D], None],
    *,
    reason: str,
    at: datetime,
) -> int:
    """Post what became known on the earliest day that waits; return how many."""
    take_posting_lock()
    waiting = find()
    if not waiting:
        return 0
    day = min(known_at(one).date() for one in waiting)
    these = [one for one in waiting if known_at(one).date() == day]
    keep(these)
    claim_ids = sorted({one.claim_id for one in these})
    post_entries(
        wanted=claim_entries(load_facts(claim_ids)),
        claim_ids=claim_ids,
        provider_entries=pl.DataFrame(schema={**ENTRIES, "client_id": pl.Int64}),
        file_id=None,
        reason=reason,
        posted_date=day,
        recorded_at=at,
    )
    for one in these:
        mark(one)
    mark_stale(claim_ids, day)
    defer_refresh()
    return len(these)


def instant(known: datetime | None) -> datetime:
    """Return when a step was taken, in UTC: each step sets its instant."""
    assert known is not None  # noqa: S101 - see above
    return known.astimezone(UTC)
