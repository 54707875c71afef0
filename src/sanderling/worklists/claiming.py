"""Gives out work one claim at a time: to each user another one, and to nobody what is being worked.

An item is held by a row of ItemLock, one for each item and one for each user, and only for so long:
who goes on working renews it, who is gone loses it when its time is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import product
from typing import Any, Final, Protocol

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.worklists.models import Skip, SkipReason, WorkItem

LOCK_FOR: Final = timedelta(minutes=15)
TRIES_MAX: Final = 100  # each lost try means that somebody else has got something

# Two pages of one user take turns, so that each sees what the other holds.
_TAKE_TURNS: Final = "SELECT pg_advisory_xact_lock(hashtextextended('focus of user ' || %s, 0))"
_OWN: Final = "w.assignee_id = %(user)s"
_OF_TEAM: Final = "w.assignee_id IS NULL AND w.team = ANY (%(teams)s)"
# What was worked on today waits for the payer or the worker, unless a day was set on purpose.
_NEXT: Final = """
SELECT w.id, w.client_id
  FROM worklists_work_item w
 WHERE {conditions}
   AND w.client_id = ANY ((SELECT sanderling_clients_of(%(user)s))::int[])
   AND w.work_date <= %(today)s
   AND (w.not_before_date IS NULL OR w.not_before_date <= %(today)s)
   AND (w.last_touch_date IS DISTINCT FROM %(today)s OR w.follow_up_date = %(today)s)
   AND NOT EXISTS (SELECT FROM worklists_item_lock l WHERE l.item_id = w.id
                    AND CASE WHEN l.user_id = %(user)s THEN NOT %(again)s
                             ELSE l.until_at > %(at)s END)
   AND NOT EXISTS (SELECT FROM worklists_skip s WHERE s.claim_id = w.claim_id
                    AND s.party = w.party AND s.user_id = %(user)s AND s.skipped_at >= %(dawn)s)
 ORDER BY w.score DESC, w.id
 LIMIT 1 FOR UPDATE OF w SKIP LOCKED
"""
# A lock whose time is over is anybody's. Of two who find an item free only one gets a row back.
_TAKE: Final = """
INSERT INTO worklists_item_lock AS held (item_id, client_id, user_id, taken_at, until_at)
VALUES (%(item)s, %(client)s, %(user)s, %(at)s, %(until)s)
    ON CONFLICT (item_id) DO UPDATE SET
       client_id = excluded.client_id, user_id = excluded.user_id, taken_at = excluded.taken_at,
       until_at = excluded.until_at
 WHERE held.until_at <= excluded.taken_at OR held.user_id = excluded.user_id
RETURNING item_id
"""
_HOLDER: Final = """
SELECT u.id, u.name, l.taken_at, l.until_at
  FROM worklists_item_lock l JOIN accounts_user u ON u.id = l.user_id
 WHERE l.item_id = %s AND l.until_at > %s
"""


class Narrowing(Protocol):
    """A question to the worklist: what rows w of work items must fulfill."""

    def conditions(self) -> list[str]:
        """Return SQL conditions on w."""

    def params(self) -> dict[str, Any]:
        """Return the values behind the names in the conditions."""


class InvalidSkip(Refusal):
    """A claim is skipped for a reason, or not at all."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Who has an item, and until when."""

    is_own: bool
    user_name: str
    taken_at: datetime
    until_at: datetime


@transaction.atomic
def claim_next(*, user: User, at: datetime, question: Narrowing | None = None) -> int | None:
    """Lock and return the item that is worth most now: the user's own first, then his teams'.

    What he held before is let go. `question` narrows to a view. None: nothing is due.
    """
    asked = _asked(user, at)
    narrowed = [] if question is None else question.conditions()
    if question is not None:
        asked = question.params() | asked
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURNS, [user.pk])
        # What he holds himself comes again only when nothing else is left.
        for again, whose in product((False, True), (_OWN, _OF_TEAM)):
            statement = _NEXT.format(conditions=" AND ".join([whose, *narrowed]))
            for _ in range(TRIES_MAX):
                cursor.execute(statement, asked | {"again": again})
                found = cursor.fetchone()
                if found is None:
                    break
                item_id, client_id = found
                if _take(item_id, client_id, user=user, at=at):
                    return int(item_id)
    _let_go(user.pk)
    return None


