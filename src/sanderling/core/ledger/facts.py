"""What is known about claims, as frames: the input of the posting rules.

Every frame holds whole claims: all facts of a claim or none. `order_key` is a text that sorts facts
of one day the same way whatever order their files were read in (it comes from the content, never
from a row number), so that the rules give the same result for the same set of facts.

Grain and columns:
- submissions: one row per claim as sent. claim_id, submission_id, transaction_id, position,
  sequence (1 primary, 2 secondary, 3 tertiary), frequency, submitted_date, received_date,
  order_key, charge_cents, prior_paid_cents (AMT*D of lower payers, null when none),
  prior_contractual_cents, prior_share_cents (their CO and PR adjustments).
- submission_lines: submission_id, line, charge_cents, procedure, modifiers, line_control_number,
  service_from_date.
- coverages: claim_id, sequence (distinct): payers known on the claim.
- payments: one row per CLP. claim_id, payment_id, transaction_id, position, status, sequence
  (null: find out), frequency, payment_date, received_date, order_key, charge_cents, paid_cents,
  payer_claim_number, original_reference, is_forwarded, is_held (out of balance or unreadable).
- payment_lines: payment_id, line_index, position, charge_cents, paid_cents, procedure, modifiers,
  submitted_procedure, submitted_modifiers, line_control_number, service_from_date.
- adjustments: payment_id, line_index, position, part, group_code, reason_code, amount_cents.
- snapshots: claim_id, transaction_id, position, snapshot_date, received_date, order_key,
  insurance_cents, patient_cents: balances taken over from another system.
- write_offs: one row per write-off that was approved and not reversed. claim_id, write_off_id,
  party (a receivable account), amount_cents (approved: at most that), approved_date, order_key.
- refunds, transfers: one row per refund made, or transfer to the patient approved, and not taken
  back. claim_id, decision_id, party (whose credit, whose debt), amount_cents, decided_date,
  order_key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

SUBMISSIONS: Final = {
    "claim_id": pl.Int64,
    "submission_id": pl.Int64,
    "transaction_id": pl.Int64,
    "position": pl.Int64,
    "sequence": pl.Int64,
    "frequency": pl.String,
    "submitted_date": pl.Date,
    "received_date": pl.Date,
    "order_key": pl.String,
    "charge_cents": pl.Int64,
    "prior_paid_cents": pl.Int64,
    "prior_contractual_cents": pl.Int64,
    "prior_share_cents": pl.Int64,
}
SUBMISSION_LINES: Final = {
    "submission_id": pl.Int64,
    "line": pl.Int64,
    "charge_cents": pl.Int64,
    "procedure": pl.String,
    "modifiers": pl.String,
    "line_control_number": pl.String,
    "service_from_date": pl.Date,
}
COVERAGES: Final = {"claim_id": pl.Int64, "sequence": pl.Int64}
PAYMENTS: Final = {
    "claim_id": pl.Int64,
    "payment_id": pl.Int64,
    "transaction_id": pl.Int64,
    "position": pl.Int64,
    "status": pl.String,
    "sequence": pl.Int64,
    "frequency": pl.String,
    "payment_date": pl.Date,
    "received_date": pl.Date,
    "order_key": pl.String,
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "payer_claim_number": pl.String,
    "original_reference": pl.String,
    "is_forwarded": pl.Boolean,
    "is_held": pl.Boolean,
}
PAYMENT_LINES: Final = {
    "payment_id": pl.Int64,
    "line_index": pl.Int64,
    "position": pl.Int64,
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "procedure": pl.String,
    "modifiers": pl.String,
    "submitted_procedure": pl.String,
    "submitted_modifiers": pl.String,
    "line_control_number": pl.String,
    "service_from_date": pl.Date,
}
ADJUSTMENTS: Final = {
    "payment_id": pl.Int64,
    "line_index": pl.Int64,
    "position": pl.Int64,
    "part": pl.Int64,
    "group_code": pl.String,
    "reason_code": pl.String,
    "amount_cents": pl.Int64,
}
SNAPSHOTS: Final = {
    "claim_id": pl.Int64,
    "transaction_id": pl.Int64,
    "position": pl.Int64,
    "snapshot_date": pl.Date,
    "received_date": pl.Date,
    "order_key": pl.String,
    "insurance_cents": pl.Int64,
    "patient_cents": pl.Int64,
}
WRITE_OFFS: Final = {
    "claim_id": pl.Int64,
    "write_off_id": pl.Int64,
    "party": pl.Int64,
    "amount_cents": pl.Int64,
    "approved_date": pl.Date,
    "order_key": pl.String,
}
DECIDED: Final = {
    "claim_id": pl.Int64,
    "decision_id": pl.Int64,
    "party": pl.Int64,
    "amount_cents": pl.Int64,
    "decided_date": pl.Date,
    "order_key": pl.String,
}
# The result: what the ledger should hold for these claims.
ENTRIES: Final = {
    "claim_id": pl.Int64,
    "transaction_id": pl.Int64,  # 0: the entry follows from the claim as a whole
    "position": pl.Int64,
    "part": pl.Int64,
    "line": pl.Int64,  # the claim's line; 0: the claim itself
    "kind": pl.Int64,
    "debit": pl.Int64,
    "credit": pl.Int64,
    "amount_cents": pl.Int64,
    "group_code": pl.String,
    "reason_code": pl.String,
    "effective_date": pl.Date,
    "received_date": pl.Date,
}


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """Everything known about some claims; see the module's text for the columns."""

    submissions: pl.DataFrame
    submission_lines: pl.DataFrame
    coverages: pl.DataFrame
    payments: pl.DataFrame
    payment_lines: pl.DataFrame
    adjustments: pl.DataFrame
    snapshots: pl.DataFrame
    # Where only what payers said is judged (barriers) it stays empty.
    write_offs: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=WRITE_OFFS))
    refunds: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DECIDED))
    transfers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DECIDED))


def empty_facts() -> ClaimFacts:
    """Return frames without rows, to be filled by tests and builders."""
    return ClaimFacts(
        submissions=pl.DataFrame(schema=SUBMISSIONS),
        submission_lines=pl.DataFrame(schema=SUBMISSION_LINES),
        coverages=pl.DataFrame(schema=COVERAGES),
        payments=pl.DataFrame(schema=PAYMENTS),
        payment_lines=pl.DataFrame(schema=PAYMENT_LINES),
        adjustments=pl.DataFrame(schema=ADJUSTMENTS),
        snapshots=pl.DataFrame(schema=SNAPSHOTS),
    )
