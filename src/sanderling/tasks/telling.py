"""Tells machines and people of tasks: events, notices, the worklist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.core.barriers.words import team_title
from sanderling.followup.signals import work_recorded
from sanderling.news.actions import NewEvent, notify
from sanderling.tasks.kinds import kind_title, result_title
from sanderling.tasks.models import Task
from sanderling.tasks.people import who_hears


def event_of(kind: str, task: Task, detail: dict[str, Any]) -> NewEvent:
    """Return the event of a task."""
    return NewEvent(
        kind,
        task.client_id,
        task.claim_id,
        task.party,
        task.payer_id,
        {"task": task.pk, **detail},
    )


def name_of(task: Task) -> str:
    """Return client and claim as a notice names them."""
    return f"{task.claim.client.code} {task.claim.number}"


def tell(
    task: Task,
    user_ids: Iterable[int],
    text: str,
    what: str,
    *,
    at: datetime,
    is_urgent: bool = False,
) -> None:
    """Tell people of a task, each thing (`what`) once."""
    notify(
        user_ids=user_ids,
        kind="task",
        key=f"task:{task.pk}:{what}",
        text=text,
        at=at,
        url=reverse("task", args=[task.pk]),
        client_id=task.client_id,
        claim_id=task.claim_id,
        is_urgent=is_urgent,
    )


def tell_team(tasks: Sequence[Task], *, asked_by: User | None, at: datetime) -> None:
    """Tell who has the first task, else its team; several of one question are one notice."""
    task = tasks[0]
    heard = (
        [task.assignee_id]
        if task.assignee_id
        else [user.pk for user in who_hears(task.team, task.client_id)]
    )
    asker = asked_by.pk if asked_by else None
    more = f" and {len(tasks) - 1} more claims" if len(tasks) > 1 else ""
    tell(
        task,
        [user_id for user_id in heard if user_id != asker],
        f"{name_of(task)}{more}: {kind_title(task.kind)} asked of {team_title(task.team)}",
        f"asked:{at.isoformat()}",
        at=at,
    )


def tell_answer(tasks: Sequence[Task], *, user: User | None, at: datetime) -> None:
    """Tell each asker of the tasks that were answered, as one notice."""
    answerer = user.pk if user else None
    askers: dict[int, list[Task]] = {}
    for task in tasks:
        if task.asked_by_id is not None and task.asked_by_id != answerer:
            askers.setdefault(task.asked_by_id, []).append(task)
    for asker_id, theirs in askers.items():
        more = f" and {len(theirs) - 1} more claims" if len(theirs) > 1 else ""
        # The value may be anything somebody typed: only our own words go into a notice.
        said = result_title(theirs[0].kind, theirs[0].result, "")
        tell(
            theirs[0],
            [asker_id],
            f"{name_of(theirs[0])}{more}: {team_title(theirs[0].team)} answered: {said}",
            "answered",
            at=at,
        )


def tell_items(tasks: Sequence[Task]) -> None:
    """Let the worklist count open tasks anew."""
    work_recorded.send(sender=Task, claim_ids=sorted({task.claim_id for task in tasks}))
