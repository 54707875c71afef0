"""The worklist of a day in working order, with reasons: for the command line and for plans.

Today reads the kept items. A past day is worked out from its facts: its barriers, valued by what
history had taught by then; what people set on items (owners, dates, flags) is not known of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl
from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.barriers.queries import COLUMNS as BARRIER_COLUMNS
from sanderling.barriers.queries import PARTIES, bring_up_to_date, owners_by_team
from sanderling.barriers.working import barriers_on
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.barriers.rows import ROWS
from sanderling.core.priority import Constraints, Person, plan_day, sentences, value_items
from sanderling.core.priority.load import waiting_calls
from sanderling.core.priority.value import asked
from sanderling.ledger.spans import extend_spans
from sanderling.postgres.frames import keep_frame, read_frame
from sanderling.worklists.frames import items_frame, items_of_day
from sanderling.worklists.learning import Learned, learn_on, learned_on
from sanderling.worklists.silent import silent_rows
from sanderling.worklists.valuing import revalue

COLUMNS: Final = (
    *BARRIER_COLUMNS,
    "rank",
    "effort_minutes",
    "value_cents",
    "reasons",
    "party",
    "variance_cents",
)
_BARRIERS: Final = {
    name: {
        pl.Int64: "bigint",
        pl.String: "text",
        pl.Date: "date",
        pl.Boolean: "boolean",
    }[kind]
    for name, kind in ROWS.items()
    if name != "evidence"
} | {"variance_cents": "bigint"}
_VALUES: Final = """
SELECT w.id, w.claim_id, w.claim_number, w.assignee_id, w.is_pended, w.value_cents,
       w.effort_minutes, w.score, w.not_before_date, w.reasons, w.balance_cents, w.variance_cents
  FROM worklists_work_item w
"""
_VALUE_COLUMNS: Final = {
    "item_id": pl.Int64,
    "claim_id": pl.Int64,
    "claim": pl.String,
    "assignee_id": pl.Int64,
    "is_pended": pl.Boolean,
    "value_cents": pl.Int64,
    "effort_minutes": pl.Float64,
    "score": pl.Float64,
    "not_before_date": pl.Date,
    "reasons": pl.String,
    "owed_cents": pl.Int64,
    "variance_cents": pl.Int64,
}
_STALE: Final = """
SELECT DISTINCT claim_id FROM worklists_work_item WHERE valued_date IS DISTINCT FROM %s
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose worklist, of which clients, and how much of it."""

    user: User | None = None
    client_ids: list[int] | None = None
    limit: int | None = None
    minutes: float | None = None  # only what fits into so many minutes


def ranked_rows(as_of: date, *, today: date, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Yield what is due on a day, in working order (COLUMNS)."""
    rows, learned = _today(today, wanted) if as_of == today else _past(as_of, wanted)
    rows = _due(_of_user(rows, wanted.user), as_of).sort(
        ["score", "client_id", "claim", "party"], descending=[True, False, False, False]
    )
    if wanted.minutes is not None:
        rows = _fitting(rows, wanted.minutes, learned, as_of)
    if wanted.limit is not None:
        rows = rows.head(wanted.limit)
    yield from _named(rows)


def _today(today: date, wanted: Wanted) -> tuple[pl.DataFrame, Learned]:
    bring_up_to_date(today)
    _value_what_is_old(today)
    learned = learned_on(today)
    where, params = _clients(wanted.client_ids)
    items = items_frame(learned.parameters, where, params)
    query = f"{_VALUES} {f'WHERE {where}' if where else ''}"
    values = read_frame(query, _VALUE_COLUMNS, params)
    return items.join(values, on="item_id").with_columns(action=asked()), learned


def _clients(client_ids: list[int] | None) -> tuple[str, list[Any] | None]:
    return ("", None) if client_ids is None else ("w.client_id = ANY (%s)", [client_ids])


