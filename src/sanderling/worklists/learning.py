"""Parameters of the valuation: learned every night from history, kept as one row for each day.

A day's items are valued by the latest row up to that day. A past day from before the first row is
valued by what history taught then, worked out when it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import polars as pl
from django.db import connection

from sanderling.core.priority import Parameters, Settings, cold_start, learn, value_items
from sanderling.core.priority.expected import expected_cents, learn_paid_shares
from sanderling.core.priority.load import waiting_calls, with_load
from sanderling.core.priority.parameters import CALLS, SCHEMAS
from sanderling.postgres.frames import read_frame
from sanderling.worklists.frames import items_frame
from sanderling.worklists.history import paid_before, responses_before, touches_before
from sanderling.worklists.models import LearnedParameters

LOAD_DAYS: Final = 28
_WORKED: Final = """
SELECT a.action, a.channel, coalesce(c.payer_id, 0), count(*),
       count(DISTINCT a.activity_date)
  FROM followup_standing_activity a JOIN claims_claim c ON c.id = a.claim_id
 WHERE a.activity_date < %s AND a.activity_date >= %s
 GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a day's items are valued by. `learned_date` None: the trade's tables alone."""

    parameters: Parameters
    settings: Settings
    calls: pl.DataFrame  # payer_id, calls
    learned_date: date | None


def learned_on(day: date) -> Learned:
    """Return what the items of a day are valued by: the latest that was kept up to it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, learned_date, made_at FROM worklists_learned_parameters"
            " WHERE learned_date <= %s ORDER BY learned_date DESC LIMIT 1",
            [day],
        )
        found = cursor.fetchone()
    return _kept(*found) if found else _nothing()


@lru_cache(maxsize=4)
def _kept(key: int, learned_date: date, made_at: datetime) -> Learned:  # noqa: ARG001 - names it
    return _read(LearnedParameters.objects.get(pk=key))


@lru_cache(maxsize=1)
def _nothing() -> Learned:
    return Learned(cold_start(), Settings(), pl.DataFrame(schema=CALLS), None)


def _read(row: LearnedParameters) -> Learned:
    content = row.content
    frames = {
        name: pl.DataFrame(content[name], schema=dict(schema)) for name, schema in SCHEMAS.items()
    }
    return Learned(
        parameters=Parameters(**frames),
        settings=Settings(**content["settings"]),
        calls=pl.DataFrame(content["calls"], schema=dict(CALLS)),
        learned_date=row.learned_date,
    )


def learn_on(day: date) -> tuple[Learned, int, int]:
    """Return what history before a day teaches, and how many touches and responses it was."""
    start = cold_start()
    paid_shares = learn_paid_shares(paid_before(day), start.paid_shares)
    touches = touches_before(day)
    if not touches.is_empty():
        touches = touches.with_columns(expected_cents=expected_cents(touches, paid_shares))
    responses = responses_before(day)
    learned = learn(touches, responses, day - timedelta(days=1), start)
    parameters = Parameters(
        **{
            field.name: getattr(learned, field.name)
            for field in fields(Parameters)
            if field.name != "paid_shares"
        },
        paid_shares=paid_shares,
    )
    return (
        Learned(parameters, Settings(), pl.DataFrame(schema=CALLS), day),
        touches.height,
        responses.height,
    )


def keep_learned(today: date, *, at: datetime) -> bool:
    """Learn for today and keep it; say whether it was missing. A second call does nothing."""
    if LearnedParameters.objects.filter(learned_date=today).exists():
        return False
    learned, touches, responses = learn_on(today)
    items = items_frame(learned.parameters)
    values = value_items(items, learned.parameters, today)
    minutes = _worked_minutes(today, learned.parameters)
    settings = with_load(Settings(), items, values, today, minutes)
    calls = waiting_calls(items, learned.parameters, today, settings)
    LearnedParameters.objects.bulk_create(
        [
            LearnedParameters(
                learned_date=today,
                content=_content(learned.parameters, settings, calls),
                touches=touches,
                responses=responses,
                made_at=at,
            )
        ],
        ignore_conflicts=True,
    )
    return True


def _content(parameters: Parameters, settings: Settings, calls: pl.DataFrame) -> dict[str, Any]:
    content: dict[str, Any] = {
        name: getattr(parameters, name).to_dict(as_series=False) for name in SCHEMAS
    }
    content["calls"] = calls.to_dict(as_series=False)
    content["settings"] = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    return content


def _worked_minutes(today: date, parameters: Parameters) -> float:
    """Return the minutes worked on a day of work, lately: by the usual minutes of what was done."""
    done = read_frame(
        _WORKED,
        {
            "action": pl.String,
            "channel": pl.String,
            "payer_id": pl.Int64,
            "count": pl.Int64,
            "days": pl.Int64,
        },
        [today, today - timedelta(days=LOAD_DAYS)],
    )
    usual = parameters.minutes.filter(pl.col("payer_id") == 0).select(
        "action", "channel", "first_minutes"
    )
    minutes = done.join(usual, on=["action", "channel"], how="left").select(
        (pl.col("first_minutes").fill_null(10.0) * pl.col("count")).sum()
    )
    days = done["days"].max()
    return float(minutes.item()) / int(str(days)) if days else 0.0
