"""Asks the client for evidence that only he has, and takes it in when it comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.appeals.evidence import add_evidence
from sanderling.appeals.models import Appeal
from sanderling.appeals.writing import AppealRefused, draft
from sanderling.core.appeals.cases import cases
from sanderling.core.codes.names import Team
from sanderling.core.document_kinds import OTHER
from sanderling.tasks.kinds import DOCUMENTS
from sanderling.tasks.models import UNDONE, Task
from sanderling.worklists.acting import NothingToDo, act
from sanderling.worklists.models import BulkAct, WorkItem


@transaction.atomic
def ask_client(
    appeal_id: int, items: Sequence[str], *, due_date: date | None, user: User, at: datetime
) -> BulkAct:
    """Ask the client for pieces of the checklist, as the worklist does; again that day is once.

    Raises:
        AppealRefused: the appeal is finished, nothing was chosen, or nothing is open on the claim.
        Refusal: the day, or somebody else works on the claim.
    """
    found = draft(appeal_id)
    titles = {one.key: one.title for one in cases()[found.case].items}
    chosen = sorted(set(items) & titles.keys(), key=list(titles).index)
    if not chosen:
        raise AppealRefused("choose at least one piece of evidence to ask for")
    work = WorkItem.objects.filter(claim_id=found.claim_id, party=found.party).first()
    if work is None:
        raise AppealRefused("nothing is open on the claim any more, so nobody is asked")
    parameters = {
        "question": "We are writing an appeal to the payer, and it needs these documents.",
        "wanted": [
            {"kind": OTHER, "text": titles[key], "origin": {"appeal": found.pk, "item": key}}
            for key in chosen
        ],
        "date": due_date,
    }
    try:
        return act(
            "request_documents",
            [work.pk],
            parameters,
            user=user,
            actor=f"user:{user.pk}",
            at=at,
            key=f"appeal:{found.pk}:{at.date()}:{','.join(chosen)}"[:200],
        )
    except NothingToDo as refusal:
        raise AppealRefused(f"the client was not asked: it {refusal.refused[0][1]}") from refusal


def waiting_tasks(appeal: Appeal) -> list[Task]:
    """Return what the client was asked about documents of the claim and has not answered."""
    return list(
        Task.objects.filter(
            claim_id=appeal.claim_id, team=Team.CLIENT, kind=DOCUMENTS, state__in=UNDONE
        ).order_by("pk")
    )


def take_document(
    origin: Mapping[str, Any],
    *,
    claim_id: int,
    name: str,
    title: str,
    read: Callable[[], bytes],
    at: datetime,
) -> str:
    """Put a document that came into the packet it was asked for; say what became of it.

    Empty: it was not asked for by an appeal of the claim.

    Raises:
        AppealRefused, FileRefused: it cannot stand in the packet, or the appeal is finished.
    """
    number = int(origin.get("appeal") or 0)
    appeal = Appeal.objects.filter(pk=number, claim_id=claim_id).first()
    if appeal is None:
        return ""
    item = str(origin.get("item") or "")
    known = {one.key for one in cases()[appeal.case].items}
    add_evidence(
        appeal.pk,
        data=read(),
        name=name,
        title=title,
        item=item if item in known else "",
        user=None,
        at=at,
    )
    return f"in appeal {appeal.control_number}"
