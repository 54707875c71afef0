"""The worklist: the grid with its views, filters, groups and exports, and the drawer of an item."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.models import User
from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.files.queries import data_as_of
from sanderling.payers.models import Payer
from sanderling.web.downloads import FORMS, export
from sanderling.worklists import grid_page, list_page
from sanderling.worklists.asking import Question
from sanderling.worklists.calling import call_batch
from sanderling.worklists.calling import shown as shown_in_call
from sanderling.worklists.cards import cards
from sanderling.worklists.columns import COLUMNS, chosen, exported
from sanderling.worklists.filtering import filter_fields
from sanderling.worklists.item_page import item_context
from sanderling.worklists.listing import (
    EXPORT_MAX,
    Size,
    groups_of,
    item,
    page_of,
    size_of,
)
from sanderling.worklists.models import Preference, Project
from sanderling.worklists.planning import cost_of_order, people_of
from sanderling.worklists.preferring import preference_of, views_of
from sanderling.worklists.questioning import asked_question
from sanderling.worklists.searching import LETTERS_MIN, keep_search, words_of
from sanderling.worklists.sorting import WAYS
from sanderling.worklists.tallying import Counts, counts_for

# A longer narrowed list is counted after the page is there; so is one of words that many items
# have, which are compared row by row.
SIZE_AT_ONCE: Final = 1_000
SIZE_OF_WORDS: Final = 200


@require_GET
@requires("worklist.view")
def worklist(request: HttpRequest) -> HttpResponse:
    """Show the items of a view, narrowed, sorted and grouped as the address says."""
    user = person_of(request)
    preference = preference_of(user.pk)
    if not request.GET and preference.query:
        return redirect(f"{reverse('worklist')}?{preference.query}")
    question, search = asked_question(request)
    columns = _columns(request, preference)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return _exported(request, question, columns, wanted)
    now = timezone.now()
    counts = counts_for(question.asker, scope=question.scope, today=question.today, at=now)
    context = {
        "question": question,
        "heading": grid_page.heading(question),
        "rail": grid_page.rail(question, counts),
        "saved": views_of(user.pk),
        "counts": counts,
        "cards": cards(question, counts, user_id=user.pk),
        "scopes": grid_page.scopes(request.GET, question),
        "groups": grid_page.groups(request.GET, question),
        "ways": grid_page.ways(request.GET, question) if user.may("claims.assign") else [],
        "other_way": _other_way(question) if user.may("claims.assign") else "",
        "chips": grid_page.chips(request.GET, search=search, labels=_labels(question)),
        "may_work": user.may("claims.work"),
        "search": search,
        "query": grid_page.address(request.GET)[1:],
        "choices": [
            (name, COLUMNS[name].title, name in columns)
            for name in dict.fromkeys((*columns, *COLUMNS))
        ],
        "forms": FORMS,
        "data_as_of": data_as_of(),
        **_body(request, question, columns, counts),
    }
    return render(request, "worklists/worklist.html", context)


@require_GET
@requires("worklist.view")
def work_rows(request: HttpRequest) -> HttpResponse:
    """Show only the rows of a question: a group's, when it is opened within the page."""
    question, _ = asked_question(request)
    columns = _columns(request, preference_of(person_of(request).pk))
    rows, token = page_of(question, token=request.GET.get("after", ""))
    record_listing(request, action="claims.list", detail={"rows": len(rows)})
    context = {
        "rows_html": list_page.rows_html(rows, columns, _shown(question)),
        "width": len(columns) + 1,
        "more": grid_page.address(request.GET, after=token) if token else "",
    }
    return render(request, "worklists/rows.html", context)


@require_GET
@requires("worklist.view")
def work_size(request: HttpRequest) -> HttpResponse:
    """Say how long a list is in all: counted after the page is there."""
    question, _ = asked_question(request)
    return render(request, "worklists/size.html", {"size": size_of(question)})


@require_GET
@requires("worklist.view")
def work_filters(request: HttpRequest) -> HttpResponse:
    """Show the form of all filters, filled in as the address says."""
    is_fragment = bool(request.headers.get("HX-Request"))
    context = {"fields": filter_fields(request.GET), "is_fragment": is_fragment}
    name = "worklists/filter_form.html" if is_fragment else "worklists/filters.html"
    return render(request, name, context)


@require_GET
@requires("claims.assign")
def work_order_cost(request: HttpRequest) -> HttpResponse:
    """Say what a week in another order brings less than in ours."""
    order = request.GET.get("order", "")
    if order not in WAYS:
        raise Http404
    question, _ = asked_question(request)
    minutes = sum(person.minutes for person in people_of())
    cost = cost_of_order(
        order, today=question.today, minutes=minutes, client_ids=question.asker.client_ids
    )
    return render(request, "worklists/order_cost.html", {"cost": cost})


@require_POST
@requires("worklist.view")
def work_search(request: HttpRequest) -> HttpResponse:
    """Take the words to search for into the session, and show what has them in all views.

    They come as POST: a patient's name has no place in an address, which logs and browsers keep.
    """
    asked = QueryDict(request.POST.get("query", ""))
    text = request.POST.get("text", "").strip()
    if text and not words_of(text):
        return render(request, "worklists/short_search.html", {"letters": LETTERS_MIN}, status=422)
    key = keep_search(request.session, text) if text else None
    query = grid_page.address(asked, search=key, view="all" if key else asked.get("view"))
    return redirect(f"{reverse('worklist')}{query}")


