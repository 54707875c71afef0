"""Which line of the claim a service payment is about.

Keys in order: the line control number; procedure, modifiers, day and charge; the procedure as
submitted when the payer changed it; procedure and charge; and, among equals, the same place in the
claim. A payer that drops a modifier or the day is still understood; a service payment that fits no
line is posted to the claim itself (line 0).

Source: DOMAIN 2.16 (835 line -> line).
"""

from __future__ import annotations

from typing import Final

import polars as pl

# Points of agreement; a pair below the minimum is no match.
CONTROL_NUMBER_POINTS: Final = 1000
PROCEDURE_POINTS: Final = 40
SUBMITTED_PROCEDURE_POINTS: Final = 38
DAY_POINTS: Final = 20
CHARGE_POINTS: Final = 20
MODIFIER_POINTS: Final = 10
SAME_PLACE_POINTS: Final = 5
MINIMUM_POINTS: Final = 40


def match_lines(payment_lines: pl.DataFrame, claim_lines: pl.DataFrame) -> pl.DataFrame:
    """Return payment_id, line_index, line: the claim line of each service payment, 0 for none.

    `payment_lines` carries claim_id; `claim_lines` has one row per claim line.
    """
    numbered = payment_lines.with_columns(
        place=pl.col("line_index").rank("ordinal").over("payment_id")
    )
    pairs = numbered.join(
        claim_lines.with_columns(
            claim_place=pl.col("line").rank("ordinal").over("claim_id"),
        ),
        on="claim_id",
        suffix="_claim",
    )
    same_charge = pl.col("charge_cents").abs() == pl.col("charge_cents_claim").abs()
    points = (
        _agree("line_control_number") * CONTROL_NUMBER_POINTS
        + pl.max_horizontal(
            _agree("procedure") * PROCEDURE_POINTS,
            _agree("submitted_procedure", "procedure_claim") * SUBMITTED_PROCEDURE_POINTS,
        )
        + _agree("service_from_date") * DAY_POINTS
        + same_charge.fill_null(value=False).cast(pl.Int64) * CHARGE_POINTS
        + pl.col("modifiers").eq_missing(pl.col("modifiers_claim")).cast(pl.Int64) * MODIFIER_POINTS
        + (pl.col("place") == pl.col("claim_place")).cast(pl.Int64) * SAME_PLACE_POINTS
    )
    best = (
        pairs.with_columns(points=points)
        .filter(pl.col("points") >= MINIMUM_POINTS)
        .sort("payment_id", "line_index", "points", "line", descending=[False, False, True, False])
        .unique(["payment_id", "line_index"], keep="first", maintain_order=True)
        .select("payment_id", "line_index", "line")
    )
    return (
        payment_lines.select("payment_id", "line_index")
        .join(best, on=["payment_id", "line_index"], how="left")
        .with_columns(pl.col("line").fill_null(0))
    )


def _agree(name: str, other: str = "") -> pl.Expr:
    """Return 1 where both sides name the same thing, else 0 (also where one is silent)."""
    same = pl.col(name) == pl.col(other or f"{name}_claim")
    return same.fill_null(value=False).cast(pl.Int64)
