"""The responsibility clock of claims: what is known of them, as turns, and the days it comes to.

Reads under row-level security, claim by claim or for all open claims of some clients; the rule is
`core.responsibility`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from sanderling.core.barriers.clocks import (
    CROSSOVER_DAYS,
    DEFAULT_DAYS,
    RECORDS_DAYS,
    RESPONSE_DAYS,
    SECONDARY_DAYS,
)
from sanderling.core.codes.names import NextAction, Team
from sanderling.core.responsibility import (
    BEGINNINGS,
    CHARGED,
    OWED,
    SPANS,
    TURNS,
    USUAL_DAYS,
    Holder,
    charge,
    days_by_holder,
    turn_of_act,
    turn_of_team,
)
from sanderling.followup.models import Channel, Outcome
from sanderling.ledger.spans import OPEN
from sanderling.postgres.frames import read_frame

# Facts of one day in the order in which they count.
_SENT, _ANSWERED, _PAID, _ASKED = 10, 20, 30, 40
_ACTS, _TASKS = 10**12, 2 * 10**12
_BEGINNINGS: Final = """
SELECT id, service_from_date FROM claims_claim WHERE id = ANY (%(claims)s)
"""
_OWED: Final = """
WITH days AS (
    SELECT e.claim_id, side.party, e.posted_date, sum(side.cents) AS cents
      FROM ledger_entry e
     CROSS JOIN LATERAL (VALUES (e.debit, e.amount_cents), (e.credit, -e.amount_cents))
                     AS side(party, cents)
     WHERE e.claim_id = ANY (%(claims)s) AND side.party BETWEEN 11 AND 14
     GROUP BY e.claim_id, side.party, e.posted_date HAVING sum(side.cents) <> 0
), spans AS (
    SELECT claim_id, party, posted_date AS from_date,
           lead(posted_date, 1, %(open)s) OVER later AS to_date,
           (sum(cents) OVER later)::bigint AS balance_cents
      FROM days WINDOW later AS (PARTITION BY claim_id, party ORDER BY posted_date)
)
SELECT claim_id, party, from_date, to_date, balance_cents FROM spans WHERE balance_cents <> 0
"""
_TURNS: Final = f"""
SELECT s.claim_id, coalesce(s.submitted_date, s.received_date), {_SENT}, '{Holder.PAYER}',
       coalesce(s.submitted_date, s.received_date) + coalesce(
           p.response_days, nullif(learned.days, 0),
           CASE WHEN s.sequence > 1 THEN {SECONDARY_DAYS} ELSE usual.days END, {DEFAULT_DAYS})
  FROM claims_submission s
  LEFT JOIN payers_payer p ON p.id = s.payer_id
  LEFT JOIN LATERAL (
       SELECT r.days FROM barriers_response_time r
        WHERE r.payer_id = s.payer_id AND r.month_date <= %(as_of)s
        ORDER BY r.month_date DESC LIMIT 1) learned ON true
  LEFT JOIN unnest(%(types)s::text[], %(type_days)s::int[]) usual (type, days)
         ON usual.type = p.type
 WHERE s.claim_id = ANY (%(claims)s)
UNION ALL
SELECT a.claim_id, a.received_date, {_ANSWERED},
       CASE WHEN (a.kind = '277' AND a.category ~ '^(P|A[0125])') THEN '{Holder.PAYER}'
            ELSE '{Holder.US}' END,
       CASE WHEN a.kind = '277' AND a.category ~ '^(P|A[0125])'
            THEN a.received_date + {USUAL_DAYS} END
  FROM claims_answer a
 WHERE a.claim_id = ANY (%(claims)s) AND NOT a.is_passed_over
   AND (a.action = 'U' OR (a.kind IN ('999', 'TA1') AND a.category IN ('R', 'M', 'W', 'X'))
        OR (a.kind = '277' AND a.category ~ '^[PRFA]'))
UNION ALL
SELECT r.claim_id, r.received_date, {_PAID},
       CASE WHEN r.crossover_name <> '' THEN '{Holder.PAYER}' ELSE '{Holder.US}' END,
       CASE WHEN r.crossover_name <> '' THEN r.received_date + {CROSSOVER_DAYS} END
  FROM remits_claim_payment r WHERE r.claim_id = ANY (%(claims)s)
UNION ALL
SELECT q.claim_id, q.asked_date, {_ASKED}, '{Holder.PAYER}', q.asked_date + {USUAL_DAYS}
  FROM inquiries_status_request q
 WHERE q.claim_id = ANY (%(claims)s) AND q.state IN ('asked', 'answered')
UNION ALL
SELECT d.claim_id, d.activity_date, {_ACTS} + d.id, t.holder,
       CASE WHEN t.holder = '{Holder.PAYER}' THEN coalesce(d.next_date, d.activity_date + t.days)
       END
  FROM followup_standing_activity d
  JOIN unnest(%(actions)s::text[], %(outcomes)s::text[], %(channels)s::text[],
              %(holders)s::text[], %(act_days)s::int[]) t (action, outcome, channel, holder, days)
    ON (d.action, d.outcome, d.channel) = (t.action, t.outcome, t.channel)
 WHERE d.claim_id = ANY (%(claims)s)
