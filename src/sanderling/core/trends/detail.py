"""From a description to the finding: rates, each client's part, weeks, siblings, whose change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.core.trends.findings import (
    PARTS,
    SIBLINGS,
    WEEKS,
    Description,
    Finding,
    values_of,
)
from sanderling.core.trends.onset import Onset

MONTH_DAYS: Final = 30
_HIT_SHARE: Final = 0.35  # of the way from the rate before to the rate after
_TELLING: Final = 3.0  # events that a client hit would be expected to have
# What belongs to one client: left out when other clients of the payer are looked at.
_CLIENTS_OWN: Final = frozenset({"client_id", "provider", "location", "plan"})


def in_scope(rows: pl.DataFrame, description: Description, *, wider: bool = False) -> pl.DataFrame:
    """Return the outcomes that a description speaks of, with `hit`: it is one of its events.

    `wider`: also other clients' outcomes of the same kind with the same payer.
    """
    hit = pl.col("is_event")
    for name, value in description.event.items():
        hit &= _is_any(name, value)
    own = {name: value for name, value in description.scope.items() if name not in _CLIENTS_OWN}
    return of_scope(rows, own if wider else description.scope).with_columns(hit=hit)


def of_scope(rows: pl.DataFrame, scope: Mapping[str, str]) -> pl.DataFrame:
    """Return the rows with these values of TRIAL_DIMENSIONS."""
    conditions = [
        pl.col(name) == int(value)
        if name in {"client_id", "payer_id"}
        else pl.any_horizontal(
            (pl.lit(":") + pl.col(name).cast(pl.String) + ":").str.contains(
                f":{one}:", literal=True
            )
            for one in values_of(name, value)
        )
        if name == "modifier"
        else _is_any(name, value)
        for name, value in scope.items()
    ]
    return rows.filter(conditions) if conditions else rows


def _is_any(name: str, value: str) -> pl.Expr:
    """Say whether a column has one of the values that a description names."""
    return pl.any_horizontal(pl.col(name) == one for one in values_of(name, value))


def describe(
    rows: pl.DataFrame,
    description: Description,
    onset: Onset | None,
    *,
    today: date,
    evidence: float,
    confidence: float,
    is_meant: bool = False,
) -> Finding:
    """Return the finding of a description.

    Args:
        rows: all outcomes of its kind and grain, settled until `today`.
        description: what it speaks of.
        onset: since when; None: since ever, then `rate_before` is the peers' and set by the caller.
        today: the day of the search.
        evidence: nats over the limit.
        confidence: share of such findings that are real.
        is_meant: a person says which claims are meant: every client that has some is hit, and not
            only those whose rate rose.
    """
    axis = onset.axis if onset is not None else "day"
    mine = dated(in_scope(rows, description), axis)
    first = onset.day if onset is not None else None
    new = mine if first is None else mine.filter(pl.col("on") >= first)
    old = mine.clear() if first is None else mine.filter(pl.col("on") < first)
    before, after = _rate(old), _rate(new)
    parts = _parts(old, new, before, after, today)
    if is_meant:
        parts = parts.with_columns(is_hit=pl.col("events_after") > 0)
    hit = parts.filter("is_hit")["client_id"]
    siblings = _siblings(new.filter(pl.col("client_id").is_in(hit.implode())))
    others_hit, others_exposed = _others(rows, description, onset, before, after, parts)
    return Finding(
        description=description,
        onset=first,
        onset_low=onset.low if onset is not None else None,
        onset_high=onset.high if onset is not None else None,
        axis=axis,
        confidence=confidence,
        evidence=evidence,
        rate_before=before,
        rate_after=after,
        others_hit=others_hit,
        others_exposed=others_exposed,
        caused_by=_caused_by(description, mine, others_hit, others_exposed),
        category=_category(new),
        parts=parts,
        weeks=_weeks(mine),
        siblings=siblings,
    )


def dated(rows: pl.DataFrame, axis: str) -> pl.DataFrame:
    """Add `on`: the day of each outcome on a calendar, the payer's where it has none there."""
    return rows.with_columns(on=pl.coalesce(axis, "day"))


def _rate(rows: pl.DataFrame) -> float:
    return int(rows["hit"].sum()) / rows.height if rows.height else 0.0


def _counts(rows: pl.DataFrame, suffix: str) -> pl.DataFrame:
    return rows.group_by("client_id").agg(
        pl.len().cast(pl.Int64).alias(f"outcomes_{suffix}"),
        pl.col("hit").sum().cast(pl.Int64).alias(f"events_{suffix}"),
    )


