"""Pages of reports: the list, making, one report, its claims, paper and workbook."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.accounts.roles import role_may
from sanderling.audit.looks import record_listing
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.payers.queries import payer_names_by_id
from sanderling.reports.approving import write_note
from sanderling.reports.asking import ask_again, ask_for_reports
from sanderling.reports.behind import COLUMNS, SUMS, NotBehind, named, rows_behind
from sanderling.reports.forms import MakeForm, last_month
from sanderling.reports.models import Definition, Making, MakingState, Report, State
from sanderling.reports.rendering import pdf_of
from sanderling.reports.report_page import body
from sanderling.reports.words import number_text, period_text, stamp_text
from sanderling.reports.workbook import xlsx_of
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
REPORTS_A_PAGE: Final = 50
CLAIMS_A_PAGE: Final = 100
DIFFERENCES_SHOWN: Final = 50


@require_GET
@requires("reports.view")
def reports(request: HttpRequest) -> HttpResponse:
    """List reports, the latest first, of a client and in a state."""
    client = request.GET.get("client", "").replace("\0", "")
    state = request.GET.get("state", "")
    found = Report.objects.select_related("client", "made_by").order_by("-made_at", "-pk")
    if client:
        found = found.filter(client__code=client)
    if state in State.values:
        found = found.filter(state=state)
    page = Paginator(found.defer("numbers"), REPORTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_row(one) for one in page],
        "clients": Client.objects.order_by("code"),
        "client": client,
        "state": state,
        "states": State.choices,
        "makings": Making.objects.filter(state=MakingState.WAITING).order_by("pk"),
        "may_edit": role_may(person_of(request).role, "reports.edit"),
    }
    return render(request, "reports/reports.html", context)


def _row(one: Report) -> dict[str, Any]:
    return {"report": one, "period": period_text(one.from_date, one.to_date)}


@require_http_methods(["GET", "POST"])
@requires("reports.edit")
def make(request: HttpRequest) -> HttpResponse:
    """Ask for reports of one or many clients."""
    first, last = last_month(timezone.localdate())
    definitions = Definition.objects.filter(is_archived=False).select_related("client")
    form = MakeForm(
        request.POST or None,
        definitions=definitions.order_by("pk"),
        initial={
            "from_date": first, "to_date": last, "definition": request.GET.get("definition", ""),
            "clients": request.GET.getlist("client"),
        },
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            making = ask_for_reports(
                form.definitions[form.cleaned_data["definition"]], client_ids=form.client_ids(),
                provider=form.cleaned_data["provider"], by=person_of(request), at=timezone.now(),
                **form.days(),
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return redirect("report-making", making.pk)
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "reports/make.html", {"form": form}, status=status)


@require_GET
@requires("reports.edit")
def making(request: HttpRequest, making_id: int) -> HttpResponse:
    """Show how far what was asked for is; the page asks again by itself until it is done."""
    found = get_object_or_404(
        Making.objects.select_related("definition", "report", "report__client"), pk=making_id
    )
    context: dict[str, Any] = {"making": found, "is_waiting": found.state == MakingState.WAITING}
    if found.preview is not None:
        record_listing(request, action="report.preview", detail={"making": found.pk})
        context["blocks"] = body(Report(numbers=found.preview), is_linked=False)
        context["period"] = period_text(found.from_date, found.to_date)
    elif found.state == MakingState.DONE and found.report is None:
        context["made"] = [
            _row(one)
            for one in Report.objects.filter(
                definition=found.definition, client_id__in=found.client_ids,
                provider=found.provider, from_date=found.from_date, to_date=found.to_date,
                as_of_date=found.as_of_date,
            ).exclude(state=State.WITHDRAWN).select_related("client").order_by("client__code")
        ]  # fmt: skip
    template = "reports/making_state.html" if request.headers.get("HX-Request") else (
        "reports/making.html"
    )  # fmt: skip
    return render(request, template, context)


@require_GET
@requires("reports.view")
def report(request: HttpRequest, report_id: int) -> HttpResponse:
    """Show one report with its frozen numbers."""
    found = _report(report_id)
    record_listing(request, action="report.view", detail={"report": found.pk})
    again = found.reruns.order_by("-pk").first()
    person = person_of(request)
    context = {
        "report": found,
        "period": period_text(found.from_date, found.to_date),
        "stamp_text": stamp_text(found),
        "blocks": body(found),
        "again": again,
        "differences": [_told(one) for one in again.differences[:DIFFERENCES_SHOWN]]
        if again
        else [],
        "may_edit": role_may(person.role, "reports.edit"),
        "is_draft": found.state == State.DRAFT,
    }
    return render(request, "reports/report.html", context)


def _told(one: dict[str, Any]) -> dict[str, Any]:
    """Return a difference as read."""
    unit = one.get("unit", "text")
    was, now = (_difference_text(unit, one[name]) for name in ("was", "is"))
    return {**one, "was_text": was, "is_text": now}


def _difference_text(unit: str, value: object) -> str:
    if isinstance(value, list):
        return " of ".join(f"{part:,}" for part in value)
    return number_text(unit, value)


def _report(report_id: int) -> Report:
    found = Report.objects.select_related("client", "definition", "made_by", "approved_by")
    return get_object_or_404(found, pk=report_id)


@require_GET
@requires("reports.view")
def behind(request: HttpRequest, report_id: int, place: int) -> HttpResponse:
    """List the claims behind a number of a report, as they were when it was made."""
    found = _report(report_id)
    blocks = found.numbers["blocks"]
    if not 0 <= place < len(blocks):
        raise Http404("there is no such block")
    measure = request.GET.get("measure", "")
    where = {
        name: str(text).replace("\0", "")
        for name, text in request.GET.items()
        if name not in ("measure", "format", "page")
    }
    try:
        rows = rows_behind(found, place, where, measure)
    except NotBehind as refusal:
        raise Http404(refusal.sentence) from refusal
    record_listing(
        request, action="report.claims", detail={"report": found.pk, "claims": rows.rows.height}
    )
    unit = _unit(blocks[place], where, measure)
    name = "value_cents" if unit == "cents" else "value"
    payers = payer_names_by_id()
    if request.GET.get("format", "") in FORMS:
        told = [{**one, name: one["value"]} for one in named(rows.rows, payers)]
        return export(
            told, columns=(*COLUMNS, name), as_of=found.as_of_date,
            totals={name: sum(one["value"] for one in told)}, form=request.GET["format"],
            name=f"report-{found.pk}-claims",
        )  # fmt: skip
    page = Paginator(range(rows.rows.height), CLAIMS_A_PAGE).get_page(request.GET.get("page"))
    start = page.start_index() - 1 if rows.rows.height else 0
    shown = named(rows.rows[start : start + CLAIMS_A_PAGE], payers)
    context = {
        "report": found,
        "period": period_text(found.from_date, found.to_date),
        "title": blocks[place]["title"],
        "page": page,
        "rows": [{**one, "text": number_text(unit, one["value"])} for one in shown],
        "total": number_text(unit, rows.total),
        "without_claim": number_text(unit, rows.without_claim) if rows.without_claim else "",
        "count": rows.rows.height,
        "forms": FORMS,
        "parts": _parts(request, rows.rows.height, measure),
    }
    return render(request, "reports/claims.html", context)


def _unit(block: dict[str, Any], where: dict[str, str], measure: str) -> str:
    """Return what a measure is counted in: a figure's sums say it themselves."""
    if measure in ("numerator", "denominator"):
        for one in block["figures"]:
            if one["key"] == where.get("figure"):
                unit: str = one["of_units"][0 if measure == "numerator" else 1]
                return "cents" if unit == "cents" else "count"
    return "cents" if measure == "cents" else "count"


