"""Aging with what payers paid short and wrote down themselves: beside receivables, not in them."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.db import connection, transaction

from sanderling.postgres.frames import keep_frame
from sanderling.pricing.queries import short_claims_on, short_claims_today
from sanderling.receivables.aging import AgingAnswer, AgingQuestion, aging

COLUMNS: Final = ("variance_count", "variance_cents")
_SHORT: Final = {
    "claim_id": "bigint",
    "party": "integer",
    "client_id": "integer",
    "payer_id": "integer",
    "variance_cents": "bigint",
}


def aging_with_variance(question: AgingQuestion, *, today: date) -> AgingAnswer:
    """Answer `question` with the claims paid short and their sum (COLUMNS) on each row.

    A group that owes nothing has a row of its own for what it paid short. Patients pay nothing
    short.
    """
    answer = aging(question)
    found = {} if question.party == "patient" else _by_group(question, today)
    width = len(question.by)
    rows = {tuple(row[name] for name in question.by): row for row in answer.rows}
    zeros = dict.fromkeys(answer.columns[width:], 0)
    merged: list[dict[str, Any]] = []
    for key in sorted({*rows, *found}):
        base = rows.get(key) or {**dict(zip(question.by, key, strict=True)), **zeros}
        merged.append({**base, **dict(zip(COLUMNS, found.get(key, (0, 0)), strict=True))})
    sums = {name: sum(row[name] for row in merged) for name in COLUMNS}
    return AgingAnswer(
        (*answer.columns, *COLUMNS), answer.bucket_columns, merged, answer.totals | sums
    )


def _by_group(question: AgingQuestion, today: date) -> dict[tuple[Any, ...], tuple[int, int]]:
    clients = list(question.client_ids) if question.client_ids is not None else None
    short = (
        short_claims_today(clients)
        if question.as_of == today
        else short_claims_on(question.as_of, clients)
    )
    keys = question.group_keys
    group = f"GROUP BY {', '.join(str(place + 1) for place in range(len(keys)))}" if keys else ""
    conditions = " AND ".join(
        [f"{question.dimension(name)} = %({name})s" for name in question.filters] or ["true"]
    )
    statement = f"""
        SELECT {"".join(key + ", " for key in keys)}count(DISTINCT b.claim_id),
               coalesce(sum(b.variance_cents), 0)::bigint
          FROM short_of_day b
          JOIN claims_claim c ON c.id = b.claim_id
          JOIN clients_client k ON k.id = b.client_id
          LEFT JOIN payers_payer p ON p.id = b.payer_id
         WHERE {conditions}
         {group}
    """  # noqa: S608  (parts are ours; what comes from outside are parameters)
    with transaction.atomic():
        keep_frame("short_of_day", _SHORT, short)
        with connection.cursor() as cursor:
            cursor.execute(statement, dict(question.filters))
            rows = cursor.fetchall()
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in rows if row[-2]}
