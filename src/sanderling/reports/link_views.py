"""A report for who has a link to it, without an account.

The first page shows nothing but what it is: programs that look into mails follow its address, and
only who goes on has opened the report.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from sanderling.links.actions import LinkRefused, OpenedLink
from sanderling.links.door import by_link
from sanderling.reports.delivery_models import Delivery
from sanderling.reports.delivery_views import look
from sanderling.reports.models import Report, State
from sanderling.reports.portal_views import as_file
from sanderling.reports.report_page import body
from sanderling.reports.sending import note_opened


def _delivery(link: OpenedLink) -> Delivery:
    """Return what the link was made for.

    Raises:
        LinkRefused: the report was withdrawn, or a later link has taken this one's place.
    """
    found = (
        Delivery.objects.select_related("report__client")
        .filter(
            pk=link.subject_id, client_id=link.client_id, ended_at=None, report__state=State.SENT
        )
        .first()
    )
    if found is None:
        raise LinkRefused
    return found


def _opened(request: HttpRequest, link: OpenedLink, action: str) -> Report:
    delivery = _delivery(link)
    note_opened(delivery, at=timezone.now())
    look(request, delivery.report, action)
    return delivery.report


@require_GET
@by_link("report")
def linked_cover(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """Say what the link leads to."""
    context = {"report": _delivery(link).report, "link": link, "here": request.path}
    return render(request, "reports/linked_cover.html", context)


@require_GET
@by_link("report")
def linked_report(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """Show the report."""
    report = _opened(request, link, "report.view")
    context = {"report": report, "blocks": body(report, is_linked=False)}
    return render(request, "reports/linked_report.html", context)


@require_GET
@by_link("report")
def linked_file(request: HttpRequest, link: OpenedLink, form: str) -> HttpResponse:
    """Return the report as PDF or workbook."""
    return as_file(_opened(request, link, "report.export"), form)
