"""The items that a bulk act is about, locked, with what decides whether it can be done to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection

from sanderling.core.barriers.rows import PATIENT

CREDIT: Final = "credit_balance"
# Always in this order, here and in keeping: two who lock the same items wait, and never deadlock.
_LOCK: Final = """
SELECT FROM worklists_work_item
 WHERE id = ANY (%(items)s)
   AND (%(user)s::int IS NULL
        OR client_id = ANY ((SELECT sanderling_clients_of(%(user)s))::int[]))
 ORDER BY claim_id, party FOR UPDATE
"""
_TARGETS: Final = """
SELECT w.id, w.claim_id, w.party, w.client_id, w.payer_id, w.client_code, w.claim_number,
       w.balance_cents, w.barrier, w.deadline_date, w.is_deadline_met, w.assignee_id,
       coalesce(owner.name, ''), w.is_pended, w.is_flagged, w.tags, w.project_id,
       w.escalation_level, w.write_off_state,
       coalesce(holder.name, ''),
       EXISTS (SELECT FROM worklists_status_inquiry q WHERE q.claim_id = w.claim_id
                AND q.party = w.party AND q.state = 'queued'),
       jsonb_build_object('assignee_id', w.assignee_id, 'assigned_at', w.assigned_at,
           'follow_up_date', w.follow_up_date, 'is_pended', w.is_pended,
           'is_flagged', w.is_flagged, 'tags', w.tags, 'project_id', w.project_id)
  FROM worklists_work_item w
  LEFT JOIN accounts_user owner ON owner.id = w.assignee_id
  LEFT JOIN worklists_item_lock l ON l.item_id = w.id AND l.until_at > %(at)s
        AND l.user_id IS DISTINCT FROM %(user)s::int
  LEFT JOIN accounts_user holder ON holder.id = l.user_id
 WHERE w.id = ANY (%(items)s)
   AND (%(user)s::int IS NULL
        OR w.client_id = ANY ((SELECT sanderling_clients_of(%(user)s))::int[]))
 ORDER BY w.claim_id, w.party
"""


@dataclass(frozen=True, slots=True)
class Target:
    """One item that something is to be done to."""

    item_id: int
    claim_id: int
    party: int
    client_id: int
    payer_id: int | None
    client_code: str
    claim_number: str
    balance_cents: int
    barrier: str
    deadline_date: date | None
    is_deadline_met: bool
    assignee_id: int | None
    assignee_name: str
    is_pended: bool
    is_flagged: bool
    tags: list[str]
    project_id: int | None
    escalation_level: int
    write_off_state: str
    locked_by: str  # the name of somebody else who works on it now
    has_inquiry: bool
    work: str  # JSON of the columns that acts set

    @property
    def is_credit(self) -> bool:
        """Say whether we owe, not they."""
        return self.balance_cents < 0 or self.barrier == CREDIT

    @property
    def is_patients(self) -> bool:
        """Say whether the patient owes it."""
        return self.party == PATIENT


def find_targets(
    item_ids: Sequence[int], *, user_id: int | None, at: datetime, is_locking: bool = True
) -> list[Target]:
    """Return those of the items that the user (None: a rule) may see, locked until the commit."""
    asked = {"items": list(item_ids), "user": user_id, "at": at}
    with connection.cursor() as cursor:
        if is_locking:
            cursor.execute(_LOCK, asked)
        # A second look: what stands beside the items may have changed while waiting for them.
        cursor.execute(_TARGETS, asked)
        return [Target(*row) for row in cursor.fetchall()]
