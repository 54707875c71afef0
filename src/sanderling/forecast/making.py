"""Makes the forecast of a day from the mirror, and keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl
from django.db import connection, transaction

from sanderling.core.forecast.frames import History
from sanderling.core.forecast.intervals import (
    TRIED,
    WHOLE,
    quantiles,
    totals,
    tried,
    with_bounds,
)
from sanderling.core.forecast.project import WEEKS_MAX, project
from sanderling.forecast.history import history
from sanderling.forecast.models import ForecastRun, ForecastWeek
from sanderling.postgres.frames import copy_frame
from sanderling.postgres.locks import Lock, hold_lock

WEEK: Final = 7
NAIVE_WEEKS: Final = 8
SHOWN_CASH_DAYS: Final = 400
_NAIVE: Final = {"client_id": pl.Int64, "naive_cents": pl.Int64, "origin_date": pl.Date}


@dataclass(frozen=True, slots=True)
class Made:
    """A forecast: expected (EXPECTED), weeks (`totals`), past (`tried`), learned (`quantiles`)."""

    expected: pl.DataFrame
    weeks: pl.DataFrame
    past: pl.DataFrame
    learned: pl.DataFrame


def make(known: History, as_of: date, weeks: int = WEEKS_MAX) -> Made:
    """Return the forecast of a day from what was known then, and how past days' fared."""
    expected = project(known, as_of, weeks)
    past = tried(known, as_of)
    return Made(expected, totals(expected), past, quantiles(past))


def forecast_rows(
    as_of: date,
    *,
    weeks: int = WEEKS_MAX,
    by_client: bool = False,
    client_ids: Sequence[int] | None = None,
    claim_ids: pl.Series | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of `sanderling forecast`: client_id (by client), week, cents and bounds.

    `claim_ids`: learned from these claims alone, such as one provider's; parts that are forecast
    apart do not add up to the forecast of the whole.
    """
    made = make(history(as_of, client_ids, claim_ids), as_of, weeks)
    is_whole = pl.col("client_id") == WHOLE
    rows = with_bounds(made.weeks.filter(~is_whole if by_client else is_whole), made.learned)
    return [
        {
            **({"client_id": row["client_id"]} if by_client else {}),
            "week": first_day(as_of, row["week"]),
            **{key: row[key] for key in ("expected_cents", "low_cents", "high_cents")},
        }
        for row in rows.sort("client_id", "week").to_dicts()
    ]


def first_day(as_of: date, week: int) -> date:
    """Return the first of the seven days of a week ahead; week 1 begins the day after."""
    return as_of + timedelta(days=WEEK * (week - 1) + 1)


def keep_forecast(today: date, *, at: datetime) -> int:
    """Make today's forecast and keep it, with last week's where it is missing; return its weeks.

    Made again the same day it takes the place of the one before.
    """
    known = history(today)
    before = today - timedelta(days=WEEK)
    with transaction.atomic():
        hold_lock(Lock.FORECAST)
        if not ForecastRun.objects.filter(as_of=before).exists():
            _keep(make(known.known_on(before), before), before, at)
        kept = _keep(made := make(known, today), today, at)
        _keep_tried(kept, made.past, known)
        _keep_cash(known, today)
    return ForecastWeek.objects.filter(run=kept).count()


def _keep(made: Made, as_of: date, at: datetime) -> ForecastRun:
    ForecastRun.objects.filter(as_of=as_of).delete()
    run = ForecastRun.objects.create(
        as_of=as_of, weeks=WEEKS_MAX, quantiles=made.learned.to_dicts(), made_at=at
    )
    sources = made.expected.group_by("client_id", "week").agg(
        by_source=pl.struct("source", pl.col("expected_cents").round().cast(pl.Int64))
    )
    rows = made.weeks.filter(pl.col("client_id") != WHOLE).join(sources, on=["client_id", "week"])
    ForecastWeek.objects.bulk_create(
        [
            ForecastWeek(
                run=run,
                client_id=row["client_id"],
                week=row["week"],
                expected_cents=row["expected_cents"],
                scale=row["scale"],
                by_source={one["source"]: one["expected_cents"] for one in row["by_source"]},
            )
            for row in rows.iter_rows(named=True)
        ],
        batch_size=5_000,
    )
    return run


def _keep_tried(run: ForecastRun, past: pl.DataFrame, known: History) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM forecast_tried_week")
    rows = past.filter(pl.col("client_id") != WHOLE).select(TRIED).drop("residual")
    naive = pl.concat(
        [
            _naive(known.cash, origin).with_columns(origin_date=pl.lit(origin))
            for origin in rows["origin_date"].unique().to_list()
        ]
        or [
            pl.DataFrame(
                schema={"client_id": pl.Int64, "naive_cents": pl.Int64, "origin_date": pl.Date}
            )
        ]
    )
    copy_frame(
        "forecast_tried_week",
        rows.join(naive, on=["origin_date", "client_id"], how="left").with_columns(
            pl.col("naive_cents").fill_null(0), run_id=pl.lit(run.pk)
        ),
    )


def _naive(cash: pl.DataFrame, origin: date) -> pl.DataFrame:
    """Return client_id, naive_cents: the mean of the weeks before a day, for every week ahead."""
    since = origin - timedelta(days=WEEK * NAIVE_WEEKS)
    return (
        cash.filter(pl.col("day") > since, pl.col("day") <= origin)
        .group_by("client_id")
        .agg(naive_cents=(pl.col("cents").sum() / NAIVE_WEEKS).round().cast(pl.Int64))
    )


def _keep_cash(known: History, today: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM forecast_cash_day")
    since = today - timedelta(days=SHOWN_CASH_DAYS)
    copy_frame("forecast_cash_day", known.cash.filter(pl.col("day") > since))
