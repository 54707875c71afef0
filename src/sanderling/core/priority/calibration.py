"""How well predicted shares agree with what came in."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Calibration:
    """`table`: bin, count, predicted, observed (means). Both errors are nothing where all agrees.

    brier: mean squared error of single predictions. expected_error: mean distance of predicted and
    observed means over bins, by count.
    """

    table: pl.DataFrame
    brier: float
    expected_error: float


def calibration(predicted: pl.Series, observed: pl.Series, bins: int = 10) -> Calibration:
    """Compare shares (0 to 1) that were predicted with those that were seen later.

    Bins hold equally many predictions.
    """
    rows = pl.DataFrame({"predicted": predicted, "observed": observed}).drop_nulls()
    if rows.is_empty():
        return Calibration(rows, 0.0, 0.0)
    table = (
        rows.sort("predicted", maintain_order=True)
        .with_row_index("place")
        .group_by(bin=pl.col("place") * bins // rows.height)
        .agg(
            count=pl.len(), predicted=pl.col("predicted").mean(), observed=pl.col("observed").mean()
        )
        .sort("bin")
    )
    distance = (pl.col("predicted") - pl.col("observed")).abs()
    brier = rows.select(((pl.col("predicted") - pl.col("observed")) ** 2).mean()).item()
    error = table.select((distance * pl.col("count")).sum() / pl.col("count").sum()).item()
    return Calibration(table, float(brier), float(error))


def concentration(scores: pl.Series, cents: pl.Series, top: float) -> float:
    """Return the share of all cents that the items with the highest scores hold."""
    rows = pl.DataFrame({"score": scores, "cents": cents}).sort("score", descending=True)
    total = rows["cents"].sum()
    count = max(round(rows.height * top), 1)
    return float(rows["cents"].head(count).sum()) / float(total) if total else 0.0
