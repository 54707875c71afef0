"""Takes back what a person did last, whatever it was: an act, or a touch that was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from sanderling.accounts.models import User
from sanderling.followup.actions import withdraw
from sanderling.followup.models import Activity
from sanderling.worklists.acting import UNDO_FOR, CannotUndo, undo
from sanderling.worklists.models import BulkAct, BulkChange, WorkItem

# A touch is what was recorded by a note's form: what an act, a task or a write-off added is undone
# with it.
_LATEST_TOUCH: Final = """
SELECT a.id
  FROM audit_event e JOIN followup_standing_activity a ON a.id =
       CASE WHEN e.action = 'activity.record' THEN e.subject_id::bigint END
 WHERE e.actor = %(actor)s AND e.at >= %(since)s AND e.action = 'activity.record'
   AND EXISTS (SELECT FROM followup_note n WHERE n.activity_id = a.id)
   AND (%(after)s::timestamptz IS NULL OR a.recorded_at > %(after)s)
 ORDER BY e.id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class UndoneLast:
    """What was taken back, and the item to look at, if it is on the list."""

    words: str
    item_id: int | None


def undo_last(*, user: User, at: datetime) -> UndoneLast:
    """Take back the latest act or touch of the user, within a day.

    Raises:
        CannotUndo: there is none.
    """
    latest_act = (
        BulkAct.objects.filter(user=user, undone_at__isnull=True, made_at__gte=at - UNDO_FOR)
        .order_by("-pk")
        .first()
    )
    touch = _latest_touch(user, at, after=latest_act.made_at if latest_act else None)
    if touch is not None:
        withdraw(touch, user=user, at=at, reason="Undone")
        return UndoneLast("the latest touch is taken back", _item_of(touch.claim_id))
    if latest_act is None:
        raise CannotUndo("nothing that you did in the last 24 hours is left to undo")
    undone = undo(latest_act, user=user, at=at)
    first = BulkChange.objects.filter(act=undone.act).order_by("pk").first()
    return UndoneLast(undone.act.words, _item_of(first.claim_id) if first else None)


def _latest_touch(user: User, at: datetime, *, after: datetime | None) -> Activity | None:
    with connection.cursor() as cursor:
        cursor.execute(
            _LATEST_TOUCH,
            {"actor": f"user:{user.pk}", "since": at - UNDO_FOR, "after": after},
        )
        row = cursor.fetchone()
    return Activity.objects.filter(pk=row[0]).first() if row else None


def _item_of(claim_id: int) -> int | None:
    items = WorkItem.objects.filter(claim_id=claim_id).order_by("party")
    return items.values_list("pk", flat=True).first()
