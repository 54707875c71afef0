"""All that the barriers of some claims follow from, out of the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl
from django.db import connection

from sanderling.contracts.queries import paid_by_the_month
from sanderling.core.barriers import facts as f
from sanderling.core.barriers.facts import BarrierFacts
from sanderling.core.barriers.line_states import CAPITATION_REASON
from sanderling.followup.queries import ACTIVITY_COLUMNS, load_activities
from sanderling.postgres.frames import read_frame
from sanderling.remits.facts import load_judged_facts, load_whole_facts

_CLAIMS: Final = """
SELECT c.id, c.client_id, c.kind, c.payer_id, c.secondary_payer_id, c.tertiary_payer_id,
       c.service_from_date, c.service_to_date, c.first_billed_date
  FROM posted_claims t JOIN claims_claim c ON c.id = t.claim_id
"""
_OPEN_TODAY: Final = """
SELECT b.claim_id, b.client_id, b.party, b.balance_cents, b.responsible_from_date
  FROM posted_claims t JOIN ledger_open_balance b USING (claim_id)
"""
_ALL_OPEN_TODAY: Final = """
SELECT claim_id, client_id, party, balance_cents, responsible_from_date FROM ledger_open_balance
"""
_SPANS: Final = """
SELECT claim_id, client_id, party, balance_cents, responsible_from_date FROM ledger_balance_span
 WHERE from_date <= %s AND to_date > %s
"""
_SPANS_ARE_BEHIND: Final = """
SELECT coalesce((SELECT max(id) FROM ledger_entry), 0)
       > coalesce((SELECT max(through_entry_id) FROM ledger_span_state), 0)
"""
# What the spans say, summed up from the entries; a party owes from the first day that moved it.
_OPEN_ON_DAY: Final = """
SELECT claim_id, client_id, party, sum(cents)::bigint, min(posted_date)
  FROM (SELECT e.claim_id, e.client_id, side.party, e.posted_date, sum(side.cents) AS cents
          FROM {entries} AS e
         CROSS JOIN LATERAL (VALUES (e.debit, e.amount_cents), (e.credit, -e.amount_cents))
                         AS side(party, cents)
         WHERE e.posted_date <= %s AND e.claim_id IS NOT NULL AND side.party BETWEEN 11 AND 14
         GROUP BY 1, 2, 3, 4 HAVING sum(side.cents) <> 0) AS days
 GROUP BY 1, 2, 3 HAVING sum(cents) <> 0
"""
_ENTRIES_OF_CLAIMS: Final = (
    "(SELECT x.* FROM unnest(%s::bigint[]) AS w(id) JOIN ledger_entry x ON x.claim_id = w.id)"
)
_REMARKS: Final = """
SELECT m.payment_id, m.line_index, m.code
  FROM posted_claims t
  JOIN remits_claim_payment p USING (claim_id)
  JOIN remits_remark m ON m.payment_id = p.id
 ORDER BY m.payment_id, m.position
"""
# Files that were taken in (999), of claims of which no 277CA spoke at once: the many others cannot
# have missed one on any day.
_TAKEN: Final = """
WITH sent AS MATERIALIZED (
    SELECT s.id AS submission_id, s.transaction_id
      FROM posted_claims t JOIN claims_submission s USING (claim_id)
     WHERE NOT EXISTS (
           SELECT FROM claims_answer a
            WHERE a.claim_id = t.claim_id AND a.kind = '277CA'
              AND a.received_date BETWEEN coalesce(s.submitted_date, s.received_date)
                                      AND coalesce(s.submitted_date, s.received_date) + 2)
), sets AS MATERIALIZED (
    SELECT x.id, min(a.received_date) AS taken_date
      FROM files_transaction_set x JOIN claims_answer a
        ON a.group_control_number = x.group_control_number
       AND a.control_number = x.control_number
     WHERE x.id IN (SELECT transaction_id FROM sent) AND x.group_control_number <> ''
       AND a.kind = '999' AND a.level = 'transaction' AND a.message = ''
       AND a.category IN ('A', 'E') AND a.received_date >= x.received_date
     GROUP BY 1
)
SELECT sent.submission_id, sets.taken_date FROM sent JOIN sets ON sets.id = sent.transaction_id
"""
# Services that a payer left unpaid as covered by capitation, as contracts know them.
_CAPITATED: Final = """
SELECT s.payment_id, s.line_index, c.client_id, coalesce(r.payer_id, c.payer_id), upper(c.plan),
       coalesce(s.service_from_date, c.service_from_date),
       coalesce(nullif(s.submitted_procedure, ''), s.procedure)
  FROM remits_claim_payment p
  JOIN claims_claim c ON c.id = p.claim_id
  JOIN remits_remittance r ON r.id = p.remittance_id
  JOIN remits_service_payment s ON s.payment_id = p.id
 WHERE p.id = ANY (%s)
