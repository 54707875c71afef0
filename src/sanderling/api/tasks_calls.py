"""Tasks: questions of one team to another, for systems in which the other team works."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from sanderling.api import work_shapes as shapes
from sanderling.api.access import actor_of, allowed, looked, once
from sanderling.api.claims import claim_or_404
from sanderling.api.finding import client_id_of, row_after
from sanderling.api.problems import NotFound
from sanderling.payers.models import Payer
from sanderling.tasks.actions import answer_task, create_task
from sanderling.tasks.models import Task

router = Router(tags=["tasks"])


@router.get("/tasks", response=shapes.Tasks, auth=allowed("claims.work"))
def list_tasks(request: HttpRequest, asked: Query[shapes.TasksAsked]) -> dict[str, Any]:
    """List tasks, the earliest asked first."""
    found = Task.objects.filter(pk__gt=row_after(asked.cursor))
    if asked.client:
        found = found.filter(client_id=client_id_of(asked.client))
    if asked.claim_id is not None:
        found = found.filter(claim_id=asked.claim_id)
    for name in ("team", "state"):
        text = getattr(asked, name).replace("\0", "")
        if text:
            found = found.filter(**{name: text})
    rows = list(found.select_related("claim__client").order_by("pk")[: asked.limit + 1])
    page = rows[: asked.limit]
    payers = dict(
        Payer.objects.filter(pk__in={task.payer_id for task in page}).values_list("pk", "payer_id")
    )
    looked(request, "tasks.list", rows=len(page))
    return {
        "rows": [_line(task, payers) for task in page],
        "next_cursor": str(page[-1].pk) if len(rows) > asked.limit else "",
    }


@router.post("/tasks", response={201: shapes.TaskMade}, auth=allowed("claims.work"))
def ask_team(request: HttpRequest, wanted: shapes.NewTask) -> HttpResponse:
    """Ask a team; the claim waits for the answer."""
    claim = claim_or_404(wanted.claim_id)

    def do() -> tuple[int, dict[str, Any]]:
        task = create_task(
            claim=claim,
            party=wanted.party,
            team=wanted.team,
            kind=wanted.kind,
            question=wanted.question,
            due_date=wanted.due_date,
            asked_by=actor_of(request),
            at=timezone.now(),
        )
        return 201, {"task_id": task.pk, "state": task.state}

    return once(request, do)


@router.post("/tasks/{int:task_id}/answer", response=shapes.TaskMade, auth=allowed("claims.work"))
def answer(request: HttpRequest, task_id: int, wanted: shapes.NewAnswer) -> HttpResponse:
    """Answer a task; the claim goes on."""
    if task_id >= 2**63 or not Task.objects.filter(pk=task_id).exists():
        raise NotFound("There is no such task, or you may not see it.")

    def do() -> tuple[int, dict[str, Any]]:
        answer_task(
            task_id,
            result=wanted.result,
            value=wanted.value,
            text=wanted.text,
            user=actor_of(request),
            at=timezone.now(),
        )
        return 200, {"task_id": task_id, "state": Task.objects.get(pk=task_id).state}

    return once(request, do)


def _line(task: Task, payers: dict[int, str]) -> dict[str, Any]:
    return {
        "task_id": task.pk,
        "claim_id": task.claim_id,
        "client": task.claim.client.code,
        "claim": task.claim.number,
        "party": task.party,
        "payer_id": payers.get(task.payer_id) if task.payer_id else None,
        "team": task.team,
        "kind": task.kind,
        "question": task.question,
        "asked_at": task.asked_at,
        "due_date": task.due_date,
        "state": task.state,
        "result": task.result,
        "value": task.result_value,
        "answer": task.answer,
        "answered_at": task.answered_at,
    }
