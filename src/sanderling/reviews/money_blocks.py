"""The parts of a pack about money: scorecard, movement, cash, payers, clients."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl
from django.db import connection
from django.db.models import Count, QuerySet

from sanderling.clients.models import Client, Tier
from sanderling.core.kpis.frames import Period
from sanderling.core.reviews.bridge import ENTRIES, bridge
from sanderling.core.service_levels import ZONE
from sanderling.document_requests.models import Request
from sanderling.document_requests.models import State as RequestState
from sanderling.flags.queries import open_flags
from sanderling.forecast.asking import cash_weeks, latest_run, weeks_of
from sanderling.forecast.making import WEEK
from sanderling.forecast.models import ForecastRun, ForecastWeek
from sanderling.keyaccounts.attainment import attained
from sanderling.kpis.asking import Question, kept, kept_months
from sanderling.kpis.page import figure, series
from sanderling.kpis.scores import pay_days
from sanderling.kpis.words import month_text
from sanderling.payers.models import Payer
from sanderling.receivables.aging import AgingQuestion, aging
from sanderling.reviews.frame import Block, Frame
from sanderling.reviews.movement import by_age, movement

# DOMAIN 9.10: K01 to K05, K07 to K09, K14, K33 to K36.
FIGURES: Final = (
    *("days_in_ar", "over_90_insurance_rate", "over_120_rate", "net_collection_rate"),
    *("denial_rate", "denial_dollar_rate", "first_pass_rate", "denial_to_action_days"),
    *("follow_up_rate", "no_response_rate", "filing_limit_loss_rate", "client_pend_rate"),
)
PAYERS_SHOWN: Final = 10
CLIENTS_SHOWN: Final = 25
CASH_WEEKS_SHOWN: Final = 8
_OVER_90: Final = ("b91_120_cents", "b120_plus_cents")
_CASH_OF_CLIENTS: Final = """
SELECT client_id, sum(amount_cents)::bigint FROM ledger_entry
 WHERE debit = 30 AND credit BETWEEN 11 AND 13 AND claim_id IS NOT NULL
   AND posted_date > %s AND posted_date <= %s AND client_id = ANY (%s)
 GROUP BY client_id
