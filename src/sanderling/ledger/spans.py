"""Balance spans: what each party of a claim owed from which day to which, for past days at once.

Derived from the entries. Their ids rise in the order in which postings commit (one posting at a
time), so "all entries up to this one" is a state the ledger really was in, and what came later,
dated into whatever past, is exactly the entries with greater ids. A reader takes the spans and adds
these.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import connection, transaction

FREEZING_LOCK: Final = 0x5A2D0002  # any constant: the spans are extended by one at a time
OPEN: Final = date(9999, 12, 31)  # the end of a span that has not ended
CLAIMS_WORTH_STATISTICS: Final = 1_000

_TOUCHED: Final = """
CREATE TEMPORARY TABLE ledger_span_claims ON COMMIT DROP AS
SELECT DISTINCT claim_id FROM ledger_entry
 WHERE id > %(after)s AND id <= %(through)s AND claim_id IS NOT NULL
"""
_REMOVE: Final = """
DELETE FROM ledger_balance_span s USING ledger_span_claims t WHERE s.claim_id = t.claim_id
"""
# A span begins on each day that moved the party's balance and ends where the next one begins.
# Spans of one party never overlap, so one that overlaps another of its claim is shared.
_ADD: Final = """
WITH days AS (
    SELECT e.claim_id, e.client_id, side.party, e.posted_date, sum(side.cents) AS cents
      FROM ledger_span_claims t JOIN ledger_entry e USING (claim_id)
     CROSS JOIN LATERAL (VALUES (e.debit, e.amount_cents), (e.credit, -e.amount_cents))
                     AS side(party, cents)
     WHERE e.id <= %(through)s AND side.party BETWEEN 11 AND 14
     GROUP BY e.claim_id, e.client_id, side.party, e.posted_date HAVING sum(side.cents) <> 0
), spans AS (
    SELECT claim_id, client_id, party, posted_date AS from_date,
           lead(posted_date, 1, %(open)s) OVER later AS to_date,
           first_value(posted_date) OVER later AS responsible_from_date,
           (sum(cents) OVER later)::bigint AS balance_cents
      FROM days WINDOW later AS (PARTITION BY claim_id, client_id, party ORDER BY posted_date)
)
INSERT INTO ledger_balance_span (claim_id, balance_cents, client_id, from_date, to_date,
                                 responsible_from_date, party, is_shared)
SELECT claim_id, balance_cents, client_id, from_date, to_date, responsible_from_date, party,
       coalesce(max(to_date) OVER before > from_date, false)
       OR coalesce(lead(from_date) OVER started < to_date, false)
  FROM spans WHERE balance_cents <> 0
WINDOW started AS (PARTITION BY claim_id ORDER BY from_date, party),
       before AS (started ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
"""
_REMEMBER: Final = """
INSERT INTO ledger_span_state (id, through_entry_id, last_posted_date)
SELECT 1, %(through)s, max(posted_date) FROM ledger_entry
 WHERE id > %(after)s AND id <= %(through)s
    ON CONFLICT (id) DO UPDATE
   SET through_entry_id = excluded.through_entry_id,
       last_posted_date = greatest(ledger_span_state.last_posted_date, excluded.last_posted_date)
"""


@transaction.atomic
def extend_spans() -> int:
    """Bring the balance spans in step with the ledger; return the number of claims written anew.

    Costs what was added: the entries since the last time, and all entries of their claims. Postings
    go on meanwhile; what they add is left to the next time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FREEZING_LOCK])
        cursor.execute(
            "SELECT coalesce((SELECT max(through_entry_id) FROM ledger_span_state), 0),"
            " coalesce((SELECT max(id) FROM ledger_entry), 0)"
        )
        after, through = cursor.fetchone()
        if through <= after:
            return 0
        params = {"after": after, "through": through, "open": OPEN}
        cursor.execute("DROP TABLE IF EXISTS pg_temp.ledger_span_claims")
        cursor.execute(_TOUCHED, params)
        claim_count = int(cursor.rowcount)
        cursor.execute("ANALYZE ledger_span_claims")
        cursor.execute(_REMOVE)
        cursor.execute(_ADD, params)
        cursor.execute(_REMEMBER, params)
        if claim_count >= CLAIMS_WORTH_STATISTICS:
            cursor.execute("ANALYZE ledger_balance_span")
    return claim_count
