"""History as the valuation learns from it: what was done and sent, and what came of it.

Only facts that were there before a day: an activity by its day, a payment by the day it was posted.
The barrier at a touch follows from the facts of then as far as they say it: a denial that stood, a
balance of a later payer, else what the act itself is about.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.core.priority.expected import PAID
from sanderling.core.priority.learn import RESPONSES
from sanderling.postgres.frames import read_frame

LEARNING_DAYS: Final = 540

# What stood when somebody acted, where no denial says it.
_BARRIER_OF_ACT: Final = """
CASE a.action WHEN 'bill_secondary' THEN 'secondary_unbilled'
     WHEN 'find_payment' THEN 'paid_unposted'
     WHEN 'dispute_underpayment' THEN 'underpaid' WHEN 'send_records' THEN 'pended'
     WHEN 'resubmit' THEN 'not_on_file' WHEN 'check_status' THEN 'no_response'
     WHEN 'call_payer' THEN 'no_response' ELSE 'unexplained' END
"""
_TOUCHES: Final = f"""
WITH acts AS (
    SELECT a.id, a.claim_id, a.activity_date, a.channel, a.action, a.outcome,
           row_number() OVER w - 1 AS touches,
           lag(a.activity_date) OVER w AS last_touch_date,
           coalesce(lag(a.action) OVER w, '') AS last_action,
           coalesce(lag(a.outcome) OVER w, '') AS last_outcome,
           lead(a.activity_date) OVER w AS next_touch_date
      FROM followup_standing_activity a
     WHERE a.activity_date < %s AND a.activity_date >= %s
    WINDOW w AS (PARTITION BY a.claim_id ORDER BY a.activity_date, a.id)
)
SELECT a.claim_id, a.activity_date, coalesce(d.payer_id, c.payer_id), coalesce(p.type, ''),
       CASE WHEN a.action = 'check_status' THEN 'no_response'
            WHEN d.claim_id IS NOT NULL THEN 'denied' ELSE {_BARRIER_OF_ACT} END,
       coalesce(d.category, ''), a.action, a.channel, a.outcome, 11::bigint, '',
       coalesce(d.since_date, a.activity_date), sent.last_date, a.last_touch_date, a.last_action,
       a.last_outcome, a.touches, coalesce(d.denied_cents, c.charge_cents), NULL::float8,
       coalesce(paid.cents, 0), paid.first_date - a.activity_date,
       coalesce(closed.is_decided, false), c.client_id
  FROM acts a
  JOIN claims_claim c ON c.id = a.claim_id
  LEFT JOIN LATERAL (
       SELECT x.claim_id, x.payer_id, min(x.category) AS category,
              sum(x.denied_cents)::bigint AS denied_cents, x.received_date AS since_date
         FROM barriers_denial x
        WHERE x.claim_id = a.claim_id AND x.received_date <= a.activity_date
          AND NOT x.is_duplicate
        GROUP BY x.claim_id, x.payer_id, x.payment_id, x.received_date
        ORDER BY x.received_date DESC, x.payment_id DESC LIMIT 1) d ON true
  LEFT JOIN payers_payer p ON p.id = coalesce(d.payer_id, c.payer_id)
  LEFT JOIN LATERAL (
       SELECT max(coalesce(s.submitted_date, s.received_date)) AS last_date
         FROM claims_submission s
        WHERE s.claim_id = a.claim_id AND s.received_date <= a.activity_date) sent ON true
  LEFT JOIN LATERAL (
       SELECT sum(l.amount_cents)::bigint AS cents, min(l.posted_date) AS first_date
         FROM ledger_entry l
        WHERE l.claim_id = a.claim_id AND l.debit = 30 AND l.credit BETWEEN 11 AND 13
          AND l.posted_date > a.activity_date AND l.posted_date < %s
          AND (a.next_touch_date IS NULL OR l.posted_date <= a.next_touch_date)) paid ON true
  LEFT JOIN LATERAL (
       SELECT count(*) > 0 AS is_decided FROM remits_claim_payment r
        WHERE r.claim_id = a.claim_id AND r.received_date > a.activity_date
          AND r.received_date < %s) closed ON true