"""


def scorecard(frame: Frame) -> Block:
    """Return the key figures of the month that goes on, or of the last one that is kept."""
    months = [one for one in kept_months() if one.month_date <= frame.as_of][-7:]
    if not months:
        return {"figures": [], "month": "", "until": None}
    periods = tuple(Period(one.month_date, one.as_of_date) for one in months)
    question = Question(periods, client_ids=frame.client_ids, keys=FIGURES)
    sums = series(kept(question), question)
    by_key = {one.key: one for one in question.definitions}
    shown = [figure(by_key[key], sums, {}) for key in FIGURES]
    names = ("value", "of", "moved", "judged", "before", "spark", "is_known")
    return {
        "month": month_text(months[-1].month_date),
        "before_month": month_text(months[-2].month_date) if len(months) > 1 else "",
        "until": months[-1].as_of_date,
        "figures": [
            {"key": key, "title": by_key[key].title, "better": by_key[key].better}
            | {name: found[name] for name in names}
            for key, found in zip(FIGURES, shown, strict=True)
        ],
    }


def movement_of(frame: Frame) -> Block:
    """Return both bridges; without a day to compare with, what is open only."""
    if frame.since is None or frame.opening is None:
        nothing = frame.closing.head(0)
        ages = by_age(frame.closing, frame.as_of)
        return {
            "since": None,
            "until": frame.as_of,
            "parts": {
                name: _open(bridge(nothing, rows, _no_entries()).rows)
                for name, rows in (("reasons", frame.closing), ("ages", ages))
            },
            "closing_cents": int(frame.closing["balance_cents"].sum()),
        }
    return movement(
        frame.opening,
        frame.closing,
        since=frame.since,
        until=frame.as_of,
        client_ids=frame.client_ids,
    )


def _no_entries() -> pl.DataFrame:
    return pl.DataFrame(schema=dict(ENTRIES))


def _open(rows: pl.DataFrame) -> list[Block]:
    names = ("part", "closing_count", "closing_cents")
    return rows.select(names).sort("closing_cents", descending=True).to_dicts()


def cash(frame: Frame) -> Block:
    """Return what came in the last week beside what was forecast for it, and the weeks to come."""
    run = latest_run(frame.as_of)
    if run is None or not ForecastWeek.objects.filter(run=run).exists():
        return {"run": None}
    past = cash_weeks(run, frame.client_ids)[-CASH_WEEKS_SHOWN:]
    came_from, came_cents = past[-1]
    ahead = weeks_of(run, frame.client_ids).head(4).to_dicts()
    found: Block = {
        "run": run.as_of,
        "week_from": came_from,
        "week_to": run.as_of,
        "came_cents": came_cents,
        "past": [{"week": day, "cents": cents} for day, cents in past],
        "ahead": [
            {"week": run.as_of + timedelta(days=WEEK * (row["week"] - 1) + 1)}
            | {name: row[name] for name in ("expected_cents", "low_cents", "high_cents")}
            for row in ahead
        ],
        "forecast": None,
    }
    before = ForecastRun.objects.filter(as_of=run.as_of - timedelta(days=WEEK)).first()
    if before is not None and ForecastWeek.objects.filter(run=before).exists():
        said = weeks_of(before, frame.client_ids).head(1).to_dicts()[0]
        found["forecast"] = {
            **{name: said[name] for name in ("expected_cents", "low_cents", "high_cents")},
            "off_cents": came_cents - said["expected_cents"],
            "is_within": said["low_cents"] <= came_cents <= said["high_cents"],
        }
    return found


def payers(frame: Frame) -> Block:
    """Return the payers with most over 90 days, how it moved, and how fast they pay."""
    now = _over_90(frame, frame.as_of)
    was = _over_90(frame, frame.since) if frame.since else {}
    months = [one for one in kept_months() if one.month_date <= frame.as_of]
    ids = dict(Payer.objects.values_list("payer_id", "pk"))
    days = (
        pay_days(
            Period(months[-min(3, len(months))].month_date, months[-1].as_of_date),
            client_ids=frame.client_ids,
        )
        if months
        else {}
    )
    largest = sorted(now.values(), key=lambda row: (-row["over_90_cents"], row["payer"]))
    rows = [row for row in largest if row["over_90_cents"]][:PAYERS_SHOWN]
    for row in rows:
        before = was.get(row["payer"])
        row["before_cents"] = (before["over_90_cents"] if before else 0) if frame.since else None
        row["half_days"], row["most_days"] = days.get(ids.get(row["payer"], 0), (None, None))
    return {
        "rows": rows,
        "total_cents": sum(row["total_cents"] for row in now.values()),
        "over_90_cents": sum(row["over_90_cents"] for row in now.values()),
        "before_cents": sum(row["over_90_cents"] for row in was.values()) if was else None,
    }


def _over_90(frame: Frame, day: Any) -> dict[str, Block]:  # noqa: ANN401 - a date
    answer = aging(
        AgingQuestion(as_of=day, by=("payer", "payer_name"), client_ids=frame.client_ids)
    )
    return {
        row["payer"]: {
            "payer": row["payer"],
            "payer_name": row["payer_name"],
            "buckets": [row[name] for name in answer.bucket_columns],
            "total_cents": row["total_cents"],
            "over_90_cents": sum(row[name] for name in _OVER_90),
        }
        for row in answer.rows
    }


def clients(frame: Frame) -> Block:
    """Return what each client is owed, how it moved, what waits for it; key accounts first."""
    now = _by_client(frame.closing, frame, is_now=True)
    was = _by_client(frame.opening, frame, is_now=False) if frame.opening is not None else {}
    came: dict[int, int] = {}
    if frame.since:
        with connection.cursor() as cursor:
            cursor.execute(_CASH_OF_CLIENTS, [frame.since, frame.as_of, list(frame.client_ids)])
            came = dict(cursor.fetchall())
    asked = _asked(frame)
    levels = _levels(frame)
    nothing = {"owed_cents": 0, "over_90_cents": 0, "pended_cents": 0}
    rows = [
        {
            "client_id": one.pk,
            "client": one.code,
            "name": one.name,
            "is_key": one.tier == Tier.KEY,
            **(found := now.get(one.pk, nothing)),
            "change_cents": found["owed_cents"] - was.get(one.pk, nothing)["owed_cents"]
            if frame.since
            else None,
            "came_cents": came.get(one.pk, 0) if frame.since else None,
            **{name: counts.get(one.pk, 0) for name, counts in asked.items()},
            **levels.get(one.pk, {"levels_met": 0, "levels_due": 0, "levels_late": 0}),
        }
        for one in Client.objects.order_by("code")
    ]
    rows.sort(key=lambda row: (not row["is_key"], -row["owed_cents"], row["client"]))
    return {
        "rows": rows[:CLIENTS_SHOWN],
        "count": len(rows),
        "key_count": sum(row["is_key"] for row in rows),
        "pended_cents": sum(row["pended_cents"] for row in rows),
    }


def _levels(frame: Frame) -> dict[int, Block]:
    """Return by client what came due by its service levels since, what was in time, what is late.

    Of a first pack: of the week before.
    """
    since = frame.since or frame.as_of - timedelta(days=7)
    first, last = (
        datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(ZONE))
        for day in (since, frame.as_of)
    )
    found: dict[int, Block] = {}
    for one in attained(frame.client_ids, since=first, at=last):
        row = found.setdefault(one.client_id, {"levels_met": 0, "levels_due": 0, "levels_late": 0})
        row["levels_met"] += one.met
        row["levels_due"] += one.decided
        row["levels_late"] += one.late
    return found


def _asked(frame: Frame) -> dict[str, dict[int, int]]:
    """Return by client the claims that it flagged and the documents asked of it, and how late."""
    flags = open_flags(frame.client_ids).order_by()
    requests = Request.objects.filter(state=RequestState.OPEN).order_by()
    return {
        "flags": _counted(flags),
        "flags_late": _counted(flags.filter(due_at__date__lt=frame.today)),
        "requests": _counted(requests),
        "requests_late": _counted(requests.filter(due_date__lt=frame.today)),
    }


def _counted(found: QuerySet[Any]) -> dict[int, int]:
    return dict(found.values_list("client_id").annotate(Count("pk")))


def _by_client(rows: pl.DataFrame, frame: Frame, *, is_now: bool) -> Mapping[int, Block]:
    day = frame.as_of if is_now else frame.since
    assert day is not None  # noqa: S101 - there is an opening
    aged = rows.with_columns(
        age=(pl.lit(day) - pl.col("basis_date")).dt.total_days(), cents=pl.col("balance_cents")
    )
    owed = pl.col("cents").filter((pl.col("cents") > 0) & (pl.col("party") < 14))  # noqa: PLR2004
    sums = aged.group_by("client_id").agg(
        owed.sum().alias("owed_cents"),
        pl.col("cents")
        .filter((pl.col("cents") > 0) & (pl.col("party") < 14) & (pl.col("age") > 90))  # noqa: PLR2004
        .sum()
        .alias("over_90_cents"),
        pl.col("cents").filter(pl.col("part") == "awaiting_client").sum().alias("pended_cents"),
    )
    return {row.pop("client_id"): row for row in sums.to_dicts()}
