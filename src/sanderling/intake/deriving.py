"""What follows from all facts of a claim: its row, and whose early answers and payments are its.

Each statement reads the facts in an order that comes from their content (day, order_key, position),
so the outcome does not depend on the order in which files arrived.
"""

from __future__ import annotations

import polars as pl
from django.db import connection

from sanderling.core.matching import match_payments
from sanderling.intake.answers import WANTED_ANSWER_COLUMNS, claims_of_answers
from sanderling.intake.remittances import CANDIDATE_COLUMNS
from sanderling.intake.touched import Touched
from sanderling.postgres.frames import keep_frame, read_frame

# The first chain's latest version speaks for the claim; without a submission the earliest claim
# payment does; without either a snapshot.
_DERIVE_FROM_SUBMISSIONS = """
WITH chain AS (
    SELECT s.*, row_number() OVER (
               PARTITION BY s.claim_id
               ORDER BY s.sequence, s.submitted_date DESC, s.order_key DESC,
                        s.position DESC) AS rank
      FROM derived d JOIN claims_submission s ON s.claim_id = d.claim_id
), spans AS (
    SELECT s.claim_id, min(s.submitted_date) AS first_billed, max(s.submitted_date) AS last_billed
      FROM derived d JOIN claims_submission s ON s.claim_id = d.claim_id GROUP BY 1
), payers AS (
    SELECT v.claim_id,
           max(v.payer_id) FILTER (WHERE v.sequence = 1 AND v.rank = 1) AS first_payer,
           max(v.payer_id) FILTER (WHERE v.sequence = 2 AND v.rank = 1) AS second_payer,
           max(v.payer_id) FILTER (WHERE v.sequence = 3 AND v.rank = 1) AS third_payer
      FROM (SELECT c.claim_id, c.sequence, c.payer_id, row_number() OVER (
                       PARTITION BY c.claim_id, c.sequence
                       ORDER BY s.submitted_date DESC, s.order_key DESC, s.position DESC,
                                c.is_destination DESC, c.payer_id) AS rank
              FROM derived d JOIN claims_coverage c ON c.claim_id = d.claim_id
              JOIN claims_submission s ON s.id = c.submission_id) v
     GROUP BY 1
)
UPDATE claims_claim t
   SET kind = s.kind, payer_id = p.first_payer, secondary_payer_id = p.second_payer,
       tertiary_payer_id = p.third_payer,
       plan = coalesce(nullif(s.group_name, ''), s.group_number),
       patient_last_name = s.patient_last_name, patient_first_name = s.patient_first_name,
       patient_birth_date = s.patient_birth_date, member_id = s.member_id,
       billing_npi = s.billing_npi, rendering_npi = s.rendering_npi,
       rendering_name = s.rendering_name,
       location = coalesce(nullif(s.facility_name, ''), s.facility_code),
       service_from_date = s.service_from_date, service_to_date = s.service_to_date,
       first_billed_date = x.first_billed, last_billed_date = x.last_billed,
       charge_cents = s.charge_cents, has_facts = true
  FROM chain s JOIN spans x USING (claim_id) LEFT JOIN payers p USING (claim_id)
 WHERE s.rank = 1 AND t.id = s.claim_id
"""
_DERIVE_FROM_PAYMENTS = """
WITH first AS (
    SELECT p.*, r.payer_id, row_number() OVER (
               PARTITION BY p.claim_id
               ORDER BY (p.status = '22'), p.payment_date, p.order_key, p.position) AS rank
      FROM derived d JOIN remits_claim_payment p ON p.claim_id = d.claim_id
      JOIN remits_remittance r ON r.id = p.remittance_id
     WHERE NOT EXISTS (SELECT FROM claims_submission s WHERE s.claim_id = d.claim_id)
       AND NOT EXISTS (SELECT FROM claims_snapshot n WHERE n.claim_id = d.claim_id)
)
UPDATE claims_claim t
   SET payer_id = f.payer_id, patient_last_name = f.patient_last_name,
       patient_first_name = f.patient_first_name, member_id = f.patient_id,
       rendering_npi = f.rendering_npi, service_from_date = f.service_from_date,
       service_to_date = f.service_from_date, charge_cents = abs(f.charge_cents), has_facts = true
  FROM first f WHERE f.rank = 1 AND t.id = f.claim_id
"""
_DERIVE_FROM_SNAPSHOTS = """
WITH latest AS (
    SELECT n.*, row_number() OVER (
               PARTITION BY n.claim_id
               ORDER BY n.snapshot_date DESC, n.order_key DESC, n.position DESC) AS rank
      FROM derived d JOIN claims_snapshot n ON n.claim_id = d.claim_id
     WHERE NOT EXISTS (SELECT FROM claims_submission s WHERE s.claim_id = d.claim_id)
)
UPDATE claims_claim t
   SET payer_id = l.payer_id, patient_last_name = l.patient_last_name,
       patient_first_name = l.patient_first_name, member_id = l.member_id,
       rendering_name = l.rendering_name, service_from_date = l.service_from_date,
       service_to_date = l.service_from_date, first_billed_date = l.billed_date,
       last_billed_date = l.billed_date,
       charge_cents = coalesce(l.charge_cents, l.insurance_cents + l.patient_cents),
       has_facts = true
  FROM latest l WHERE l.rank = 1 AND t.id = l.claim_id
"""
_DERIVE_EMPTY = """
UPDATE claims_claim t SET has_facts = false
  FROM derived d
 WHERE t.id = d.claim_id
   AND NOT EXISTS (SELECT FROM claims_submission s WHERE s.claim_id = t.id)
   AND NOT EXISTS (SELECT FROM claims_snapshot n WHERE n.claim_id = t.id)
   AND NOT EXISTS (SELECT FROM remits_claim_payment p WHERE p.claim_id = t.id)
"""

