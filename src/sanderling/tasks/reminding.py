"""Reminds of tasks whose day has passed: who has them, else the team, and who asked.

Of documents that clients were asked for `document_requests` reminds, one request at a time.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.urls import reverse

from sanderling.core.barriers.words import team_title
from sanderling.core.codes.names import Team
from sanderling.news.actions import notify
from sanderling.tasks.kinds import DOCUMENTS, kind_title
from sanderling.tasks.models import UNDONE, State, Task
from sanderling.tasks.people import who_hears

AGAIN_DAYS: Final = 7  # reminded on the first day it is late, and each week after


def remind(today: date, *, at: datetime) -> int:
    """Tell of each late task once a week; return how many are late."""
    count = 0
    late = (
        Task.objects.filter(state__in=UNDONE, due_date__lt=today)
        .exclude(team=Team.CLIENT, kind=DOCUMENTS)
        .select_related("claim", "claim__client")
    )
    for task in late.order_by("pk"):
        days = (today - task.due_date).days
        if task.state == State.RETURNED:
            heard = []
        elif task.assignee_id is not None:
            heard = [task.assignee_id]
        else:
            heard = [user.pk for user in who_hears(task.team, task.client_id)]
        if task.asked_by_id is not None:
            heard.append(task.asked_by_id)
        name = f"{task.claim.client.code} {task.claim.number}"
        count += 1
        notify(
            user_ids=heard,
            kind="task.overdue",
            key=f"task:{task.pk}:late:{task.due_date.isoformat()}:{(days - 1) // AGAIN_DAYS}",
            text=f"{name}: {kind_title(task.kind)} of {team_title(task.team)} is"
            f" {days} day{'' if days == 1 else 's'} late",
            at=at,
            url=reverse("task", args=[task.pk]),
            client_id=task.client_id,
            claim_id=task.claim_id,
        )
    return count
