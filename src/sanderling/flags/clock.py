"""The clock of a flag: how long we have for an answer, by what was agreed and how urgent it is.

The client's service level for flagged claims holds; an urgent flag has no longer than the four
business hours that DOMAIN 9.9 gives to questions of key clients. Each turn of ours has a clock of
its own, which the room `agreements` keeps for attainment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from sanderling.agreements.clocks import drop_clock, start_clock, stop_clock
from sanderling.agreements.queries import service_level
from sanderling.core.service_levels import KEY, ServiceKind, default_level, due_at
from sanderling.flags.models import Flag, FlagEvent
from sanderling.flags.words import Urgency

KIND: Final = ServiceKind.FLAG_ANSWER.value
# What begins a turn of ours.
BEGINS: Final = ("flagged", "replied", "reopened")


def due_of(client_id: int, urgency: str, at: datetime) -> datetime:
    """Return until when a flag of this urgency is to be answered, if our turn begins at `at`."""
    level = service_level(client_id, KIND)
    usual = due_at(at, level) if level is not None else None
    if urgency == Urgency.NORMAL and usual is not None:
        return usual
    soon = default_level(KEY, KIND)
    if level is not None:
        soon = replace(soon, zone=level.zone)
    urgent = due_at(at, soon)
    return urgent if usual is None else min(urgent, usual)


def start_turn(flag: Flag, *, at: datetime) -> None:
    """Let the clock run: it is our turn. The flag is not saved."""
    flag.turn_at = at
    flag.due_at = due_of(flag.client_id, flag.urgency, at)
    flag.warned_at = None
    flag.level = 0
    flag.raised_at = None
    start_clock(
        kind=KIND, client_id=flag.client_id, subject=_subject(flag), at=at, claim_id=flag.claim_id
    )


def end_turn(flag: Flag, *, at: datetime, is_dropped: bool = False) -> None:
    """Stop the clock: we have answered, or (dropped) need not any more. The flag is not saved."""
    if flag.due_at is None or flag.turn_at is None:
        return
    at = max(at, flag.turn_at)  # clocks of two machines may differ a little
    if flag.late_at is None and at > flag.due_at:
        flag.late_at = flag.due_at
    flag.turn_at = flag.due_at = None
    if is_dropped:
        drop_clock(kind=KIND, subject=_subject(flag), at=at)
    else:
        stop_clock(kind=KIND, subject=_subject(flag), at=at)


def _subject(flag: Flag) -> str:
    """Return the clock's subject: the turn is counted by what began it."""
    turns = FlagEvent.objects.filter(flag=flag, kind__in=BEGINS).count()
    return f"flag:{flag.pk}:{turns}"
