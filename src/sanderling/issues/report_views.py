"""Pages of reports: what a person says goes wrong, what was counted, and making an issue of it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.refusal import Refusal
from sanderling.issues.listing import rows_of, share
from sanderling.issues.models import Issue, IssueReport
from sanderling.issues.one import dimension_words
from sanderling.issues.report_form import AXIS_WORDS, ReportForm, filled_in
from sanderling.issues.reports import join_issue, report_issue, want_issue
from sanderling.issues.suggesting import items_of_claim, suggested
from sanderling.issues.tasks import defer_reports
from sanderling.mirror.reading import refreshed_at
from sanderling.payers.models import Payer
from sanderling.worklists.chosen import chosen_items
from sanderling.worklists.models import WorkItem

UNPROCESSABLE: Final = 422
ITEMS_READ: Final = 2_000
CLIENTS_NAMED: Final = 8


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def issue_report(request: HttpRequest) -> HttpResponse:
    """Ask what goes wrong; begun from chosen work items (POST), from a claim or from nothing."""
    user = person_of(request)
    if "since_date" in request.POST:
        form = ReportForm(request.POST, user=user)
        if form.is_valid():
            try:
                report = report_issue(form.report(), user=user, at=timezone.now())
            except Refusal as refusal:
                form.add_error(None, refusal.sentence)
            else:
                defer_reports()
                return redirect("issue-report-counted", report.pk)
        return render(request, "issues/report.html", {"form": form}, status=UNPROCESSABLE)
    problem = ""
    items: list[WorkItem] = []
    try:
        if request.method == "POST":
            ids = chosen_items(request)[:ITEMS_READ]
            items = list(WorkItem.objects.filter(pk__in=ids).order_by("pk"))
        elif request.GET.get("claim", "").isdecimal():
            items = items_of_claim(int(request.GET["claim"]))
    except Refusal as error:
        problem = error.sentence
    initial = suggested(items)
    again = request.GET.get("again", "")
    if again.isdecimal():
        initial = filled_in(get_object_or_404(IssueReport, pk=int(again)))
    form = ReportForm(initial=initial, user=user)
    return render(
        request,
        "issues/report.html",
        {"form": form, "refusal": problem, "items_count": len(items)},
        status=UNPROCESSABLE if problem else 200,
    )


@require_GET
@requires("issues.view")
def issue_report_counted(request: HttpRequest, reported_id: int) -> HttpResponse:
    """Show what was counted of a report, and the issues that are about the same."""
    report = get_object_or_404(IssueReport, pk=reported_id)
    if report.issue_id is not None:
        return redirect("issue", report.issue_id)
    return render(request, "issues/report_counted.html", _context(report))


@require_GET
@requires("issues.view")
def issue_report_state(request: HttpRequest, reported_id: int) -> HttpResponse:
    """Return the part of the page that waits for the worker (htmx)."""
    report = get_object_or_404(IssueReport, pk=reported_id)
    return render(request, "issues/report_state.html", _context(report))


@require_POST
@requires("claims.work")
def issue_report_make(request: HttpRequest, reported_id: int) -> HttpResponse:
    """Make an issue of a report."""
    get_object_or_404(IssueReport, pk=reported_id)
    try:
        want_issue(reported_id, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        defer_reports()
    return redirect("issue-report-counted", reported_id)


@require_POST
@requires("claims.work")
def issue_report_join(request: HttpRequest, reported_id: int, issue_id: int) -> HttpResponse:
    """Keep a report with the issue that is about the same."""
    get_object_or_404(IssueReport, pk=reported_id)
    issue = get_object_or_404(Issue, pk=issue_id)
    try:
        join_issue(reported_id, issue, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect("issue-report-counted", reported_id)
    messages.success(request, "What you report stands with this issue.")
    return redirect("issue", issue_id)


def _context(report: IssueReport) -> dict[str, Any]:
    today = timezone.now().date()
    counts = report.counts
    common: dict[int, int] = dict(report.overlaps)
    known = list(Issue.objects.with_totals().select_related("owner").filter(pk__in=list(common)))
    overlaps = [{**row, "common": common[row["id"]]} for row in rows_of(known, today=today)]
    return {
        "report": report,
        "is_waiting": report.step in (IssueReport.Step.COUNTING, IssueReport.Step.WANTED),
        "counts": counts,
        "rate_before": share(counts.get("events_before", 0), counts.get("outcomes_before", 0)),
        "rate_after": share(counts.get("events_after", 0), counts.get("outcomes_after", 0)),
        "overlaps": sorted(overlaps, key=lambda row: -row["common"]),
        "said": _said(report),
        "refreshed_at": refreshed_at(),
    }


def _said(report: IssueReport) -> list[tuple[str, str]]:
    """Return what a report describes, in words."""
    payer = Payer.objects.filter(pk=report.payer_id or 0).values_list("name", flat=True).first()
    codes = client_codes_by_id()
    clients = sorted(codes[one] for one in report.client_ids if one in codes)
    named = ", ".join(clients[:CLIENTS_NAMED])
    more = len(clients) - CLIENTS_NAMED
    return [
        ("What happens", report.get_kind_display()),
        ("Payer", payer or "any"),
        (
            "Clients",
            "all" if report.is_every_client else named + (f" and {more} more" if more > 0 else ""),
        ),
        *dimension_words(report.dimensions),
        ("Since", f"{report.since_date}, by the day of {AXIS_WORDS[report.axis]}"),
    ]
