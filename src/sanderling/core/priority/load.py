"""What follows from the work that waits and the hands there are: when the next chance comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import polars as pl

from sanderling.core.priority.parameters import Parameters, Settings
from sanderling.core.priority.value import valued_rows, worthwhile_calls

QUEUE_DAYS: Final = (3.0, 45.0)
REACH: Final = (0.05, 0.95)
# How far ahead work is looked at when asking what share of it is ever reached: in that time at
# least as much comes in as is done, so of what waits and what comes this share is reached.
AHEAD_DAYS: Final = 20  # working days: a month
PRICE_DAYS: Final = 3
USUAL: Final = Settings()


def waiting_calls(
    items: pl.DataFrame, parameters: Parameters, as_of: date, settings: Settings
) -> pl.DataFrame:
    """Return payer_id, calls: for how many items a call to each payer is worth its minutes."""
    return worthwhile_calls(valued_rows(items, parameters, as_of, settings), settings)


def with_load(
    settings: Settings,
    items: pl.DataFrame,
    values: pl.DataFrame,
    as_of: date,
    minutes_a_day: float,
) -> Settings:
    """Return settings with the next chance, its likelihood and a minute's worth by the load.

    The work that waits: items that are worth their minutes and a touch by now. A minute is worth
    what it brings at the end of the next days' work. Nobody's minutes known: settings as they are.
    """
    if items.is_empty():
        return settings
    settings = _with_floors(settings, values, as_of)
    if minutes_a_day <= 0:
        return settings
    is_ready = pl.col("not_before_date").is_null() | (pl.col("not_before_date") <= as_of)
    waiting = values.filter(is_ready, pl.col("score") >= USUAL.minute_cents)
    days = float(waiting["effort_minutes"].sum()) / minutes_a_day
    ordered = waiting.sort("score", descending=True)
    reached = ordered.filter(pl.col("effort_minutes").cum_sum() <= minutes_a_day * PRICE_DAYS)
    is_scarce = reached.height < ordered.height
    price = float(ordered["score"][reached.height]) if is_scarce else USUAL.minute_cents
    return replace(
        settings,
        minute_cents=max(price, USUAL.minute_cents),
        queue_days=min(max(days, QUEUE_DAYS[0]), QUEUE_DAYS[1]),
        reach=min(max(AHEAD_DAYS / (AHEAD_DAYS + days), REACH[0]), REACH[1]),
    )


def _with_floors(settings: Settings, values: pl.DataFrame, as_of: date) -> Settings:
    """Return settings with the scores at which the first tenth and quarter of the work begin."""
    is_ready = pl.col("not_before_date").is_null() | (pl.col("not_before_date") <= as_of)
    scores = values.filter(is_ready, pl.col("score") > 0)["score"]
    if scores.is_empty():
        return settings
    return replace(
        settings,
        tenth_score=float(scores.quantile(0.9, "lower") or 0.0),
        quarter_score=float(scores.quantile(0.75, "lower") or 0.0),
    )