def _parts(
    old: pl.DataFrame, new: pl.DataFrame, before: float, after: float, today: date
) -> pl.DataFrame:
    """Return PARTS: a row for each client with outcomes in the scope."""
    events = new.filter("hit")
    money = events.group_by("client_id").agg(
        claims=pl.col("claim_id").n_unique().cast(pl.Int64),
        open_claims=pl.col("claim_id").filter("is_open").n_unique().cast(pl.Int64),
        at_stake_cents=pl.col("cents").sum(),
        month_cents=pl.col("cents")
        .filter(pl.col("day") > today - timedelta(days=MONTH_DAYS))
        .sum(),
    )
    joined = (
        _counts(new, "after")
        .join(_counts(old, "before"), on="client_id", how="full", coalesce=True)
        .join(money, on="client_id", how="left")
        .with_columns(pl.exclude("client_id").fill_null(0))
    )
    rate = pl.col("events_after") / pl.col("outcomes_after")
    own = (pl.col("events_before") + before * 10) / (pl.col("outcomes_before") + 10)
    bar = own + _HIT_SHARE * (after - before)
    is_hit = (pl.col("events_after") > 0) & (rate >= bar)
    # The excess of the whole is never nobody's.
    joined = joined.with_columns(
        is_hit=pl.when(is_hit.any()).then(is_hit).otherwise(pl.col("events_after") > 0),
        excess_claims=(pl.col("events_after") - own * pl.col("outcomes_after")).clip(0),
    )
    return joined.select([pl.col(name).cast(kind) for name, kind in PARTS.items()]).sort(
        "client_id"
    )


def _siblings(new: pl.DataFrame) -> pl.DataFrame:
    return (
        new.filter("hit")
        .group_by("client_id", "claim_id")
        .agg(
            event_date=pl.col("day").min(),
            amount_cents=pl.col("cents").sum(),
            is_open=pl.col("is_open").any(),
        )
        .select([pl.col(name).cast(kind) for name, kind in SIBLINGS.items()])
        .sort("claim_id")
    )


def _weeks(mine: pl.DataFrame) -> pl.DataFrame:
    return (
        mine.group_by("client_id", week_date=pl.col("on").dt.truncate("1w"))
        .agg(
            outcomes=pl.len(),
            events=pl.col("hit").sum(),
            event_cents=pl.col("cents").filter("hit").sum(),
        )
        .select([pl.col(name).cast(kind) for name, kind in WEEKS.items()])
        .sort("client_id", "week_date")
    )


def _category(new: pl.DataFrame) -> str:
    said = new.filter(pl.col("hit") & (pl.col("category") != ""))["category"].cast(pl.String)
    return str(said.mode().sort()[0]) if len(said) else ""


def _others(
    rows: pl.DataFrame,
    description: Description,
    onset: Onset | None,
    before: float,
    after: float,
    parts: pl.DataFrame,
) -> tuple[int, int]:
    """Return how many other clients are hit, and how many could be told to be if they were."""
    if description.client_id is None:
        telling = parts.filter(pl.col("outcomes_after") * after >= _TELLING)
        hit = parts.filter("is_hit").height
        return max(hit - 1, 0), max(max(telling.height, hit) - 1, 0)
    if description.payer_id is None or onset is None:
        return 0, 0
    wide = dated(in_scope(rows, description, wider=True), onset.axis).filter(
        pl.col("client_id") != description.client_id
    )
    new = _counts(wide.filter(pl.col("on") >= onset.day), "after")
    old = _counts(wide.filter(pl.col("on") < onset.day), "before")
    both = new.join(old, on="client_id", how="left").fill_null(0)
    telling = both.filter(pl.col("outcomes_after") * after >= _TELLING)
    own = (pl.col("events_before") + before * 10) / (pl.col("outcomes_before") + 10)
    rate = pl.col("events_after") / pl.col("outcomes_after")
    return telling.filter(rate >= own + _HIT_SHARE * (after - before)).height, telling.height


def _caused_by(description: Description, mine: pl.DataFrame, hit: int, exposed: int) -> str:
    """Say whose change it seems to be.

    A payer's, when it hits several of our clients at once; a client's, when the payer's other
    clients have the same and are not hit, or when it is the same with several payers.
    """
    if description.payer_id is None:
        payers = mine.filter("hit")["payer_id"].n_unique()
        return "client" if payers > 1 or description.client_id is not None else "unknown"
    if hit > 0:
        return "payer"
    return "client" if exposed > 0 else "unknown"
