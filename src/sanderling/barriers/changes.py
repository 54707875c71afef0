"""What changed since a kept day: which balances closed, came, stayed, or moved to another barrier.

Both days are told apart balance by balance (claim and party), so the movements add up exactly:
sum then + new - closed + change of what is still open = sum now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sanderling.barriers.asking import Question, kept_day_before, kept_source, run, where
from sanderling.core.ledger.accounts import ADJUSTMENT_KINDS, PAYMENT_KINDS, WRITE_OFF_KINDS, Kind

WEEK_DAYS: Final = 7
NOTHING: Final = ""  # the barrier of a balance that is not there


@dataclass(frozen=True, slots=True)
class Flow:
    """Balances that went from one barrier to another; `cause`: the fact that decided, today only.

    `was` is NOTHING for new balances, `now` for closed ones.
    """

    was: str
    now: str
    cause: str
    count: int
    was_cents: int
    now_cents: int

    @property
    def is_stay(self) -> bool:
        """Say whether the barrier is the same as before."""
        return self.was == self.now


@dataclass(frozen=True, slots=True)
class Closed:
    """What brought balances to zero, in cents: positive lowered them."""

    paid_cents: int = 0
    adjusted_cents: int = 0
    passed_on_cents: int = 0
    written_off_cents: int = 0
    other_cents: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """All flows from the end of `since` to the question's day."""

    since: date
    flows: tuple[Flow, ...]
    closed: Closed

    def total(self, name: str) -> int:
        """Return the sum of `was_cents` or `now_cents`."""
        return sum(getattr(flow, name) for flow in self.flows)


def day_to_compare(as_of: date) -> date | None:
    """Return the newest kept day at least a week before `as_of`, None when none is kept."""
    return kept_day_before(as_of - timedelta(days=WEEK_DAYS))


def flow_relations(question: Question) -> str:
    """Return WITH was, now: the rows of the kept day %(since)s and of the question's day."""
    whose = where(question.whose())
    return f"""
        WITH was AS (SELECT * FROM {kept_source("since")} AS b {whose}),
             now AS (SELECT * FROM {question.source()} AS b {whose})
    """  # noqa: S608  (parts are ours; what comes from outside are parameters)


def changes(question: Question, *, since: date) -> Changes:
    """Return the flows, the largest first. Team and category do not narrow them; a barrier does.

    With a barrier asked for, flows from it and to it remain.
    """
    statement = f"""
        {flow_relations(question)}
        SELECT coalesce(was.barrier, ''), coalesce(now.barrier, ''),
               CASE WHEN was.barrier = now.barrier THEN '' ELSE coalesce(now.cause, '') END,
               count(*), coalesce(sum(was.balance_cents), 0)::bigint,
               coalesce(sum(now.balance_cents), 0)::bigint
          FROM was FULL JOIN now USING (claim_id, party)
         GROUP BY 1, 2, 3
    """  # noqa: S608  (as above)
    params = question.params() | {"since": since}
    flows = [Flow(*row) for row in run(statement, params)]
    if question.barrier:
        flows = [flow for flow in flows if question.barrier in (flow.was, flow.now)]
    flows.sort(key=lambda flow: (-_size(flow), flow.was, flow.now, flow.cause))
    return Changes(since, tuple(flows), _closed(question, params))


def _size(flow: Flow) -> int:
    return abs(flow.now_cents if flow.now != NOTHING else flow.was_cents)


def _closed(question: Question, params: dict[str, Any]) -> Closed:
    """Return by what the closed balances went to zero; the sum is what they were."""
    of_barrier = "AND was.barrier = %(barrier)s" if question.barrier else ""
    statement = f"""
        {flow_relations(question)},
        closed AS (
            SELECT was.claim_id, was.party FROM was
             WHERE NOT EXISTS (SELECT FROM now
                                WHERE now.claim_id = was.claim_id AND now.party = was.party)
                   {of_barrier}
        )
        SELECT e.kind, sum(CASE closed.party WHEN e.credit THEN e.amount_cents
                                             ELSE -e.amount_cents END)::bigint
          FROM closed
          JOIN ledger_entry e ON e.claim_id = closed.claim_id
               AND closed.party IN (e.debit, e.credit)
               AND e.posted_date > %(since)s AND e.posted_date <= %(as_of)s
         GROUP BY e.kind
    """  # noqa: S608  (as above)
    moved = {Kind(kind): int(cents) for kind, cents in run(statement, params)}
    paid = sum(moved.pop(kind, 0) for kind in PAYMENT_KINDS)
    adjusted = sum(moved.pop(kind, 0) for kind in ADJUSTMENT_KINDS)
    passed_on = moved.pop(Kind.TRANSFER, 0) + moved.pop(Kind.TO_PATIENT, 0)
    written_off = sum(moved.pop(kind, 0) for kind in WRITE_OFF_KINDS)
    return Closed(paid, adjusted, passed_on, written_off, sum(moved.values()))
