"""Warns of answers that are due, and raises late ones, a step at a time (DOMAIN 9.7, within us).

Late: the owner's lead hears of it; as long again as the client was promised later, the account
manager; then the management. The client sees each step. A flag that is answered and of which the
client says nothing more closes by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max

from sanderling.core.service_levels import warn_at
from sanderling.flags.actions import close_flag
from sanderling.flags.models import Flag, FlagEvent
from sanderling.flags.owners import heard_at
from sanderling.flags.steps import audit, note
from sanderling.flags.telling import event_of, tell_client, tell_owner, tell_us
from sanderling.flags.words import LEVELS, OURS, State

CLOSES_AFTER: Final = timedelta(days=14)


def work_ladder(*, at: datetime) -> tuple[int, int, int]:
    """Warn, raise and close what has come to it; return how many of each.

    Doing it again at the same instant changes nothing; each flag is a transaction of its own.
    """
    running = Flag.objects.filter(state__in=OURS).order_by("due_at", "pk")
    ids = list(running.values_list("pk", flat=True))
    warned = sum(_each(flag_id, _warn, at) for flag_id in ids)
    raised = sum(_each(flag_id, _raise, at) for flag_id in ids)
    silent = (
        Flag.objects.filter(state=State.ANSWERED)
        .annotate(latest_at=Max("events__at"))
        .filter(latest_at__lte=at - CLOSES_AFTER)
    )
    closed = [close_flag(flag_id, user=None, at=at) for flag_id in _ids(silent)]
    return warned, raised, len(closed)


def _ids(flags: object) -> list[int]:
    return [flag.pk for flag in flags]  # type: ignore[attr-defined]  # an annotated query


def _each(flag_id: int, step: Callable[[Flag, datetime], bool], at: datetime) -> bool:
    with transaction.atomic():
        flag = (
            Flag.objects.select_for_update(of=("self",))
            .select_related("claim", "claim__client", "owner")
            .filter(pk=flag_id, state__in=OURS)
            .first()
        )
        return flag is not None and step(flag, at)


def _warn(flag: Flag, at: datetime) -> bool:
    assert flag.turn_at is not None  # noqa: S101 - a constraint
    assert flag.due_at is not None  # noqa: S101 - as above
    if flag.warned_at is not None or not warn_at(flag.turn_at, flag.due_at) <= at < flag.due_at:
        return False
    flag.warned_at = at
    flag.save(update_fields=["warned_at"])
    note(flag, "warned", user=None, at=at, is_internal=True)
    due = f"{flag.due_at:%Y-%m-%d %H:%M} UTC"
    tell_owner(
        flag,
        f"the client's flag is to be answered by {due}",
        f"warned:{_turn(flag)}",
        at=at,
        but=None,
        is_urgent=True,
    )
    return True


def _raise(flag: Flag, at: datetime) -> bool:
    assert flag.turn_at is not None  # noqa: S101 - a constraint
    assert flag.due_at is not None  # noqa: S101 - as above
    if at <= flag.due_at:
        return False
    step = flag.due_at - flag.turn_at
    reached = 1 + int((at - flag.due_at) / max(step, timedelta(hours=1)))
    level = min(reached, max(LEVELS))
    if level <= flag.level:
        return False
    if flag.level == 0:
        note(flag, "late", user=None, at=at)
        flag.late_at = flag.late_at or flag.due_at
    flag.level = level
    flag.raised_at = at
    flag.save(update_fields=["level", "raised_at", "late_at"])
    note(flag, "raised", user=None, at=at, text=LEVELS[level])
    audit(flag, "raise", at=at, level=level)
    key = f"late:{_turn(flag)}:{level}"
    said = "the answer to the client's flag is late"
    tell_us(flag, heard_at(level, flag), said, key, at=at, is_urgent=True)
    tell_client(flag, f"our answer is late; it was raised to {LEVELS[level]}", key, at=at)
    event_of("flag.late", flag, at=at, level=level)
    return True


def _turn(flag: Flag) -> int:
    """Return what tells one turn's notices from another's."""
    return FlagEvent.objects.filter(flag=flag, kind__in=("replied", "reopened")).count()
