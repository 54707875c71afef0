"""Pages of barriers: where the money is, what changed, at a glance, and the lists behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.audit.looks import record_listing
from sanderling.barriers import glance_page, list_page, where_page
from sanderling.barriers.asking import NONE, Question, kept_days, overdue_rows
from sanderling.barriers.changes import changes, day_to_compare
from sanderling.barriers.denial_list import (
    DENIAL_COLUMNS,
    DENIAL_ORDERS,
    WantedDenials,
    denials_page,
    denials_size,
)
from sanderling.barriers.forms import (
    BarrierForm,
    NarrowForm,
    barrier_form,
    texts_of,
    visible_names,
)
from sanderling.barriers.glance import DENIAL_PARTS, WEEKS, watched
from sanderling.barriers.glance import denials as denial_trends
from sanderling.barriers.listing import COLUMNS, ORDERS, Moved, Wanted, WrongList, page_of, size
from sanderling.barriers.where_money import at_risk, slices, tie
from sanderling.files.queries import data_as_of
from sanderling.web.downloads import FORMS, export

PAGE_ROWS: Final = 50
DAYS_OFFERED: Final = 60
TREND_DAYS: Final = 13
_KEPT_IN_LINKS: Final = ("as_of", "client", "payer", "category", "team")
UNEXPLAINED_SHOWN: Final = 10


@require_GET
@requires("barriers.view")
def where_money(request: HttpRequest) -> HttpResponse:
    """Show what is owed by barrier and age, what is at risk, and that nothing is missing."""
    form = _form(request)
    if not form.is_valid():
        return render(request, "barriers/where.html", {"form": form}, status=422)
    question = form.question()
    by = form.cleaned_data["by"]
    found = slices(question, by=by)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            where_page.slice_rows(found, by=by, names=form.names),
            columns=where_page.SLICE_COLUMNS,
            as_of=question.as_of,
            totals={
                "count": sum(one.count for one in found),
                "total_cents": sum(one.balance_cents for one in found),
            },
            form=wanted,
            name="barriers",
        )
    query = _query(form.data)
    urls = {"claims": reverse("barrier-claims"), "page": reverse("barriers")}
    asked = query | _asked(form.data, "barrier")
    table = where_page.table(found, by=by, names=form.names, query=asked, urls=urls)
    risk = None
    if not question.is_kept:
        risk = where_page.risk_table(
            at_risk(question),
            query=asked,
            claims_url=urls["claims"],
            owed_cents=table["owed"]["total"]["cents"],
        )
    context = {
        "form": form,
        "question": question,
        "table": table,
        "chart": where_page.treemap(table),
        "risk": risk,
        "tie": tie(question),
        "overdue": 0 if question.is_kept else overdue_rows(question.as_of),
        "is_narrowed": any(
            form.data.get(name) for name in ("payer", "barrier", "team", "category")
        ),
        "since": day_to_compare(question.as_of),
        "data_as_of": data_as_of(),
        "bring_in_url": _bring_in_address(request),
        "forms": FORMS,
    }
    return render(request, "barriers/where.html", context)


@require_GET
@requires("barriers.view")
def what_changed(request: HttpRequest) -> HttpResponse:
    """Show what changed since the last kept week end, and why; htmx gets the section alone."""
    form = _form(request, without=("by", "category", "team"))
    if not form.is_valid():
        return render(request, "barriers/changes.html", {"form": form}, status=422)
    question = form.question()
    since = day_to_compare(question.as_of)
    context: dict[str, Any] = {
        "form": form,
        "question": question,
        "since": since,
        "data_as_of": data_as_of(),
        "forms": FORMS,
    }
    if since is not None:
        found = changes(question, since=since)
        wanted = request.GET.get("format", "")
        if wanted in FORMS:
            return export(
                where_page.flow_rows(found),
                columns=where_page.FLOW_COLUMNS,
                as_of=question.as_of,
                totals={
                    "was_cents": found.total("was_cents"),
                    "now_cents": found.total("now_cents"),
                },
                form=wanted,
                name="barrier-changes",
            )
        context["changes"] = where_page.changes_table(
            found,
            as_of=question.as_of,
            query={name: text for name, text in _query(form.data).items() if name != "category"},
            claims_url=reverse("barrier-claims"),
        )
        context["chart"] = where_page.sankey(context["changes"])
    is_part = request.headers.get("HX-Request") == "true"
    context["is_part"] = is_part
    template = "barriers/changes_section.html" if is_part else "barriers/changes.html"
    return render(request, template, context)


@require_GET
@requires("barriers.view")
def balances(request: HttpRequest) -> HttpResponse:
    """List the balances behind a number, with why each is open and what comes next."""
    form = _form(request)
    if not form.is_valid():
        return render(request, "barriers/where.html", {"form": form}, status=422)
    sort, order = _sort(request, "-balance", ORDERS)
    try:
        wanted = _wanted(request, form.question(), order, is_descending=sort.startswith("-"))
    except (WrongList, ValueError):
        return HttpResponse("There is no such list.\n", status=422, content_type="text/plain")
    as_of = wanted.question.as_of
    taken = request.GET.get("format", "")
    after = "" if taken in FORMS else request.GET.get("after", "")
    whole = size(wanted)
    rows, token = page_of(wanted, limit=None if taken in FORMS else PAGE_ROWS, after=after)
    record_listing(
        request,
        action="claims.export" if taken in FORMS else "claims.list",
        detail={"rows": len(rows), "as_of": as_of.isoformat()},
    )
    if taken in FORMS:
        return export(
            [list_page.exported(row, as_of) for row in rows],
            columns=COLUMNS,
            as_of=as_of,
            totals={"balance_cents": whole.balance_cents},
            form=taken,
            name="balances",
        )
    context = {
        "rows": [list_page.shown(row, as_of) for row in rows],
        "size": whole,
        "wanted": wanted,
        "question": wanted.question,
        "filters": [*_narrowed(form), *list_page.described(wanted)],
        "columns": list_page.sortable(sort),
        "token": token,
        "is_first": not after,
        "data_as_of": data_as_of(),
        "forms": FORMS,
    }
    return render(request, "barriers/balances.html", context)


@require_GET
@requires("barriers.view")
def glance(request: HttpRequest) -> HttpResponse:
    """Show what is wrong on a large scale: denials, and the barriers a leader watches."""
    today = timezone.localdate()
    names = visible_names()
    form = NarrowForm(texts_of(request.GET), names=names)
    if not form.is_valid():
        return render(request, "barriers/glance.html", {"form": form}, status=422)
    scope = form.scope(today)
    found = denial_trends(scope)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            glance_page.denial_rows(found, names=names),
            columns=glance_page.GLANCE_COLUMNS,
            as_of=today,
            totals={"count": found.total.count, "denied_cents": found.total.cents},
            form=wanted,
            name="denials-by-part",
        )
    query = _asked(form.data, "client", "payer")
    claims_url, denials_url = reverse("barrier-claims"), reverse("denials")
    days = [day for day in kept_days(limit=TREND_DAYS) if day < today]
    question = Question(
        as_of=today,
        client_id=scope.client_id,
        payer_key=scope.payer_key,
        barrier="unexplained",
    )
    rows, _ = page_of(Wanted(question), limit=UNEXPLAINED_SHOWN)
    record_listing(request, action="claims.list", detail={"rows": len(rows)})
    context = {
        "form": form,
        "scope": scope,
        "weeks": WEEKS,
        "denials": found,
        "tables": glance_page.denial_tables(
            found, names=names, query=query, denials_url=denials_url
        ),
        "chart": glance_page.weekly_chart(found, scope),
        "denials_url": denials_url,
        "query": query,
        "cards": glance_page.watched_cards(
            watched(scope, days), as_of=today, query=query, claims_url=claims_url
        ),
        "unexplained": [list_page.shown(row, today) for row in rows],
        "data_as_of": data_as_of(),
        "bring_in_url": _bring_in_address(request),
        "forms": FORMS,
    }
    return render(request, "barriers/glance.html", context)


@require_GET
@requires("barriers.view")
def denials(request: HttpRequest) -> HttpResponse:
    """List the denials behind a number of "At a glance"."""
    today = timezone.localdate()
    names = visible_names()
    asked = texts_of(request.GET)
    form = NarrowForm(asked, names=names)
    if not form.is_valid():
        return render(request, "barriers/glance.html", {"form": form}, status=422)
    sort, order = _sort(request, "-denied", DENIAL_ORDERS)
    parts = {name: asked[name] for name in DENIAL_PARTS if name != "payer" and name in asked}
    wanted = WantedDenials(
        form.scope(today),
        {name: "" if text == NONE else text for name, text in parts.items()},
        is_duplicate=asked.get("duplicate") == "1",
        order=order,
        is_descending=sort.startswith("-"),
    )
    taken = asked.get("format", "")
    after = "" if taken in FORMS else asked.get("after", "")
    whole = denials_size(wanted)
    rows, token = denials_page(wanted, limit=None if taken in FORMS else PAGE_ROWS, after=after)
    record_listing(
        request,
        action="claims.export" if taken in FORMS else "claims.list",
        detail={"rows": len(rows), "as_of": today.isoformat()},
    )
    if taken in FORMS:
        return export(
            rows,
            columns=DENIAL_COLUMNS,
            as_of=today,
            totals={"denied_cents": whole.balance_cents},
            form=taken,
            name="denials",
        )
    context = {
        "rows": [list_page.denial_shown(row) for row in rows],
        "size": whole,
        "scope": wanted.scope,
        "weeks": WEEKS,
        "filters": [
            *_narrowed(form),
            *((glance_page.DENIAL_PART_NAMES[name], text) for name, text in parts.items()),
            *([("Duplicates", "only")] if wanted.is_duplicate else []),
        ],
        "columns": list_page.sortable(sort, is_denials=True),
        "token": token,
        "is_first": not after,
        "data_as_of": data_as_of(),
        "forms": FORMS,
    }
    return render(request, "barriers/denials.html", context)


def _form(request: HttpRequest, *, without: tuple[str, ...] = ()) -> BarrierForm:
    """Return the page's bound form, without the fields that the page does not ask."""
    today = timezone.localdate()
    form = barrier_form(
        request.GET, names=visible_names(), today=today, days=kept_days(limit=DAYS_OFFERED)
    )
    for name in without:
        del form.fields[name]
    return form


