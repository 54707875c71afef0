"""Starts, stops and drops the clock of one thing that is to be done in time.

Whoever makes the thing (a flag, a request, a question) starts its clock in the same transaction and
stops it when it is done. A clock keeps the level under which it began.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from sanderling.agreements.models import Clock
from sanderling.agreements.queries import service_level
from sanderling.core.refusal import Refusal
from sanderling.core.service_levels import due_at, warn_at


class ClockRefused(Refusal):
    """There is no such client, or no such level."""


@transaction.atomic
def start_clock(
    *,
    kind: str,
    client_id: int,
    subject: str,
    at: datetime,
    claim_id: int | None = None,
    party: int | None = None,
) -> Clock:
    """Start the clock of a subject, within the caller's transaction; the same again is the same.

    Raises:
        ClockRefused: no such client, or no such kind of service level.
    """
    level = service_level(client_id, kind)
    if level is None:
        raise ClockRefused("no service level of that kind holds for this client")
    due = due_at(at, level)
    found, _ = Clock.objects.get_or_create(
        kind=kind,
        subject=subject,
        defaults={
            "client_id": client_id,
            "claim_id": claim_id,
            "party": party,
            "agreement_id": level.version_id,
            "started_at": at,
            "warn_at": warn_at(at, due),
            "due_at": due,
        },
    )
    return found


def stop_clock(*, kind: str, subject: str, at: datetime) -> bool:
    """Say that it is done; return whether its clock ran. A second call changes nothing."""
    return bool(_running(kind, subject).update(ended_at=at))


def drop_clock(*, kind: str, subject: str, at: datetime) -> bool:
    """Say that it need not be done any more; a clock that is late already counts as late."""
    return bool(
        _running(kind, subject).filter(due_at__gte=at).update(dropped_at=at)
        or _running(kind, subject).update(ended_at=at)
    )


def clock_of(kind: str, subject: str) -> Clock | None:
    """Return the clock of a subject."""
    return Clock.objects.filter(kind=kind, subject=subject).first()


def _running(kind: str, subject: str) -> QuerySet[Clock]:
    return Clock.objects.filter(
        kind=kind, subject=subject, ended_at__isnull=True, dropped_at__isnull=True
    )
