"""Makes a request of tasks: whatever asks a client for documents, asks once, here.

The worklist's act, a rule, an appeal's checklist and the page of tasks all ask by tasks of kind
documents for the team client; this room hears of them in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.audit.actions import record_event
from sanderling.core.codes.names import Team
from sanderling.core.document_kinds import DOCUMENT_KINDS, OTHER
from sanderling.core.refusal import Refusal
from sanderling.document_requests.cycle import people_of
from sanderling.document_requests.models import Item, ItemState, Request, State
from sanderling.document_requests.portal_news import ASKED, tell_in_portal
from sanderling.links.actions import revoke_links
from sanderling.links.models import Purpose
from sanderling.tasks.actions import withdraw_task
from sanderling.tasks.kinds import DOCUMENTS
from sanderling.tasks.models import UNDONE, Task
from sanderling.tasks.models import State as TaskState
from sanderling.web.actor import current_actor

WANTED_MAX: Final = 20  # documents of one claim
TEXT_CHARACTERS_MAX: Final = 200


class RequestRefused(Refusal):
    """The request cannot be changed so."""


@transaction.atomic
def make_request(
    tasks: Sequence[Task], details: Mapping[str, Any], *, user: User | None, at: datetime
) -> Request:
    """Make a request of tasks of one question to one client.

    `details`: `wanted`, a list of kind, text and origin for each claim (none: one other document),
    `is_mailed`, and `by_portal`: where the client has people in the portal, they are told there and
    nobody gets a mail.
    """
    first = tasks[0]
    people = people_of(first.client_id, [Role.CLIENT_USER]) if details.get("by_portal") else []
    made = Request.objects.create(
        client_id=first.client_id,
        question=first.question,
        due_date=first.due_date,
        is_mailed=bool(details.get("is_mailed", True)) and not people,
        asked_by=user,
        asked_at=at,
        actor=current_actor()[0] or "unknown",
    )
    wanted = [_clean(one) for one in list(details.get("wanted") or [{}])[:WANTED_MAX]]
    Item.objects.bulk_create(
        Item(
            request=made,
            client_id=made.client_id,
            claim_id=task.claim_id,
            party=task.party,
            task_id=task.pk,
            **one,
        )
        for task in tasks
        for one in wanted
    )
    record_event(
        action="document_request.make",
        at=at,
        client_id=made.client_id,
        subject=("document_request", made.pk),
        detail={"claims": len(tasks), "documents": len(tasks) * len(wanted)},
    )
    if people:
        tell_in_portal(made, people, step=ASKED, at=at)
    return made


def _clean(wanted: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(wanted.get("kind") or OTHER)
    return {
        "kind": kind if kind in DOCUMENT_KINDS else OTHER,
        "text": " ".join(str(wanted.get("text") or "").split())[:TEXT_CHARACTERS_MAX],
        "origin": dict(wanted.get("origin") or {}),
    }


def adopt_tasks(*, at: datetime) -> int:
    """Make requests of open tasks that have none (asked before there were requests).

    They are not mailed by themselves. Return how many tasks; a second call finds none.
    """
    lone = Task.objects.filter(
        ~Exists(Item.objects.filter(task_id=OuterRef("pk"))),
        team=Team.CLIENT,
        kind=DOCUMENTS,
        state__in=UNDONE,
    )
    groups: dict[tuple[int, object], list[Task]] = {}
    for task in lone.order_by("pk"):
        groups.setdefault((task.client_id, task.batch or task.pk), []).append(task)
    for theirs in groups.values():
        make_request(theirs, {"is_mailed": False}, user=theirs[0].asked_by, at=at)
    return sum(len(theirs) for theirs in groups.values())


@transaction.atomic
def withdraw_request(request_id: int, *, user: User, at: datetime) -> Request:
    """Take the whole request back: its claims wait no more and its links open nothing.

    Withdrawing twice changes nothing.

    Raises:
        RequestRefused: it is answered, or there is none.
    """
    found = Request.objects.select_for_update().filter(pk=request_id).first()
    if found is None:
        raise RequestRefused(f"there is no document request {request_id} that you may see")
    if found.state == State.ANSWERED:
        raise RequestRefused("the request is answered already; nothing is left to withdraw")
    waiting = found.items.filter(state=ItemState.WANTED).values_list("task_id", flat=True)
    for task_id in sorted(set(waiting)):
        if Task.objects.filter(pk=task_id, state__in=UNDONE).exists():
            withdraw_task(task_id, user=user, at=at, reason="Withdrawn")
    found.refresh_from_db()
    return found


def follow_tasks(tasks: Sequence[Task], *, at: datetime) -> None:
    """Close what tasks were answered or withdrawn for, wherever somebody did that."""
    requests = set()
    for task in tasks:
        new = ItemState.WITHDRAWN
        if task.state == TaskState.ANSWERED:
            new = ItemState.NONE if task.result == "none" else ItemState.RECEIVED
        items = Item.objects.filter(task_id=task.pk)
        requests |= set(items.values_list("request_id", flat=True))
        items.filter(state=ItemState.WANTED).update(
            state=new, answered_at=at, answered_by=task.answered_by
        )
    for one in Request.objects.select_for_update().filter(pk__in=requests, state=State.OPEN):
        close_when_done(one, at=at)


def close_when_done(request: Request, *, at: datetime) -> bool:
    """Close the request when nothing is wanted any more; its links open nothing then."""
    states = set(request.items.values_list("state", flat=True))
    if ItemState.WANTED in states:
        return False
    is_withdrawn = states == {ItemState.WITHDRAWN.value}
    request.state = State.WITHDRAWN if is_withdrawn else State.ANSWERED
    request.closed_at = at
    request.save(update_fields=["state", "closed_at"])
    revoke_links(purpose=Purpose.DOCUMENTS, subject_id=request.pk, at=at)
    record_event(
        action=f"document_request.{'withdraw' if is_withdrawn else 'complete'}",
        at=at,
        client_id=request.client_id,
        subject=("document_request", request.pk),
    )
    return True
