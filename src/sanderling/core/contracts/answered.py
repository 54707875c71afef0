"""Which claim as sent counts: what a payment answers, as it was sent then; else what was sent last.

The one rule for prices: variances and the price of one claim both ask here.
"""

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
    first = _to_first_payer(submissions)
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


def last_sent(submissions: pl.DataFrame) -> pl.DataFrame:
    """Return claim_id, submission_id: the latest to the first payer that is no void, of each claim.

    Args:
        submissions: of core.ledger.facts.
    """
    return (
        _to_first_payer(submissions)
        .sort("sent_date", "sent_order", "sent_position")
        .unique("claim_id", keep="last", maintain_order=True)
        .select("claim_id", "submission_id")
    )


def _to_first_payer(submissions: pl.DataFrame) -> pl.DataFrame:
    return submissions.filter(
        pl.col("sequence") == pl.col("sequence").min().over("claim_id"),
        pl.col("frequency") != VOID_FREQUENCY,
    ).select(
        "claim_id", "submission_id", sent_cents="charge_cents",
        sent_date=pl.coalesce("submitted_date", "received_date"), sent_order="order_key",
        sent_position="position",
    )  # fmt: skip
