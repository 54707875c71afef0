"""How far off a forecast may be: read off how far off the same method was on past days.

A residual is the difference of what came and what was expected over a scale (the spread of single
claims and a share of the expectation). The bounds are quantiles of the residuals of past days at a
similar distance, so that they hold what they promise as far as the future is like the past
(split conformal prediction; Vovk, Gammerman and Shafer 2005). With fewer residuals the bounds are
Student's, from their mean and spread; with hardly any, the normal distribution's, half as wide
again. All clients together have one residual a day and distance, so that there are few for months.
But a sum of many claims is near the normal distribution: its mean and spread lean on 0 and 1.
"""

from __future__ import annotations

from datetime import date, timedelta
from math import sqrt
from typing import Final

import polars as pl
from scipy.stats import t as student

from sanderling.core.forecast.frames import History
from sanderling.core.forecast.project import WEEKS_MAX, project

COVERAGE: Final = 0.8
ORIGINS: Final = 26  # past days, a week apart, on which the method is tried
RESIDUALS_MIN: Final = 30  # for quantiles
RESIDUALS_FEW: Final = 8  # for Student's bounds
NORMAL_QUANTILE: Final = 1.2816  # of 0.9
CAUTION: Final = 1.5
WHOLE_STRENGTH: Final = 8.0  # residuals that a spread of 1 counts for in that of all clients
SHARE: Final = 0.03  # of the expectation, in the scale
CENT: Final = 1.0
HORIZONS: Final = (1, 2, 3, 5, 9)  # first weeks of the distances that share residuals
HISTORY_DAYS_MIN: Final = 120  # known before the first day on which the method is tried
TRIED: Final = [
    *("origin_date", "client_id", "week", "expected_cents", "scale", "actual_cents", "residual"),
]
WHOLE: Final = 0  # stands for all clients where a client_id is asked


def totals(expected: pl.DataFrame) -> pl.DataFrame:
    """Return client_id (WHOLE: all), week, expected_cents, scale from an EXPECTED frame."""
    by_client = (
        expected.group_by("client_id", "week")
        .agg(pl.col("expected_cents", "variance").sum())
        .select(
            "client_id",
            "week",
            "expected_cents",
            scale=(
                pl.col("variance").clip(lower_bound=0) + (SHARE * pl.col("expected_cents")) ** 2
            ).sqrt()
            + CENT,
        )
    )
    return pl.concat([by_client, together(by_client, [])]).sort("client_id", "week")


