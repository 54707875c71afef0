"""Reports as a client's own people see them: only what was sent."""

from __future__ import annotations

from typing import Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import person_of, requires
from sanderling.reports.delivery_models import Delivery
from sanderling.reports.delivery_views import look
from sanderling.reports.models import Report, State
from sanderling.reports.rendering import pdf_of
from sanderling.reports.report_page import body
from sanderling.reports.sending import note_opened
from sanderling.reports.workbook import xlsx_of
from sanderling.web.downloads import FORMS

PAGE_ROWS: Final = 30
PDF: Final = "application/pdf"


def as_file(report: Report, form: str) -> HttpResponse:
    """Return a report as a download, named after its last day."""
    content = pdf_of(report) if form == "pdf" else xlsx_of(report)
    return HttpResponse(
        content,
        content_type=PDF if form == "pdf" else FORMS["xlsx"],
        headers={
            "Content-Disposition": f'attachment; filename="report-{report.to_date}.{form}"',
            "Cache-Control": "no-store",
        },
    )


@require_GET
@requires("portal.view")
def portal_reports(request: HttpRequest) -> HttpResponse:
    """List the reports that were sent to the user's practice."""
    found = (
        Report.objects.filter(state=State.SENT)
        .select_related("client")
        .defer("numbers")
        .order_by("-to_date", "-sent_at", "-pk")
    )
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    mine = Delivery.objects.filter(
        user=person_of(request), ended_at=None, opened_at=None,
        report__in=[one.pk for one in page.object_list],
    )  # fmt: skip
    context = {"page": page, "unread": set(mine.values_list("report_id", flat=True))}
    return render(request, "reports/portal_reports.html", context)


def _sent(request: HttpRequest, report_id: int, action: str) -> Report:
    report: Report = get_object_or_404(
        Report.objects.select_related("client"), pk=report_id, state=State.SENT
    )
    look(request, report, action)
    for delivery in Delivery.objects.filter(report=report, user=person_of(request), ended_at=None):
        note_opened(delivery, at=timezone.now())
    return report


@require_GET
@requires("portal.view")
def portal_report(request: HttpRequest, report_id: int) -> HttpResponse:
    """Show one report."""
    report = _sent(request, report_id, "report.view")
    return render(
        request,
        "reports/portal_report.html",
        {"report": report, "blocks": body(report, is_linked=False)},
    )


@require_GET
@requires("portal.view")
def portal_report_file(request: HttpRequest, report_id: int, form: str) -> HttpResponse:
    """Return one report as PDF or workbook."""
    return as_file(_sent(request, report_id, "report.export"), form)
