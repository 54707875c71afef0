"""What focus mode shows beside a claim: others to do at the same time, the day's progress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

from django.conf import settings
from django.db import connection

from sanderling.accounts.models import User
from sanderling.core.barriers.words import WHAT_CHANGES, barrier_title
from sanderling.worklists.listing import Row
from sanderling.worklists.models import SkipReason
from sanderling.worklists.templatetags.work_acts import words_of

OTHERS_SHOWN: Final = 5
_OTHERS: Final = """
SELECT w.id, w.client_code, w.claim_number, w.balance_cents, w.barrier, w.service_date
  FROM worklists_work_item w
 WHERE w.client_id = %(client)s AND {same} AND w.id <> %(item)s
 ORDER BY w.score DESC, w.id LIMIT %(most)s
"""
# By the index of the audit trail by actor and day.
_TODAY: Final = """
SELECT count(DISTINCT e.claim_id), coalesce(sum(n.minutes), 0)
  FROM audit_event e
  JOIN followup_standing_activity a ON a.id =
       CASE WHEN e.action = 'activity.record' THEN e.subject_id::bigint END
  LEFT JOIN followup_note n ON n.activity_id = a.id
 WHERE e.actor = %(actor)s AND e.at >= %(dawn)s AND e.action = 'activity.record'
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a person did today."""

    claims: int
    minutes: int
    target: int

    @property
    def share(self) -> int:
        """The claims as far as they count for the day's target."""
        return min(self.claims, self.target)


def progress_of(user: User, at: datetime) -> Progress:
    """Return how many claims the user has touched today, and the minutes of his notes."""
    dawn = datetime.combine(at.date(), time(), tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(_TODAY, {"actor": f"user:{user.pk}", "dawn": dawn})
        claims, minutes = cursor.fetchone()
    return Progress(int(claims), int(minutes), settings.TOUCHES_A_DAY)


def focus_context(row: Row) -> dict[str, Any]:
    """Return the claims that go with this one, and what can be done."""
    return {
        "what_changes": WHAT_CHANGES.get(row["barrier"], ""),
        "of_patient": _others(row, "w.patient_name = %(patient)s"),
        "of_payer": _others(row, "w.payer_id = %(payer)s") if row["payer_id"] else [],
        "skip_reasons": SkipReason.choices,
        "words": words_of(row),
    }


def _others(row: Row, same: str) -> list[dict[str, Any]]:
    if "patient" in same and not row["patient_name"]:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _OTHERS.format(same=same),
            {
                "client": row["client_id"],
                "patient": row["patient_name"],
                "payer": row["payer_id"],
                "item": row["id"],
                "most": OTHERS_SHOWN,
            },
        )
        return [
            {
                "id": pk,
                "client": code,
                "claim": number,
                "balance_cents": cents,
                "barrier_text": barrier_title(barrier),
                "service_date": service_date,
            }
            for pk, code, number, cents, barrier, service_date in cursor.fetchall()
        ]