def _parts(request: HttpRequest, _count: int, measure: str) -> list[tuple[str, str, bool]]:
    """Return the links between numerator and denominator of a figure."""
    if measure not in SUMS[2:]:
        return []
    found = []
    for name, title in (("numerator", "Counted"), ("denominator", "Of all")):
        query = request.GET.copy()
        query["measure"] = name
        query.pop("page", None)
        found.append((f"?{query.urlencode()}", title, name == measure))
    return found


@require_GET
@requires("reports.view")
def paper(request: HttpRequest, report_id: int, form: str) -> HttpResponse:
    """Return a report as PDF or as a workbook."""
    found = _report(report_id)
    record_listing(request, action=f"report.{form}", detail={"report": found.pk})
    content, kind = {
        "pdf": (pdf_of, "application/pdf"),
        "xlsx": (xlsx_of, FORMS["xlsx"]),
    }[form]
    place = "inline" if form == "pdf" else "attachment"
    return HttpResponse(
        content(found),
        content_type=kind,
        headers={
            "Content-Disposition": f'{place}; filename="report-{found.pk}.{form}"',
            "Cache-Control": "no-store",
        },
    )


@require_POST
@requires("reports.edit")
def again(request: HttpRequest, report_id: int) -> HttpResponse:
    """Ask for the report to be worked out again and compared."""
    making = ask_again(_report(report_id), by=person_of(request), at=timezone.now())
    return redirect("report-making", making.pk)


@require_POST
@requires("reports.edit")
def note(request: HttpRequest, report_id: int) -> HttpResponse:
    """Write our words above the numbers of a draft."""
    found = _report(report_id)
    try:
        write_note(
            found.pk, request.POST.get("note", ""), user=person_of(request), at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "The note is kept; another person than you approves the report.")
    return redirect("report", report_id)
