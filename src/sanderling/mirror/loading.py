"""What the rows of the mirror follow from, out of the database: some claims at a time, by COPY.

Everything is read in the caller's transaction; `load_slice` leaves the temporary table
`posted_claims`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.barriers.loading import load_barrier_facts
from sanderling.core.barriers.facts import BALANCES, PAYERS, BarrierFacts
from sanderling.mirror.tables import LEDGER, TOUCHES
from sanderling.postgres.frames import read_frame

_PAYERS: Final = "SELECT id, type, response_days FROM payers_payer"
CLAIM_COLUMNS: Final = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "secondary_payer_id": pl.Int64,
    "tertiary_payer_id": pl.Int64,
    "plan": pl.String,
    "kind": pl.String,
    "location": pl.String,
    "rendering_npi": pl.String,
    "billing_npi": pl.String,
    "service_date": pl.Date,
    "first_billed_date": pl.Date,
    "last_billed_date": pl.Date,
    "charge_cents": pl.Int64,
}
_CLAIMS: Final = """
SELECT c.id, c.client_id, c.payer_id, c.secondary_payer_id, c.tertiary_payer_id, c.plan, c.kind,
       c.location, c.rendering_npi, c.billing_npi, c.service_from_date, c.first_billed_date,
       c.last_billed_date, c.charge_cents
  FROM posted_claims t JOIN claims_claim c ON c.id = t.claim_id WHERE c.has_facts
"""
SUBMISSION_COLUMNS: Final = {
    "submission_id": pl.Int64,
    "payer_id": pl.Int64,
    "diagnosis": pl.String,
}
_SUBMISSIONS: Final = """
SELECT s.id, s.payer_id, s.principal_diagnosis
  FROM posted_claims t JOIN claims_submission s USING (claim_id)
"""
LINE_COLUMNS: Final = {
    "submission_id": pl.Int64,
    "line": pl.Int64,
    "procedure": pl.String,
    "modifiers": pl.String,
    "revenue_code": pl.String,
    "place_of_service": pl.String,
    "quantity": pl.String,
    "charge_cents": pl.Int64,
    "service_date": pl.Date,
    "rendering_npi": pl.String,
}
# A line says its place of service only where it differs from the claim's.
_LINES: Final = """
SELECT l.submission_id, l.line, l.procedure, l.modifiers, l.revenue_code,
       coalesce(nullif(l.place_of_service, ''), s.facility_code), l.quantity, l.charge_cents,
       coalesce(l.service_from_date, s.service_from_date),
       coalesce(nullif(l.rendering_npi, ''), s.rendering_npi)
  FROM posted_claims t JOIN claims_submission s USING (claim_id)
  JOIN claims_submission_line l ON l.submission_id = s.id
"""
PAYMENT_COLUMNS: Final = {
    "payment_id": pl.Int64,
    "patient_share_cents": pl.Int64,
    "service_date": pl.Date,
    "payer_received_date": pl.Date,
    "place_of_service": pl.String,
}
_PAYMENTS: Final = """
SELECT p.id, p.patient_share_cents, p.service_from_date, p.payer_received_date,
       p.facility_code
  FROM posted_claims t JOIN remits_claim_payment p USING (claim_id)
"""
SERVICE_COLUMNS: Final = {
    "payment_id": pl.Int64,
    "line_index": pl.Int64,
    "procedure": pl.String,
    "modifiers": pl.String,
    "submitted_procedure": pl.String,
    "revenue_code": pl.String,
    "units_paid": pl.String,
    "units_billed": pl.String,
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "stated_allowed_cents": pl.Int64,
    "service_date": pl.Date,
}
_SERVICE_LIST: Final = """
SELECT s.payment_id, s.line_index, s.procedure, s.modifiers, s.submitted_procedure, s.revenue_code,
       s.units_paid, s.submitted_units, s.charge_cents, s.paid_cents, s.allowed_cents,
       s.service_from_date
"""
_SERVICES: Final = (
    _SERVICE_LIST
    + """
  FROM posted_claims t JOIN remits_claim_payment p USING (claim_id)
  JOIN remits_service_payment s ON s.payment_id = p.id
"""
)
_TOUCHES: Final = """
SELECT a.claim_id, a.client_id, c.payer_id, p.type, a.id, a.user_id, a.activity_date, a.channel,
       a.action, a.outcome
  FROM posted_claims t JOIN followup_standing_activity a USING (claim_id)
  JOIN claims_claim c ON c.id = a.claim_id LEFT JOIN payers_payer p ON p.id = c.payer_id
"""
# Whom an entry is about: the payer that owes after it or owed before it, by the party; money that
# concerns no party of the claim is the first payer's; money of no claim is the remittance's payer.
_LEDGER_LIST: Final = """
SELECT e.claim_id, e.client_id, w.payer_id, p.type, e.id, w.party, e.posted_date, e.effective_date,
       e.kind, e.debit, e.credit, e.amount_cents, c.service_from_date, e.group_code, e.reason_code
