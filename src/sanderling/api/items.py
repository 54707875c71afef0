"""The worklist and acts on its items, by the functions that the page uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from ninja import Query, Router
from ninja.errors import HttpError

from sanderling.accounts.models import User
from sanderling.api import work_shapes as shapes
from sanderling.api.access import actor_of, allowed, looked, once
from sanderling.api.problems import NotFound, problem
from sanderling.core.priority.words import sentences
from sanderling.payers.models import Payer
from sanderling.worklists.act_parts import NotAllowed
from sanderling.worklists.acting import CannotUndo, NothingToDo, act, undo
from sanderling.worklists.asking import SCOPES, Question, asker_of, question_of
from sanderling.worklists.built_in import BY_NAME, DENIED, VIEWS
from sanderling.worklists.listing import Row, item, page_of, size_of
from sanderling.worklists.models import BulkAct, BulkChange
from sanderling.worklists.sorting import ORDERS
from sanderling.worklists.tallying import counts_for
from sanderling.worklists.teams import teams_of

router = Router(tags=["worklist"])
_SAME: Final = (
    *("party", "claim_id", "payer_name", "service_date", "charge_cents", "balance_cents"),
    *("barrier", "category", "group_code", "reason_code", "remark_code", "status_code"),
    *("next_action", "team", "next_date", "follow_up_date", "work_date", "is_pended"),
    *("deadline_kind", "is_deadline_met", "tags", "escalation_level", "touches"),
    *("last_touch_date", "last_outcome", "promise_date", "promise_state", "open_tasks"),
    *("write_off_state", "effort_minutes", "value_cents", "not_before_date"),
)


@router.get("/items", response=shapes.Items, auth=allowed("worklist.view"))
def list_items(request: HttpRequest, asked: Query[shapes.ItemsAsked]) -> dict[str, Any]:
    """List work items, in the view's order unless another is asked for."""
    return _items(request, asked, "")


@router.post("/items/search", response=shapes.Items, auth=allowed("worklist.view", is_reading=True))
def search_items(request: HttpRequest, wanted: shapes.ItemSearch) -> dict[str, Any]:
    """List work items that have these words: a number, a name, a member id, a payer."""
    return _items(request, wanted, wanted.text)


@router.get("/items/views", response=shapes.Views, auth=allowed("worklist.view"))
def list_views(request: HttpRequest, scope: str = "all") -> dict[str, Any]:
    """Tell how many items each built-in view has, and what they are worth."""
    user = actor_of(request)
    asker = asker_of(user, teams=teams_of(user))
    now = timezone.now()
    counts = counts_for(asker, scope=_scope(scope), today=now.date(), at=now)
    rows = []
    for view in VIEWS:
        count = counts.of(view.name)
        rows.append(
            {
                "view": view.name,
                "title": view.title,
                "count": count.items,
                "balance_cents": count.balance_cents,
                "minutes": count.minutes,
            }
        )
    return {"counted_at": counts.counted_at, "rows": rows}


@router.get("/items/{int:item_id}", response=shapes.Item, auth=allowed("worklist.view"))
def show_item(request: HttpRequest, item_id: int) -> dict[str, Any]:
    """Tell one work item."""
    row = item(item_id) if item_id < 2**63 else None  # what a bigint can hold
    if row is None:
        raise NotFound("There is no such item: it was settled, or you may not see it.")
    looked(request, "claim.view", claim=(row["claim_id"], row["client_id"]))
    return _shown([row])[0]


@router.post("/acts", response={201: shapes.Act}, auth=allowed("claims.work"))
def do_act(request: HttpRequest, wanted: shapes.NewAct) -> HttpResponse:
    """Do one thing to many items; those that cannot have it are named, the others get it."""
    user = actor_of(request)

    def do() -> tuple[int, dict[str, Any]]:
        done = act(
            wanted.kind,
            wanted.item_ids,
            wanted.parameters,
            user=user,
            actor=f"user:{user.pk}",
            at=timezone.now(),
        )
        return 201, _told(done)

    try:
        return once(request, do)
    except NotAllowed as refusal:
        raise HttpError(403, f"{str(refusal).capitalize()}.") from None
    except NothingToDo as refusal:
        faults = [
            {"field": f"item_ids.{item_id}", "message": reason}
            for item_id, reason in refusal.refused
        ]
        return problem(422, str(refusal), errors=faults)


