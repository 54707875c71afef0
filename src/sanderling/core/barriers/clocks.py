"""How long a payer may take before its silence means something.

A payer's own figure comes first, then what its history teaches, then the usual first touch of its
type. Source: DOMAIN 4.7 (marked there as estimate: every figure can be set for each payer).
"""

from __future__ import annotations

from typing import Final

import polars as pl

# First touch if silent, electronic claims.
RESPONSE_DAYS: Final = {
    "medicare": 21,
    "medicare_advantage": 30,
    "medicaid": 30,
    "commercial": 25,
    "bcbs": 30,
    "tricare": 30,
    "va": 45,
    "workers_comp": 45,
    "auto": 40,
    "self_pay": 30,
    "other": 30,
}
DEFAULT_DAYS: Final = 30
SECONDARY_DAYS: Final = 35  # billed by us, to a payer without a figure of its own
CROSSOVER_DAYS: Final = 30  # after the primary's remittance
RECORDS_DAYS: Final = 30
IN_PROCESS_DAYS: Final = 14
PROMISED_DAYS: Final = 20
ACCEPTANCE_DAYS: Final = 2  # business days in which a claim is accepted or rejected (DOMAIN 2.12)

LEARNING_DAYS: Final = 180
OBSERVATIONS_MIN: Final = 30
LEARNED_QUANTILE: Final = 0.8


def learned_days(observed: int, observations: int, payer_type: str) -> int | None:
    """Return the response days of a payer learned from its history; None while it is too short.

    The 80th percentile of its lags, pulled toward the usual days of its type by as many pretended
    observations as the minimum: a payer seen little stays near its type.
    """
    if observations < OBSERVATIONS_MIN:
        return None
    usual = RESPONSE_DAYS.get(payer_type, DEFAULT_DAYS)
    weight = observations / (observations + OBSERVATIONS_MIN)
    return round(weight * observed + (1 - weight) * usual)


def response_days(sequence: pl.Expr) -> pl.Expr:
    """Return the days of a row with `response_days` (own or learned, null) and `payer_type`."""
    usual = pl.col("payer_type").replace_strict(
        RESPONSE_DAYS, default=DEFAULT_DAYS, return_dtype=pl.Int64
    )
    return pl.coalesce(
        "response_days", pl.when(sequence > 1).then(pl.lit(SECONDARY_DAYS)).otherwise(usual)
    )