"""
_LEDGER: Final = (
    _LEDGER_LIST
    + """
  FROM posted_claims t JOIN ledger_entry e USING (claim_id)
  JOIN claims_claim c ON c.id = e.claim_id
 CROSS JOIN LATERAL (SELECT CASE WHEN e.credit BETWEEN 11 AND 14 THEN e.credit
                                 WHEN e.debit BETWEEN 11 AND 14 THEN e.debit END AS party) AS side
 CROSS JOIN LATERAL (SELECT side.party, CASE side.party WHEN 12 THEN c.secondary_payer_id
                                                        WHEN 13 THEN c.tertiary_payer_id
                                                        ELSE c.payer_id END AS payer_id) AS w
  LEFT JOIN payers_payer p ON p.id = w.payer_id
"""
)
_LEDGER_OUTSIDE: Final = (
    _LEDGER_LIST
    + """
  FROM ledger_entry e
  LEFT JOIN remits_remittance r ON r.transaction_id = e.transaction_id
  LEFT JOIN claims_claim c ON false
 CROSS JOIN LATERAL (SELECT NULL::smallint AS party, r.payer_id) AS w
  LEFT JOIN payers_payer p ON p.id = w.payer_id
 WHERE e.claim_id IS NULL
"""
)
OUTSIDE_COLUMNS: Final = {
    "payment_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "rendering_npi": pl.String,
    "place_of_service": pl.String,
    "status": pl.String,
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "patient_share_cents": pl.Int64,
    "service_date": pl.Date,
    "payment_date": pl.Date,
    "received_date": pl.Date,
    "payer_received_date": pl.Date,
    "is_forwarded": pl.Boolean,
}
_OUTSIDE: Final = """
SELECT p.id, p.client_id, r.payer_id, p.rendering_npi, p.facility_code, p.status, p.charge_cents,
       p.paid_cents, p.patient_share_cents, p.service_from_date,
       coalesce(p.payment_date, r.payment_date, p.received_date), p.received_date,
       p.payer_received_date, p.is_forwarded
  FROM remits_claim_payment p JOIN remits_remittance r ON r.id = p.remittance_id
 WHERE p.claim_id IS NULL
"""
_OUTSIDE_SERVICES: Final = (
    _SERVICE_LIST
    + """
  FROM remits_claim_payment p JOIN remits_service_payment s ON s.payment_id = p.id
 WHERE p.claim_id IS NULL
"""
)
ADJUSTMENT_COLUMNS: Final = {
    "payment_id": pl.Int64,
    "line_index": pl.Int64,
    "position": pl.Int64,
    "part": pl.Int64,
    "group_code": pl.String,
    "reason_code": pl.String,
    "amount_cents": pl.Int64,
}
_OUTSIDE_ADJUSTMENTS: Final = """
SELECT a.payment_id, a.line_index, a.position, a.part, a.group_code, a.reason_code, a.amount_cents
  FROM remits_claim_payment p JOIN remits_adjustment a ON a.payment_id = p.id
 WHERE p.claim_id IS NULL
"""


@dataclass(frozen=True, slots=True)
class Slice:
    """All facts of some claims, with the details that the mirror has beside them.

    The frames have the columns of the constants above; ledger and touches are rows of the mirror.
    """

    facts: BarrierFacts
    claims: pl.DataFrame
    submissions: pl.DataFrame
    lines: pl.DataFrame
    payments: pl.DataFrame
    services: pl.DataFrame
    ledger: pl.DataFrame
    touches: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Outside:
    """Claim payments and ledger entries that belong to no claim."""

    payments: pl.DataFrame
    services: pl.DataFrame
    adjustments: pl.DataFrame
    ledger: pl.DataFrame
    payers: pl.DataFrame


def load_payers() -> pl.DataFrame:
    """Return all payers (core.barriers.facts.PAYERS)."""
    return read_frame(_PAYERS, PAYERS).sort("payer_id")


def load_slice(claim_ids: list[int], payers: pl.DataFrame) -> Slice:
    """Return the facts of these claims; within a transaction."""
    no_balances = pl.DataFrame(schema=BALANCES)
    facts = load_barrier_facts(claim_ids, no_balances, payers, with_lines=True)
    return Slice(
        facts=facts,
        claims=read_frame(_CLAIMS, CLAIM_COLUMNS),
        submissions=read_frame(_SUBMISSIONS, SUBMISSION_COLUMNS),
        lines=read_frame(_LINES, LINE_COLUMNS),
        payments=read_frame(_PAYMENTS, PAYMENT_COLUMNS),
        services=read_frame(_SERVICES, SERVICE_COLUMNS),
        ledger=read_frame(_LEDGER, dict(LEDGER)),
        touches=read_frame(_TOUCHES, dict(TOUCHES)),
    )


def load_outside(payers: pl.DataFrame) -> Outside:
    """Return what belongs to no claim."""
    return Outside(
        payments=read_frame(_OUTSIDE, OUTSIDE_COLUMNS),
        services=read_frame(_OUTSIDE_SERVICES, SERVICE_COLUMNS),
        adjustments=read_frame(_OUTSIDE_ADJUSTMENTS, ADJUSTMENT_COLUMNS),
        ledger=read_frame(_LEDGER_OUTSIDE, dict(LEDGER)),
        payers=payers,
    )
