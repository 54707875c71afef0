"""What tasks tell that concerns requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from sanderling.accounts.models import User
from sanderling.core.codes.names import Team
from sanderling.document_requests.asking import follow_tasks, make_request
from sanderling.document_requests.turnaround import stop_turnaround
from sanderling.followup.signals import activities_recorded
from sanderling.tasks.kinds import DOCUMENTS
from sanderling.tasks.models import Task
from sanderling.tasks.signals import tasks_asked, tasks_ended


@receiver(tasks_asked)
def on_asked(
    tasks: Sequence[Task], details: Mapping[str, Any], user: User | None, at: datetime, **_: object
) -> None:
    """A client was asked for documents; of several clients, one request each."""
    of_client: dict[int, list[Task]] = {}
    for task in tasks:
        if task.team == Team.CLIENT and task.kind == DOCUMENTS:
            of_client.setdefault(task.client_id, []).append(task)
    for theirs in of_client.values():
        make_request(theirs, details, user=user, at=at)


@receiver(tasks_ended)
def on_ended(tasks: Sequence[Task], at: datetime, **_: object) -> None:
    """Tasks were answered or withdrawn."""
    follow_tasks([task for task in tasks if task.kind == DOCUMENTS], at=at)


@receiver(activities_recorded)
def on_activities(claim_ids: list[int], **_: object) -> None:
    """People have worked claims: documents that came are turned around."""
    stop_turnaround(claim_ids, at=timezone.now())
