"""All facts of some claims, out of the database, as the posting rules want them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from sanderling.core.ledger import facts as f
from sanderling.core.ledger.facts import ClaimFacts
from sanderling.postgres.frames import keep_frame, read_frame

_SUBMISSIONS = """
SELECT s.claim_id, s.id, s.transaction_id, s.position, s.sequence, s.frequency, s.submitted_date,
       s.received_date, s.order_key, s.charge_cents, s.prior_paid_cents, s.prior_contractual_cents,
       s.prior_share_cents, s.payer_name, s.batch_reference
  FROM posted_claims t JOIN claims_submission s USING (claim_id)
"""
_SUBMISSION_LINES = """
SELECT l.submission_id, l.line, l.charge_cents, nullif(l.procedure, ''), nullif(l.modifiers, ''),
       nullif(l.line_control_number, ''), l.service_from_date
  FROM posted_claims t JOIN claims_submission_line l USING (claim_id)
"""
_COVERAGES = """
SELECT DISTINCT c.claim_id, c.sequence FROM posted_claims t JOIN claims_coverage c USING (claim_id)
"""
# The payer's place among the claim's payers where CLP02 does not tell it: by the payer itself. A
# claim payment that names a claim of ours but agrees neither in day nor in charge is held: the
# number was used twice.
_PAYMENTS = """
SELECT p.claim_id, p.id, p.transaction_id, p.position, p.status,
       CASE WHEN p.status NOT IN ('1', '2', '3', '19', '20', '21') THEN (
           SELECT min(c.sequence) FROM claims_coverage c
            WHERE c.claim_id = p.claim_id AND c.payer_id = r.payer_id) END,
       nullif(p.frequency, ''), p.payment_date, p.received_date, p.order_key, p.charge_cents,
       p.paid_cents, nullif(p.payer_claim_number, ''), nullif(p.original_reference, ''),
       p.is_forwarded,
       p.is_held OR (p.service_from_date IS NOT NULL AND coalesce((
           SELECT bool_and(s.charge_cents <> abs(p.charge_cents)
                           AND s.service_from_date IS NOT NULL
                           AND p.service_from_date NOT BETWEEN s.service_from_date
                               AND coalesce(s.service_to_date, s.service_from_date))
             FROM claims_submission s WHERE s.claim_id = p.claim_id), false)),
       r.payer_id, nullif(p.rendering_npi, '')
  FROM posted_claims t
  JOIN remits_claim_payment p USING (claim_id)
  JOIN remits_remittance r ON r.id = p.remittance_id
"""
_PAYMENT_LINES = """
SELECT s.payment_id, s.line_index, s.position, s.charge_cents, s.paid_cents,
       nullif(s.procedure, ''), nullif(s.modifiers, ''), nullif(s.submitted_procedure, ''),
       nullif(s.submitted_modifiers, ''), nullif(s.line_control_number, ''), s.service_from_date
  FROM posted_claims t
  JOIN remits_claim_payment p USING (claim_id)
  JOIN remits_service_payment s ON s.payment_id = p.id
"""
_ADJUSTMENTS = """
SELECT a.payment_id, a.line_index, a.position, a.part, a.group_code, a.reason_code, a.amount_cents
  FROM posted_claims t
  JOIN remits_claim_payment p USING (claim_id)
  JOIN remits_adjustment a ON a.payment_id = p.id
"""
_SNAPSHOTS = """
SELECT n.claim_id, n.transaction_id, n.position, n.snapshot_date, n.received_date, n.order_key,
       n.insurance_cents, n.patient_cents
  FROM posted_claims t JOIN claims_snapshot n USING (claim_id)
"""
# A write-off that was taken back is no fact any more.
_WRITE_OFFS = """
SELECT w.claim_id, w.write_off_id, w.party, w.amount_cents, w.known_date, w.order_key
  FROM posted_claims t JOIN claims_write_off w USING (claim_id)
 WHERE NOT w.is_reversal
   AND NOT EXISTS (SELECT FROM claims_write_off r
                    WHERE r.write_off_id = w.write_off_id AND r.is_reversal)
"""
# Likewise what was given back of a credit, and what people moved to the patient.
_DECIDED = """
SELECT w.claim_id, w.decision_id, w.party, w.amount_cents, w.known_date, w.order_key
  FROM posted_claims t JOIN claims_decided w USING (claim_id)
 WHERE NOT w.is_reversal AND w.kind = '{kind}'
   AND NOT EXISTS (SELECT FROM claims_decided r
                    WHERE r.decision_id = w.decision_id AND r.kind = w.kind AND r.is_reversal)
