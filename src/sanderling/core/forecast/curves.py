"""How long each payer takes, and what it then pays: learned from waits, few cases lean on many.

A curve is a hazard for each day of waiting: of those still waiting, the share whose answer comes on
that day. What has not been answered yet counts as waiting until today (Kaplan and Meier, 1958), so
that a slow payer does not look fast. A payer's hazard is drawn towards that of its type, and the
type's towards all payers' by `STRENGTH` claims' worth; older waits count less (`HALF_LIFE_DAYS`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAYS_MAX: Final = 420  # of waiting; what waits longer is taken not to come
HALF_LIFE_DAYS: Final = 120
STRENGTH: Final = 25.0  # claims
YIELD_STRENGTH: Final = 15.0  # claims of average size
# What is paid falls with the wait: bounds of the days for which a factor is learned.
LAG_BOUNDS: Final = (15, 31, 46, 61, 91)


@dataclass(frozen=True, slots=True)
class Curves:
    """Of one process.

    `payers` and `groups` (client, payer, kind) give the rows of the arrays:
    hazards [payer, day], lag_factors [day], yields [group] (cash for each cent exposed, once there
    is an event), dispersion (mean square of a payment over its expectation).
    """

    payers: pl.DataFrame  # payer_id, payer
    hazards: Floats
    lag_factors: Floats
    yields: pl.DataFrame  # client_id, payer_id, kind, yield_rate
    payer_yields: pl.DataFrame  # payer_id, kind, payer_yield
    overall_yield: float
    dispersion: float

    def with_yield(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add yield_rate and payer (row of the hazards) to rows with client_id, payer_id, kind."""
        return (
            rows.join(self.payers, on="payer_id", how="left", maintain_order="left")
            .join(
                self.yields,
                on=["client_id", "payer_id", "kind"],
                how="left",
                maintain_order="left",
            )
            .join(self.payer_yields, on=["payer_id", "kind"], how="left", maintain_order="left")
            .with_columns(
                payer=pl.col("payer").fill_null(self.payers.height),
                yield_rate=pl.coalesce("yield_rate", "payer_yield").fill_null(self.overall_yield),
            )
            .drop("payer_yield")
        )


def learn_curves(waits: pl.DataFrame, as_of: date) -> Curves:
    """Learn hazards and yields of one process from its waits as known on a day.

    The last row of the hazards is that of all payers, for one not seen before.
    """
    rows = waits.with_columns(
        weight=pl.lit(0.5) ** ((as_of - pl.col("start_date")).dt.total_days() / HALF_LIFE_DAYS),
        lag=(pl.col("event_date").fill_null(as_of) - pl.col("start_date"))
        .dt.total_days()
        .clip(0, DAYS_MAX - 1),
        is_event=pl.col("event_date").is_not_null(),
    )
    payers = (
        rows.group_by("payer_id")
        .agg(payer_type=pl.col("payer_type").mode().min())
        .sort("payer_id")
        .with_row_index("payer")
        .with_columns(pl.col("payer").cast(pl.Int64))
    )
    hazards = _hazards(rows, payers)
    answered = rows.filter(pl.col("is_event") & (pl.col("exposure_cents") > 0))
    yields, payer_yields, overall = _yields(answered)
    curves = Curves(
        payers.select("payer_id", "payer"),
        hazards,
        np.ones(DAYS_MAX),
        yields,
        payer_yields,
        overall,
        1.0,
    )
    factors, dispersion = _lag_factors(curves.with_yield(answered))
    return Curves(
        curves.payers, hazards, factors, yields, payer_yields, overall, max(dispersion, 1.0)
    )


