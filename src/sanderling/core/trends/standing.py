"""Does an issue go on, is it over, is it back: by the counts of the latest weeks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from sanderling.core.trends.settings import WEEK

_NATS: Final = 3.0  # twenty to one
_OUTCOMES_MIN: Final = 8
_RECENT_WEEKS: Final = 4
_FLOOR: Final = 0.001


def lean(weeks: pl.DataFrame, before: float, after: float, *, since: date) -> tuple[float, int]:
    """Return the evidence of the weeks from `since` for the rate after over that before, in nats.

    And how many outcomes it rests on. Below 0: rather the rate before.
    """
    seen = weeks.filter(pl.col("week_date") >= since)
    n, x = int(seen["outcomes"].sum()), int(seen["events"].sum())
    low, high = (min(max(rate, _FLOOR), 1 - _FLOOR) for rate in (before, after))
    found = x * np.log(high / low) + (n - x) * np.log((1 - high) / (1 - low))
    return float(found), n


def is_over(weeks: pl.DataFrame, before: float, after: float) -> bool:
    """Say whether the last weeks that are settled are as before the onset."""
    last = weeks["week_date"].max()
    if not isinstance(last, date):
        return False
    since = last - timedelta(days=WEEK * (_RECENT_WEEKS - 1))
    nats, outcomes = lean(weeks, before, after, since=since)
    return outcomes >= _OUTCOMES_MIN and nats < -_NATS


def is_back(weeks: pl.DataFrame, before: float, after: float, *, since: date) -> bool:
    """Say whether what was said to be fixed on `since` goes on: whole weeks after it count."""
    nats, outcomes = lean(weeks, before, after, since=since + timedelta(days=1))
    return outcomes >= _OUTCOMES_MIN and nats > _NATS
