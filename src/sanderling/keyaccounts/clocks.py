"""Keeps the clocks of service levels that follow from facts in step with them.

For clients with whom something was agreed, from the day on which that was first. A clock is named
by its claim, party and first day, so that looking again starts nothing twice; it stops with what
people did, and is dropped when what it was about went away in time by itself. Facts of which only
the day is known count from the morning (13:00 UTC) or, of deeds, until the afternoon (20:00 UTC).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from sanderling.agreements.models import Agreement, Clock
from sanderling.agreements.queries import service_levels_by
from sanderling.core.service_levels import OPENS, Level, due_at, warn_at
from sanderling.postgres.locks import Lock, hold_lock

BATCH: Final = 5_000
BACK_DAYS: Final = 400  # older beginnings are history: their clocks were made when they began
WORK: Final = (
    *("no_response", "not_on_file", "pended", "underpaid", "unexplained", "secondary_unbilled"),
    "paid_unposted",
)

# (client, claim, party, first day) of what each kind is about. `holds`: clients with an agreement
# and the day of the first.
_HOLDS: Final = """
WITH holds AS MATERIALIZED (
    SELECT client_id, greatest((min(made_at) AT TIME ZONE 'UTC')::date, %(oldest)s) AS from_date
      FROM agreements_agreement GROUP BY client_id
)
"""
_BEGUN: Final = {
    "denial_first_action": """
        SELECT d.client_id, d.claim_id, NULL::int, d.received_date
          FROM barriers_denial d JOIN holds h USING (client_id)
         WHERE d.is_initial AND NOT d.is_duplicate AND d.received_date >= h.from_date
           AND d.received_date <= %(today)s
         GROUP BY 1, 2, 4""",
    "rejection_fix": """
        SELECT b.client_id, b.claim_id, b.party, b.since_date
          FROM barriers_barrier b JOIN holds h USING (client_id)
         WHERE b.barrier = 'rejected' AND b.since_date >= h.from_date""",
    "first_touch": """
        SELECT b.client_id, b.claim_id, b.party, b.since_date
          FROM barriers_barrier b JOIN holds h USING (client_id)
         WHERE b.barrier = ANY (%(work)s) AND b.party < 14 AND b.balance_cents > 0
           AND b.since_date >= h.from_date""",
    "high_dollar_touch": """
        SELECT w.client_id, w.claim_id, w.party, greatest(w.since_date, w.last_touch_date)
          FROM worklists_work_item w JOIN holds h USING (client_id)
         WHERE w.is_high_dollar AND w.barrier = 'no_response' AND w.party < 14
           AND w.balance_cents > 0
           AND greatest(w.since_date, w.last_touch_date) >= h.from_date""",
    "appeal_out": """
        SELECT b.client_id, b.claim_id, b.party, b.since_date
          FROM barriers_barrier b JOIN holds h USING (client_id)
         WHERE b.barrier = 'denied' AND b.next_action = 'appeal' AND b.since_date >= h.from_date
         UNION
        SELECT a.client_id, a.claim_id, NULL, d.day
          FROM followup_standing_activity a JOIN holds h USING (client_id)
         CROSS JOIN LATERAL (
               SELECT max(received_date) AS day FROM barriers_denial
                WHERE claim_id = a.claim_id AND received_date <= a.activity_date) d
         WHERE a.action = 'appeal' AND a.outcome = 'sent' AND d.day >= h.from_date
           AND NOT EXISTS (SELECT FROM agreements_clock k WHERE k.kind = 'appeal_out'
                              AND k.claim_id = a.claim_id)""",
}
# Which deed ends each kind: SQL over the activity `a`.
_ENDS: Final = {
    "denial_first_action": "true",
    "rejection_fix": "a.action IN ('resubmit', 'correct_and_rebill')",
    "first_touch": "true",
    "high_dollar_touch": "true",
    "appeal_out": "a.action = 'appeal' AND a.outcome = 'sent'",
}
# A rejection is fixed as well by what is sent anew. The clock of a touch that restarts with each
# touch begins after its day.
_STOP: Final = """
UPDATE agreements_clock k SET ended_at = done.at
  FROM (
    SELECT c.id, greatest(c.started_at, min(deed.at)) AS at
      FROM agreements_clock c
     CROSS JOIN LATERAL (
           SELECT CASE WHEN (a.recorded_at AT TIME ZONE 'UTC')::date = a.activity_date
                       THEN a.recorded_at
                       ELSE (a.activity_date + time '20:00') AT TIME ZONE 'UTC' END AS at
             FROM followup_standing_activity a
            WHERE a.claim_id = c.claim_id AND {ends} AND a.activity_date {since}
                  (c.started_at AT TIME ZONE 'UTC')::date
           {or_sent}) deed
     WHERE c.kind = %(kind)s AND c.ended_at IS NULL AND c.dropped_at IS NULL
       AND c.claim_id IS NOT NULL
     GROUP BY c.id) done
 WHERE k.id = done.id