def _hazards(rows: pl.DataFrame, payers: pl.DataFrame) -> Floats:
    """Return [payer, day] with one more row, of all payers."""
    counted = rows.join(payers.select("payer_id", "payer"), on="payer_id").select(
        "payer", "lag", "weight", "is_event"
    )
    size = payers.height * DAYS_MAX
    place = (counted["payer"] * DAYS_MAX + counted["lag"]).to_numpy()
    weight = counted["weight"].to_numpy()
    shape = (payers.height, DAYS_MAX)
    ended = np.bincount(place, weights=weight, minlength=size).reshape(shape)
    events = np.bincount(
        place, weights=weight * counted["is_event"].to_numpy(), minlength=size
    ).reshape(shape)
    waiting = np.flip(np.cumsum(np.flip(ended, axis=1), axis=1), axis=1)
    whole = _ratio(events.sum(axis=0), waiting.sum(axis=0), np.zeros(DAYS_MAX), 1.0)
    types = payers["payer_type"].to_list()
    hazards = np.empty((payers.height + 1, DAYS_MAX))
    hazards[-1] = whole
    for name in sorted(set(types)):
        members = np.array([index for index, one in enumerate(types) if one == name])
        of_type = _ratio(events[members].sum(axis=0), waiting[members].sum(axis=0), whole, STRENGTH)
        hazards[members] = _ratio(events[members], waiting[members], of_type, STRENGTH)
    return hazards


def _ratio(events: Floats, waiting: Floats, prior: Floats, strength: float) -> Floats:
    return np.asarray((events + strength * prior) / (waiting + strength), dtype=np.float64)


def _yields(answered: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, float]:
    """Return yields by client, payer and kind, by payer and kind, and over all."""
    exposed = (pl.col("exposure_cents") * pl.col("weight")).sum()
    paid = (pl.col("cash_cents") * pl.col("weight")).sum()
    total = answered.select(exposed=exposed, paid=paid, size=pl.col("exposure_cents").mean()).row(0)
    overall = total[1] / total[0] if total[0] else 0.0
    lean = YIELD_STRENGTH * (total[2] or 0.0)

    def leaning(prior: pl.Expr) -> pl.Expr:
        return (pl.col("paid") + lean * prior) / (pl.col("exposed") + lean)

    by_type = (
        answered.group_by("payer_type", "kind")
        .agg(exposed=exposed, paid=paid)
        .with_columns(type_yield=leaning(pl.lit(overall)))
        .drop("exposed", "paid")
    )
    by_payer = (
        answered.group_by("payer_type", "payer_id", "kind")
        .agg(exposed=exposed, paid=paid)
        .join(by_type, on=["payer_type", "kind"])
        .with_columns(payer_yield=leaning(pl.col("type_yield")))
        # A payer met under several types counts by the heaviest: the same facts, the same forecast.
        .sort("exposed", "payer_type", descending=[True, False])
        .unique(["payer_id", "kind"], keep="first", maintain_order=True)
        .select("payer_id", "kind", "payer_yield")
    )
    by_group = (
        answered.group_by("client_id", "payer_id", "kind")
        .agg(exposed=exposed, paid=paid)
        .join(by_payer, on=["payer_id", "kind"])
        .select("client_id", "payer_id", "kind", yield_rate=leaning(pl.col("payer_yield")))
    )
    return by_group, by_payer, float(overall)


def _lag_factors(answered: pl.DataFrame) -> tuple[Floats, float]:
    """Return what is paid after each number of days over the average, and the dispersion."""
    expected = pl.col("exposure_cents") * pl.col("yield_rate")
    rows = answered.select("lag", "weight", "cash_cents", expected=expected).filter(
        pl.col("expected") > 0
    )
    factors = np.ones(DAYS_MAX)
    if rows.is_empty():
        return factors, 1.0
    lean = YIELD_STRENGTH * float(rows.select(pl.col("expected").mean()).item())
    edges = (0, *LAG_BOUNDS, DAYS_MAX)
    for low, high in pairwise(edges):
        part = rows.filter(pl.col("lag") >= low, pl.col("lag") < high)
        paid, due = part.select(
            (pl.col("cash_cents") * pl.col("weight")).sum(),
            (pl.col("expected") * pl.col("weight")).sum(),
        ).row(0)
        factors[low:high] = (paid + lean) / (due + lean)
    squares = rows.select(
        (pl.col("cash_cents").cast(pl.Float64) ** 2).sum(), (pl.col("expected") ** 2).sum()
    ).row(0)
    return factors, float(squares[0] / squares[1]) if squares[1] else 1.0