UNION ALL
SELECT k.claim_id, (v.at AT TIME ZONE 'UTC')::date, {_TASKS} + v.id,
       CASE WHEN v.kind IN ('created', 'replied') THEN t.holder ELSE '{Holder.US}' END, NULL
  FROM tasks_task k
  JOIN tasks_task_event v ON v.task_id = k.id
  JOIN unnest(%(teams)s::text[], %(team_holders)s::text[]) t (team, holder) ON t.team = k.team
 WHERE k.claim_id = ANY (%(claims)s)
   AND v.kind IN ('created', 'replied', 'answered', 'returned', 'withdrawn')
"""  # noqa: S608 - text of ours
_OPEN_CLAIMS: Final = """
SELECT claim_id, sum(balance_cents)::bigint FROM ledger_open_balance
 WHERE client_id = ANY (%(clients)s) GROUP BY claim_id
"""
_INQUIRIES: Final = ("check_status", "call_payer")


@dataclass(frozen=True, slots=True)
class Span:
    """Some days of a claim, and whom they are charged to."""

    from_date: date
    to_date: date  # not one of the days
    holder: Holder

    @property
    def days(self) -> int:
        """Return how many days."""
        return (self.to_date - self.from_date).days


@dataclass(frozen=True, slots=True)
class Clock:
    """The life of a claim: its spans in order."""

    spans: tuple[Span, ...]
    is_running: bool  # something is owed on the day

    @property
    def days(self) -> dict[Holder, int]:
        """Return the days of each holder that has some."""
        found: dict[Holder, int] = {}
        for span in self.spans:
            found[span.holder] = found.get(span.holder, 0) + span.days
        return found

    @property
    def age_days(self) -> int:
        """Return how long the life is: the sum of all days."""
        return sum(span.days for span in self.spans)

    @property
    def holder(self) -> Holder | None:
        """Return whose turn it is; None: nothing is owed any more, or since today only."""
        return self.spans[-1].holder if self.is_running and self.spans else None


@dataclass(frozen=True, slots=True)
class Share:
    """What a holder has of some open claims: days in all, and the claims that wait there now."""

    holder: Holder
    days: int
    claims: int
    balance_cents: int


def clock_of_claim(claim_id: int, *, as_of: date) -> Clock:
    """Return the clock of a claim as of a day, without spans for one that never owed anything."""
    spans = spans_of([claim_id], as_of=as_of)
    found = tuple(
        Span(row["from_date"], row["to_date"], Holder(row["holder"]))
        for row in spans.iter_rows(named=True)
    )
    return Clock(found, is_running=bool(found) and found[-1].to_date == as_of)


def shares_of_clients(client_ids: Collection[int], *, as_of: date) -> list[Share]:
    """Return the shares of each holder in the open claims of these clients, in a fixed order."""
    balances = read_frame(
        _OPEN_CLAIMS,
        {"claim_id": pl.Int64, "balance_cents": pl.Int64},
        {"clients": sorted(client_ids)},
    )
    spans = spans_of(balances["claim_id"].to_list(), as_of=as_of)
    days = days_by_holder(spans).group_by("holder").agg(pl.col("days").sum())
    now = (
        spans.filter(pl.col("to_date") == as_of)
        .join(balances, on="claim_id")
        .group_by("holder")
        .agg(claims=pl.len(), balance_cents=pl.col("balance_cents").sum())
    )
    of_days = dict(days.rows())
    of_now = {holder: (claims, cents) for holder, claims, cents in now.rows()}
    return [
        Share(holder, of_days.get(holder.value, 0), *of_now.get(holder.value, (0, 0)))
        for holder in Holder
    ]


def charged_days(shares: Sequence[Share]) -> int:
    """Return the days that are charged to somebody."""
    return sum(share.days for share in shares if share.holder in CHARGED)


def spans_of(claim_ids: Sequence[int], *, as_of: date) -> pl.DataFrame:
    """Return the spans (core.responsibility.SPANS) of claims that the session may see."""
    if not claim_ids:
        return pl.DataFrame(schema=SPANS)
    params = {**_RULES, "claims": list(claim_ids), "as_of": as_of, "open": OPEN}
    return charge(
        read_frame(_BEGINNINGS, BEGINNINGS, params),
        read_frame(_OWED, OWED, params),
        read_frame(_TURNS, TURNS, params),
        as_of,
    )


def _rules() -> dict[str, Any]:
    """Return the rules of `core.responsibility` as arrays that a query joins."""
    acts = [
        (action.value, str(outcome), str(channel), str(holder))
        for action in NextAction
        for outcome in Outcome.values
        for channel in Channel.values
        if (holder := turn_of_act(action.value, str(outcome), str(channel))) is not None
    ]
    return {
        "types": list(RESPONSE_DAYS),
        "type_days": list(RESPONSE_DAYS.values()),
        "actions": [one[0] for one in acts],
        "outcomes": [one[1] for one in acts],
        "channels": [one[2] for one in acts],
        "holders": [one[3] for one in acts],
        "act_days": [
            RECORDS_DAYS if one[1] == "sent" and one[0] not in _INQUIRIES else USUAL_DAYS
            for one in acts
        ],
        "teams": [team.value for team in Team],
        "team_holders": [turn_of_team(team.value).value for team in Team],
    }


_RULES: Final = _rules()
