"""The formulas: for each key figure the rows it sums, and the cells that are their sums.

A row is what one claim (or one touch, or a provider's adjustment) adds to the numerator and the
denominator of a figure in a period. A cell is the sum of rows by period, client, payer, provider,
location and person. Both are exact: cents, days and counts as whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import polars as pl

from sanderling.core.kpis import collection, denials, receivables, sending, work
from sanderling.core.kpis.bases import Bases
from sanderling.core.kpis.definitions import BY_KEY, DEFINITIONS, Definition
from sanderling.core.kpis.frames import PATIENT, UNKNOWN_PAYER, Book, Period

Formula = Callable[[Bases], pl.LazyFrame]

FORMULAS: Final[dict[str, Formula]] = {
    **receivables.FORMULAS,
    **collection.FORMULAS,
    **denials.FORMULAS,
    **sending.FORMULAS,
    **work.FORMULAS,
}
CELL_KEYS: Final = ("period", "client_id", "payer_id", "provider", "location", "user_id")
ROWS: Final = {
    "period": pl.Int32,
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "provider": pl.String,
    "location": pl.String,
    "user_id": pl.Int64,
    "numerator": pl.Int64,
    "denominator": pl.Int64,
}
NOBODY: Final = 0


def bases(book: Book, periods: Sequence[Period]) -> Bases:
    """Return the book as it is asked by these periods; what figures share is worked out once."""
    return Bases(book, tuple(periods))


def rows(of: Bases, key: str) -> pl.LazyFrame:
    """Return the rows of ROWS that the figure `key` sums.

    Without a claim, provider and location are empty; without a person, user_id is NOBODY.
    """
    found = FORMULAS[key](of)
    names = found.collect_schema().names()
    if "user_id" not in names:
        found = found.with_columns(user_id=pl.lit(NOBODY, pl.Int64))
    if "claim_id" not in names:
        found = found.with_columns(claim_id=pl.lit(None, pl.Int64))
    if "payer_id" not in names:
        payers = of.claims.lazy().select("claim_id", payer_id="first_payer_id")
        found = found.join(payers, on="claim_id", how="left")
    about = of.claims.lazy().select("claim_id", "provider", "location")
    return (
        found.join(about, on="claim_id", how="left")
        .with_columns(
            pl.col("payer_id").fill_null(UNKNOWN_PAYER),
            pl.col("provider", "location").fill_null(""),
            pl.col("user_id").fill_null(NOBODY),
            pl.col("denominator").fill_null(0),
            pl.col("numerator").fill_null(0),
        )
        .filter((pl.col("numerator") != 0) | (pl.col("denominator") != 0))
        .select(pl.col(name).cast(kind) for name, kind in ROWS.items())
    )


def cells(of: Bases, keys: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the sums by `slot` and CELL_KEYS, of the figures named or of all."""
    parts = [
        rows(of, one.key)
        .group_by(CELL_KEYS)
        .agg(pl.col("numerator", "denominator").sum())
        .select(pl.lit(one.slot, pl.Int32).alias("slot"), *CELL_KEYS, "numerator", "denominator")
        .collect()
        for one in _wanted(keys)
    ]
    return pl.concat(parts)


def _wanted(keys: Sequence[str] | None) -> Sequence[Definition]:
    return DEFINITIONS if keys is None else [BY_KEY[key] for key in keys]


def payer_type(payers: pl.DataFrame) -> dict[int, str]:
    """Return the type of each payer id that a cell may have."""
    known = dict(zip(payers["payer_id"], payers["payer_type"], strict=True))
    return known | {PATIENT: "patient", UNKNOWN_PAYER: "other"}
