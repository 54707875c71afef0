"""Questions to the kept forecasts, over the clients whom the session may see (row-level security).

Sums over clients: expectations add up; for two or more clients the bounds are those of sums of
clients on past days, for one client those of single clients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.core.forecast.frames import SOURCES
from sanderling.core.forecast.intervals import (
    TRIED,
    together,
    with_bounds,
    with_bounds_of_then,
)
from sanderling.forecast.making import WEEK, first_day
from sanderling.forecast.models import ForecastRun
from sanderling.postgres.frames import read_frame

PAST_WEEKS: Final = 13
TRIED_WEEKS: Final = 4  # ahead, whose sum the back-test judges
_WEEKS: Final = {
    "client_id": pl.Int64,
    "week": pl.Int64,
    "expected_cents": pl.Float64,
    "scale": pl.Float64,
    **dict.fromkeys(SOURCES, pl.Int64),
}
_QUANTILES: Final = {
    "distance": pl.Int64,
    "is_whole": pl.Boolean,
    "low": pl.Float64,
    "high": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """How past days' forecasts fared: errors over what came, and how often it lay within."""

    rows: pl.DataFrame  # origin_date, week, expected, low, high, naive, actual: all _cents
    error: float | None  # sum of the absolute errors of four-week sums over what came
    naive_error: float | None
    coverage: float | None  # of single weeks within their bounds
    weeks: int


def latest_run(until: date | None = None) -> ForecastRun | None:
    """Return the latest forecast that was kept, None when there is none."""
    runs = ForecastRun.objects.order_by("-as_of")
    return runs.filter(as_of__lte=until).first() if until else runs.first()


def weeks_of(run: ForecastRun, client_ids: Sequence[int] | None = None) -> pl.DataFrame:
    """Return week, expected, low and high cents and each source's, over the clients seen."""
    rows = _rows_of(run, client_ids)
    bounded = with_bounds(_summed(rows, []), _learned(run))
    sources = rows.group_by("week").agg(pl.col(name).sum() for name in SOURCES)
    return bounded.join(sources, on="week").sort("week")


def clients_of(run: ForecastRun, weeks: int) -> pl.DataFrame:
    """Return client_id and the expected cents of the first weeks, for each client seen."""
    rows = _rows_of(run, None).filter(pl.col("week") <= weeks)
    cents = pl.col("expected_cents").sum().round().cast(pl.Int64)
    return rows.group_by("client_id").agg(expected_cents=cents).sort("client_id")


