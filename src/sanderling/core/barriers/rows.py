"""The result: one row for each open party of a claim."""

from __future__ import annotations

from typing import Final

import polars as pl

PATIENT: Final = 14
# Of `underpaid`: written down by the payer itself. Nothing is open, no barrier has it (`pricing`).
SILENT_DETAIL: Final = "silent"

BARRIERS: Final = (
    "awaiting_payer",
    "no_response",
    "rejected",
    "not_on_file",
    "pended",
    "denied",
    "underpaid",
    "secondary_unbilled",
    "corrected_pending",
    "appeal_pending",
    "awaiting_client",
    "awaiting_internal",
    "paid_unposted",
    "patient_responsibility",
    "credit_balance",
    "unexplained",
)

ROWS: Final = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "party": pl.Int64,
    "payer_id": pl.Int64,
    "balance_cents": pl.Int64,
    "barrier": pl.String,
    "category": pl.String,
    "subcategory": pl.String,
    # Which of a barrier's cases (cases.py): while waiting one of sent, accepted, in_process,
    # crossover, passed_on, part, reversed, snapshot; where rejected one of 277CA, 999, TA1,
    # status, replacement; where denied one of claim, line, status, duplicate; where pended one of
    # remittance, status; held, capitated, reduced, unknown_code, paid, no_facts; and act where a
    # person's deed decides (act_sent: one that sent the payer what it needs).
    "detail": pl.String,
    "group_code": pl.String,
    "reason_code": pl.String,
    "remark_code": pl.String,
    "status_code": pl.String,
    "next_action": pl.String,
    "team": pl.String,
    "since_date": pl.Date,
    "next_date": pl.Date,
    "due_date": pl.Date,
    "deadline_date": pl.Date,
    "deadline_kind": pl.String,
    "deadline_level": pl.Int64,
    "deadline_rule": pl.String,
    "is_deadline_met": pl.Boolean,
    "recheck_date": pl.Date,
    "schedule_id": pl.Int64,  # of the client's own schedule that says when to look
    "service_date": pl.Date,  # null where the claim itself was not read
    "cause": pl.String,
    "evidence": pl.String,  # JSON: [[kind, transaction_id, position, date], ...]
}
