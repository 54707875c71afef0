"""The deadline that controls each row: which kind, from which day, by whose rule.

Under an act of people it is that of the barrier beneath: time runs on while they wait.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.barriers.cases import decision_rules, is_late_for_medicare
from sanderling.core.deadlines.due import deadlines
from sanderling.core.ledger.accounts import Account

_OF_DENIAL: Final = {
    "correct_and_rebill": "corrected_claim",
    "verify_eligibility": "corrected_claim",
    "resubmit": "timely_filing",
    "bill_secondary": "secondary_filing",
    "send_records": "records",
    "request_documents": "records",
}
_UPHELD: Final = "193"  # CARC: the original decision stands after review
_UNDECIDED: Final = ["awaiting_payer", "no_response", "not_on_file", "rejected"]
_WAITING: Final = ["awaiting_client", "awaiting_internal", "awaiting_payer", "no_response"]
_WITHOUT: Final = ["appeal_pending", "paid_unposted", "patient_responsibility"]


def with_deadlines(rows: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with deadline_kind, deadline_date, deadline_rule and is_met."""
    kind = pl.col("deadline_kind")
    rows = (
        rows.with_row_index("item_id")
        .with_columns(pl.col("item_id").cast(pl.Int64), deadline_kind=_kind())
        .with_columns(
            appeal_level=pl.when(_upheld()).then(2).otherwise(1),
            # After a denial another payer is billed: by its rule, from this payer's remittance.
            bills_next=(kind == "secondary_filing")
            & pl.col("is_decided")
            & ((pl.col("sequence") == 1) | pl.col("next_payer_id").is_not_null()),
        )
    )
    next_one = pl.col("bills_next")
    upheld = _upheld()
    asked_by_phone = (
        pl.col("has_act") & (pl.col("barrier") == "pended") & (pl.col("base") != "pended")
    )
    told_by_phone = (
        pl.col("has_act") & (pl.col("barrier") == "denied") & pl.col("decision_date").is_null()
    )
    needs = rows.filter(kind != "").select(
        "item_id",
        kind="deadline_kind",
        level=pl.col("appeal_level").cast(pl.Int32),
        payer_id=pl.when(next_one).then("next_payer_id").otherwise("payer_id"),
        payer_type=pl.when(next_one).then("next_payer_type").otherwise("payer_type"),
        prior_payer_type=pl.when(next_one).then("payer_type").otherwise("prior_payer_type"),
        client_id="client_id",
        is_institutional=pl.col("kind") == "I",
        service_from_date="service_from_date",
        service_to_date="service_to_date",
        primary_remittance_date=pl.when(next_one).then("decision_date").otherwise("prior_date"),
        remittance_date=pl.when(kind == "takeback_dispute")
        .then("reversal_date")
        .when(kind == "corrected_claim")
        .then("first_remittance_date")
        .when(told_by_phone)
        .then("act_date")
        .otherwise(pl.coalesce("decision_date", "status_date")),
        request_date=pl.when(asked_by_phone)
        .then("act_date")
        .when("is_decided")
        .then("decision_date")
        .otherwise("status_date"),
        notice_date=pl.when(upheld & ~pl.col("has_act")).then("decision_date").otherwise("since"),
        # A claim that was rejected was never filed.
        accepted_date=pl.when(pl.col("barrier") != "rejected").then("proof_date"),
    )
    found = deadlines(needs, rules).select(
        "item_id", "deadline_date", pl.col("rule").alias("deadline_rule"), "is_met"
    )
    return rows.join(found, on="item_id", how="left", maintain_order="left")


def _upheld() -> pl.Expr:
    """An appeal was turned down, by letter or by remittance: the next level counts from that."""
    by_letter = (
        pl.col("has_act")
        & (pl.col("act") == "denied")
        & ((pl.col("act_action") == "appeal") | (pl.col("act_before") == "appeal_pending"))
    )
    by_remittance = ~pl.col("has_act") & decision_rules() & (pl.col("reason_code") == _UPHELD)
    return (by_letter | by_remittance).fill_null(value=False)


def _kind() -> pl.Expr:
    barrier = pl.col("barrier")
    beneath = pl.when(pl.col("has_act") & barrier.is_in(_WAITING)).then("base").otherwise(barrier)
    filing = (
        pl.when(pl.col("party") == int(Account.PRIMARY))
        .then(pl.lit("timely_filing"))
        .otherwise(pl.lit("secondary_filing"))
    )
    is_decided = decision_rules()
    of_denial = pl.col("file_action").replace_strict(_OF_DENIAL, default="appeal")
    appeal_or_filing = pl.when(is_decided).then(pl.lit("appeal")).otherwise(filing)
    return (
        pl.when((pl.col("detail") == "held") | barrier.is_in(_WITHOUT))
        .then(pl.lit(""))
        .when((beneath == "denied") & is_decided & is_late_for_medicare())
        .then(pl.lit(""))
        .when(barrier == "credit_balance")
        .then(pl.lit("refund"))
        .when((barrier == "rejected") & (pl.col("detail") == "replacement"))
        .then(pl.lit("corrected_claim"))
        .when(barrier == "corrected_pending")
        .then(appeal_or_filing)
        .when(pl.col("is_reversed") & pl.col("base").is_in(["awaiting_payer", "no_response"]))
        .then(pl.lit("takeback_dispute"))
        .when((beneath == "denied") & _upheld())
        .then(pl.lit("appeal"))
        # What was asked for is sent: what still runs is the time to appeal.
        .when((beneath == "denied") & (pl.col("act_action") == "send_records"))
        .then(pl.lit("appeal"))
        .when(beneath == "denied")
        .then(of_denial)
        .when(beneath == "pended")
        .then(pl.lit("records"))
        .when(beneath.is_in(["underpaid", "unexplained"]))
        .then(appeal_or_filing)
        .when(beneath.is_in([*_UNDECIDED, "secondary_unbilled"]))
        .then(filing)
        .otherwise(pl.lit(""))
    )
