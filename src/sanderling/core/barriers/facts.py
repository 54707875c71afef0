"""What the barriers follow from, as frames.

Every frame holds whole claims. Facts that were not known yet on the day that is asked about are
left out by `known_on`. Beside the posting facts (core.ledger.facts), grain and columns:

- claims: claim_id, client_id, kind (P, I, D), payer_1_id, payer_2_id, payer_3_id,
  service_from_date, service_to_date, first_billed_date.
- balances: claim_id, client_id, party (11 ... 14), balance_cents, since_date: what is open on the
  day.
- submission_details: submission_id, payer_name, batch_reference.
- payment_details: payment_id, payer_id (who sent the remittance), rendering_npi.
- remarks: payment_id, line_index (0: the claim), code.
- answers: claim_id, submission_id (null: it is found by number or date), kind (277CA, 277, 999,
  TA1), transaction_id, position, level, source_entity (PR, AY), source_name, batch_reference,
  category, code, entity, action (WQ, U), status_date, received_date, answer_id.
- activities: claim_id, activity_id, activity_date, channel, action, outcome, next_date.
- payers: payer_id, payer_type, response_days (own or learned, null: default of the type).
- capitated: payment_id, line_index of the service payments whose procedure a contract of the day
  pays by the month.
- taken: submission_id, taken_date: when a 999 accepted the file of a claim as sent; those of which
  a 277CA spoke within two days may be left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import polars as pl

from sanderling.core.ledger.facts import ClaimFacts

CLAIMS: Final = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "kind": pl.String,
    "payer_1_id": pl.Int64,
    "payer_2_id": pl.Int64,
    "payer_3_id": pl.Int64,
    "service_from_date": pl.Date,
    "service_to_date": pl.Date,
    "first_billed_date": pl.Date,
}
BALANCES: Final = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "party": pl.Int64,
    "balance_cents": pl.Int64,
    "since_date": pl.Date,
}
SUBMISSION_DETAILS: Final = {
    "submission_id": pl.Int64,
    "payer_name": pl.String,
    "batch_reference": pl.String,
}
PAYMENT_DETAILS: Final = {
    "payment_id": pl.Int64,
    "payer_id": pl.Int64,
    "rendering_npi": pl.String,
}
REMARKS: Final = {"payment_id": pl.Int64, "line_index": pl.Int64, "code": pl.String}
ANSWERS: Final = {
    "claim_id": pl.Int64,
    "submission_id": pl.Int64,
    "kind": pl.String,
    "transaction_id": pl.Int64,
    "position": pl.Int64,
    "level": pl.String,
    "source_entity": pl.String,
    "source_name": pl.String,
    "batch_reference": pl.String,
    "category": pl.String,
    "code": pl.String,
    "entity": pl.String,
    "action": pl.String,
    "status_date": pl.Date,
    "received_date": pl.Date,
    "answer_id": pl.Int64,
}
ACTIVITIES: Final = {
    "claim_id": pl.Int64,
    "activity_id": pl.Int64,
    "activity_date": pl.Date,
    "channel": pl.String,
    "action": pl.String,
    "outcome": pl.String,
    "next_date": pl.Date,
}
TAKEN: Final = {"submission_id": pl.Int64, "taken_date": pl.Date}
CAPITATED: Final = {"payment_id": pl.Int64, "line_index": pl.Int64}
PAYERS: Final = {"payer_id": pl.Int64, "payer_type": pl.String, "response_days": pl.Int64}


@dataclass(frozen=True, slots=True)
class BarrierFacts:
    """Everything known about some claims; see the module's text for the columns."""

    ledger: ClaimFacts  # submission_lines may be left empty: nothing here reads them
    claims: pl.DataFrame
    balances: pl.DataFrame
    submission_details: pl.DataFrame
    payment_details: pl.DataFrame
    remarks: pl.DataFrame
    answers: pl.DataFrame
    activities: pl.DataFrame
    payers: pl.DataFrame
    capitated: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CAPITATED))
    taken: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TAKEN))


def known_on(facts: BarrierFacts, as_of: date) -> BarrierFacts:
    """Return the facts that were known at the end of the day; balances are left alone."""
    ledger = facts.ledger
    payments = ledger.payments.filter(pl.col("received_date") <= as_of)
    submissions = ledger.submissions.filter(pl.col("received_date") <= as_of)
    if payments.height == ledger.payments.height:
        of_payments = {name: getattr(ledger, name) for name in ("payment_lines", "adjustments")}
        remarks = facts.remarks
    else:
        of_payments = {
            name: getattr(ledger, name).join(payments, on="payment_id", how="semi")
            for name in ("payment_lines", "adjustments")
        }
        remarks = facts.remarks.join(payments, on="payment_id", how="semi")
    known = ClaimFacts(
        submissions=submissions,
        submission_lines=ledger.submission_lines,
        coverages=ledger.coverages,
        payments=payments,
        snapshots=ledger.snapshots.filter(pl.col("received_date") <= as_of),
        **of_payments,
    )
    return replace(
        facts,
        ledger=known,
        remarks=remarks,
        answers=facts.answers.filter(pl.col("received_date") <= as_of),
        activities=facts.activities.filter(pl.col("activity_date") <= as_of),
        taken=facts.taken.filter(pl.col("taken_date") <= as_of),
    )


def only_open(facts: BarrierFacts) -> BarrierFacts:
    """Return the facts of the claims that have an open balance."""
    open_claims = facts.balances.select("claim_id").unique()
    ledger = facts.ledger
    payments = ledger.payments.join(open_claims, on="claim_id", how="semi")
    submissions = ledger.submissions.join(open_claims, on="claim_id", how="semi")
    return replace(
        facts,
        ledger=ClaimFacts(
            submissions=submissions,
            submission_lines=ledger.submission_lines,
            coverages=ledger.coverages.join(open_claims, on="claim_id", how="semi"),
            payments=payments,
            payment_lines=ledger.payment_lines.join(payments, on="payment_id", how="semi"),
            adjustments=ledger.adjustments.join(payments, on="payment_id", how="semi"),
            snapshots=ledger.snapshots.join(open_claims, on="claim_id", how="semi"),
        ),
        remarks=facts.remarks.join(payments, on="payment_id", how="semi"),
    )
