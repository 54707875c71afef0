"""What came onto the worklist and what left it, week by week, and how many were open at the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db import connection

from sanderling.workload.capacity import OPEN
from sanderling.workload.narrowing import Narrow

WEEKS: Final = 13
# The number of the week, from 1: a time zone reckoned for each of a million items is dear.
_WEEK: Final = "width_bucket({}, %(mondays)s::timestamptz[])"
# Open items and those that left have both come; only the latter have left.
_FLOW: Final = f"""
WITH moved AS (
    SELECT {_WEEK.format("w.arrived_at")} AS week, count(*) AS came, 0 AS gone,
           sum(w.balance_cents)::bigint AS came_cents, 0::bigint AS gone_cents,
           0::bigint AS paid_cents
      FROM worklists_work_item w WHERE {OPEN} AND w.arrived_at >= %(from)s {{narrow}} GROUP BY 1
    UNION ALL
    SELECT {_WEEK.format("w.arrived_at")}, 1, 0, w.balance_cents, 0, 0
      FROM worklists_departure w WHERE {OPEN} AND w.arrived_at >= %(from)s {{narrow}}
    UNION ALL
    SELECT {_WEEK.format("w.left_at")}, 0, 1, 0, w.balance_cents, w.paid_cents
      FROM worklists_departure w WHERE {OPEN} AND w.left_at >= %(from)s {{narrow}}
)
SELECT week, sum(came)::int, sum(gone)::int, sum(came_cents)::bigint, sum(gone_cents)::bigint,
       sum(paid_cents)::bigint
  FROM moved GROUP BY week
"""  # noqa: S608 - text of ours
_OPEN_NOW: Final = f"""
SELECT count(*) FROM worklists_work_item w WHERE {OPEN} {{narrow}}
"""  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Week:
    """One week from Monday to Sunday; the last one is not over yet."""

    from_date: date
    came: int
    left: int
    came_cents: int
    left_cents: int
    paid_cents: int  # what insurance paid on those that left
    open_at_end: int

    @property
    def net(self) -> int:
        """More came than left: the queue grew by so many."""
        return self.came - self.left


def weeks(
    narrow: Narrow, *, today: date, count: int = WEEKS, open_now: int | None = None
) -> list[Week]:
    """Return the last weeks, the earliest first; open at the end of each follows from today's.

    Weeks before anything was there are left out. `open_now`: what is open, where it was counted.
    """
    this_week = today - timedelta(days=today.weekday())
    first = this_week - timedelta(weeks=count - 1)
    mondays = [
        datetime.combine(first + timedelta(weeks=number), time(), tzinfo=UTC)
        for number in range(count + 1)  # what is of weeks to come stays apart
    ]
    params = narrow.params() | {"from": mondays[0], "mondays": mondays}
    with connection.cursor() as cursor:
        cursor.execute(_FLOW.format(narrow=narrow.sql()), params)
        moved = {number: sums for number, *sums in cursor.fetchall()}
        if open_now is None:
            cursor.execute(_OPEN_NOW.format(narrow=narrow.sql()), params)
            (open_now,) = cursor.fetchone()
    found: list[Week] = []
    still_open = open_now
    for back in range(count):
        monday = this_week - timedelta(weeks=back)
        came, left, came_cents, left_cents, paid_cents = moved.get(count - back, (0, 0, 0, 0, 0))
        found.append(Week(monday, came, left, came_cents, left_cents, paid_cents, still_open))
        still_open -= came - left
    while len(found) > 1 and not (found[-1].came or found[-1].left or found[-1].open_at_end):
        found.pop()  # before there was anything
    return found[::-1]
