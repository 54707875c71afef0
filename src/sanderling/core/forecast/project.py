"""Cash of the weeks to come: from what waits, and from what is yet to be sent.

A claim that waits since `a` days is answered on day `d` from now with the curve's share at `a + d`
over what is left of the curve after `a`. What is yet to be sent follows the sending of the last
weeks. Answers bring refusals and shares of further payers with them, whose own curves begin on that
day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sanderling.core.deadlines.days import SATURDAY, is_business_day
from sanderling.core.forecast.curves import DAYS_MAX, Curves, Floats, learn_curves
from sanderling.core.forecast.frames import (
    ANSWER,
    EXPECTED,
    NEW,
    NEXT_PAYER,
    OTHER,
    PROCESSES,
    RECOVERY,
    History,
)

WEEKS_MAX: Final = 13
SENDING_DAYS: Final = 56  # from whose number of claims that of the weeks to come follows
SENDING_HALF_LIFE_DAYS: Final = 28
MIX_DAYS: Final = 364  # from which payers, forms and sizes of these claims follow
MIX_HALF_LIFE_DAYS: Final = 120
SENDING_STRENGTH: Final = 30.0  # claims: a client with few sends on the days of all
OTHER_DAYS: Final = 91
CHAIN_DAYS: Final = 182  # of answers, that say how much of an answer is refused or passed on
CHAIN_STRENGTH: Final = 20.0  # answers of average size
PACE_DAYS: Final = 35  # whose answers are held against those that were due
PACE_REACH_DAYS: Final = 60  # of waiting: what comes later is few
PACE_STRENGTH: Final = 25.0  # answers
PACE_BOUNDS: Final = (0.2, 2.0)
KEY: Final = ["client_id", "payer_id", "kind"]
_SMALL: Final = 1e-12


@dataclass(frozen=True, slots=True)
class _Paths:
    """For each row of `groups` and each day ahead: cash, its variance, and what is answered."""

    groups: pl.DataFrame  # KEY
    cash: Floats
    variance: Floats
    answered: Floats  # of the exposed cents


def project(history: History, as_of: date, weeks: int = WEEKS_MAX) -> pl.DataFrame:
    """Return EXPECTED: cash by client, week ahead and source, from what was known on `as_of`.

    `history` must hold nothing later (`History.known_on`).
    """
    days = 7 * weeks
    waits = history.waits.filter(
        pl.col("exposure_cents") > 0,
        pl.col("start_date") >= as_of - timedelta(days=2 * DAYS_MAX),
    )
    parts = {name: waits.filter(pl.col("process") == name) for name in PROCESSES}
    curves = {name: learn_curves(part, as_of) for name, part in parts.items()}
    chains = _chain_rates(parts, as_of)
    paces = _paces(parts[ANSWER], curves[ANSWER], as_of)
    answer = _paced(_open_paths(parts[ANSWER], curves[ANSWER], as_of, days), paces)
    sent = _paced(_new_paths(parts[ANSWER], curves[ANSWER], as_of, days), paces)
    rows = [
        _rows(answer, ANSWER),
        *(_rows(_open_paths(parts[name], curves[name], as_of, days), name) for name in chains),
        _rows(sent, NEW),
    ]
    for name, rates in chains.items():
        rows.append(_rows(_chained(answer, rates, curves[name], days), name))
        rows.append(_rows(_chained(sent, rates, curves[name], days), NEW))
    rows.append(_other(history, as_of, weeks))
    return (
        pl.concat(rows)
        .group_by("client_id", "week", "source")
        .agg(pl.col("expected_cents", "variance").sum())
        .sort("client_id", "week", "source")
        .select(EXPECTED.keys())
    )


def _open_paths(waits: pl.DataFrame, curves: Curves, as_of: date, days: int) -> _Paths:
    """What the waits that have not ended bring on each day ahead."""
    waiting = curves.with_yield(
        waits.filter(pl.col("event_date").is_null()).with_columns(
            age=(as_of - pl.col("start_date")).dt.total_days()
        )
    ).filter(pl.col("age") < DAYS_MAX)
    groups = _groups(waiting)
    cells = waiting.join(groups, on=KEY).with_columns(square=pl.col("exposure_cents") ** 2.0)
    shape = (groups.height, DAYS_MAX)
    place = (cells["group"] * DAYS_MAX + cells["age"]).to_numpy()
    exposed = _summed(place, cells["exposure_cents"], shape)
    squares = _summed(place, cells["square"], shape)
    rates = groups["yield_rate"].to_numpy()[:, None]
    cash, variance, answered = (np.zeros((groups.height, days)) for _ in range(3))
    for payer, members in _by_payer(groups):
        ahead = _ahead(curves.hazards[payer], days)
        paying = ahead * _later(curves.lag_factors, days)
        cash[members] = exposed[members] @ paying
        variance[members] = squares[members] @ paying
        answered[members] = exposed[members] @ ahead
    return _Paths(
        groups.select(KEY), cash * rates, variance * rates**2 * curves.dispersion, answered
    )


def _paces(waits: pl.DataFrame, curves: Curves, as_of: date) -> pl.DataFrame:
    """Return client_id, payer_id, pace: answers that came of late for each that was due.

    Curves take months to learn that remittances stay away or that a payer fell behind.
    """
    rows = (
        waits.join(curves.payers, on="payer_id")
        .with_columns(
            age=(as_of - pl.col("start_date")).dt.total_days(),
            lag=(pl.col("event_date") - pl.col("start_date")).dt.total_days(),
        )
        .with_columns(
            last=pl.min_horizontal("age", PACE_REACH_DAYS),
            first=pl.min_horizontal(pl.col("age") - PACE_DAYS, PACE_REACH_DAYS),
        )
        .filter(pl.col("age") < PACE_REACH_DAYS + PACE_DAYS)
    )
    # Answered within so many days, -1: none yet.
    shares = np.cumsum([_density(hazard) for hazard in curves.hazards], axis=1)
    shares = np.concatenate([np.zeros((len(shares), 1)), shares], axis=1)
    payer, last, first = (rows[name].to_numpy() for name in ("payer", "last", "first"))
    due = shares[payer, last + 1] - shares[payer, np.maximum(first, -1) + 1]
    came = (pl.col("lag") > pl.col("first")) & (pl.col("lag") <= pl.col("last"))
    pace = (pl.col("came") + PACE_STRENGTH) / (pl.col("due") + PACE_STRENGTH)
    return (
        rows.with_columns(due=pl.Series(due), came=came.fill_null(value=False))
        .group_by("client_id", "payer_id")
        .agg(pl.col("due", "came").sum())
        .select("client_id", "payer_id", pace=pace.clip(*PACE_BOUNDS))
    )


def _paced(paths: _Paths, paces: pl.DataFrame) -> _Paths:
    """Return the paths as the answers of late let one expect them."""
    pace = (
        paths.groups.join(paces, on=["client_id", "payer_id"], how="left", maintain_order="left")[
            "pace"
        ]
        .fill_null(1.0)
        .to_numpy()[:, None]
    )
    return _Paths(paths.groups, paths.cash * pace, paths.variance * pace**2, paths.answered * pace)


def _new_paths(waits: pl.DataFrame, curves: Curves, as_of: date, days: int) -> _Paths:
    """What claims yet to be sent bring, if they are sent as in the last weeks."""
    mix = _weighted(waits, as_of, MIX_DAYS, MIX_HALF_LIFE_DAYS)
    recent = _weighted(waits, as_of, SENDING_DAYS, SENDING_HALF_LIFE_DAYS)
    mixed = curves.with_yield(mix).join(_volumes(recent, mix), on="client_id")
    groups = _groups(mixed)
    weight = pl.col("weight") * pl.col("volume")
    sums = (
        mixed.group_by(KEY)
        .agg(
            cents=(pl.col("exposure_cents") * weight).sum(),
            squares=(pl.col("exposure_cents") ** 2.0 * weight).sum(),
        )
        .join(groups, on=KEY)
        .sort("group")
    )
    holiday_share = _holiday_share(waits, as_of)
    sending = _sending_days(recent, groups, as_of, days, holiday_share)
    rates = groups["yield_rate"].to_numpy()[:, None]
    cents = sums["cents"].to_numpy()[:, None] * sending
    squares = sums["squares"].to_numpy()[:, None] * sending
    cash, variance, answered = (np.zeros((groups.height, days)) for _ in range(3))
    for payer, members in _by_payer(groups):
        density = _density(curves.hazards[payer])
        answered[members] = _convolved(cents[members], density, days)
        paying = density * curves.lag_factors
        cash[members] = _convolved(cents[members], paying, days)
        variance[members] = _convolved(squares[members], paying, days)
    return _Paths(
        groups.select(KEY), cash * rates, variance * rates**2 * curves.dispersion, answered
    )


def _weighted(waits: pl.DataFrame, as_of: date, days: int, half_life_days: int) -> pl.DataFrame:
    """Return what was sent in the last days, with weights that halve."""
    back = (pl.lit(as_of) - pl.col("start_date")).dt.total_days()
    return waits.filter(back < days).with_columns(weight=pl.lit(0.5) ** (back / half_life_days))


def _volumes(recent: pl.DataFrame, mix: pl.DataFrame) -> pl.DataFrame:
    """Return client_id, volume: the factor from the weights of the mix to those of late.

    How many claims a client sends is known after weeks; what they are worth hangs on a few large
    ones, of which there are enough only over months.
    """
    weights = [rows.group_by("client_id").agg(pl.col("weight").sum()) for rows in (recent, mix)]
    return weights[0].join(weights[1], on="client_id", suffix="_mix").select(
        "client_id", volume=pl.col("weight") / pl.col("weight_mix")
    )  # fmt: skip


def _holiday_share(waits: pl.DataFrame, as_of: date) -> float:
    """Return what is sent on a holiday of the week over what is sent on other such weekdays."""
    first = waits["start_date"].min()
    if not isinstance(first, date):
        return 0.0
    sent: dict[date, int] = dict(waits.group_by("start_date").agg(pl.len()).rows())
    days = [first + timedelta(days=back) for back in range((as_of - first).days + 1)]
    weekdays = [day for day in days if day.weekday() < SATURDAY]
    kept, worked = (
        [sent.get(day, 0) for day in weekdays if is_business_day(day) is is_worked]
        for is_worked in (False, True)
    )
    if not kept or not sum(worked):
        return 0.0
    return min(sum(kept) / len(kept) / (sum(worked) / len(worked)), 1.0)


def _sending_days(
    recent: pl.DataFrame, groups: pl.DataFrame, as_of: date, days: int, holiday_share: float
) -> Floats:
    """Return [group, day ahead]: the share of the weighted cents of late that is sent on that day.

    Clients send on days of the week of their own, and less, or nothing, on holidays.
    """

    def worth(day: date) -> float:
        is_holiday = day.weekday() < SATURDAY and not is_business_day(day)
        return holiday_share if is_holiday else 1.0

    past = [as_of - timedelta(days=back) for back in range(SENDING_DAYS)]
    left = np.zeros(7)  # how many such days there were, weighted as the claims are
    for back, day in enumerate(past):
        left[day.weekday()] += worth(day) * 0.5 ** (back / SENDING_HALF_LIFE_DAYS)
    by_day = recent.with_columns(weekday=pl.col("start_date").dt.weekday() - 1)
    cents = (pl.col("exposure_cents") * pl.col("weight")).sum()
    whole = _shares(by_day.group_by("weekday").agg(cents=cents), np.zeros(7), 0.0)
    shares = {
        int(client): _shares(
            rows.group_by("weekday").agg(cents=cents),
            whole,
            SENDING_STRENGTH / (rows.height + SENDING_STRENGTH),
        )
        for (client,), rows in by_day.group_by("client_id")
    }
    ahead = [as_of + timedelta(days=day) for day in range(1, days + 1)]
    weekdays = np.array([day.weekday() for day in ahead], int)
    worths = np.array([worth(day) for day in ahead], float)
    rate = {client: share / np.maximum(left, 1.0) for client, share in shares.items()}
    return np.array(
        [rate[client][weekdays] * worths for client in groups["client_id"].to_list()]
    ).reshape(groups.height, days)


def _shares(rows: pl.DataFrame, prior: Floats, lean: float) -> Floats:
    cents = np.zeros(7)
    cents[rows["weekday"].to_numpy()] = rows["cents"].to_numpy()
    total = cents.sum()
    own = cents / total if total else np.full(7, 1 / 7)
    return np.asarray(own * (1 - lean) + prior * lean)


def _chained(paths: _Paths, rates: pl.DataFrame, curves: Curves, days: int) -> _Paths:
    """What the refusals, or the shares passed on, of answers to come bring in their turn."""
    groups = (
        curves.with_yield(paths.groups)
        .join(rates, on=["client_id", "payer_id"], how="left", maintain_order="left")
        .with_columns(pl.col("chain_rate").fill_null(0.0))
        .with_row_index("group")
    )
    begun = paths.answered * groups["chain_rate"].to_numpy()[:, None]
    cash = np.zeros_like(begun)
    for payer, members in _by_payer(groups):
        density = _density(curves.hazards[payer]) * curves.lag_factors
        cash[members] = _convolved(begun[members], density, days)
    cash *= groups["yield_rate"].to_numpy()[:, None]
    return _Paths(paths.groups, cash, np.zeros_like(cash), begun)


def _chain_rates(parts: dict[str, pl.DataFrame], as_of: date) -> dict[str, pl.DataFrame]:
    """How much of each cent answered begins to wait again, by client and payer, for each chain."""
    since = as_of - timedelta(days=CHAIN_DAYS)
    answered = parts[ANSWER].filter(pl.col("event_date") >= since)
    by_group = answered.group_by("client_id", "payer_id").agg(
        answered=pl.col("exposure_cents").sum()
    )
    total = float(answered["exposure_cents"].sum())
    lean = CHAIN_STRENGTH * total / max(answered.height, 1)
    found = {}
    for name in (RECOVERY, NEXT_PAYER):
        begun = parts[name].filter(pl.col("start_date") >= since)
        overall = float(begun["exposure_cents"].sum()) / total if total else 0.0
        by_payer = _rates(begun, by_group, ["payer_id"], pl.lit(overall), lean)
        found[name] = _rates(
            begun,
            by_group.join(by_payer.rename({"chain_rate": "prior"}), on="payer_id"),
            ["client_id", "payer_id"],
            pl.col("prior").first(),
            lean,
        )
    return found


def _rates(
    begun: pl.DataFrame, answered: pl.DataFrame, by: list[str], prior: pl.Expr, lean: float
) -> pl.DataFrame:
    sums = begun.group_by(by).agg(begun=pl.col("exposure_cents").sum())
    whole = answered.group_by(by).agg(pl.col("answered").sum(), prior=prior)
    rate = (pl.col("begun").fill_null(0) + lean * pl.col("prior")) / (pl.col("answered") + lean)
    return whole.join(sums, on=by, how="left").select(*by, chain_rate=rate)


def _other(history: History, as_of: date, weeks: int) -> pl.DataFrame:
    """Cash that none of the waits explains, as much each week as lately."""
    since = as_of - timedelta(days=OTHER_DAYS)
    paid = (
        history.cash.filter(pl.col("day") > since)
        .group_by("client_id")
        .agg(paid=pl.col("cents").sum())
    )
    explained = (
        history.waits.filter(pl.col("event_date") > since)
        .group_by("client_id")
        .agg(explained=pl.col("cash_cents").sum())
    )
    first = history.cash["day"].min()
    known = (as_of - first).days + 1 if isinstance(first, date) else OTHER_DAYS
    share = 7 / min(max(known, 7), OTHER_DAYS)
    rest = (pl.col("paid") - pl.col("explained").fill_null(0)) * share
    return (
        paid.join(explained, on="client_id", how="left")
        .join(pl.DataFrame({"week": range(1, weeks + 1)}, schema={"week": pl.Int64}), how="cross")
        .select(
            "client_id", "week", source=pl.lit(OTHER), expected_cents=rest, variance=pl.lit(0.0)
        )
    )


def _rows(paths: _Paths, source: str) -> pl.DataFrame:
    weeks = paths.cash.shape[1] // 7

    def by_week(values: Floats) -> Floats:
        return np.asarray(values.reshape(len(values), weeks, 7).sum(axis=2).ravel())

    return pl.DataFrame(
        {
            "client_id": np.repeat(paths.groups["client_id"].to_numpy(), weeks),
            "week": np.tile(np.arange(1, weeks + 1), paths.groups.height),
            "source": [source] * (paths.groups.height * weeks),
            "expected_cents": by_week(paths.cash),
            "variance": by_week(paths.variance),
        },
        schema=dict(EXPECTED),
    )


def _groups(rows: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.select(*KEY, "payer", "yield_rate")
        .unique(KEY, keep="first")
        .sort(KEY)
        .with_row_index("group")
        .with_columns(pl.col("group").cast(pl.Int64))
    )


def _by_payer(groups: pl.DataFrame) -> list[tuple[int, NDArray[np.intp]]]:
    rows = groups["payer"].to_numpy()
    return [(int(payer), np.flatnonzero(rows == payer)) for payer in np.unique(rows)]


def _summed(place: NDArray[np.int64], values: pl.Series, shape: tuple[int, int]) -> Floats:
    size = shape[0] * shape[1]
    return np.asarray(
        np.bincount(place, weights=values.to_numpy(), minlength=size), dtype=np.float64
    ).reshape(shape)


def _density(hazard: Floats) -> Floats:
    """Return the share of claims answered on each day after they were sent."""
    left = np.concatenate([[1.0], np.cumprod(1.0 - hazard)[:-1]])
    return np.asarray(left * hazard)


def _ahead(hazard: Floats, days: int) -> Floats:
    """Return [age, day ahead]: the share answered then, of those still waiting at that age."""
    padded = np.concatenate([_density(hazard), np.zeros(days)])
    left = np.cumprod(1.0 - hazard)
    places = np.arange(DAYS_MAX)[:, None] + np.arange(1, days + 1)[None, :]
    return np.asarray(padded[places] / np.maximum(left, _SMALL)[:, None])


def _later(factors: Floats, days: int) -> Floats:
    padded = np.concatenate([factors, np.full(days, factors[-1])])
    return np.asarray(padded[np.arange(DAYS_MAX)[:, None] + np.arange(1, days + 1)[None, :]])


def _convolved(begun: Floats, density: Floats, days: int) -> Floats:
    """Return what ends on each day ahead, of what begins on each of them (last axis)."""
    lags = np.arange(days)[None, :] - np.arange(days)[:, None]
    moved = np.where(lags >= 0, density[np.clip(lags, 0, DAYS_MAX - 1)], 0.0)
    return np.asarray(begun @ moved)
