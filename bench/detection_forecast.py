"""Cash ahead: the product's forecast against what came, beside means and the season before.

What came is what insurers' remittances paid for claims, net of what was taken back, by the day the
remittance was here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from bench.detection_facts import Facts
from bench.planted_worlds import START, PlantedWorld, run

WEEKS = 4
FIRST_ORIGIN_DAYS, STEP_DAYS = 120, 14
Naive = Callable[[list[int]], list[float]]


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """Errors over several days of forecast."""

    name: str
    origins: int
    wape_whole: float  # four-week sums of the company
    wape_clients: float  # four-week sums of each client
    wape_weeks: float  # single weeks of the company
    covered: int | None  # weeks of the company within the 80 % interval
    covered_clients: int | None
    weeks: int
    client_weeks: int

    def row(self) -> dict[str, Any]:
        """Answer numbers for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def origins(world: PlantedWorld) -> list[date]:
    """Days of which forecasts are asked: every other Sunday that leaves four weeks."""
    first = START + timedelta(days=FIRST_ORIGIN_DAYS)
    first += timedelta(days=6 - first.weekday())
    days = []
    while first + timedelta(days=7 * WEEKS) <= world.last_date:
        days.append(first)
        first += timedelta(days=STEP_DAYS)
    return days


def weekly(facts: Facts, origin: date, count: int, client: str = "") -> list[int]:
    """Cash of `count` weeks after a day; of the weeks before it, the latest last, when negative."""
    rows = facts.table("payments").filter(~pl.col("is_held"))
    rows = rows.filter(pl.col("client") == client) if client else rows
    cents = {
        row["received_date"]: row["cents"]
        for row in rows.group_by("received_date")
        .agg(cents=pl.col("paid_cents").sum())
        .iter_rows(named=True)
    }
    begin = origin + timedelta(days=1 + min(count, 0) * 7)
    return [
        sum(cents.get(begin + timedelta(days=7 * week + day), 0) for day in range(7))
        for week in range(abs(count))
    ]


def mean_of(weeks: int) -> Naive:
    """Say the mean of the last weeks for every week ahead."""
    return lambda past: [sum(past[-weeks:]) / weeks] * WEEKS


def season_before(past: list[int]) -> list[float]:
    """Say what came in the four weeks before, week by week: the season that a short world has."""
    return [float(value) for value in past[-WEEKS:]]


NAIVE: dict[str, Naive] = {
    "mean of the last 4 weeks": mean_of(4),
    "mean of the last 8 weeks": mean_of(8),
    "the 4 weeks before, again": season_before,
}


def score_naive(facts: Facts, name: str) -> ForecastScore:
    """Score a naive rule; it has no interval."""
    rule = NAIVE[name]
    clients = sorted(set(facts.table("claims")["client"]))

    def says(origin: date, client: str) -> list[tuple[float, float, float]]:
        past = weekly(facts, origin, -8, client)
        return [(value, float("nan"), float("nan")) for value in rule(past)]

    return _score(facts, name, clients, says)


def score_product(facts: Facts) -> ForecastScore:
    """Score what `sanderling forecast` says as of each day."""
    clients = sorted(set(facts.table("claims")["client"]))
    kept: dict[tuple[date, str], list[tuple[float, float, float]]] = {}
    for origin in origins(facts.world):
        common = ("--weeks", str(WEEKS), "--as-of", origin.isoformat(), "--format", "json")
        whole = json.loads(run(facts.world, "forecast", *common))["rows"]
        each = json.loads(run(facts.world, "forecast", "--by", "client", *common))["rows"]
        kept[origin, ""] = [_bounds(row) for row in whole]
        for client in clients:
            kept[origin, client] = [_bounds(row) for row in each if row["client"] == client]
    return _score(facts, "sanderling", clients, lambda day, client: kept[day, client])


def _bounds(row: dict[str, Any]) -> tuple[float, float, float]:
    return float(row["expected_cents"]), float(row["low_cents"]), float(row["high_cents"])


def _score(
    facts: Facts,
    name: str,
    clients: list[str],
    says: Callable[[date, str], list[tuple[float, float, float]]],
) -> ForecastScore:
    off = {"whole": 0.0, "clients": 0.0, "weeks": 0.0}
    came = {"whole": 0, "clients": 0}
    covered = {"whole": 0, "clients": 0}
    weeks = {"whole": 0, "clients": 0}
    has_bounds = True
    days = origins(facts.world)
    for origin in days:
        for client in ("", *clients):
            kind = "clients" if client else "whole"
            actual = weekly(facts, origin, WEEKS, client)
            said = says(origin, client)
            if len(said) != WEEKS:
                said = said + [(0.0, 0.0, 0.0)] * (WEEKS - len(said))
            off[kind] += abs(sum(item[0] for item in said) - sum(actual))
            came[kind] += sum(actual)
            for (value, low, high), cents in zip(said, actual, strict=True):
                has_bounds = has_bounds and low == low  # noqa: PLR0124 - not a number
                covered[kind] += low <= cents <= high
                weeks[kind] += 1
                off["weeks"] += 0.0 if client else abs(value - cents)
    return ForecastScore(
        name,
        len(days),
        off["whole"] / came["whole"],
        off["clients"] / came["clients"],
        off["weeks"] / came["whole"],
        covered["whole"] if has_bounds else None,
        covered["clients"] if has_bounds else None,
        weeks["whole"],
        weeks["clients"],
    )