"""
_CAPITATED_COLUMNS: Final = {
    **f.CAPITATED,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "plan": pl.String,
    "service_date": pl.Date,
    "procedure": pl.String,
}
# What was said of a claim itself.
_CLAIM_ANSWERS: Final = """
SELECT a.claim_id, a.submission_id, a.kind, a.transaction_id, a.position, a.level,
       a.source_entity, a.source_name, a.batch_reference, a.category, a.code, a.entity, a.action,
       a.status_date, a.received_date, a.id
  FROM posted_claims t JOIN claims_answer a USING (claim_id)
"""
# What was said of the batch it was in: a refused 837 (999), a refused interchange (TA1), a batch or
# provider refused by a 277CA. Control numbers are used again after a while: an answer speaks of the
# latest set of that number that was there before it. Small sets first: the sets the claims were
# sent in, then their answers, then the claims.
_BATCH_ANSWERS: Final = """
WITH sent AS MATERIALIZED (
    SELECT s.claim_id, s.id AS submission_id, s.transaction_id, s.client_id, s.batch_reference
      FROM posted_claims t JOIN claims_submission s USING (claim_id)
), sets AS MATERIALIZED (
    SELECT x.id, x.group_control_number, x.control_number, x.interchange_control_number,
           x.received_date
      FROM files_transaction_set x WHERE x.id IN (SELECT transaction_id FROM sent)
), refused AS MATERIALIZED (
    SELECT sets.id AS set_id, a.id AS answer_id
      FROM sets JOIN claims_answer a
        ON a.group_control_number = sets.group_control_number
       AND (a.control_number = sets.control_number OR a.level = 'group')
     WHERE a.kind = '999' AND a.level IN ('transaction', 'group') AND a.message = ''
       AND a.claim_id IS NULL
       AND a.category IN ('R', 'M', 'W', 'X') AND a.received_date >= sets.received_date
       AND sets.group_control_number <> ''
       AND NOT EXISTS (
           SELECT FROM files_transaction_set later
            WHERE later.group_control_number = sets.group_control_number
              AND later.control_number = sets.control_number AND later.kind LIKE '837%%'
              AND later.status = 'posted' AND later.received_date > sets.received_date
              AND later.received_date <= a.received_date)
    UNION ALL
    SELECT sets.id, a.id
      FROM sets JOIN claims_answer a
        ON a.control_number = sets.interchange_control_number AND a.group_control_number = ''
     WHERE a.kind = 'TA1' AND a.category = 'R' AND a.category IN ('R', 'M', 'W', 'X')
       AND a.claim_id IS NULL AND a.received_date >= sets.received_date
       AND sets.interchange_control_number <> ''
       AND NOT EXISTS (
           SELECT FROM files_transaction_set later
            WHERE later.interchange_control_number = sets.interchange_control_number
              AND later.kind LIKE '837%%' AND later.status = 'posted'
              AND later.received_date > sets.received_date
              AND later.received_date <= a.received_date)
), batches AS MATERIALIZED (
    SELECT DISTINCT batch_reference, client_id FROM sent WHERE batch_reference <> ''
), turned_away AS MATERIALIZED (
    SELECT b.batch_reference, b.client_id, a.id AS answer_id
      FROM batches b JOIN claims_answer a ON a.batch_reference = b.batch_reference
     WHERE a.kind = '277CA' AND a.claim_id IS NULL AND a.action = 'U'
       AND (a.level IN ('source', 'receiver')
            OR (a.level = 'provider' AND a.client_id = b.client_id))
), found AS (
    SELECT sent.claim_id, sent.submission_id, refused.answer_id
      FROM refused JOIN sent ON sent.transaction_id = refused.set_id
    UNION ALL
    SELECT sent.claim_id, sent.submission_id, turned_away.answer_id
      FROM turned_away JOIN sent USING (batch_reference, client_id)
)
SELECT found.claim_id, found.submission_id, a.kind, a.transaction_id, a.position, a.level,
       a.source_entity, a.source_name, a.batch_reference, a.category, a.code, a.entity, a.action,
       a.status_date, a.received_date, a.id
  FROM found JOIN claims_answer a ON a.id = found.answer_id
