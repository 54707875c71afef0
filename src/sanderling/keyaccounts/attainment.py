"""How well service levels were kept: of what was decided, how much in time; and what runs now.

A clock is decided when it was stopped in time, or when its time was over; a dropped one never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

FEW: Final = 10  # decided clocks; a percentage of fewer says little
STATES: Final = ("late", "warned", "running", "met", "missed")
# The state of a clock `k` at an instant, as SQL.
STATE_SQL: Final = """
CASE WHEN k.dropped_at IS NOT NULL THEN 'dropped'
     WHEN k.ended_at IS NOT NULL THEN
          CASE WHEN k.ended_at <= k.due_at THEN 'met' ELSE 'missed' END
     WHEN k.due_at < %(at)s THEN 'late'
     WHEN k.warn_at <= %(at)s THEN 'warned' ELSE 'running' END
"""
DECIDED_SQL: Final = "least(k.ended_at, k.due_at)"
_COUNTS: Final = f"""
SELECT k.client_id, k.kind,
       count(*) FILTER (WHERE s.state = 'met' AND s.decided_at BETWEEN %(from)s AND %(at)s),
       count(*) FILTER (WHERE s.state IN ('met', 'missed', 'late')
                          AND s.decided_at BETWEEN %(from)s AND %(at)s),
       count(*) FILTER (WHERE s.state = 'running'), count(*) FILTER (WHERE s.state = 'warned'),
       count(*) FILTER (WHERE s.state = 'late')
  FROM agreements_clock k
 CROSS JOIN LATERAL (SELECT {STATE_SQL} AS state, {DECIDED_SQL} AS decided_at) s
 WHERE (%(clients)s::int[] IS NULL OR k.client_id = ANY (%(clients)s)) AND k.started_at <= %(at)s
   AND (k.due_at >= %(from)s OR (k.ended_at IS NULL AND k.dropped_at IS NULL))
 GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - text of ours


@dataclass(frozen=True, slots=True)
class Attained:
    """How one kind of service level of a client was kept since a day, and what runs."""

    client_id: int
    kind: str
    met: int
    decided: int
    running: int
    warned: int
    late: int

    @property
    def rate(self) -> float | None:
        """Return the share in time; None of too few."""
        return self.met / self.decided if self.decided >= FEW else None

    @property
    def open(self) -> int:
        """Return how many clocks run, late ones too."""
        return self.running + self.warned + self.late


def attained(client_ids: Sequence[int] | None, *, since: datetime, at: datetime) -> list[Attained]:
    """Return how each kind of each client was kept from `since` to `at`; None: of all seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNTS,
            {
                "clients": None if client_ids is None else list(client_ids),
                "from": since, "at": at,
            },
        )  # fmt: skip
        return [Attained(*row) for row in cursor.fetchall()]