"""
_OR_SENT: Final = """
            UNION ALL
           SELECT (s.received_date + time '20:00') AT TIME ZONE 'UTC'
             FROM claims_submission s
            WHERE s.claim_id = c.claim_id
              AND s.received_date >= (c.started_at AT TIME ZONE 'UTC')::date"""
# What it was about is not so any more, and nobody had to do it: in time it is dropped, else late.
_GONE: Final = {
    "denial_first_action": "NOT EXISTS (SELECT FROM barriers_barrier b"
    " WHERE b.claim_id = k.claim_id AND b.party < 14 AND b.balance_cents > 0)",
    "rejection_fix": "NOT EXISTS (SELECT FROM barriers_barrier b WHERE b.claim_id = k.claim_id"
    " AND b.party = k.party AND b.barrier = 'rejected')",
    "first_touch": "NOT EXISTS (SELECT FROM barriers_barrier b WHERE b.claim_id = k.claim_id"
    " AND b.party = k.party AND b.barrier = ANY (%(work)s))",
    "high_dollar_touch": "NOT EXISTS (SELECT FROM worklists_work_item w"
    " WHERE w.claim_id = k.claim_id AND w.party = k.party AND w.is_high_dollar"
    " AND w.barrier = 'no_response')",
    "appeal_out": "NOT EXISTS (SELECT FROM barriers_barrier b WHERE b.claim_id = k.claim_id"
    " AND b.party < 14 AND b.barrier = 'denied' AND b.next_action = 'appeal')",
}
_DROP: Final = """
UPDATE agreements_clock k
   SET dropped_at = CASE WHEN k.due_at >= %(at)s THEN %(at)s END,
       ended_at = CASE WHEN k.due_at < %(at)s THEN %(at)s END
 WHERE k.kind = %(kind)s AND k.ended_at IS NULL AND k.dropped_at IS NULL AND k.started_at <= %(at)s
   AND k.claim_id IS NOT NULL AND {gone}
"""


@transaction.atomic
def keep_clocks(*, at: datetime) -> int:
    """Start, stop and drop the clocks that follow from facts; return how many were started.

    Doing it again at the same instant changes nothing.
    """
    hold_lock(Lock.CLOCKS)
    params: dict[str, Any] = {
        "at": at, "today": at.date(), "work": list(WORK),
        "oldest": at.date() - timedelta(days=BACK_DAYS),
    }  # fmt: skip
    levels = _Levels()
    started = 0
    for kind, begun in _BEGUN.items():
        with connection.cursor() as cursor:
            cursor.execute(_HOLDS + begun, params)
            rows = cursor.fetchall()
        started += _start(kind, rows, levels, at=at)
        since = ">" if kind == "high_dollar_touch" else ">="
        stop = _STOP.format(
            ends=_ENDS[kind], since=since, or_sent=_OR_SENT if kind == "rejection_fix" else ""
        )
        with connection.cursor() as cursor:
            cursor.execute(stop, params | {"kind": kind})
            cursor.execute(_DROP.format(gone=_GONE[kind]), params | {"kind": kind})
    return started


def _start(
    kind: str, rows: list[tuple[int, int, int | None, date]], levels: _Levels, *, at: datetime
) -> int:
    made = []
    for client_id, claim_id, party, day in rows:
        level = levels.on(client_id, kind, day)
        zone = ZoneInfo(level.zone)
        start_at = datetime.combine(day, time(OPENS), tzinfo=zone)
        if start_at > at:
            continue
        due = levels.due(start_at, level)
        made.append(
            Clock(
                client_id=client_id,
                kind=kind,
                subject=f"claim:{claim_id}:{party or 0}:{day.isoformat()}",
                claim_id=claim_id,
                party=party,
                agreement_id=level.version_id,
                started_at=start_at,
                warn_at=warn_at(start_at, due),
                due_at=due,
            )
        )
    before = Clock.objects.filter(kind=kind).count()
    Clock.objects.bulk_create(made, batch_size=BATCH, ignore_conflicts=True)
    return Clock.objects.filter(kind=kind).count() - before


class _Levels:
    """The level of each client and kind on any day, and what follows from it; read once."""

    def __init__(self) -> None:
        self._versions: dict[int, list[Agreement]] = defaultdict(list)
        for one in Agreement.objects.order_by("client_id", "-number"):
            self._versions[one.client_id].append(one)
        self._levels: dict[int | None, dict[str, Level]] = {}
        self._due: dict[tuple[datetime, Level], datetime] = {}

    def on(self, client_id: int, kind: str, day: date) -> Level:
        """Return what held at the end of a day: of days before the first version, the first."""
        versions = self._versions[client_id]
        held = next((one for one in versions if one.made_at.date() <= day), versions[-1])
        if held.pk not in self._levels:
            self._levels[held.pk] = service_levels_by(held)
        return self._levels[held.pk][kind]

    def due(self, start_at: datetime, level: Level) -> datetime:
        """Return when a clock with this level is due."""
        key = (start_at, level)
        if key not in self._due:
            self._due[key] = due_at(start_at, level)
        return self._due[key]
