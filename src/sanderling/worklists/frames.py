"""Work items as the frame that core.priority values (/value.ITEMS), out of the database."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from sanderling.core.priority import ITEMS
from sanderling.core.priority.expected import expected_cents
from sanderling.core.priority.parameters import Parameters
from sanderling.core.service_levels import ZONE
from sanderling.postgres.frames import read_frame

# Columns of `WorkItem` and of what hangs on it. The latest activity is looked up only where there
# was one; expected_cents is added afterwards.
_COLUMNS: Final = f"""
SELECT w.id, w.client_id, w.payer_id, coalesce(p.type, ''), w.party,
       CASE WHEN w.balance_cents = 0 THEN -w.variance_cents ELSE w.balance_cents END,
       0::bigint, w.barrier, w.category, w.subcategory, w.detail, w.next_action, w.team,
       w.since_date, w.next_date, w.due_date, w.deadline_date, w.deadline_kind, w.is_deadline_met,
       w.service_date, c.last_billed_date, w.last_touch_date, coalesce(a.action, ''),
       w.last_outcome, w.touches, w.follow_up_date, w.is_high_dollar, w.is_key_client,
       w.is_flagged, w.escalation_level, s.repeat_days, coalesce(s.floor, ''),
       coalesce(k.kind, ''), (k.warn_at AT TIME ZONE '{ZONE}')::date,
       (k.due_at AT TIME ZONE '{ZONE}')::date
  FROM worklists_work_item w
  JOIN claims_claim c ON c.id = w.claim_id
  LEFT JOIN agreements_schedule s ON s.id = w.schedule_id
  LEFT JOIN payers_payer p ON p.id = w.payer_id
  LEFT JOIN LATERAL (
       SELECT f.action FROM followup_standing_activity f
        WHERE w.touches > 0 AND f.claim_id = w.claim_id
        ORDER BY f.activity_date DESC, f.id DESC LIMIT 1) a ON true
  LEFT JOIN LATERAL (
       SELECT one.kind, one.warn_at, one.due_at FROM agreements_clock one
        WHERE one.claim_id = w.claim_id AND coalesce(one.party, w.party) = w.party
          AND one.ended_at IS NULL AND one.dropped_at IS NULL
          AND (one.agreement_id IS NOT NULL OR w.is_key_client)
        ORDER BY one.warn_at, one.id LIMIT 1) k ON true
"""  # noqa: S608 - text of ours


def items_frame(
    parameters: Parameters, where: str = "", params: list[Any] | None = None
) -> pl.DataFrame:
    """Return work items (core.priority.ITEMS) of which `where` (SQL over w) holds, by id."""
    query = f"{_COLUMNS} {f'WHERE {where}' if where else ''} ORDER BY w.id"
    return with_expected(read_frame(query, ITEMS, params), parameters)


def with_expected(items: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """Put on each item what is expected to come in on it."""
    if items.is_empty():
        return items
    return items.with_columns(expected_cents=expected_cents(items, parameters.paid_shares))


# The same of any day, from barriers that were worked out for it: `barriers` is a temporary table
# with the columns of core.barriers.rows.ROWS.
_OF_DAY: Final = """
SELECT row_number() OVER (ORDER BY b.claim_id, b.party), b.client_id, b.payer_id,
       coalesce(p.type, ''), b.party,
       CASE WHEN b.balance_cents = 0 THEN -b.variance_cents ELSE b.balance_cents END,
       0::bigint, b.barrier, b.category,
       b.subcategory, b.detail, b.next_action, b.team, b.since_date, b.next_date, b.due_date,
       b.deadline_date, b.deadline_kind, b.is_deadline_met,
       coalesce(b.service_date, c.service_from_date, c.first_billed_date),
       sent.last_date, a.last_date, coalesce(a.action, ''), coalesce(a.outcome, ''),
       coalesce(a.touches, 0), NULL::date,
       coalesce(abs(b.balance_cents) >= k.high_dollar_cents, false), k.tier = 'key', false, 0,
       s.repeat_days, coalesce(s.floor, ''), '', NULL::date, NULL::date, b.claim_id, c.number,
       b.balance_cents, b.variance_cents
  FROM {table} b
  LEFT JOIN agreements_schedule s ON s.id = b.schedule_id
  JOIN claims_claim c ON c.id = b.claim_id
  JOIN clients_client k ON k.id = b.client_id
  LEFT JOIN payers_payer p ON p.id = b.payer_id
  LEFT JOIN LATERAL (
       SELECT max(coalesce(s.submitted_date, s.received_date)) AS last_date
         FROM claims_submission s
        WHERE s.claim_id = b.claim_id AND s.received_date <= %s) sent ON true
  LEFT JOIN LATERAL (
       SELECT count(*) AS touches, max(f.activity_date) AS last_date,
              (array_agg(f.action ORDER BY f.activity_date DESC, f.id DESC))[1] AS action,
              (array_agg(f.outcome ORDER BY f.activity_date DESC, f.id DESC))[1] AS outcome
         FROM followup_standing_activity f
        WHERE f.claim_id = b.claim_id AND f.activity_date <= %s) a ON true
 ORDER BY b.claim_id, b.party
"""
# What is owed on the books and what was paid short: ITEMS values the one or the other.
OF_DAY: Final = {
    **ITEMS,
    "claim_id": pl.Int64,
    "claim": pl.String,
    "owed_cents": pl.Int64,
    "variance_cents": pl.Int64,
}


def items_of_day(table: str, as_of: date, parameters: Parameters) -> pl.DataFrame:
    """Return the items of a past day, with claim_id and claim, from its barriers in `table`.

    What people set on items since (dates, flags, levels) is not part of the past and left out, and
    so are the clocks of service levels.
    """
    rows = read_frame(_OF_DAY.format(table=table), OF_DAY, [as_of, as_of])
    return with_expected(rows, parameters)