# Claim payments that may belong to a claim that has just come in, or has just become known by
# another number: those that stand for a claim of their own (same service and charge, or a number in
# common), and those that were given to another claim although they quote this one's number. The
# claim they are with now competes when it was sent by us.
#
# Every step is materialized: it starts from the few claims of the unit, and what cuts its result
# down is asked of that result only. Left to itself, without statistics of rows written in the same
# transaction, the planner looked for claims without submissions among all claims, again for each.
_ORPHANS = """
WITH sent AS MATERIALIZED (
    SELECT c.id AS claim_id, c.client_id, c.number_key, c.service_from_date, c.charge_cents
      FROM born_claims n JOIN claims_claim c ON c.id = n.claim_id
     WHERE EXISTS (SELECT FROM claims_submission s WHERE s.claim_id = n.claim_id)
), numbered AS MATERIALIZED (
    SELECT o.claim_id, o.client_id, o.key
      FROM (SELECT claim_id FROM sent UNION SELECT claim_id FROM numbered_claims) n
      JOIN claims_claim_number o ON o.claim_id = n.claim_id AND o.kind = 'payer'
), pairs AS MATERIALIZED (
    SELECT b.id AS claim_id, n.claim_id AS candidate, false AS knows
      FROM sent n
      JOIN claims_claim b ON b.client_id = n.client_id AND b.id <> n.claim_id AND b.has_facts
       AND b.service_from_date = n.service_from_date AND b.charge_cents = n.charge_cents
    UNION ALL
    SELECT k.claim_id, n.claim_id, false
      FROM sent n
      JOIN claims_claim_number k ON k.client_id = n.client_id AND k.key = n.number_key
       AND k.claim_id <> n.claim_id
    UNION ALL
    SELECT k.claim_id, n.claim_id, true
      FROM numbered n
      JOIN claims_claim_number k ON k.client_id = n.client_id AND k.key = n.key
       AND k.claim_id <> n.claim_id
), orphaned AS MATERIALIZED (
    SELECT v.claim_id, v.candidate, v.knows
      FROM pairs v
     WHERE NOT EXISTS (SELECT FROM claims_submission s WHERE s.claim_id = v.claim_id)
       AND NOT EXISTS (SELECT FROM claims_snapshot s WHERE s.claim_id = v.claim_id)
       AND EXISTS (SELECT FROM claims_submission s WHERE s.claim_id = v.candidate)
), near AS MATERIALIZED (
    SELECT p.id AS payment, v.candidate, v.knows
      FROM orphaned v JOIN remits_claim_payment p ON p.claim_id = v.claim_id
    UNION ALL
    SELECT p.id, side.claim_id, false
      FROM sent n
      JOIN remits_claim_payment p ON p.client_id = n.client_id AND p.number_key = n.number_key
       AND p.claim_id <> n.claim_id AND p.number_key <> ''
     CROSS JOIN LATERAL (VALUES (n.claim_id), (p.claim_id)) AS side(claim_id)
     WHERE side.claim_id = n.claim_id
        OR EXISTS (SELECT FROM claims_submission s WHERE s.claim_id = p.claim_id)
)
SELECT p.id, p.claim_number, p.number_key, p.patient_id, p.patient_last_name, p.patient_first_name,
       p.service_from_date, p.charge_cents, r.payer_id, c.id, c.number, c.number_key,
       c.patient_last_name, c.patient_first_name, c.member_id, c.service_from_date, c.charge_cents,
       c.payer_id, near.knows
  FROM (SELECT payment, candidate, bool_or(knows) AS knows FROM near GROUP BY 1, 2) near
  JOIN claims_claim c ON c.id = near.candidate
  JOIN remits_claim_payment p ON p.id = near.payment
  JOIN remits_remittance r ON r.id = p.remittance_id
"""
_ORPHAN_COLUMNS = {
    "payment": pl.Int64,
    "claim_number": pl.String,
    "number_key": pl.String,
    "patient_id": pl.String,
    "patient_last_name": pl.String,
    "patient_first_name": pl.String,
    "service_from_date": pl.Date,
    "charge_cents": pl.Int64,
    "payer_key": pl.Int64,
    **{name: kind for name, kind in CANDIDATE_COLUMNS.items() if name != "payment"},
}
_MOVE = """
WITH moved AS (
    UPDATE remits_claim_payment p
       SET claim_id = m.claim_id, match_method = m.match_method, match_points = m.match_points
      FROM moving m WHERE p.id = m.payment
 RETURNING p.id, p.claim_id
), services AS (
    UPDATE remits_service_payment d SET claim_id = m.claim_id
      FROM moving m WHERE d.payment_id = m.payment
), adjustments AS (
    UPDATE remits_adjustment d SET claim_id = m.claim_id
      FROM moving m WHERE d.payment_id = m.payment
), remarks AS (
    UPDATE remits_remark d SET claim_id = m.claim_id FROM moving m WHERE d.payment_id = m.payment
)
SELECT count(*) FROM moved
"""
# The payer's numbers of a claim payment go with it.
_MOVE_NUMBERS = """
INSERT INTO claims_claim_number (claim_id, client_id, kind, key)
SELECT m.claim_id, k.client_id, k.kind, k.key
  FROM moving m
  JOIN remits_claim_payment p ON p.id = m.payment
  JOIN claims_claim_number k ON k.claim_id = p.claim_id
    ON CONFLICT DO NOTHING
"""
_FORGET_NUMBERS = """
DELETE FROM claims_claim_number k
 WHERE k.claim_id = ANY (%s)
   AND NOT EXISTS (SELECT FROM remits_claim_payment p WHERE p.claim_id = k.claim_id)
   AND NOT EXISTS (SELECT FROM claims_submission s WHERE s.claim_id = k.claim_id)
"""
# Answers whose claim is looked for anew: they quote the number of a claim that has just come in or
# has just lost its facts, or wait without a claim and quote a payer's number learned just now.
_ANSWERS = """
WITH wanted AS MATERIALIZED (
    SELECT a.id
      FROM (SELECT DISTINCT c.number_key
              FROM born_claims b JOIN claims_claim c ON c.id = b.claim_id
             WHERE c.number_key <> '') n
      JOIN claims_answer a ON a.number_key = n.number_key
    UNION
    SELECT a.id FROM left_claims l JOIN claims_answer a ON a.claim_id = l.claim_id
    UNION
    SELECT a.id
      FROM claims_answer a
     WHERE a.claim_id IS NULL AND a.payer_claim_number <> ''
       AND ltrim(regexp_replace(upper(a.payer_claim_number), '[^0-9A-Z]', '', 'g'), '0')
           IN (SELECT n.key FROM claims_claim_number n
                 JOIN numbered_claims m ON m.claim_id = n.claim_id WHERE n.kind = 'payer')
)
SELECT a.id, a.client_id, a.number_key,
       ltrim(regexp_replace(upper(a.payer_claim_number), '[^0-9A-Z]', '', 'g'), '0')
  FROM wanted w JOIN claims_answer a ON a.id = w.id
 WHERE a.level IN ('claim', 'line') AND a.request_id IS NULL AND NOT a.is_passed_over
"""
_LINK_ANSWERS = """
UPDATE claims_answer a
   SET claim_id = f.claim_id, client_id = coalesce(a.client_id, f.found_client_id)
  FROM linked_answers f
 WHERE a.id = f.answer AND a.claim_id IS DISTINCT FROM f.claim_id
"""


