"""Problems that were always there: a client far off its peers with the same payers.

Each client's events are compared with those it would have if each of its payers treated it as it
treats its other clients. How far clients lie apart anyway is learned from all clients and reasons;
only who is far outside of that, early and late alike, is found.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from scipy.stats import norm

from sanderling.core.trends.detail import describe
from sanderling.core.trends.findings import Description, Finding
from sanderling.core.trends.settings import Settings

_LEVELS: Final = ("category", "carc")
_EXPECTED_MIN: Final = 1.0
_TAU_MIN: Final = 0.25  # of log rates: clients never lie nearer than that
_HALVES: Final = 2
_SIGMAS_OF_MAD: Final = 1.4826
_YEAR_DAYS: Final = 365


def search_steady(
    kind: str, rows: pl.DataFrame, *, today: date, settings: Settings, kinds: int
) -> tuple[list[Finding], int]:
    """Return the clients far off their peers, and how many comparisons were made.

    Args:
        kind: of the outcomes.
        rows: outcomes of claims, settled until `today`.
        today: the day of the search.
        settings: floors and error rates.
        kinds: how many kinds share the allowed false findings.
    """
    rows = rows.filter(pl.col("day") > pl.lit(today).dt.offset_by(f"-{_YEAR_DAYS}d"))
    clients = rows["client_id"].n_unique()
    if clients <= settings.peers_min:
        return [], 0
    budget = settings.false_per_client_week * clients / kinds
    findings: list[Finding] = []
    looked = 0
    taken: set[tuple[int, str]] = set()
    for level in _LEVELS:
        compared = _compared(rows, level)
        looked += compared.height
        if compared.is_empty():
            continue
        limit = float(norm.isf(min(budget / compared.height / len(_LEVELS), 0.5)))
        for row in compared.filter(
            (pl.col("z") > limit)
            & (pl.col("z_low") > limit / 2)
            & (pl.col("ratio") >= settings.steady_ratio_min)
            & (pl.col("events") - pl.col("expected") >= settings.excess_claims_min)
            & (pl.col("events") >= settings.claims_min)
            & (pl.col("peers") >= settings.peers_min)
        ).iter_rows(named=True):
            family = (row["client_id"], row["category"])
            if family in taken:  # its category is found already
                continue
            taken.add(family)
            findings.append(_finding(kind, rows, level, row, limit, today))
    return findings, looked


def _finding(
    kind: str, rows: pl.DataFrame, level: str, row: dict[str, object], limit: float, today: date
) -> Finding:
    description = Description(
        kind, "steady", {"client_id": str(row["client_id"])}, {level: str(row["event"])}
    )
    z, expected = float(str(row["z"])), float(str(row["expected"]))
    odds = float(norm.logsf(limit) - norm.logsf(z))
    found = describe(
        rows,
        description,
        None,
        today=today,
        evidence=odds,
        confidence=1 / (1 + float(np.exp(-min(odds, 50.0)))),
    )
    outcomes = int(found.parts["outcomes_after"].sum())
    return against_peers(found, expected / outcomes)


def against_peers(found: Finding, share: float) -> Finding:
    """Return the finding with what its peers would have had in the place of a rate before."""
    usual = (pl.col("outcomes_after") * share).round().cast(pl.Int64)
    parts = found.parts.with_columns(
        outcomes_before=pl.col("outcomes_after"),
        events_before=usual,
        excess_claims=(pl.col("events_after") - share * pl.col("outcomes_after")).clip(0),
    )
    return replace(found, rate_before=share, parts=parts, caused_by="client")


def _compared(rows: pl.DataFrame, level: str) -> pl.DataFrame:
    """Return client_id, event, category, events, expected, peers, ratio, z, z_low."""
    middle = rows["day"].median()
    halved = rows.with_columns(half=(pl.col("day") > middle).cast(pl.Int64))
    of_payers = ["client_id", "payer_id", "half"]
    outcomes = halved.group_by(of_payers).agg(n=pl.len())
    events = (
        halved.filter(pl.col("is_event") & (pl.col(level) != ""))
        .group_by(*of_payers, pl.col(level).alias("event"))
        .agg(x=pl.len(), category=pl.col("category").first())
    )
    if events.is_empty():
        return pl.DataFrame(schema={"z": pl.Float64})
    every = events.group_by("event").agg(category=pl.col("category").mode().sort().first())
    grid = outcomes.join(every, how="cross").join(
        events.drop("category"), on=[*of_payers, "event"], how="left"
    )
    grid = grid.with_columns(pl.col("x").fill_null(0))
    over = ["payer_id", "half", "event"]
    peers_n, peers_x = (pl.col(c).sum().over(over) - pl.col(c) for c in ("n", "x"))
    grid = grid.with_columns(
        peers=(pl.col("client_id").n_unique().over(over) - 1),
        mean=pl.col("n") * (peers_x + 0.5) / (peers_n + 1),
    ).filter(pl.col("peers") > 0)
    halves = grid.group_by("client_id", "event", "category", "half").agg(
        pl.col("x", "mean").sum(), pl.col("peers").max()
    )
    whole = halves.group_by("client_id", "event", "category").agg(
        events=pl.col("x").sum(),
        expected=pl.col("mean").sum(),
        peers=pl.col("peers").max(),
        halves=pl.len(),
        low=(_deviation(pl.col("x"), pl.col("mean"))).min(),
        low_error=(1 / (pl.col("x") + 1)).sqrt().max(),
    )
    whole = whole.filter((pl.col("halves") == _HALVES) & (pl.col("expected") >= _EXPECTED_MIN))
    if whole.is_empty():
        return pl.DataFrame(schema={"z": pl.Float64})
    return _scored(whole)


def _deviation(events: pl.Expr, expected: pl.Expr) -> pl.Expr:
    return ((events + 0.5) / (expected + 0.5)).log()


def _scored(whole: pl.DataFrame) -> pl.DataFrame:
    off = _deviation(pl.col("events"), pl.col("expected"))
    whole = whole.with_columns(off=off, error=(1 / (pl.col("events") + 1)).sqrt())
    # Robust: the outlier itself does not widen what is usual.
    usual = whole.filter(pl.col("expected") >= 4 * _EXPECTED_MIN)
    off_peers = usual["off"].to_numpy()
    spread, noise = 0.0, 0.0
    if len(off_peers):
        spread = float(np.median(np.abs(off_peers - np.median(off_peers)))) * _SIGMAS_OF_MAD
        noise = float(np.median(usual["error"].to_numpy() ** 2))
    tau = max(_TAU_MIN, (max(spread**2 - noise, 0.0)) ** 0.5)
    scale = (tau**2 + pl.col("error") ** 2).sqrt()
    return whole.with_columns(
        ratio=(pl.col("events") / pl.col("expected")),
        z=pl.col("off") / scale,
        z_low=pl.col("low") / (tau**2 + pl.col("low_error") ** 2).sqrt(),
    ).sort("client_id", "event")