"""  # noqa: S608 - text of ours; 30: Account.CASH
_TOUCH_COLUMNS: Final = {
    "item_id": pl.Int64,
    "touch_date": pl.Date,
    "payer_id": pl.Int64,
    "payer_type": pl.String,
    "barrier": pl.String,
    "category": pl.String,
    "action": pl.String,
    "channel": pl.String,
    "outcome": pl.String,
    "party": pl.Int64,
    "detail": pl.String,
    "since_date": pl.Date,
    "last_billed_date": pl.Date,
    "last_touch_date": pl.Date,
    "last_action": pl.String,
    "last_outcome": pl.String,
    "touches": pl.Int64,
    "balance_cents": pl.Int64,
    "minutes": pl.Float64,
    "paid_cents_within_days": pl.Int64,
    "days_to_payment": pl.Int64,
    "is_decided": pl.Boolean,
    "client_id": pl.Int64,
}
# The claim as first sent to its first payer. Watched until the claim is sent again or somebody acts
# on it: what comes later may come of that.
_CLAIMS_SENT: Final = """
WITH sent AS (
    SELECT s.claim_id, s.payer_id, min(coalesce(s.submitted_date, s.received_date)) AS sent_date
      FROM claims_submission s
     WHERE s.sequence = 1 AND s.received_date < %s AND s.received_date >= %s
       AND s.payer_id IS NOT NULL
     GROUP BY 1, 2
)
SELECT s.payer_id, p.type, 'claim', s.sent_date, answered.day,
       least(again.day, act.day)
  FROM sent s
  JOIN payers_payer p ON p.id = s.payer_id
  LEFT JOIN LATERAL (
       SELECT min(c.received_date) AS day FROM remits_claim_payment c
        WHERE c.claim_id = s.claim_id AND c.received_date >= s.sent_date
          AND c.received_date < %s) answered ON true
  LEFT JOIN LATERAL (
       SELECT min(coalesce(x.submitted_date, x.received_date)) AS day FROM claims_submission x
        WHERE x.claim_id = s.claim_id AND x.received_date < %s
          AND coalesce(x.submitted_date, x.received_date) > s.sent_date) again ON true
  LEFT JOIN LATERAL (
       SELECT min(f.activity_date) AS day FROM followup_standing_activity f
        WHERE f.claim_id = s.claim_id AND f.activity_date >= s.sent_date
          AND f.activity_date < %s AND f.outcome IN ('sent', 'not_on_file', 'pended')) act ON true
"""
_ACTS_SENT: Final = """
SELECT coalesce(d.payer_id, c.payer_id), coalesce(p.type, ''), a.action, a.activity_date,
       (SELECT min(r.received_date) FROM remits_claim_payment r
         WHERE r.claim_id = a.claim_id AND r.received_date > a.activity_date
           AND r.received_date < %s),
       (SELECT min(f.activity_date) FROM followup_standing_activity f
         WHERE f.claim_id = a.claim_id AND f.activity_date > a.activity_date
           AND f.activity_date < %s AND f.outcome = 'sent')
  FROM followup_standing_activity a
  JOIN claims_claim c ON c.id = a.claim_id
  LEFT JOIN LATERAL (
       SELECT x.payer_id FROM barriers_denial x
        WHERE x.claim_id = a.claim_id AND x.received_date <= a.activity_date
        ORDER BY x.received_date DESC LIMIT 1) d ON true
  LEFT JOIN payers_payer p ON p.id = coalesce(d.payer_id, c.payer_id)
 WHERE a.outcome = 'sent' AND a.channel <> 'internal' AND a.activity_date < %s
   AND a.activity_date >= %s
"""
# What insurers paid of what was open, over claims they paid: the first payer of the charge, the
# later ones of what the payers before them left.
_PAID: Final = """
WITH entries AS (
    SELECT l.claim_id, l.client_id, l.credit AS party, sum(l.amount_cents) AS paid_cents
      FROM ledger_entry l
     WHERE l.debit = 30 AND l.credit BETWEEN 11 AND 13 AND l.posted_date < %s
       AND l.posted_date >= %s
     GROUP BY 1, 2, 3 HAVING sum(l.amount_cents) > 0
)
SELECT CASE WHEN e.party = 11 THEN 'first' ELSE 'later' END, p.type, p.id, e.client_id,
       sum(x.open_cents)::bigint, sum(least(e.paid_cents, x.open_cents))::bigint, count(*)
  FROM entries e
  JOIN claims_claim c ON c.id = e.claim_id
  JOIN payers_payer p ON p.id = CASE e.party WHEN 11 THEN c.payer_id
       WHEN 12 THEN c.secondary_payer_id ELSE c.tertiary_payer_id END
 CROSS JOIN LATERAL (
       SELECT CASE WHEN e.party = 11 THEN c.charge_cents ELSE (
            SELECT coalesce(sum(t.amount_cents), 0) FROM ledger_entry t
             WHERE t.claim_id = e.claim_id AND t.debit = e.party AND t.posted_date < %s
            ) END AS open_cents) x
 WHERE x.open_cents > 0
 GROUP BY 1, 2, 3, 4
"""


def touches_before(day: date) -> pl.DataFrame:
    """Return what was done before a day and what had come of it by then (learn.TOUCHES).

    `balance_cents` of what stood open takes the place of expected_cents, which follows from it.
    """
    first = day - timedelta(days=LEARNING_DAYS)
    return read_frame(_TOUCHES, _TOUCH_COLUMNS, [day, first, day, day])


def responses_before(day: date) -> pl.DataFrame:
    """Return what was sent before a day and when it was answered (learn.RESPONSES)."""
    first = day - timedelta(days=LEARNING_DAYS)
    claims = read_frame(_CLAIMS_SENT, RESPONSES, [day, first, day, day, day])
    acts = read_frame(_ACTS_SENT, RESPONSES, [day, day, day, first])
    return pl.concat([claims, acts])


def paid_before(day: date) -> pl.DataFrame:
    """Return what payers have paid of what was open to them before a day (expected.PAID)."""
    first = day - timedelta(days=LEARNING_DAYS)
    return read_frame(_PAID, PAID, [day, first, day])