def _value_what_is_old(today: date) -> None:
    """Value items that were valued on another day: the night's job has not run yet."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_STALE, [today])
        claim_ids = [claim_id for (claim_id,) in cursor.fetchall()]
        revalue(claim_ids, today=today)


def _past(as_of: date, wanted: Wanted) -> tuple[pl.DataFrame, Learned]:
    learned = learned_on(as_of)
    if learned.learned_date is None:
        learned, _, _ = learn_on(as_of)
    extend_spans()
    parts = [
        part.drop("evidence").with_columns(variance_cents=pl.lit(0, pl.Int64))
        for part in barriers_on(as_of, wanted.client_ids)
    ]
    parts.append(silent_rows(as_of, parts, wanted.client_ids))
    with transaction.atomic():
        keep_frame(
            "barriers_of_day",
            _BARRIERS,
            pl.concat(parts),
        )
        items = items_of_day("barriers_of_day", as_of, learned.parameters)
    calls = learned.calls
    if learned.calls.is_empty():
        calls = waiting_calls(items, learned.parameters, as_of, learned.settings)
    values = value_items(items, learned.parameters, as_of, learned.settings, calls)
    rows = items.join(
        values.drop("channel", "p_recover"), on="item_id", maintain_order="left"
    ).with_columns(assignee_id=pl.lit(None, pl.Int64), is_pended=pl.lit(value=False))
    return rows, learned


def _of_user(rows: pl.DataFrame, user: User | None) -> pl.DataFrame:
    """Keep what is the user's: given to them, or nobody's, of their clients and their role."""
    if user is None:
        return rows
    mine = pl.col("assignee_id") == user.pk
    free = pl.col("assignee_id").is_null()
    if not user.sees_all_clients:
        free &= pl.col("client_id").is_in(
            list(user.assignments.values_list("client_id", flat=True))
        )
    owned = [team for team, role in owners_by_team().items() if role == user.role]
    if owned and user.role in ("specialist", "coder"):
        free &= pl.col("team").is_in(owned)
    return rows.filter((mine | free).fill_null(value=False))


def _due(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    day = pl.lit(as_of)
    work_date = pl.coalesce("follow_up_date", "next_date")
    rests = pl.col("is_pended") & (work_date > day)
    early = (pl.col("not_before_date") > day).fill_null(value=False)
    return rows.filter((work_date <= day) & ~rests & ~early)


def _fitting(rows: pl.DataFrame, minutes: float, learned: Learned, as_of: date) -> pl.DataFrame:
    """Keep what fits into the minutes of one person, in the order of that plan."""
    plan = plan_day(
        rows,
        [Person(0, minutes)],
        Constraints(calls_at_once=learned.settings.calls_at_once),
        as_of,
        learned.parameters.minutes,
    )
    placed = plan.rows.select("item_id", "place", planned_minutes="minutes")
    return (
        placed.join(rows, on="item_id", maintain_order="left")
        .with_columns(effort_minutes="planned_minutes")
        .sort("place")
    )


def _named(rows: pl.DataFrame) -> Iterator[dict[str, Any]]:
    clients = client_codes_by_id()
    payers = {
        key: (code, name)
        for key, code, name in read_frame(
            "SELECT id, payer_id, name FROM payers_payer",
            {"id": pl.Int64, "code": pl.String, "name": pl.String},
        ).rows()
    }
    users = dict(User.objects.values_list("pk", "name"))
    for rank, row in enumerate(rows.iter_rows(named=True), start=1):
        code, name = payers.get(row["payer_id"], ("", ""))
        yield {
            "client": clients.get(row["client_id"], ""),
            "claim": row["claim"],
            "payer_id": code,
            "balance_cents": row["owed_cents"],
            "barrier": row["barrier"],
            "category": row["category"],
            "team": row["team"],
            "owner": users.get(row["assignee_id"], row["team"]),
            "next_action": row["next_action"],
            "next_date": row["next_date"],
            "deadline": row["deadline_date"],
            "deadline_kind": row["deadline_kind"],
            "expected_cents": row["expected_cents"],
            "since": row["since_date"],
            "rank": rank,
            "effort_minutes": round(row["effort_minutes"], 1),
            "value_cents": row["value_cents"],
            "reasons": sentences(json.loads(row["reasons"]), payer=name),
            "party": PARTIES[row["party"]],
            "variance_cents": row["variance_cents"],
        }
