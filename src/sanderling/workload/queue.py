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
# What the table can be split by: name -> (SQL of the key of a row, the join that names a group, its
# key and title). Keys stand in the index that is read; names are looked up once for each group.
PARTS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "barrier": ("w.barrier", "", "g.part", "g.part"),
    "client": ("w.client_id", "JOIN clients_client n ON n.id = g.part", "n.code", "n.code"),
    "payer": (
        "w.payer_id",
        "LEFT JOIN payers_payer n ON n.id = g.part",
        "coalesce(g.part, 0)::text",
        "coalesce(n.name, '')",
    ),
    "owner": (
        "w.assignee_id",
        "LEFT JOIN accounts_user n ON n.id = g.part",
        "coalesce(g.part, 0)::text",
        "coalesce(n.name, '')",
    ),
}
_LATE: Final = f"(%(today)s::date - {WORK_DAY.replace('greatest(%(today)s::date, ', 'greatest(')})"
_DUE: Final = f"{_LATE} >= 0"
_NOT_DUE: Final = -1
_BUCKET: Final = (
    f"CASE WHEN {_LATE} < 0 THEN {_NOT_DUE} "
    + " ".join(f"WHEN {_LATE} <= {last} THEN {place}" for place, last in enumerate(LATE_BUCKETS))
    + f" ELSE {len(LATE_BUCKETS)} END"
)
# All that the page counts is read once, told apart by all that it tells apart.
_CELLS: Final = f"""
SELECT {{key}}, {{title}}, g.is_unowned, g.is_untouched, g.bucket, g.items, g.cents, g.minutes,
       g.late
  FROM (SELECT {{part}} AS part, w.assignee_id IS NULL AS is_unowned, w.touches = 0 AS is_untouched,
               {_BUCKET} AS bucket, count(*) AS items, sum(w.balance_cents)::bigint AS cents,
               sum(w.effort_minutes)::float8 AS minutes, max({_LATE}) AS late
          FROM worklists_work_item w WHERE {OPEN} {{narrow}} GROUP BY 1, 2, 3, 4) g
  {{join}}
"""  # noqa: S608 - text of ours; what comes from outside are parameters
# The ids first, from the index of what was never touched.
_OLDEST: Final = f"""
SELECT w.id, w.client_code, w.claim_number, w.payer_name, w.barrier, w.balance_cents,
       w.since_date, %(today)s::date - w.since_date, coalesce(u.name, '')
  FROM worklists_work_item w LEFT JOIN accounts_user u ON u.id = w.assignee_id
 WHERE w.id = ANY (ARRAY(
       SELECT w.id FROM worklists_work_item w
        WHERE {OPEN} AND w.touches = 0 AND {_DUE} {{narrow}}
        ORDER BY w.since_date, w.id LIMIT {OLDEST_SHOWN}))
 ORDER BY w.since_date, w.id
"""  # noqa: S608 - as above


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


_SUMS: Final = ("open", "due", "late", "unowned", "unowned_due", "untouched")


@dataclass(frozen=True, slots=True)
class Queue:
    """The whole queue as one row, the same by a part (the most money due first), and by days late.

    `late`: (first day, last day or None for no end, sum) of what is due.
    """

    total: Health
    rows: list[Health]
    late: list[tuple[int, int | None, Sum]]


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


def queue_of(part: str, narrow: Narrow, *, today: date) -> Queue:
    """Return the queue, split by a key of PARTS; the rows sum to the total."""
    of_row, join, key, title = PARTS[part]
    statement = _CELLS.format(key=key, title=title, part=of_row, join=join, narrow=narrow.sql())
    total = _Adding("", "All")
    rows: dict[str, _Adding] = {}
    late = [[0, 0] for _ in (*LATE_BUCKETS, None)]
    for row_key, row_title, *values in _run(statement, narrow.params() | {"today": today}):
        cell = _Cell(*values)
        rows.setdefault(row_key, _Adding(row_key, row_title)).add(cell)
        total.add(cell)
        if cell.is_due:
            late[cell.bucket][0] += cell.count
            late[cell.bucket][1] += cell.cents
    firsts = (0, *(last + 1 for last in LATE_BUCKETS))
    lasts = (*LATE_BUCKETS, None)
    return Queue(
        total.health(),
        sorted(
            (row.health() for row in rows.values()),
            key=lambda row: (-row.due.cents, -row.open.cents, row.title, row.key),
        ),
        [
            (first, last, Sum(count, cents))
            for first, last, (count, cents) in zip(firsts, lasts, late, strict=True)
        ],
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    """Items of one row that are the same in all that is counted apart."""

    is_unowned: bool
    is_untouched: bool
    bucket: int  # of LATE_BUCKETS, or _NOT_DUE
    count: int
    cents: int
    minutes: float
    late_days: int  # of the latest

    @property
    def is_due(self) -> bool:
        return self.bucket != _NOT_DUE


class _Adding:
    """A row while its cells are added."""

    def __init__(self, key: str, title: str) -> None:
        self._key, self._title = key, title
        self._sums = {name: [0, 0] for name in _SUMS}
        self._minutes = 0.0
        self._late_days = 0

    def add(self, cell: _Cell) -> None:
        """Add the items of a cell."""
        due = cell.is_due
        unowned, untouched = cell.is_unowned, cell.is_untouched
        holds = (True, due, cell.bucket > 0, unowned, unowned and due, untouched)
        for pair, it_holds in zip(self._sums.values(), holds, strict=True):
            if it_holds:
                pair[0] += cell.count
                pair[1] += cell.cents
        if due:
            self._minutes += cell.minutes
            self._late_days = max(self._late_days, cell.late_days)

    def health(self) -> Health:
        """Return the row."""
        return Health(
            key=self._key,
            title=self._title,
            due_minutes=self._minutes,
            late_days_max=self._late_days,
            **{name: Sum(*pair) for name, pair in self._sums.items()},
        )


def oldest_untouched(narrow: Narrow, *, today: date) -> list[Oldest]:
    """Return the items that wait longest for a first touch, with the barrier's first day."""
    statement = _OLDEST.format(narrow=narrow.sql())
    return [Oldest(*row) for row in _run(statement, narrow.params() | {"today": today})]


def _run(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
