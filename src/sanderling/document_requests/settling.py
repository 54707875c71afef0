"""Lets claims go on whose documents came: by the worker, a moment after they came.

The upload itself, by a stranger with a link, only keeps files and answers; what follows (activity,
barrier, work item, notices, the appeal's evidence) is done here, once for each claim.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.core.document_kinds import document_title
from sanderling.core.refusal import Refusal
from sanderling.document_requests.keeping import bytes_of
from sanderling.document_requests.models import Item, ItemState, Upload
from sanderling.document_requests.turnaround import start_turnaround
from sanderling.tasks.actions import answer_task, reply_task
from sanderling.tasks.models import State as TaskState
from sanderling.tasks.models import Task
from sanderling.tasks.signals import document_arrived

logger = logging.getLogger(__name__)

# Tasks that are still undone and whose documents are all answered.
_READY = """
SELECT t.id FROM tasks_task t
 WHERE t.state IN ('open', 'returned') AND t.team = 'client' AND t.kind = 'documents'
   AND EXISTS (SELECT FROM document_requests_item i
                WHERE i.task_id = t.id AND i.state IN ('received', 'none'))
   AND NOT EXISTS (SELECT FROM document_requests_item i
                    WHERE i.task_id = t.id AND i.state = 'wanted')
 ORDER BY t.id
"""


def settle(*, at: datetime) -> int:
    """Answer the tasks whose documents are all there or said to be none; return how many.

    Each claim is a transaction of its own. A second call finds nothing.
    """
    hand_over(at=at)
    with connection.cursor() as cursor:
        cursor.execute(_READY)
        ready = [task_id for (task_id,) in cursor.fetchall()]
    return sum(_settle_one(task_id, at=at) for task_id in ready)


@transaction.atomic
def _settle_one(task_id: int, *, at: datetime) -> bool:
    task = Task.objects.select_for_update(of=("self",)).get(pk=task_id)
    if task.state not in {TaskState.OPEN, TaskState.RETURNED}:
        return False
    items = list(Item.objects.filter(task_id=task_id).order_by("pk"))
    user = next((one.answered_by for one in items if one.answered_by), None)
    if task.state == TaskState.RETURNED and user is None:
        user = task.asked_by
    if task.state == TaskState.RETURNED and user is not None:
        reply_task(task_id, text="The documents came.", user=user, at=at)
    _answer(task_id, items, user=user, at=at)
    if any(one.state == ItemState.RECEIVED for one in items):
        start_turnaround(task, at=at)
    return True


def _answer(task_id: int, items: Sequence[Item], *, user: User | None, at: datetime) -> None:
    came = [one for one in items if one.state == ItemState.RECEIVED]
    none = [one for one in items if one.state == ItemState.NONE]
    lines = [f"Document request {items[0].request_id}."]
    lines += [
        f"None: {document_title(one.kind, one.text)}" + (f" ({one.reason})" if one.reason else "")
        for one in none
    ]
    titles = ", ".join(dict.fromkeys(document_title(one.kind, one.text) for one in came))
    answer_task(
        task_id,
        result="received" if came else "none",
        value=titles,
        text="\n".join(lines),
        user=user,
        at=at,
    )


def hand_over(*, at: datetime) -> int:
    """Give documents to whoever asked for them by name (an appeal's checklist), each once."""
    waiting = Item.objects.filter(state=ItemState.RECEIVED, handed_to="").exclude(origin={})
    done = 0
    for item_id in waiting.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            item = Item.objects.select_for_update().get(pk=item_id)
            if item.handed_to:
                continue
            said = [
                _hand(item, upload, at=at)
                for upload in Upload.objects.filter(answers__item=item).order_by("pk")
            ]
            item.handed_to = "; ".join(dict.fromkeys(said)) or "nobody takes it"
            item.save(update_fields=["handed_to"])
            done += 1
    return done


def _hand(item: Item, upload: Upload, *, at: datetime) -> str:
    """Offer one file; return what became of it, also why it was not taken."""
    try:
        with transaction.atomic():
            answers = document_arrived.send(
                sender=Item,
                origin=item.origin,
                claim_id=item.claim_id,
                name=upload.name,
                title=document_title(item.kind, item.text),
                read=lambda: bytes_of(upload),
                at=at,
            )
    except Refusal as refusal:
        logger.info("document upload %s was not taken: %s", upload.pk, type(refusal).__name__)
        return f"not taken: {refusal}"
    return next((str(said) for _, said in answers if said), "nobody takes it")