def cash_weeks(run: ForecastRun, client_ids: Sequence[int] | None = None) -> list[tuple[date, int]]:
    """Return (first day, cents) of the weeks before the forecast, the earliest first."""
    since = run.as_of - timedelta(days=WEEK * PAST_WEEKS)
    where, params = _of_clients(client_ids)
    rows = read_frame(
        "SELECT day, sum(cents)::bigint FROM forecast_cash_day"  # noqa: S608 - text of ours
        f" WHERE day > %s AND day <= %s {where} GROUP BY day",
        {"day": pl.Date, "cents": pl.Int64},
        [since, run.as_of, *params],
    )
    found = dict.fromkeys(range(PAST_WEEKS), 0)
    for day, cents in rows.rows():
        found[((day - since).days - 1) // WEEK] += cents
    return [
        (since + timedelta(days=WEEK * place + 1), cents) for place, cents in sorted(found.items())
    ]


def moved(run: ForecastRun, client_ids: Sequence[int] | None = None) -> pl.DataFrame | None:
    """Return source, was_cents, now_cents for the weeks that both this and last week's cover.

    None where last week made no forecast.
    """
    before = ForecastRun.objects.filter(as_of=run.as_of - timedelta(days=WEEK)).first()
    if before is None:
        return None
    was, now = (
        _by_source(_rows_of(one, client_ids), last)
        for one, last in (
            (before, 0),
            (run, 1),
        )
    )
    return was.rename({"cents": "was_cents"}).join(
        now.rename({"cents": "now_cents"}), on="source", maintain_order="left"
    )


def judged(run: ForecastRun, client_ids: Sequence[int] | None = None) -> Judged:
    """Return how the forecasts of past days would have fared, over the clients seen."""
    where, params = _of_clients(client_ids)
    rows = read_frame(
        "SELECT origin_date, client_id, week, expected_cents, scale, actual_cents, naive_cents"  # noqa: S608
        f" FROM forecast_tried_week WHERE run_id = %s {where}",
        {
            "origin_date": pl.Date, "client_id": pl.Int64, "week": pl.Int64,
            "expected_cents": pl.Float64, "scale": pl.Float64, "actual_cents": pl.Int64,
            "naive_cents": pl.Int64,
        },
        [run.pk, *params],
    )  # fmt: skip
    sums = rows.group_by("origin_date", "week").agg(
        pl.col("actual_cents").sum(), pl.col("naive_cents").sum()
    )
    past = (
        _summed(rows, ["origin_date"])
        .join(sums, on=["origin_date", "week"])
        .with_columns(
            residual=(pl.col("actual_cents") - pl.col("expected_cents")) / pl.col("scale")
        )
        .sort("origin_date", "week")
    )
    bounded = with_bounds_of_then(past.select(*TRIED, "naive_cents"))
    return Judged(bounded, *_errors(bounded), bounded.height)


def _errors(rows: pl.DataFrame) -> tuple[float | None, float | None, float | None]:
    whole = (
        rows.filter(pl.col("week") <= TRIED_WEEKS)
        .group_by("origin_date")
        .agg(pl.len(), pl.col("expected_cents", "naive_cents", "actual_cents").sum())
        .filter(pl.col("len") == TRIED_WEEKS)
    )
    came = int(whole["actual_cents"].abs().sum())
    if not came:
        return None, None, None
    errors = [
        int((whole[name] - whole["actual_cents"]).abs().sum()) / came
        for name in ("expected_cents", "naive_cents")
    ]
    within = rows.select(
        pl.col("actual_cents").is_between(pl.col("low_cents"), pl.col("high_cents")).mean()
    ).item()
    return errors[0], errors[1], float(within)


def _summed(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Sum over clients; a single client keeps its own bounds."""
    if rows["client_id"].n_unique() == 1:
        return rows.select(*by, "client_id", "week", "expected_cents", "scale")
    return together(rows, by)


def _rows_of(run: ForecastRun, client_ids: Sequence[int] | None) -> pl.DataFrame:
    where, params = _of_clients(client_ids)
    sources = ", ".join(f"coalesce((by_source->>'{name}')::bigint, 0)" for name in SOURCES)
    return read_frame(
        f"SELECT client_id, week, expected_cents, scale, {sources}"  # noqa: S608 - names of ours
        f" FROM forecast_week WHERE run_id = %s {where} ORDER BY client_id, week",
        _WEEKS,
        [run.pk, *params],
    )


def _by_source(rows: pl.DataFrame, skipped_at_end: int) -> pl.DataFrame:
    """Sum by source over the weeks that both forecasts have: all but the first, or the last."""
    last = rows["week"].max() if rows.height else 0
    assert isinstance(last, int)  # noqa: S101 - a column of numbers
    kept = pl.col("week") <= last - 1 if skipped_at_end else pl.col("week") > 1
    sums = rows.filter(kept).select(pl.col(name).sum() for name in SOURCES)
    return sums.transpose(include_header=True, header_name="source", column_names=["cents"])


def _of_clients(client_ids: Sequence[int] | None) -> tuple[str, list[object]]:
    return ("", []) if client_ids is None else ("AND client_id = ANY (%s)", [list(client_ids)])


def _learned(run: ForecastRun) -> pl.DataFrame:
    return pl.DataFrame(run.quantiles, schema=_QUANTILES)


def week_day(run: ForecastRun, week: int) -> date:
    """Return the first day of a week of a forecast."""
    return first_day(run.as_of, week)