@router.post("/acts/{int:act_id}/undo", response=shapes.UndoneAct, auth=allowed("claims.work"))
def undo_act(request: HttpRequest, act_id: int) -> HttpResponse:
    """Take an act back where nobody changed the same since."""
    found = BulkAct.objects.filter(pk=act_id).first() if act_id < 2**63 else None
    # An act is told of to who did it, and to who sees one of its claims.
    user = actor_of(request)
    is_theirs = found is not None and (
        found.user_id == user.pk or BulkChange.objects.filter(act_id=found.pk).exists()
    )
    if found is None or not is_theirs:
        raise NotFound("There is no such act, or you may not see it.")

    def do() -> tuple[int, dict[str, Any]]:
        done = undo(found, user=user, at=timezone.now())
        kept = [
            {"claim_id": claim_id, "party": party, "reason": reason}
            for claim_id, party, reason in done.kept
        ]
        return 200, {"act_id": found.pk, "restored": done.restored, "kept": kept}

    try:
        return once(request, do)
    except CannotUndo as refusal:
        return problem(409, f"It cannot be undone: {refusal}.")


def _items(request: HttpRequest, asked: shapes.ItemsAsked, text: str) -> dict[str, Any]:
    question = _question(request, asked, text)
    rows, token = page_of(question, limit=asked.limit, token=asked.cursor)
    size = size_of(question)
    looked(request, "items.list", rows=len(rows))
    return {
        "as_of": question.today,
        "rows": _shown(rows),
        "count": size.count,
        "balance_cents": size.balance_cents,
        "next_cursor": token,
    }


def _question(request: HttpRequest, asked: shapes.ItemFilters, text: str) -> Question:
    """Return the question that the page would ask with the same filters.

    Raises:
        HttpError: a view, scope or order that there is not.
    """
    name, _, category = asked.view.partition(":")
    if name not in BY_NAME or (category and name != DENIED):
        raise HttpError(422, f"view: there are {', '.join(BY_NAME)}.")
    for key in filter(None, asked.sort.split(",")):
        if key.strip().removeprefix("-") not in ORDERS:
            raise HttpError(422, f"sort: there are {', '.join(ORDERS)}.")
    _scope(asked.scope)
    query = QueryDict(mutable=True)
    for field, value in asked.model_dump(exclude={"limit", "cursor", "text"}).items():
        if value not in (None, "", []):
            values = value if isinstance(value, list) else [value]
            query.setlist(field, [str(one) for one in values])
    user = actor_of(request)
    return question_of(
        query,
        today=timezone.localdate(),
        asker=asker_of(user, teams=teams_of(user)),
        search=text,
    )


def _scope(scope: str) -> str:
    if scope not in SCOPES:
        raise HttpError(422, f"scope: there are {', '.join(SCOPES)}.")
    return scope


def _shown(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows of the worklist under the names of the command line."""
    payers = dict(
        Payer.objects.filter(pk__in={row["payer_id"] for row in rows}).values_list("pk", "payer_id")
    )
    owners = dict(
        User.objects.filter(pk__in={row["assignee_id"] for row in rows}).values_list("pk", "name")
    )
    return [
        {
            **{name: row[name] for name in _SAME},
            "item_id": row["id"],
            "client": row["client_code"],
            "claim": row["claim_number"],
            "patient": row["patient_name"],
            "payer_id": payers.get(row["payer_id"]),
            "since": row["since_date"],
            "deadline": row["deadline_date"],
            "owner": owners.get(row["assignee_id"], ""),
            "owner_id": row["assignee_id"],
            "reasons": sentences(row["reasons"]),
        }
        for row in rows
    ]


def _told(done: BulkAct) -> dict[str, Any]:
    return {
        "act_id": done.pk,
        "kind": done.kind,
        "words": done.words,
        "items": done.items,
        "refused": [{"item_id": item_id, "reason": reason} for item_id, reason in done.refused],
    }
