"""Pages of key figures: all of them, one of them, the claims behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.audit.looks import record_listing
from sanderling.clients.models import Client
from sanderling.core.kpis.definitions import (
    ABSENT,
    BY_KEY,
    DENIALS,
    RECEIVABLES,
    Definition,
)
from sanderling.core.refusal import Refusal
from sanderling.kpis import page
from sanderling.kpis.asking import Question, kept, kept_months
from sanderling.kpis.behind import COLUMNS, behind, named
from sanderling.kpis.forms import KpiForm
from sanderling.kpis.models import Month, Restatement
from sanderling.kpis.reporting import labels
from sanderling.kpis.words import amount_text, month_text, of_text
from sanderling.payers.models import Payer
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
PAGE: Final = 50
EXPORTED_MAX: Final = 100_000
NOTED: Final = 20
BY: Final = {
    "client": "Client", "payer": "Payer", "provider": "Provider (NPI)", "location": "Location",
}  # fmt: skip
BY_PEOPLE: Final = {"user": "Person", "team": "Team"}
FILTERS: Final = ("client", "payer", "provider", "team")


@require_GET
@requires("kpis.view")
def kpis(request: HttpRequest) -> HttpResponse:
    """Show the main figures of a month, and all others."""
    form, months = _asked(request)
    if form is None:
        return render(request, "kpis/kpis.html", {"months": months})
    if not form.is_valid():
        return _refused(request, form, "kpis/kpis.html")
    question = form.question(months=page.TREND_MONTHS)
    found = page.series(kept(question), question)
    if request.GET.get("format", "") in FORMS:
        rows = page.figure_rows(found, question.definitions)
        return _export(request, rows, page.FIGURE_COLUMNS, "key-figures", form)
    query = _query(form)
    there = {one.key for one in question.definitions}
    context = {
        **_frame(form, months),
        "tiles": [page.figure(BY_KEY[key], found, query) for key in page.TILES if key in there],
        "groups": [one for one in page.grouped(found, query) if one["rows"]],
        "absent": ABSENT,
        "restated": _restated(form, question),
    }
    return render(request, "kpis/kpis.html", context)


@require_GET
@requires("kpis.view")
def kpi(request: HttpRequest, key: str) -> HttpResponse:
    """Show one figure: what it is, its trend with limits, and by what it differs."""
    one = _figure(key)
    form, months = _asked(request)
    if form is None:
        return render(request, "kpis/kpis.html", {"months": months})
    if not form.is_valid():
        return _refused(request, form, "kpis/kpi.html", one)
    question = form.question(months=page.CHART_MONTHS)
    if one not in question.definitions:
        form.add_error(None, f"{one.title} is not of people: choose no team.")
        return _refused(request, form, "kpis/kpi.html", one)
    found = page.series(kept(question), question)
    limits = page.judged_series(one, found, page.going_on(question))
    query, by = _query(form), _by(request, one, form)
    groups = _groups(one, form, by)
    if request.GET.get("format", "") in FORMS:
        if request.GET.get("table") == "groups":
            rows = [{by: row["name"], "value": row["raw"], "numerator": row["numerator"],
                     "denominator": row["denominator"]} for row in groups]  # fmt: skip
            columns = (by, "value", "numerator", "denominator")
            return _export(request, rows, columns, f"{key}-by-{by}".replace("_", "-"), form)
        rows = page.month_export(one, question, found, limits)
        return _export(request, rows, page.MONTH_COLUMNS, key.replace("_", "-"), form)
    choices = BY_PEOPLE if one.by == "user" else BY
    shown = page.month_rows(one, found, limits, query)
    context = {
        **_frame(form, months),
        "one": one,
        "now": page.figure(one, found, query),
        "rows": shown,
        "chart": page.chart(one, found, limits),
        "limits_text": page.limits_text(one, limits),
        "unusual": [row for row in shown if row["why"]],
        "claims_url": page.claims_url(one, query),
        "by": by,
        "by_title": choices[by],
        "tabs": [(f"?{urlencode(query | {'by': name})}", title, name == by)
                 for name, title in choices.items()],
        "groups": groups,
        "group_query": query,
        "elsewhere": _elsewhere(one, form),
        "restated": _restated(form, question, key),
    }  # fmt: skip
    return render(request, "kpis/kpi.html", context)


@require_GET
@requires("kpis.view")
def kpi_claims(request: HttpRequest, key: str) -> HttpResponse:
    """List the claims behind a figure of a month."""
    one = _figure(key)
    form, months = _asked(request)
    if form is None:
        return render(request, "kpis/kpis.html", {"months": months})
    if not form.is_valid():
        return _refused(request, form, "kpis/claims.html", one)
    part = "denominator" if request.GET.get("part") == "denominator" else "numerator"
    try:
        found = behind(one, form.question(months=1), part=part)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _refused(request, form, "kpis/claims.html", one)
    payers: dict[Any, str] = {**labels("payer"), **dict(Payer.objects.values_list("pk", "name"))}
    if request.GET.get("format", "") in FORMS:
        rows = named(found.frame.head(EXPORTED_MAX), payers)
        record_listing(request, action="claims.export", detail={"rows": len(rows), "kpi": key})
        return _export(request, rows, COLUMNS, f"{key}-claims".replace("_", "-"), form)
    pages = Paginator(range(found.frame.height), PAGE)
    shown = pages.get_page(request.GET.get("page"))
    start = shown.start_index() - 1 if found.frame.height else 0
    rows = named(found.frame.slice(start, PAGE), payers)
    record_listing(request, action="claims.list", detail={"rows": len(rows), "kpi": key})
    for row in rows:
        row["numerator_text"] = amount_text(one.numerator_unit, row["numerator"])
        row["denominator_text"] = amount_text(one.denominator_unit, row["denominator"])
    query = _query(form)
    apart = found.without_claim
    context = {
        **_frame(form, months),
        "one": one,
        "rows": rows,
        "page": shown,
        "count": found.frame.height,
        "part": part,
        "parts": [(f"?{urlencode(query | {'part': name})}", title, name == part) for name, title in
                  (("numerator", "In the numerator"), ("denominator", "All that count"))],
        "kpi_url": f"{reverse('kpi', args=[key])}?{urlencode(query)}",
        "apart": amount_text(one.numerator_unit, apart[0]) if any(apart) else "",
    }  # fmt: skip
    return render(request, "kpis/claims.html", context)


def _asked(request: HttpRequest) -> tuple[KpiForm | None, list[Month]]:
    months = kept_months()
    if not months:
        return None, months
    return KpiForm(request.GET, months=months), months


def _figure(key: str) -> Definition:
    if key not in BY_KEY:
        raise Http404("no such key figure")
    return BY_KEY[key]


def _frame(form: KpiForm, months: list[Month]) -> dict[str, Any]:
    chosen = form.months[form.month_date]
    return {
        "form": form,
        "months": months,
        "month": chosen,
        "month_name": month_text(form.month_date),
        "forms": FORMS,
        "as_of": chosen.as_of_date,
        "computed_at": chosen.computed_at,
        "is_going_on": page.going_on(form.question(months=1)) is not None,
    }


def _query(form: KpiForm) -> dict[str, str]:
    values = form.cleaned_data
    return {"month": values["month"]} | {name: values[name] for name in FILTERS if values[name]}


def _refused(
    request: HttpRequest, form: KpiForm, template: str, one: Definition | None = None
) -> HttpResponse:
    context = {"form": form, "months": list(form.months.values()), "one": one, "is_refused": True}
    return render(request, template, context, status=UNPROCESSABLE)


def _by(request: HttpRequest, one: Definition, form: KpiForm) -> str:
    """Return by what the figure is told apart: as asked, else the first that is not chosen yet."""
    choices = BY_PEOPLE if one.by == "user" else BY
    asked = request.GET.get("by", "")
    if asked in choices:
        return asked
    return next((name for name in choices if not form.cleaned_data.get(name)), next(iter(choices)))


def _groups(one: Definition, form: KpiForm, by: str) -> list[dict[str, Any]]:
    """Return the figure of the month by group; nothing where two things would be told apart."""
    question = form.question(months=1, by=(by,))
    if question.grain is None:
        return []
    names: dict[Any, str] = dict(labels(by))
    if by == "client":
        names = {pk: f"{code} · {name}" for pk, code, name in
                 Client.objects.values_list("pk", "code", "name")}  # fmt: skip
    if by == "payer":
        names |= dict(Payer.objects.values_list("pk", "name"))
        names |= {-1: "Patients", 0: "Unknown payer"}
    return page.group_rows(one, kept(question), names)


def _restated(form: KpiForm, question: Question, key: str = "") -> list[Any]:
    """Return what late facts changed in closed months that the page shows, the latest first."""
    found = Restatement.objects.filter(
        month_date__in=[one.from_date for one in question.periods]
    ).order_by("-found_at", "-month_date", "key", "client_id")
    if key:
        found = found.filter(key=key)
    if question.client_ids is not None:
        found = found.filter(client_id__in=question.client_ids)
    codes = labels("client")
    shown = []
    for one in found[:NOTED]:
        figure = BY_KEY.get(one.key)
        if figure is not None:
            shown.append({
                "month": month_text(one.month_date), "title": figure.title,
                "client": codes.get(one.client_id, ""), "found_at": one.found_at,
                "was": _sums(figure, one.was_numerator, one.was_denominator),
                "now": _sums(figure, one.numerator, one.denominator),
            })  # fmt: skip
    return shown


def _sums(one: Definition, numerator: int, denominator: int) -> str:
    return of_text(one, numerator, denominator) or amount_text(one.numerator_unit, numerator)


def _elsewhere(one: Definition, form: KpiForm) -> tuple[str, str] | None:
    """Return the page that shows the same claims in its own way: address and words."""
    values, month = form.cleaned_data, form.months[form.month_date]
    if one.group == RECEIVABLES and not values["team"]:
        asked = {"as_of": month.as_of_date.isoformat(), "party": "all", "by": "client"}
        asked |= {name: values[name] for name in ("client", "payer", "provider") if values[name]}
        return f"{reverse('aging')}?{urlencode(asked)}", "Aging of that day"
    if one.group == DENIALS:
        return reverse("denials"), "Denials at a glance"
    return None


def _export(
    request: HttpRequest,
    rows: Sequence[Mapping[str, Any]],
    columns: tuple[str, ...],
    name: str,
    form: KpiForm,
) -> HttpResponse:
    day: date = form.months[form.month_date].as_of_date
    return export(
        rows, columns=columns, as_of=day, totals=None, form=request.GET["format"], name=name
    )
