"""Which of the claims in a payer's answer is the one we asked about.

Our trace (TRN02) comes first; what the payer tells beside it (its number, ours, the one of the
clearinghouse, charge and day) chooses among several, and refuses an answer that is plainly about
another claim.

Source: DOMAIN 2.11 and 2.16.
"""

from __future__ import annotations

from typing import Final

import polars as pl

# One row a claim of an answer whose trace is ours, with the request that the trace names.
REPLY_COLUMNS: Final = {
    "answer_set": pl.Int64,
    "claim_index": pl.Int64,
    "request_id": pl.Int64,
    "position": pl.Int64,
    "status_date": pl.Date,
    "number_key": pl.String,  # REF*EJ; "" when not told
    "payer_key": pl.String,  # REF*1K
    "clearinghouse_key": pl.String,  # REF*D9
    "charge_cents": pl.Int64,
    "service_from_date": pl.Date,
    "provider_client_id": pl.Int64,  # of the NPI that the answer names; null when not known
    "asked_client_id": pl.Int64,
    "asked_number_key": pl.String,
    "asked_payer_key": pl.String,
    "asked_clearinghouse_key": pl.String,
    "asked_charge_cents": pl.Int64,
    "asked_service_from_date": pl.Date,
}


def judge_replies(replies: pl.DataFrame) -> pl.DataFrame:
    """Return answer_set, claim_index, request_id, verdict for each reply (REPLY_COLUMNS).

    verdict: "chosen" (the one we asked about), "passed_over" (the same claim, or one of the same
    patient, while a better one stands beside it), "foreign" (another client's provider, or another
    claim by every number told).
    """
    alike = _likeness(replies)
    good = alike.filter("is_ours")
    chosen = (
        good.sort("points", "status_date", "position", nulls_last=False)
        .unique(["answer_set", "request_id"], keep="last", maintain_order=True)
        .select("answer_set", "claim_index", is_chosen=pl.lit(value=True))
    )
    return alike.join(chosen, on=["answer_set", "claim_index"], how="left").select(
        "answer_set",
        "claim_index",
        "request_id",
        verdict=pl.when(pl.col("is_chosen").fill_null(value=False))
        .then(pl.lit("chosen"))
        .when("is_ours")
        .then(pl.lit("passed_over"))
        .otherwise(pl.lit("foreign")),
    )


def _likeness(replies: pl.DataFrame) -> pl.DataFrame:
    rows = replies.with_columns(
        same_number=_same("number_key"),
        same_payer_number=_same("payer_key"),
        same_clearinghouse=_same("clearinghouse_key"),
        same_charge=_equal("charge_cents"),
        same_day=_equal("service_from_date"),
        is_strange=(pl.col("provider_client_id") != pl.col("asked_client_id")).fill_null(
            value=False
        ),
        # Both told, and neither fits.
        is_unlike=(
            (pl.col("charge_cents") != pl.col("asked_charge_cents"))
            & (pl.col("service_from_date") != pl.col("asked_service_from_date"))
        ).fill_null(value=False),
    )
    named = pl.col("same_number") | pl.col("same_payer_number") | pl.col("same_clearinghouse")
    told_no_number = pl.col("number_key") == ""
    return rows.with_columns(
        # Some payers cut our number or send none; then charge and day must speak for it.
        is_ours=~pl.col("is_strange")
        & (
            named
            | (told_no_number & ~pl.col("is_unlike"))
            | (pl.col("same_charge") & pl.col("same_day"))
        ),
        points=8 * pl.col("same_payer_number").cast(pl.Int64)
        + 8 * pl.col("same_number").cast(pl.Int64)
        + 4 * pl.col("same_clearinghouse").cast(pl.Int64)
        + 2 * pl.col("same_charge").cast(pl.Int64)
        + 2 * pl.col("same_day").cast(pl.Int64),
    )


def _same(name: str) -> pl.Expr:
    return ((pl.col(name) == pl.col(f"asked_{name}")) & (pl.col(name) != "")).fill_null(value=False)


def _equal(name: str) -> pl.Expr:
    return (pl.col(name) == pl.col(f"asked_{name}")).fill_null(value=False)
