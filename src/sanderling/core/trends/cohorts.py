"""Claims by the week in which they were sent, and how many of each week went wrong.

An action before billing changes the claims sent since, so weeks are weeks of sending. A claim
counts once it was decided, within so many days for every week alike: a young week is neither
better nor worse than an old one for being young.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.core.trends.effects import Week
from sanderling.core.trends.findings import values_of

RIPE_SHARE: Final = 0.9  # of decisions are there after the ripening
RIPE_DAYS_LEAST: Final = 14
RIPE_DAYS_MOST: Final = 90
RIPE_DAYS_DEFAULT: Final = 45
DECISIONS_MIN: Final = 50  # fewer say nothing of how long they take

# One decision (or acceptance) of one claim; lines: one of each service of it.
DECISIONS: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "plan": pl.String,
    "form": pl.String,
    "location": pl.String,
    "provider": pl.String,
    "procedure": pl.String,  # empty: the claim as a whole
    "code_family": pl.String,  # of the procedure, see core.trends.outcomes
    "modifier": pl.String,  # joined by ":"
    "sent_date": pl.Date,
    "decided_date": pl.Date,
    "is_bad": pl.Boolean,
    "cents": pl.Int64,  # what was denied; 0 when nothing was
    "category": pl.String,
    "carc": pl.String,  # group and reason, CO-197; of a rejection A7:21
    "rarc": pl.String,
}
OF_CLAIM: Final = ("plan", "form", "location", "provider", "procedure", "code_family")
OF_DENIAL: Final = ("category", "carc", "rarc")
SCOPE: Final = (*OF_CLAIM, "modifier", *OF_DENIAL)


def ripe_days(decisions: pl.DataFrame) -> int:
    """Return after how many days nine in ten decisions are there."""
    days = (
        decisions.select((pl.col("decided_date") - pl.col("sent_date")).dt.total_days())
        .to_series()
        .drop_nulls()
    )
    if len(days) < DECISIONS_MIN:
        return RIPE_DAYS_DEFAULT
    found = days.quantile(RIPE_SHARE, "higher")
    return min(max(int(found or 0), RIPE_DAYS_LEAST), RIPE_DAYS_MOST)


def in_scope(scope: Mapping[str, str]) -> tuple[pl.Expr, pl.Expr]:
    """Return which rows are claims of the scope, and which of these are its bad ones."""
    claims = pl.lit(value=True)
    bad = pl.col("is_bad")
    for name, value in scope.items():
        values = values_of(name, value)
        if name in OF_CLAIM:
            claims &= pl.col(name).is_in(values)
        elif name == "modifier":
            split = pl.col(name).str.split(":")
            claims &= pl.any_horizontal(split.list.contains(one) for one in values)
        elif name in OF_DENIAL:
            bad &= pl.col(name).is_in(values)
    return claims, bad


def weekly(decisions: pl.DataFrame, scope: Mapping[str, str], *, ripe: int) -> list[Week]:
    """Return weeks (from Monday) of sending: claims decided within `ripe` days, and the bad ones.

    A claim counts once a week it was sent in, and is bad when one of its lines in scope is.
    """
    claims, bad = in_scope(scope)
    age = (pl.col("decided_date") - pl.col("sent_date")).dt.total_days()
    rows = (
        decisions.filter(claims & age.is_between(0, ripe))
        .with_columns(week=pl.col("sent_date").dt.truncate("1w"), hit=bad.fill_null(value=False))
        .group_by("week", "claim_id")
        .agg(
            hit=pl.col("hit").any(),
            cents=pl.col("cents").filter(pl.col("hit")).sum(),
        )
        .group_by("week")
        .agg(count=pl.len(), bad=pl.col("hit").sum(), cents=pl.col("cents").sum())
        .sort("week")
    )
    return [Week(week, count, hits, cents) for week, count, hits, cents in rows.iter_rows()]


def monday_of(day: date) -> date:
    """Return the Monday of the week in which the day lies."""
    return day - timedelta(days=day.weekday())