def _asked(data: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: data[name] for name in names if data.get(name)}


def _query(data: Mapping[str, str]) -> dict[str, str]:
    return _asked(data, *_KEPT_IN_LINKS)


def _narrowed(form: NarrowForm) -> list[tuple[str, str]]:
    """Return client and payer in words."""
    found = []
    for name, title in (("client", "Client"), ("payer", "Payer")):
        if form.data.get(name):
            found.append((title, form.label_of(name)))
    return found


def _sort(request: HttpRequest, default: str, orders: Mapping[str, object]) -> tuple[str, str]:
    sort = request.GET.get("sort", default)
    if sort.removeprefix("-") not in orders:
        sort = default
    return sort, sort.removeprefix("-")


def _wanted(request: HttpRequest, question: Question, order: str, *, is_descending: bool) -> Wanted:
    """Return which balances an address asks for.

    Raises:
        WrongList, ValueError: a bucket, window or day that is none.
    """
    asked = texts_of(request.GET)
    bucket = asked.get("bucket", "")
    moved = None
    if "since" in asked:
        moved = Moved(
            since=date.fromisoformat(asked["since"]),
            was=asked.get("was", ""),
            now=asked.get("now", ""),
            cause=asked.get("cause", ""),
        )
        question = replace(question, barrier="", team="", category="")
    return Wanted(
        question,
        bucket=int(bucket) if bucket else None,
        window=asked.get("window", ""),
        kind=asked.get("kind", ""),
        moved=moved,
        is_credit={"credit": True, "debit": False}.get(asked.get("sign", "")),
        order=order,
        is_descending=is_descending,
    )


def _bring_in_address(request: HttpRequest) -> str:
    """Return the address of the page that takes files in, empty when the user may not."""
    may = request.user.is_authenticated and request.user.may("files.upload")
    return reverse("bring_in") if may else ""
