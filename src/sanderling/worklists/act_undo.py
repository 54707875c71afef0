"""Takes back what acts added in other rooms: each way says of which it could not, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.core.refusal import Refusal
from sanderling.followup.escalations import de_escalate, escalate
from sanderling.followup.many import withdraw_many
from sanderling.followup.models import Escalation
from sanderling.followup.queries import escalation_level
from sanderling.tasks.actions import withdraw_task
from sanderling.transfers.actions import undo_transfer
from sanderling.worklists.inquiries import withdraw_inquiries
from sanderling.writeoffs.actions import withdraw_write_off

WHY: Final = "Undone"
Left = dict[int, str]  # by id: why it stays


def take_back(kind: str, ids: Sequence[int], *, user: User, at: datetime) -> Left:
    """Take back what an act added under this kind of name."""
    return _WAYS[kind](ids, user, at)


def _activities(ids: Sequence[int], user: User, at: datetime) -> Left:
    withdraw_many(activity_ids=ids, user=user, at=at, reason=WHY)
    return {}


def _inquiries(ids: Sequence[int], _user: User, at: datetime) -> Left:
    gone = withdraw_inquiries(ids, at=at)
    return {one: "its status inquiry was sent already" for one in ids if one not in gone}


def _tasks(ids: Sequence[int], user: User, at: datetime) -> Left:
    return _each(ids, lambda one: withdraw_task(one, user=user, at=at, reason=WHY))


def _write_offs(ids: Sequence[int], user: User, at: datetime) -> Left:
    return _each(ids, lambda one: withdraw_write_off(one, user=user, at=at))


def _transfers(ids: Sequence[int], user: User, at: datetime) -> Left:
    return _each(ids, lambda one: undo_transfer(one, user=user, at=at))


def _escalations(ids: Sequence[int], user: User, at: datetime) -> Left:
    """Step back to the rung before, where the claim has not been moved since."""
    left: Left = {}
    for step in Escalation.objects.select_related("claim__client").filter(pk__in=ids):
        if escalation_level(step.claim_id, step.party) != step.level:
            left[step.pk] = "was moved on the ladder since"
            continue
        back = de_escalate if step.level_before < step.level else escalate
        back(
            claim=step.claim,
            party=step.party,
            level=step.level_before,
            reason=WHY,
            user=user,
            at=at,
        )
    return left


def _each(ids: Sequence[int], take: Callable[[int], object]) -> Left:
    left: Left = {}
    for one in ids:
        try:
            with transaction.atomic():
                take(one)
        except Refusal as refusal:
            left[one] = str(refusal)
    return left


_WAYS: Final[Mapping[str, Callable[[Sequence[int], User, datetime], Left]]] = {
    "activity": _activities,
    "status_inquiry": _inquiries,
    "task": _tasks,
    "write_off": _write_offs,
    "transfer": _transfers,
    "escalation": _escalations,
}