@require_GET
@requires("worklist.view")
def work_item(request: HttpRequest, item_id: int) -> HttpResponse:
    """Show one item: in the drawer beside the list, or as a page of its own."""
    row = item(item_id)
    if row is None:
        raise Http404
    record_view(request, claim_id=row["claim_id"], client_id=row["client_id"])
    context = item_context(row, now=timezone.now())
    is_fragment = bool(request.headers.get("HX-Request"))
    name = "worklists/drawer.html" if is_fragment else "worklists/item.html"
    return render(request, name, context)


@require_GET
@requires("worklist.view")
def work_call(request: HttpRequest, payer_id: int) -> HttpResponse:
    """Show the claims for one call to a payer, each with a form for what was said."""
    payer = get_object_or_404(Payer, pk=payer_id)
    question, _ = asked_question(request)
    rows = call_batch(question, payer)
    record_listing(request, action="claims.list", detail={"rows": len(rows)})
    context = {
        "payer": payer,
        "claims": [shown_in_call(row) for row in rows],
        "total_cents": sum(row["balance_cents"] for row in rows),
        "worklist_url": f"{reverse('worklist')}?view=due&group=payer",
    }
    return render(request, "worklists/call.html", context)


def _body(
    request: HttpRequest, question: Question, columns: tuple[str, ...], counts: Counts
) -> dict[str, Any]:
    """Return the grid's rows, or its groups."""
    size = _size(question, counts)
    if question.group:
        groups, count = groups_of(question)
        payers = Payer.objects.in_bulk({one.first["payer_id"] for one in groups} - {None})
        codes = {pk: payer.payer_id for pk, payer in payers.items()}
        record_listing(request, action="claims.list", detail={"groups": len(groups)})
        rows = [grid_page.group_row(request.GET, question, one, codes) for one in groups]
        for row in rows:
            row["payer"] = payers.get(row["payer_id"]) if question.group == "payer" else None
        return {"group_rows": rows, "group_count": count, "size": size}
    token = request.GET.get("after", "")
    found, following = page_of(question, token=token)
    record_listing(request, action="claims.list", detail={"rows": len(found)})
    return {
        "rows_html": list_page.rows_html(found, columns, _shown(question)),
        "row_count": len(found),
        "heads": grid_page.heads(request.GET, question, columns),
        "next_url": grid_page.address(request.GET, after=following) if following else "",
        "first_url": grid_page.address(request.GET) if token else "",
        "size": size,
    }


def _size(question: Question, counts: Counts) -> Size:
    """Return the list's size: from the kept counts, or counted while that is quick."""
    if question.is_narrowed:
        is_common = bool(question.words) and question.found is None
        return size_of(question, limit=SIZE_OF_WORDS if is_common else SIZE_AT_ONCE)
    name = f"{question.view.name}:{question.category}" if question.category else question.view.name
    count = counts.of(name)
    return Size(count.items, count.balance_cents, count.minutes)


def _exported(
    request: HttpRequest, question: Question, columns: tuple[str, ...], form: str
) -> HttpResponse:
    rows, following = page_of(question, limit=EXPORT_MAX)
    if following:
        return HttpResponse(
            f"This list has more than {EXPORT_MAX:,} claims; narrow it and export again.\n",
            status=409,
            content_type="text/plain",
        )
    record_listing(request, action="claims.export", detail={"rows": len(rows)})
    shown = _shown(question)
    return export(
        [list_page.exported_row(row, shown) for row in rows],
        columns=exported(columns),
        as_of=question.today,
        totals={"balance_cents": sum(row["balance_cents"] for row in rows)},
        form=form,
        name=f"worklist-{question.view.name}",
    )


def _shown(question: Question) -> list_page.Shown:
    people = dict(User.objects.values_list("pk", "name"))
    projects = dict(Project.objects.filter(is_closed=False).values_list("pk", "name"))
    return list_page.Shown(question.today, people, projects)


def _labels(question: Question) -> dict[str, dict[str, str]]:
    """Return what people, projects and payers of the filters are called."""
    found: dict[str, dict[str, str]] = {}
    if "owner" in question.ids:
        people = User.objects.filter(pk__in=question.ids["owner"]).values_list("pk", "name")
        found["owner"] = {str(pk): name for pk, name in people}
    if "project" in question.ids:
        known = Project.objects.filter(pk__in=question.ids["project"]).values_list("pk", "name")
        found["project"] = {str(pk): name for pk, name in known}
    if "payer" in question.ids:
        payers = Payer.objects.filter(pk__in=question.ids["payer"])
        found["payer"] = {payer.payer_id: payer.name for payer in payers}
    return found


def _other_way(question: Question) -> str:
    """Return the order that a lead has switched to, empty for ours."""
    others = (name for name, (_, sort) in WAYS.items() if sort == question.sort and name != "value")
    return next(others, "")


def _columns(request: HttpRequest, preference: Preference) -> tuple[str, ...]:
    """Return the columns of the address, else those that the user likes."""
    asked = request.GET.get("cols", "")
    return chosen(asked.split(",") if asked else preference.columns)
