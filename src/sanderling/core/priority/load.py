"""What follows from the work that waits and the hands there are: when the next chance comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import polars as pl

from sanderling.core.priority.parameters import CALLS, NOBODY, Parameters, Settings
from sanderling.core.priority.value import asked, with_minutes

QUEUE_DAYS: Final = (3.0, 45.0)
REACH: Final = (0.3, 0.95)
# How far ahead work is looked at when asking what share of it is ever reached.
AHEAD_DAYS: Final = 20  # working days: a month


def waiting_calls(items: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """Return payer_id, calls: for how many items each payer would have to be called."""
    payer_id = pl.col("payer_id").fill_null(NOBODY)
    rows = with_minutes(items.select(action=asked(), payer_id=payer_id), parameters.minutes)
    return (
        rows.filter(pl.col("channel") == "call", pl.col("payer_id") != NOBODY)
        .group_by("payer_id")
        .agg(calls=pl.len())
        .select(pl.col(name).cast(kind) for name, kind in CALLS.items())
        .sort("payer_id")
    )


def with_load(
    settings: Settings,
    items: pl.DataFrame,
    values: pl.DataFrame,
    as_of: date,
    minutes_a_day: float,
) -> Settings:
    """Return settings with the next chance and its likelihood as the load makes them.

    The work that waits: items that are worth their minutes and a touch by now. Nobody's minutes
    known: the settings as they are.
    """
    if minutes_a_day <= 0 or items.is_empty():
        return settings
    is_ready = pl.col("not_before_date").is_null() | (pl.col("not_before_date") <= as_of)
    waiting = values.filter(is_ready, pl.col("score") >= settings.minute_cents)
    days = float(waiting["effort_minutes"].sum()) / minutes_a_day
    return replace(
        settings,
        queue_days=min(max(days, QUEUE_DAYS[0]), QUEUE_DAYS[1]),
        reach=min(max(AHEAD_DAYS / max(days, 1.0), REACH[0]), REACH[1]),
    )