"""
_REFUNDS: Final = _DECIDED.format(kind="refund")
_TRANSFERS: Final = _DECIDED.format(kind="transfer")

_GIVEN: Final = "unnest(%s::bigint[]) AS t(claim_id)"

# What a claim as sent and a claim payment say beside what posting needs.
SUBMISSION_DETAILS: Final = {"payer_name": pl.String, "batch_reference": pl.String}
PAYMENT_DETAILS: Final = {"payer_id": pl.Int64, "rendering_npi": pl.String}
# Of a line that is only judged, not posted: what was charged and paid.
_JUDGED_LINES = """
SELECT s.payment_id, s.line_index, s.position, s.charge_cents, s.paid_cents,
       s.procedure, NULL, nullif(s.submitted_procedure, ''), NULL, NULL, NULL::date
  FROM posted_claims t
  JOIN remits_claim_payment p USING (claim_id)
  JOIN remits_service_payment s ON s.payment_id = p.id
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Facts of claims, and the details that posting has no use for."""

    facts: ClaimFacts
    submission_details: pl.DataFrame  # submission_id, SUBMISSION_DETAILS
    payment_details: pl.DataFrame  # payment_id, PAYMENT_DETAILS


def load_facts(claim_ids: list[int]) -> ClaimFacts:
    """Return all that posting needs of the claims (leaves the temporary table posted_claims)."""
    return _load(claim_ids, for_posting=True).facts


def given(query: str) -> str:
    """Return a query over `posted_claims t` for claims that are its one parameter: for pages."""
    return query.replace("posted_claims t", _GIVEN)


def facts_of(claim_ids: list[int]) -> ClaimFacts:
    """Return all that posting needs of the claims, without a temporary table: for pages."""
    return priced_facts_of(claim_ids).facts


def priced_facts_of(claim_ids: list[int]) -> Loaded:
    """Return what `load_priced_facts` does, without a temporary table: for pages."""
    claims = [claim_ids]

    def read(query: str, schema: dict[str, Any]) -> pl.DataFrame:
        return read_frame(given(query), schema, claims)

    submissions = read(_SUBMISSIONS, f.SUBMISSIONS | SUBMISSION_DETAILS)
    payments = read(_PAYMENTS, f.PAYMENTS | PAYMENT_DETAILS)
    facts = ClaimFacts(
        submissions=submissions.select(list(f.SUBMISSIONS)),
        submission_lines=read(_SUBMISSION_LINES, f.SUBMISSION_LINES),
        coverages=read(_COVERAGES, f.COVERAGES),
        payments=payments.select(list(f.PAYMENTS)),
        payment_lines=read(_PAYMENT_LINES, f.PAYMENT_LINES),
        adjustments=read(_ADJUSTMENTS, f.ADJUSTMENTS),
        snapshots=read(_SNAPSHOTS, f.SNAPSHOTS),
        write_offs=read(_WRITE_OFFS, f.WRITE_OFFS),
        refunds=read(_REFUNDS, f.DECIDED),
        transfers=read(_TRANSFERS, f.DECIDED),
    )
    return Loaded(
        facts=facts,
        submission_details=submissions.select("submission_id", *SUBMISSION_DETAILS),
        payment_details=payments.select("payment_id", *PAYMENT_DETAILS),
    )


def load_judged_facts(claim_ids: list[int]) -> Loaded:
    """Return what judging the claims needs (leaves the temporary table posted_claims).

    Without the lines as sent, the coverages and the identifiers of lines, which only posting reads.
    """
    return _load(claim_ids, for_posting=False)


def load_whole_facts(claim_ids: list[int]) -> Loaded:
    """Return all that posting and judging need (leaves the temporary table posted_claims)."""
    return _load(claim_ids, for_posting=True)


def load_priced_facts(claim_ids: list[int]) -> Loaded:
    """Return what comparing payments with prices needs (leaves the temporary table posted_claims).

    All that posting needs, and who decided.
    """
    return _load(claim_ids, for_posting=True)


def _load(claim_ids: list[int], *, for_posting: bool) -> Loaded:
    keep_frame(
        "posted_claims",
        {"claim_id": "bigint"},
        pl.DataFrame({"claim_id": claim_ids}, schema={"claim_id": pl.Int64}),
    )
    submissions = read_frame(_SUBMISSIONS, f.SUBMISSIONS | SUBMISSION_DETAILS)
    payments = read_frame(_PAYMENTS, f.PAYMENTS | PAYMENT_DETAILS)
    facts = ClaimFacts(
        submissions=submissions.select(list(f.SUBMISSIONS)),
        submission_lines=read_frame(_SUBMISSION_LINES, f.SUBMISSION_LINES)
        if for_posting
        else pl.DataFrame(schema=f.SUBMISSION_LINES),
        coverages=read_frame(_COVERAGES, f.COVERAGES)
        if for_posting
        else pl.DataFrame(schema=f.COVERAGES),
        payments=payments.select(list(f.PAYMENTS)),
        payment_lines=read_frame(_PAYMENT_LINES if for_posting else _JUDGED_LINES, f.PAYMENT_LINES),
        adjustments=read_frame(_ADJUSTMENTS, f.ADJUSTMENTS),
        snapshots=read_frame(_SNAPSHOTS, f.SNAPSHOTS),
        write_offs=read_frame(_WRITE_OFFS, f.WRITE_OFFS)
        if for_posting
        else pl.DataFrame(schema=f.WRITE_OFFS),
        refunds=read_frame(_REFUNDS, f.DECIDED) if for_posting else pl.DataFrame(schema=f.DECIDED),
        transfers=read_frame(_TRANSFERS, f.DECIDED)
        if for_posting
        else pl.DataFrame(schema=f.DECIDED),
    )
    return Loaded(
        facts=facts,
        submission_details=submissions.select("submission_id", *SUBMISSION_DETAILS),
        payment_details=payments.select("payment_id", *PAYMENT_DETAILS),
    )
