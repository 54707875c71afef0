"""Claims that a payer paid short and wrote down itself, of a past day, as rows like barriers."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from sanderling.core.barriers.rows import ROWS, SILENT_DETAIL
from sanderling.pricing.queries import short_claims_on

_ROWS: Final = {name: kind for name, kind in ROWS.items() if name != "evidence"} | {
    "variance_cents": pl.Int64
}


def silent_rows(
    as_of: date, barriers: list[pl.DataFrame], client_ids: list[int] | None
) -> pl.DataFrame:
    """Return what had been paid short by a day on claims without a barrier for that party.

    The columns of core.barriers.rows.ROWS without evidence, and variance_cents.
    """
    short = short_claims_on(as_of, client_ids)
    for part in barriers:
        short = short.join(part.select("claim_id", "party"), on=["claim_id", "party"], how="anti")
    told = {
        "balance_cents": pl.lit(0, pl.Int64),
        "barrier": pl.lit("underpaid"),
        "category": pl.lit("contractual"),
        "detail": pl.lit(SILENT_DETAIL),
        "next_action": pl.lit("dispute_underpayment"),
        "team": pl.lit("contracts"),
        "next_date": pl.col("since_date"),
        "deadline_level": pl.lit(0, pl.Int64),
        "is_deadline_met": pl.lit(value=False),
        "cause": pl.lit("remittance"),
    }
    filled = short.with_columns(**told)
    return filled.select(
        (pl.col(name) if name in filled.columns else pl.lit("" if kind == pl.String else None))
        .cast(kind)
        .alias(name)
        for name, kind in _ROWS.items()
    )
