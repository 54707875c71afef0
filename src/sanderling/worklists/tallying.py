"""Counts and dollars of the built-in views, kept for each client and counted anew when it changed.

A trigger notes each client whose items change. Whoever asks for counts counts such clients himself
while they are small; the worker counts the others. Counts are therefore exact as of `counted_at`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction

from sanderling.worklists.asking import NONE, Asker
from sanderling.worklists.built_in import DENIED, SOON, VIEWS
from sanderling.worklists.tasks import defer_recount

# Items that a request counts itself: some ten milliseconds.
AT_ONCE_MAX: Final = 5_000
ASK_SECONDS: Final = 5.0  # between two requests of a process to the worker
_LOCK_CLASS: Final = 4_101  # of advisory locks by client

_FLAGS: Final = ", ".join(f"({view.condition}) AS v_{view.name}" for view in VIEWS)
_NAMES: Final = ", ".join(f"v_{view.name}" for view in VIEWS)
_VALUES: Final = ", ".join(f"('{view.name}', c.v_{view.name})" for view in VIEWS)
_COUNT: Final = f"""
WITH cells AS (
    SELECT coalesce(w.assignee_id, 0) AS owner, w.team, w.category, {_FLAGS},
           count(*) AS items, sum(w.balance_cents) AS cents, sum(w.effort_minutes) AS minutes
      FROM worklists_work_item w WHERE w.client_id = %(client)s
     GROUP BY owner, w.team, w.category, {_NAMES}
)
INSERT INTO worklists_tally (client_id, scope, view, items, balance_cents, minutes)
SELECT %(client)s,
       CASE WHEN grouping(c.owner) = 0 THEN 'u:' || c.owner
            WHEN grouping(c.team) = 0 THEN 't:' || c.team ELSE 'all' END,
       v.name, sum(c.items), sum(c.cents), sum(c.minutes)
  FROM cells c CROSS JOIN LATERAL (
       VALUES {_VALUES},
              ('{DENIED}:' || coalesce(nullif(c.category, ''), '{NONE}'), c.v_{DENIED})
       ) v (name, holds)
 WHERE v.holds
 GROUP BY GROUPING SETS ((v.name), (v.name, c.owner), (v.name, c.team))
HAVING c.owner IS DISTINCT FROM 0
"""  # noqa: S608 - names of ours
# The same by payer: what a list that is grouped by payer reads.
_COUNT_PAYERS: Final = f"""
WITH cells AS (
    SELECT coalesce(w.payer_id, 0) AS payer_id, {_FLAGS}, min(w.id) AS first_id, count(*) AS items,
           sum(w.balance_cents) AS cents, sum(w.effort_minutes) AS minutes,
           count(*) FILTER (WHERE {SOON}) AS soon
      FROM worklists_work_item w WHERE w.client_id = %(client)s
     GROUP BY 1, {_NAMES}
)
INSERT INTO worklists_payer_tally
       (client_id, view, payer_id, first_id, items, balance_cents, minutes, soon)
SELECT %(client)s, v.name, c.payer_id, min(c.first_id), sum(c.items), sum(c.cents), sum(c.minutes),
       sum(c.soon)
  FROM cells c CROSS JOIN LATERAL (VALUES {_VALUES}) v (name, holds)
 WHERE v.holds GROUP BY v.name, c.payer_id
"""  # noqa: S608 - names of ours
_STATE: Final = """
SELECT k.id, d.for_date, d.counted_at, d.items,
       EXISTS (SELECT FROM worklists_stale_tally s WHERE s.client_id = k.id)
  FROM unnest(%(clients)s::int[]) k (id) LEFT JOIN worklists_tally_day d ON d.client_id = k.id
"""
_SUMS: Final = """
SELECT view, sum(items)::bigint, sum(balance_cents)::bigint, sum(minutes)
  FROM worklists_tally WHERE scope = ANY (%(scopes)s) AND client_id = ANY (%(clients)s)
 GROUP BY view
