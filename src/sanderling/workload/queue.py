"""How the queue is: what is due, late, nobody's, never touched; by barrier, client, payer, owner.

An item is due when it could be worked today (as in the view "Due today"), late by the days since
then. All of it is counted over what insurers owe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.workload.capacity import OPEN, WORK_DAY
from sanderling.workload.narrowing import Narrow

# Days late: the last day of each bucket; the one after the last has no end.
LATE_BUCKETS: Final = (0, 7, 14, 30)
OLDEST_SHOWN: Final = 10
# What the table can be split by: name -> (SQL of the key, SQL of the title).
PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "barrier": ("w.barrier", "w.barrier"),
    "client": ("w.client_code", "w.client_code"),
    "payer": ("coalesce(w.payer_id, 0)::text", "max(w.payer_name)"),
    "owner": ("coalesce(w.assignee_id, 0)::text", "coalesce(max(u.name), '')"),
}
_LATE: Final = f"(%(today)s::date - {WORK_DAY.replace('greatest(%(today)s::date, ', 'greatest(')})"
_DUE: Final = f"{_LATE} >= 0"


def _sums(condition: str) -> str:
    return (
        f"count(*) FILTER (WHERE {condition}),"
        f" coalesce(sum(w.balance_cents) FILTER (WHERE {condition}), 0)::bigint"
    )


_COUNTS: Final = ", ".join(
    [
        _sums("true"),
        _sums(_DUE),
        _sums(f"{_LATE} > 0"),
        _sums("w.assignee_id IS NULL"),
        _sums(f"w.assignee_id IS NULL AND {_DUE}"),
        _sums("w.touches = 0"),
        f"coalesce(sum(w.effort_minutes) FILTER (WHERE {_DUE}), 0)::float8",
        f"coalesce(max({_LATE}) FILTER (WHERE {_DUE}), 0)",
    ]
)
_OLDEST: Final = f"""
SELECT w.id, w.client_code, w.claim_number, w.payer_name, w.barrier, w.balance_cents,
       w.since_date, %(today)s::date - w.since_date, coalesce(u.name, '')
  FROM worklists_work_item w LEFT JOIN accounts_user u ON u.id = w.assignee_id
 WHERE {OPEN} AND w.touches = 0 AND {_DUE} {{narrow}}
 ORDER BY w.since_date, w.id LIMIT {OLDEST_SHOWN}
"""  # noqa: S608 - text of ours


@dataclass(frozen=True, slots=True)
class Sum:
    """So many items, worth so much."""

    count: int
    cents: int


@dataclass(frozen=True, slots=True)
class Health:
    """One row: what is open, and how much of it is due, late, nobody's, untouched."""

    key: str
    title: str
    open: Sum
    due: Sum
    late: Sum  # due since a day before today
    unowned: Sum
    unowned_due: Sum
    untouched: Sum
    due_minutes: float
    late_days_max: int


@dataclass(frozen=True, slots=True)
class Oldest:
    """An item that is due and that nobody has ever touched."""

    item_id: int
    client: str
    claim: str
    payer_name: str
    barrier: str
    balance_cents: int
    since_date: date
    days: int
    owner: str


def health(narrow: Narrow, *, today: date) -> Health:
    """Return the whole queue as one row."""
    statement = f"""
        SELECT {_COUNTS} FROM worklists_work_item w WHERE {OPEN} {narrow.sql()}
    """  # noqa: S608 - text of ours; what comes from outside are parameters
    ((*values,),) = _run(statement, narrow.params() | {"today": today})
    return _health("", "All", values)


def health_by(part: str, narrow: Narrow, *, today: date) -> list[Health]:
    """Return the queue by a key of PARTS, the most money due first."""
    key, title = PARTS[part]
    join = "LEFT JOIN accounts_user u ON u.id = w.assignee_id" if part == "owner" else ""
    statement = f"""
        SELECT {key}, {title}, {_COUNTS} FROM worklists_work_item w {join}
         WHERE {OPEN} {narrow.sql()} GROUP BY 1
    """  # noqa: S608 - as above
    rows = _run(statement, narrow.params() | {"today": today})
    found = [_health(key, title, values) for key, title, *values in rows]
    return sorted(found, key=lambda row: (-row.due.cents, -row.open.cents, row.title, row.key))


def late_buckets(narrow: Narrow, *, today: date) -> list[tuple[int, int | None, Sum]]:
    """Return what is due by days late: (first day, last day or None for no end, sum)."""
    bounds = ", ".join(str(last + 1) for last in LATE_BUCKETS)
    statement = f"""
        SELECT width_bucket({_LATE}, ARRAY[{bounds}]), count(*), sum(w.balance_cents)::bigint
          FROM worklists_work_item w WHERE {OPEN} AND {_DUE} {narrow.sql()} GROUP BY 1
    """  # noqa: S608 - as above
    known = {
        place: Sum(count, cents)
        for place, count, cents in _run(statement, narrow.params() | {"today": today})
    }
    firsts = (0, *(last + 1 for last in LATE_BUCKETS))
    lasts = (*LATE_BUCKETS, None)
    return [
        (first, last, known.get(place, Sum(0, 0)))
        for place, (first, last) in enumerate(zip(firsts, lasts, strict=True))
    ]


def oldest_untouched(narrow: Narrow, *, today: date) -> list[Oldest]:
    """Return the items that wait longest for a first touch, with the barrier's first day."""
    statement = _OLDEST.format(narrow=narrow.sql())
    return [Oldest(*row) for row in _run(statement, narrow.params() | {"today": today})]


def _health(key: str, title: str, values: list[Any]) -> Health:
    whole, due, late, unowned, unowned_due, untouched = (
        Sum(values[at], values[at + 1]) for at in range(0, 12, 2)
    )
    return Health(
        key=key,
        title=title,
        open=whole,
        due=due,
        late=late,
        unowned=unowned,
        unowned_due=unowned_due,
        untouched=untouched,
        due_minutes=values[12],
        late_days_max=values[13],
    )


def _run(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