@transaction.atomic
def hold(item_id: int, *, user: User, at: datetime) -> Hold | None:
    """Lock this item for the user, if nobody else has it; None: there is no such item.

    What he held before is let go, unless this one is somebody else's.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURNS, [user.pk])
        cursor.execute(
            "SELECT client_id FROM worklists_work_item WHERE id = %s"
            " AND client_id = ANY ((SELECT sanderling_clients_of(%s))::int[]) FOR SHARE",
            [item_id, user.pk],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    if not _take(item_id, row[0], user=user, at=at):
        return holder(item_id, user=user, at=at)
    return Hold(True, user.name, at, at + LOCK_FOR)


def holder(item_id: int, *, user: User, at: datetime) -> Hold | None:
    """Return who has the item now, None when nobody has."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDER, [item_id, at])
        row = cursor.fetchone()
    return None if row is None else Hold(row[0] == user.pk, *row[1:])


def renew(item_id: int, *, user: User, at: datetime) -> bool:
    """Hold on for another while; say whether the item is still the user's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE worklists_item_lock SET until_at = %s WHERE item_id = %s AND user_id = %s",
            [at + LOCK_FOR, item_id, user.pk],
        )
        return bool(cursor.rowcount)


def release(item_id: int, *, user: User, taken_at: datetime | None = None) -> bool:
    """Let the item go, if it is the user's; say whether it was.

    `taken_at`: only if he has not taken it again since; a page that closes late says so.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM worklists_item_lock WHERE item_id = %s AND user_id = %s"
            " AND (%s::timestamptz IS NULL OR taken_at = %s)",
            [item_id, user.pk, taken_at, taken_at],
        )
        return bool(cursor.rowcount)


@transaction.atomic
def skip(item: WorkItem, *, reason: str, user: User, at: datetime) -> Skip:
    """Let the item go and do not offer it to this user again today. This is no touch.

    Raises:
        InvalidSkip: no reason that is known; nothing was written.
    """
    if reason not in SkipReason.values:
        raise InvalidSkip("choose why you skip it")
    skipped = Skip.objects.create(
        client_id=item.client_id,
        claim_id=item.claim_id,
        party=item.party,
        user=user,
        reason=reason,
        skipped_at=at,
    )
    release(item.pk, user=user)
    record_event(
        action="item.skip",
        at=at,
        client_id=item.client_id,
        claim_id=item.claim_id,
        subject=("work_item", item.pk),
        detail={"reason": reason, "party": item.party},
    )
    return skipped


def _asked(user: User, at: datetime) -> dict[str, Any]:
    return {
        "user": user.pk,
        "teams": list(user.works_for()),
        "today": at.date(),
        "dawn": datetime.combine(at.date(), time(), tzinfo=UTC),
        "at": at,
    }


def _take(item_id: int, client_id: int, *, user: User, at: datetime) -> bool:
    """Let go what the user holds and take this; undone as a whole when somebody else has it."""
    with transaction.atomic(), connection.cursor() as cursor:
        _let_go(user.pk, but=item_id)
        cursor.execute(
            _TAKE,
            {
                "item": item_id,
                "client": client_id,
                "user": user.pk,
                "at": at,
                "until": at + LOCK_FOR,
            },
        )
        if cursor.fetchone() is None:
            transaction.set_rollback(True)
            return False
    return True


def _let_go(user_id: int, *, but: int | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM worklists_item_lock WHERE user_id = %s AND item_id IS DISTINCT FROM %s",
            [user_id, but],
        )
