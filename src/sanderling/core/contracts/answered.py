"""Which claim as sent a payment answers: what is compared is priced as it was sent then."""

from __future__ import annotations

import polars as pl

from sanderling.core.ledger.charges import VOID_FREQUENCY


def answered_submissions(submissions: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Return payment_id, submission_id: one row for each payment of whose claim one is known.

    It is the latest to the first payer up to the day of the payment, preferably of the same charge.

    Args:
        submissions: of core.ledger.facts.
        payments: claim_id, payment_id, payment_date, charge_cents.
    """
    first = submissions.filter(
        pl.col("sequence") == pl.col("sequence").min().over("claim_id"),
        pl.col("frequency") != VOID_FREQUENCY,
    ).select(
        "claim_id", "submission_id", sent_cents="charge_cents",
        sent_date=pl.coalesce("submitted_date", "received_date"), sent_order="order_key",
        sent_position="position",
    )  # fmt: skip
    pairs = payments.select("claim_id", "payment_id", "payment_date", "charge_cents").join(
        first, on="claim_id"
    )
    return (
        pairs.with_columns(
            is_same=pl.col("sent_cents") == pl.col("charge_cents").abs(),
            is_before=pl.col("sent_date") <= pl.col("payment_date"),
        )
        .sort(
            "payment_id", "is_before", "is_same", "sent_date", "sent_order", "sent_position",
            descending=[False, True, True, True, True, True],
        )
        .unique("payment_id", keep="first", maintain_order=True)
        .select("payment_id", "submission_id")
    )  # fmt: skip