"""
_asked_at = 0.0


@dataclass(frozen=True, slots=True)
class Count:
    """How many items, how much, how long."""

    items: int = 0
    balance_cents: int = 0
    minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts by view, exact at `counted_at`; None when nothing is counted yet."""

    of_view: dict[str, Count]
    counted_at: datetime | None
    is_behind: bool  # something has changed since: the worker has been asked

    def of(self, name: str) -> Count:
        """Return the count of a view or of a sub-view of denials."""
        return self.of_view.get(name, Count())

    def categories(self) -> list[str]:
        """Return the categories of denials there are, the most money first."""
        found = [name for name in self.of_view if name.startswith(f"{DENIED}:")]
        return sorted(found, key=lambda name: (-self.of_view[name].balance_cents, name))


def counts_for(asker: Asker, *, scope: str, today: date, at: datetime) -> Counts:
    """Return the counts of all built-in views for whom asks, within "all", "team" or "mine"."""
    states = _states(asker.client_ids)
    stale = [one for one in states if one[1] != today or one[4]]
    if stale and _size(stale) <= AT_ONCE_MAX:
        recount([one[0] for one in stale], today=today, at=at)
        stale = []
    elif stale:
        _ask_worker()
    teams = [f"t:{team}" for team in asker.teams]
    keys = {"mine": [f"u:{asker.user_id}"], "team": teams}.get(scope, ["all"])
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"scopes": keys, "clients": list(asker.client_ids)})
        found = {name: Count(*values) for name, *values in cursor.fetchall()}
    if not stale:  # nothing has changed since: they are as of now
        return Counts(found, at, is_behind=False)
    instants = [one[2] for one in stale if one[2] is not None]
    return Counts(found, min(instants, default=None), is_behind=True)


def recount(client_ids: Iterable[int], *, today: date, at: datetime) -> int:
    """Count the items of these clients anew; return how many clients were counted.

    A client that somebody else is counting is left to him.
    """
    return sum(_recount_one(client_id, today=today, at=at) for client_id in client_ids)


def recount_stale(*, today: date, at: datetime) -> int:
    """Count all clients whose items changed, or that were counted for another day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM clients_client ORDER BY id")
        everyone = tuple(pk for (pk,) in cursor.fetchall())
    stale = [one[0] for one in _states(everyone) if one[1] != today or one[4]]
    return recount(stale, today=today, at=at)


@transaction.atomic
def _recount_one(client_id: int, *, today: date, at: datetime) -> bool:
    params: dict[str, Any] = {"client": client_id, "today": today, "at": at, "class": _LOCK_CLASS}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%(class)s, %(client)s)", params)
        if not cursor.fetchone()[0]:
            return False
        # Each statement sees what was committed before it: what changes from now on leaves a note
        # of its own behind.
        cursor.execute("DELETE FROM worklists_stale_tally WHERE client_id = %(client)s", params)
        cursor.execute("DELETE FROM worklists_tally WHERE client_id = %(client)s", params)
        cursor.execute("DELETE FROM worklists_payer_tally WHERE client_id = %(client)s", params)
        cursor.execute(_COUNT, params)
        cursor.execute(_COUNT_PAYERS, params)
        cursor.execute(
            "INSERT INTO worklists_tally_day (client_id, for_date, counted_at, items)"
            " SELECT %(client)s, %(today)s, %(at)s, coalesce(sum(items), 0) FROM worklists_tally"
            "  WHERE client_id = %(client)s AND scope = 'all' AND view = 'all'"
            " ON CONFLICT (client_id) DO UPDATE SET for_date = excluded.for_date,"
            " counted_at = excluded.counted_at, items = excluded.items",
            params,
        )
    return True


def _states(client_ids: tuple[int, ...]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"clients": list(client_ids)})
        return list(cursor.fetchall())


def _size(stale: list[Any]) -> int:
    """Return how many items these clients have; no more than AT_ONCE_MAX + 1 are counted."""
    known = sum(one[3] for one in stale if one[3] is not None)
    unknown = [one[0] for one in stale if one[3] is None]
    if known > AT_ONCE_MAX or not unknown:
        return int(known)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM worklists_work_item"
            " WHERE client_id = ANY (%s) LIMIT %s) i",
            [unknown, AT_ONCE_MAX + 1],
        )
        return int(known) + int(cursor.fetchone()[0])


def _ask_worker() -> None:
    global _asked_at  # noqa: PLW0603 - one for each process
    if time.monotonic() - _asked_at > ASK_SECONDS:
        _asked_at = time.monotonic()
        defer_recount()
