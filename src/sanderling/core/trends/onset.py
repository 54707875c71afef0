"""Since when: the day on which the rate stepped up, with an interval, on the calendar it fits best.

A payer's change shows in what it decides since a day, a client's in what it served or sent since a
day. The step is fitted on each of these calendars by daily counts; the sharpest is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sanderling.core.trends.outcomes import AXES
from sanderling.core.trends.steps import Floats

MASS: Final = 0.9  # of the interval
_AXIS_NATS: Final = 1.0  # by which another calendar must be better than the payer's own
_REACH_DAYS: Final = 70  # around the week that the search says
_KNOWN_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Onset:
    """The first day of the new rate; the chance that it lies from `low` to `high` is MASS."""

    day: date
    low: date
    high: date
    axis: str


def find_onset(
    rows: pl.DataFrame, *, around: date, worth: float, axes: Sequence[str] = AXES
) -> Onset:
    """Return the onset of a step up.

    Args:
        rows: the outcomes of a scope, with `hit` (it is one of the events meant) and the AXES.
        around: the first day of the week that the search says.
        axes: the calendars that are tried, the first one preferred.
        worth: what an outcome counts for, as outcomes of one week hang together (0 to 1).
    """
    best: tuple[float, Onset] | None = None
    for axis in axes:
        if rows[axis].null_count() > (1 - _KNOWN_SHARE) * rows.height:
            continue
        fitted = _on_axis(rows, axis, around, worth)
        if fitted is not None and (best is None or fitted[0] > best[0] + _AXIS_NATS):
            best = fitted
    if best is None:
        return Onset(around, around, around + timedelta(days=6), axes[0])
    return best[1]


def _on_axis(
    rows: pl.DataFrame, axis: str, around: date, worth: float
) -> tuple[float, Onset] | None:
    days = (
        rows.filter(pl.col(axis).is_not_null())
        .group_by(axis)
        .agg(n=pl.len(), x=pl.col("hit").sum())
        .sort(axis)
    )
    place = (days[axis] - date(1970, 1, 1)).dt.total_days().to_numpy()
    n, x = days["n"].to_numpy().astype(float), days["x"].to_numpy().astype(float)
    middle = (around - date(1970, 1, 1)).days
    first = max(middle - _REACH_DAYS, int(place[0]) + 1)
    last = min(middle + _REACH_DAYS // 2, int(place[-1]))
    if last < first:
        return None
    tried = np.arange(first, last + 1)
    gain = worth * _gain(place, n, x, tried)
    if not np.isfinite(gain).any():
        return None
    mass = np.exp(gain - gain.max())
    mass = np.cumsum(mass / mass.sum())
    low, mid, high = (
        date(1970, 1, 1) + timedelta(days=int(tried[min(int(place_of), len(tried) - 1)]))
        for place_of in np.searchsorted(mass, [(1 - MASS) / 2, 0.5, 1 - (1 - MASS) / 2])
    )
    return float(gain.max()), Onset(mid, low, high, axis)


def _gain(place: NDArray[np.int64], n: Floats, x: Floats, tried: NDArray[np.int64]) -> Floats:
    """Return the log-likelihood of a step up at each day tried over that of none."""
    old = np.searchsorted(place, tried)  # days before the one tried
    n_sum, x_sum = np.append(0.0, n.cumsum()), np.append(0.0, x.cumsum())
    n_old, x_old = n_sum[old], x_sum[old]
    n_new, x_new = n_sum[-1] - n_old, x_sum[-1] - x_old
    whole = _fit(np.array([n_sum[-1]]), np.array([x_sum[-1]]))[0]
    gain = _fit(n_old, x_old) + _fit(n_new, x_new) - whole
    with np.errstate(divide="ignore", invalid="ignore"):
        up = (n_old > 0) & (n_new > 0) & (x_new / n_new > x_old / n_old)
    found: Floats = np.where(up, gain, -np.inf)
    return found


def _fit(n: Floats, x: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.nan_to_num(x * np.log(x / n)) + np.nan_to_num(
            (n - x) * np.log((n - x) / n)
        )
    return found