def together(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return sums over clients as rows of WHOLE; scales add up by their squares."""
    sums = rows.group_by(*by, "week").agg(
        pl.col("expected_cents").sum(), scale=(pl.col("scale") ** 2).sum().sqrt()
    )
    return sums.select(
        *by, pl.lit(WHOLE, pl.Int64).alias("client_id"), "week", "expected_cents", "scale"
    )


def actual_weeks(cash: pl.DataFrame, as_of: date, until: date, weeks: int) -> pl.DataFrame:
    """Return client_id (WHOLE: all), week, actual_cents of the whole weeks up to `until`."""
    rows = (
        cash.filter(pl.col("day") > as_of, pl.col("day") <= until)
        .with_columns(week=((pl.col("day") - as_of).dt.total_days() - 1) // 7 + 1)
        .filter(pl.col("week") <= min(weeks, (until - as_of).days // 7))
    )
    by_client = rows.group_by("client_id", "week").agg(actual_cents=pl.col("cents").sum())
    whole = by_client.group_by("week").agg(pl.col("actual_cents").sum())
    return pl.concat(
        [by_client, whole.select(pl.lit(WHOLE, pl.Int64).alias("client_id"), pl.all())]
    )


def tried(history: History, as_of: date, origins: int = ORIGINS) -> pl.DataFrame:
    """Return the forecasts of past days beside what came: one row for origin, client and week.

    Columns: origin_date, client_id (WHOLE: all), week, expected_cents, scale, actual_cents,
    residual. Nothing later than an origin is used for its forecast; days before which less was
    known than HISTORY_DAYS_MIN are left out.
    """
    if history.cash.is_empty():
        return _tried_nothing()
    first = history.cash["day"].min()
    assert isinstance(first, date)  # noqa: S101 - of a frame that is not empty
    parts = []
    for back in range(1, origins + 1):
        origin = as_of - timedelta(days=7 * back)
        if (origin - first).days < HISTORY_DAYS_MIN:
            break
        weeks = min(back, WEEKS_MAX)
        expected = totals(project(history.known_on(origin), origin, weeks))
        actual = actual_weeks(history.cash, origin, as_of, weeks)
        parts.append(
            expected.join(actual, on=["client_id", "week"], how="left")
            .with_columns(pl.col("actual_cents").fill_null(0))
            .with_columns(
                origin_date=pl.lit(origin),
                residual=(pl.col("actual_cents") - pl.col("expected_cents")) / pl.col("scale"),
            )
        )
    return pl.concat(parts).select(TRIED) if parts else _tried_nothing()


def _tried_nothing() -> pl.DataFrame:
    kinds = [pl.Date, pl.Int64, pl.Int64, pl.Float64, pl.Float64, pl.Int64, pl.Float64]
    return pl.DataFrame(schema=dict(zip(TRIED, kinds, strict=True)))


def quantiles(past: pl.DataFrame) -> pl.DataFrame:
    """Return distance, is_whole, low, high: how many scales below and above the bounds lie."""
    wide = NORMAL_QUANTILE * CAUTION
    every = pl.DataFrame(
        [(place, is_whole) for place in range(len(HORIZONS)) for is_whole in (False, True)],
        schema={"distance": pl.Int64, "is_whole": pl.Boolean},
        orient="row",
    )
    found = (
        with_distance(past)
        .group_by("distance", "is_whole")
        .agg(
            count=pl.len(),
            low=pl.col("residual").quantile((1 - COVERAGE) / 2, "linear"),
            high=pl.col("residual").quantile((1 + COVERAGE) / 2, "linear"),
            mean=pl.col("residual").mean(),
            spread=pl.col("residual").std(),
        )
        .with_columns(
            reach=pl.col("count").map_elements(_student_reach, return_dtype=pl.Float64)
            * pl.col("spread")
        )
    )
    known = _leaning(every.join(found, on=["distance", "is_whole"], how="left"))
    count = pl.col("count")

    def bound(quantile: str, few: pl.Expr, fallback: float) -> pl.Expr:
        return (
            pl.when(count >= RESIDUALS_MIN)
            .then(quantile)
            .when(count >= RESIDUALS_FEW)
            .then(few)
            .otherwise(fallback)
        )

    # The expectation lies within its bounds, also where the method was always on one side.
    low = bound("low", pl.col("mean") - pl.col("reach"), -wide)
    high = bound("high", pl.col("mean") + pl.col("reach"), wide)
    return known.select(
        "distance",
        "is_whole",
        low=pl.min_horizontal(low, 0.0),
        high=pl.max_horizontal(high, 0.0),
    )


def _leaning(known: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with mean and reach of all clients leaning on what their scale promises."""
    rows = known.with_columns(pl.col("count", "mean", "spread").fill_null(0))
    lean = pl.col("is_whole") & (pl.col("count") < RESIDUALS_MIN)
    weight = pl.col("count") + WHOLE_STRENGTH
    variance = (pl.col("count") * pl.col("spread") ** 2 + WHOLE_STRENGTH) / weight
    return rows.with_columns(
        mean=pl.when(lean).then(pl.col("mean") * pl.col("count") / weight).otherwise("mean"),
        reach=pl.when(lean)
        .then(NORMAL_QUANTILE * (variance * (1 + 1 / weight)).sqrt())
        .otherwise("reach"),
        # Enough to be told by mean and reach.
        count=pl.when(lean).then(pl.max_horizontal("count", RESIDUALS_FEW)).otherwise("count"),
    )


def _student_reach(count: int) -> float:
    """Return how many spreads from the mean one more residual lies, as often as COVERAGE says."""
    if count < RESIDUALS_FEW:
        return 0.0
    return float(student.ppf((1 + COVERAGE) / 2, count - 1)) * sqrt(1 + 1 / count)


def with_bounds(rows: pl.DataFrame, learned: pl.DataFrame) -> pl.DataFrame:
    """Round expected_cents and add low_cents and high_cents to rows of `totals` or `together`.

    Cash is not expected below nothing, unless more is expected to be taken back than to come.
    """

    def cents(value: pl.Expr) -> pl.Expr:
        return value.round().cast(pl.Int64)

    return (
        with_distance(rows)
        .join(learned, on=["distance", "is_whole"], how="left", maintain_order="left")
        .with_columns(
            low_cents=cents(
                pl.max_horizontal(
                    pl.col("expected_cents") + pl.col("low") * pl.col("scale"),
                    pl.min_horizontal("expected_cents", 0.0),
                )
            ),
            high_cents=cents(pl.col("expected_cents") + pl.col("high") * pl.col("scale")),
        )
        .with_columns(expected_cents=cents(pl.col("expected_cents")))
        .drop("distance", "is_whole", "low", "high")
    )


def with_bounds_of_then(past: pl.DataFrame) -> pl.DataFrame:
    """Add to `tried` rows the bounds that could have been given on their day."""
    known = past.with_columns(end_date=pl.col("origin_date") + pl.duration(days=7 * pl.col("week")))
    parts = [
        with_bounds(rows, quantiles(known.filter(pl.col("end_date") <= rows["origin_date"][0])))
        for (_,), rows in past.group_by("origin_date", maintain_order=True)
    ]
    empty = past.with_columns(
        pl.col("expected_cents").cast(pl.Int64),
        low_cents=pl.lit(0, pl.Int64),
        high_cents=pl.lit(0, pl.Int64),
    )
    return pl.concat(parts) if parts else empty


def with_distance(rows: pl.DataFrame) -> pl.DataFrame:
    """Add distance (which weeks share residuals) and is_whole."""
    distance = pl.lit(0)
    for place, first in enumerate(HORIZONS):
        distance = pl.when(pl.col("week") >= first).then(place).otherwise(distance)
    return rows.with_columns(
        distance=distance.cast(pl.Int64), is_whole=pl.col("client_id") == WHOLE
    )
