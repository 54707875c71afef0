"""Moves work from one person to another: chosen by payer, client and minutes, by one bulk act."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from sanderling.accounts.models import User
from sanderling.core.refusal import Refusal
from sanderling.worklists.act_parts import ITEMS_MAX
from sanderling.worklists.acting import act
from sanderling.worklists.models import BulkAct
from sanderling.workload.capacity import OPEN, WORK_DAY
from sanderling.workload.narrowing import Narrow

# In working order; the running sum stops at the minutes that are to move, so that the first item is
# always among them.
_CHOSEN: Final = f"""
SELECT id FROM (
    SELECT w.id, w.score, sum(w.effort_minutes)
               OVER (ORDER BY w.score DESC, w.id) - w.effort_minutes AS before
      FROM worklists_work_item w
     WHERE {OPEN} AND w.assignee_id IS NOT DISTINCT FROM %(from_user)s
       AND (%(to_user)s::int IS NULL
            OR w.client_id = ANY (sanderling_clients_of(%(to_user)s)))
       AND (NOT %(is_due)s OR {WORK_DAY} <= %(today)s) {{narrow}}
  ) w
 WHERE %(minutes)s::float8 IS NULL OR before < %(minutes)s
 ORDER BY score DESC, id LIMIT %(limit)s
"""  # noqa: S608 - text of ours


class NothingToMove(Refusal):
    """No item fits what was asked; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Move:
    """What moves: from whom (None: what nobody owns) to whom (None: to nobody)."""

    from_user_id: int | None
    to_user_id: int | None
    narrow: Narrow = field(default_factory=Narrow)
    is_due: bool = True  # only what is due now
    minutes: int | None = None  # at most about so many minutes of work


def chosen(move: Move, *, today: date) -> list[int]:
    """Return the items that would move, the most valuable for each minute first.

    Only those of clients whom the receiver sees.
    """
    params: dict[str, Any] = move.narrow.params() | {
        "from_user": move.from_user_id,
        "to_user": move.to_user_id,
        "is_due": move.is_due,
        "minutes": move.minutes,
        "today": today,
        "limit": ITEMS_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CHOSEN.format(narrow=move.narrow.sql()), params)
        return [pk for (pk,) in cursor.fetchall()]


def reassign(move: Move, *, user: User, at: datetime, key: str) -> BulkAct:
    """Move the work; the same `key` again moves nothing more. Undone like any bulk act.

    Raises:
        NothingToMove: from and to are the same person, or no item fits.
        Refusal: as of `worklists.acting.act`.
    """
    if move.from_user_id == move.to_user_id:
        raise NothingToMove("choose two different people")
    done = BulkAct.objects.filter(actor=f"user:{user.pk}", key=key).first() if key else None
    if done is not None:
        return done
    items = chosen(move, today=at.date())
    if not items:
        raise NothingToMove("nothing fits: take another payer or client, or what is not due yet")
    return act(
        "assign",
        items,
        {"assignee": move.to_user_id},
        user=user,
        actor=f"user:{user.pk}",
        at=at,
        key=key,
    )
