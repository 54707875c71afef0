"""Decisions and rejections out of the mirror, as `core.trends.cohorts` counts them.

For jobs only: what they make of it goes into protected tables.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import polars as pl

from sanderling.core.trends.outcomes import code_family
from sanderling.mirror.reading import scan
from sanderling.prevention.models import Metric


def decisions(
    metric: str, client_ids: Collection[int] | None, payer_id: int | None, *, from_date: date
) -> pl.DataFrame:
    """Return what was decided of claims sent since `from_date`; client_ids None: of all clients.

    Raises:
        MirrorMissing: there is no mirror.
    """
    if metric == Metric.REJECTION:
        return _rejections(client_ids, payer_id, from_date)
    return _denials(client_ids, payer_id, from_date)


def _denials(
    client_ids: Collection[int] | None, payer_id: int | None, from_date: date
) -> pl.DataFrame:
    """Return the lines of each payer's first decision; what was refused as sent twice is none."""
    sent = (
        scan("payments", client_ids, from_date=from_date)
        .filter(pl.col("is_first"), pl.col("sent_date") >= from_date)
        .select("payment_id", "sent_date")
    )
    rows = (
        scan("remit_lines", client_ids, from_date=from_date)
        .filter(
            pl.col("is_first"),
            ~pl.col("is_reversal"),
            ~pl.col("is_held"),
            ~pl.col("is_duplicate"),
            pl.col("claim_id").is_not_null(),
        )
        .join(sent, on="payment_id")
    )
    if payer_id is not None:
        rows = rows.filter(pl.col("payer_id") == payer_id)
    billed = pl.when(pl.col("submitted_procedure") != "").then(pl.col("submitted_procedure"))
    procedure = billed.otherwise(pl.col("procedure"))
    return rows.select(
        "claim_id",
        "client_id",
        "payer_id",
        "plan",
        pl.col("kind").alias("form"),
        "location",
        pl.col("rendering_npi").alias("provider"),
        procedure.alias("procedure"),
        code_family(procedure).alias("code_family"),
        pl.col("modifiers").alias("modifier"),
        "sent_date",
        pl.col("received_date").alias("decided_date"),
        pl.col("is_denied").alias("is_bad"),
        pl.col("denied_cents").alias("cents"),
        "category",
        pl.when(pl.col("reason_code") != "")
        .then(pl.concat_str("group_code", "reason_code", separator="-"))
        .otherwise(pl.lit(""))
        .alias("carc"),
        pl.col("remark_code").alias("rarc"),
    ).collect()


def _rejections(
    client_ids: Collection[int] | None, payer_id: int | None, from_date: date
) -> pl.DataFrame:
    """Return the claims as sent that were accepted or rejected."""
    rows = scan("submissions", client_ids, from_date=from_date).filter(
        pl.col("submitted_date") >= from_date,
        pl.coalesce("rejected_date", "accepted_date").is_not_null(),
    )
    if payer_id is not None:
        rows = rows.filter(pl.col("payer_id") == payer_id)
    is_bad = pl.col("rejected_date").is_not_null()
    return rows.select(
        "claim_id",
        "client_id",
        "payer_id",
        "plan",
        pl.col("kind").alias("form"),
        "location",
        pl.col("rendering_npi").alias("provider"),
        pl.lit("").alias("procedure"),
        pl.lit("").alias("code_family"),
        pl.lit("").alias("modifier"),
        pl.col("submitted_date").alias("sent_date"),
        pl.coalesce("rejected_date", "accepted_date").alias("decided_date"),
        is_bad.alias("is_bad"),
        pl.when(is_bad).then(pl.col("charge_cents")).otherwise(0).alias("cents"),
        pl.lit("").alias("category"),
        pl.when(is_bad)
        .then(pl.concat_str("status_category", "status_code", separator=":"))
        .otherwise(pl.lit(""))
        .alias("carc"),
        pl.lit("").alias("rarc"),
    ).collect()
