"""The clock of documents that came: how soon somebody works the claim (DOMAIN 9.9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef

from sanderling.agreements.clocks import start_clock, stop_clock
from sanderling.agreements.models import Clock
from sanderling.core.codes.names import NextAction
from sanderling.core.service_levels import ServiceKind
from sanderling.followup.models import Activity
from sanderling.tasks.models import Task


def start_turnaround(task: Task, *, at: datetime) -> None:
    """Start the clock of a claim whose documents came, in the caller's transaction."""
    start_clock(
        kind=ServiceKind.DOCUMENT_TURNAROUND,
        client_id=task.client_id,
        subject=f"documents:{task.pk}",
        claim_id=task.claim_id,
        party=task.party,
        at=at,
    )


def stop_turnaround(claim_ids: Sequence[int], *, at: datetime) -> int:
    """Stop the clocks of claims about which somebody did something else since; return how many."""
    done = Activity.standing.filter(
        claim_id=OuterRef("claim_id"), recorded_at__gte=OuterRef("started_at")
    ).exclude(action=NextAction.REQUEST_DOCUMENTS)
    running = Clock.objects.filter(
        Exists(done),
        kind=ServiceKind.DOCUMENT_TURNAROUND,
        claim_id__in=list(claim_ids),
        ended_at__isnull=True,
        dropped_at__isnull=True,
    )
    return sum(
        stop_clock(kind=ServiceKind.DOCUMENT_TURNAROUND, subject=subject, at=at)
        for subject in list(running.values_list("subject", flat=True))
    )