def find_lost(touched: Touched) -> None:
    """Give claims the answers and claim payments that came in before they were known.

    Looks at what the unit brought: new claims, and claims that are known by a new number.
    """
    if not touched.born_ids and not touched.numbered_ids:
        return
    _keep_ids("born_claims", touched.born_ids)
    _keep_ids("numbered_claims", touched.numbered_ids)
    left = _find_lost_payments(touched)
    _keep_ids("left_claims", left)
    _find_lost_answers()


def _keep_ids(name: str, ids: list[int]) -> None:
    keep_frame(
        name, {"claim_id": "bigint"}, pl.DataFrame({"claim_id": ids}, schema={"claim_id": pl.Int64})
    )


def _find_lost_answers() -> None:
    wanted = read_frame(_ANSWERS, WANTED_ANSWER_COLUMNS)
    if wanted.is_empty():
        return
    linked = wanted.select("answer").join(
        claims_of_answers(wanted), on="answer", how="left", maintain_order="left"
    )
    keep_frame(
        "linked_answers",
        {"answer": "bigint", "claim_id": "bigint", "found_client_id": "int"},
        linked,
    )
    with connection.cursor() as cursor:
        cursor.execute(_LINK_ANSWERS)


def _find_lost_payments(touched: Touched) -> list[int]:
    """Move claim payments to the claim they fit best now; return the claims they left."""
    pairs = read_frame(_ORPHANS, _ORPHAN_COLUMNS).with_columns(
        same_number=(pl.col("number_key") == pl.col("number_key_claim"))
        & (pl.col("number_key") != "")
    )
    matches = match_payments(pairs)
    if matches.is_empty():
        return []
    keep_frame(
        "moving",
        {
            "payment": "bigint",
            "claim_id": "bigint",
            "match_method": "text",
            "match_points": "int",
        },
        matches,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM moving m USING remits_claim_payment p"
            " WHERE p.id = m.payment AND p.claim_id = m.claim_id"
        )
        cursor.execute(
            "SELECT DISTINCT p.claim_id"
            " FROM remits_claim_payment p JOIN moving m ON m.payment = p.id"
        )
        left = pl.Series([row[0] for row in cursor.fetchall()], dtype=pl.Int64)
        cursor.execute(_MOVE_NUMBERS)
        cursor.execute(_MOVE)
        cursor.execute(_FORGET_NUMBERS, [left.to_list()])
    for ids in (left, matches["claim_id"]):
        touched.claims(ids)
        touched.derive(ids)
    return left.to_list()


def derive_claims(touched: Touched) -> None:
    """Bring the claims' rows in line with all their facts."""
    ids = touched.derived_ids
    if not ids:
        return
    keep_frame("derived", {"claim_id": "bigint"}, pl.DataFrame({"claim_id": ids}))
    with connection.cursor() as cursor:
        for statement in (
            _DERIVE_FROM_SUBMISSIONS,
            _DERIVE_FROM_PAYMENTS,
            _DERIVE_FROM_SNAPSHOTS,
            _DERIVE_EMPTY,
        ):
            cursor.execute(statement)