"""


def open_balances(as_of: date, client_ids: Sequence[int] | None = None) -> pl.DataFrame:
    """Return what every party of every claim owed at the end of a day (facts.BALANCES), by claim.

    `client_ids`: of these clients only. Read from the balance spans; summed up from all entries
    where the spans are behind them (`ledger.spans.extend_spans` brings them up).
    """
    with connection.cursor() as cursor:
        cursor.execute(_SPANS_ARE_BEHIND)
        (is_behind,) = cursor.fetchone()
    query = _OPEN_ON_DAY.format(entries="ledger_entry") if is_behind else _SPANS
    found = read_frame(query, f.BALANCES, [as_of] if is_behind else [as_of, as_of])
    if client_ids is not None:
        found = found.filter(pl.col("client_id").is_in(list(client_ids)))
    return found.sort("claim_id", "party")


def open_balances_today() -> pl.DataFrame:
    """Return what every party of every claim owes today."""
    return read_frame(_ALL_OPEN_TODAY, f.BALANCES).sort("claim_id", "party")


def open_balances_of(claim_ids: list[int], as_of: date) -> pl.DataFrame:
    """Return what the parties of some claims owed at the end of a day."""
    query = _OPEN_ON_DAY.format(entries=_ENTRIES_OF_CLAIMS)
    return read_frame(query, f.BALANCES, [claim_ids, as_of])


def load_barrier_facts(
    claim_ids: list[int],
    balances: pl.DataFrame | None,
    payers: pl.DataFrame,
    *,
    with_lines: bool = False,
) -> BarrierFacts:
    """Return everything the barriers of the claims follow from.

    `balances`: those of the day; none: the open balances of today. `payers`: facts.PAYERS.
    `with_lines`: and all that posting reads beside it (leaves the table posted_claims).
    """
    loaded = load_whole_facts(claim_ids) if with_lines else load_judged_facts(claim_ids)
    if balances is None:
        balances = read_frame(_OPEN_TODAY, f.BALANCES)
    return BarrierFacts(
        ledger=loaded.facts,
        claims=read_frame(_CLAIMS, f.CLAIMS),
        balances=balances,
        submission_details=loaded.submission_details,
        payment_details=loaded.payment_details,
        remarks=read_frame(_REMARKS, f.REMARKS),
        answers=pl.concat(
            [read_frame(_CLAIM_ANSWERS, f.ANSWERS), read_frame(_BATCH_ANSWERS, f.ANSWERS)]
        ),
        activities=load_activities().select(
            pl.col(name).cast(ACTIVITY_COLUMNS[name]) for name in f.ACTIVITIES
        ),
        payers=payers,
        capitated=_capitated(loaded.facts.adjustments),
        taken=read_frame(_TAKEN, f.TAKEN),
    )


def _capitated(adjustments: pl.DataFrame) -> pl.DataFrame:
    """Return the services of CO-24 that a contract pays by the month (facts.CAPITATED)."""
    said = adjustments.filter(pl.col("reason_code") == CAPITATION_REASON)["payment_id"].unique()
    if said.is_empty():
        return pl.DataFrame(schema=f.CAPITATED)
    services = read_frame(_CAPITATED, _CAPITATED_COLUMNS, [said.to_list()])
    return paid_by_the_month(services).select(list(f.CAPITATED))
