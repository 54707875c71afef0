"""Pages of what happens to a report: look, approve, send, what became of each mail, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.actions import record_event
from sanderling.audit.looks import client_address
from sanderling.core.refusal import Refusal
from sanderling.reports.approving import approve, reject, take_approval_back
from sanderling.reports.delivery_forms import ChoiceForm
from sanderling.reports.delivery_models import Delivery
from sanderling.reports.delivery_page import approval_facts, waiting_facts
from sanderling.reports.models import Report
from sanderling.reports.page_pictures import pages_of
from sanderling.reports.recipients import suggested
from sanderling.reports.sending import approve_and_send, send, send_again, withdraw
from sanderling.reports.several import approve_all

UNPROCESSABLE: Final = 422
REFUSED_SHOWN: Final = 10


def look(request: HttpRequest, report: Report, action: str = "report.view") -> None:
    """Record that somebody looked at a report: it may name claims."""
    record_event(
        action=action,
        at=timezone.now(),
        client_id=report.client_id,
        subject=("report", report.pk),
        ip=client_address(request),
    )


@require_GET
@requires("reports.view")
def approvals_view(request: HttpRequest) -> HttpResponse:
    """List what waits: for approval, to be sent, and what could not be made or delivered."""
    facts = waiting_facts(person_of(request), group=request.GET.get("group", ""))
    return render(request, "reports/approvals.html", facts)


@require_POST
@requires("reports.approve")
def approve_several_view(request: HttpRequest) -> HttpResponse:
    """Approve the chosen drafts, or approve and send each to whom it usually goes."""
    ids = [int(one) for one in request.POST.getlist("report") if one.isdecimal()]
    sends = request.POST.get("act") == "send"
    told = approve_all(ids, sends=sends, user=person_of(request), at=timezone.now())
    if not ids:
        messages.warning(request, "Choose at least one report.")
    if told.done:
        messages.success(
            request,
            f"{told.done} report{pluralize(told.done)} approved"
            + (f"; {told.sent} mail{pluralize(told.sent)} on the way." if sends else "."),
        )
    for sentence in told.refused[:REFUSED_SHOWN]:
        messages.warning(request, f"Not approved: {sentence}")
    if (more := len(told.refused) - REFUSED_SHOWN) > 0:
        messages.warning(request, f"Not approved: {more} more; they still wait below.")
    group = request.POST.get("group", "")
    query = f"?{urlencode({'group': group})}" if group else ""
    return redirect(f"{reverse('report-approvals')}{query}")


def _page(
    request: HttpRequest, report_id: int, *, form: ChoiceForm | None = None, refusal: str = ""
) -> HttpResponse:
    report = get_object_or_404(
        Report.objects.select_related("client", "made_by", "approved_by", "withdrawn_by"),
        pk=report_id,
    )
    look(request, report)
    context = {
        **approval_facts(report, person_of(request)),
        "form": form or ChoiceForm(choice=suggested(report)),
        "refusal": refusal,
        "reason": request.POST.get("reason", ""),
    }
    status = UNPROCESSABLE if refusal or form is not None else 200
    return render(request, "reports/approval.html", context, status=status)


@require_GET
@requires("reports.view")
def approval_view(request: HttpRequest, report_id: int) -> HttpResponse:
    """Show a report's pages beside those of the one before, and what can be done with it."""
    return _page(request, report_id)


@require_GET
@requires("reports.view")
def page_picture(_request: HttpRequest, report_id: int, number: int) -> HttpResponse:
    """Return one page of a report as a picture."""
    report = get_object_or_404(Report, pk=report_id)
    pages = pages_of(report)
    if not 1 <= number <= len(pages):
        raise Http404
    return HttpResponse(
        pages[number - 1], content_type="image/png", headers={"Cache-Control": "no-store"}
    )


def _done(request: HttpRequest, report_id: int, act: Callable[[], Any], said: str) -> HttpResponse:
    get_object_or_404(Report, pk=report_id)
    try:
        act()
    except Refusal as refusal:
        return _page(request, report_id, refusal=refusal.sentence)
    messages.success(request, said)
    return redirect("report-approval", report_id)


@require_POST
@requires("reports.approve")
def approve_view(request: HttpRequest, report_id: int) -> HttpResponse:
    """Approve, or approve and send at once."""
    user, at = person_of(request), timezone.now()
    if request.POST.get("act") != "send":
        return _done(request, report_id, lambda: approve(report_id, user=user, at=at), "Approved.")
    get_object_or_404(Report, pk=report_id)
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return _page(request, report_id, form=form)
    return _done(
        request,
        report_id,
        lambda: approve_and_send(report_id, form.choice(), user=user, at=at),
        "Approved; it is on its way.",
    )


@require_POST
@requires("reports.approve")
def reject_view(request: HttpRequest, report_id: int) -> HttpResponse:
    """Reject a draft with a reason."""
    reason = request.POST.get("reason", "")
    return _done(
        request,
        report_id,
        lambda: reject(report_id, reason, user=person_of(request), at=timezone.now()),
        "Rejected. When it is put right, make the report anew.",
    )


@require_POST
@requires("reports.approve")
def take_back_view(request: HttpRequest, report_id: int) -> HttpResponse:
    """Take an approval back."""
    return _done(
        request,
        report_id,
        lambda: take_approval_back(report_id, user=person_of(request), at=timezone.now()),
        "The report is a draft again.",
    )


@require_POST
@requires("reports.edit")
def send_view(request: HttpRequest, report_id: int) -> HttpResponse:
    """Send an approved report, or a sent one to more people."""
    get_object_or_404(Report, pk=report_id)
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return _page(request, report_id, form=form)
    user, at = person_of(request), timezone.now()
    return _done(
        request,
        report_id,
        lambda: send(report_id, form.choice(), user=user, at=at),
        "It is on its way.",
    )


@require_POST
@requires("reports.edit")
def send_again_view(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Send a report to one person anew."""
    delivery = get_object_or_404(Delivery, pk=delivery_id)
    return _done(
        request,
        delivery.report_id,
        lambda: send_again(delivery_id, user=person_of(request), at=timezone.now()),
        "It is on its way again; the link before leads nowhere now.",
    )


@require_POST
@requires("reports.approve")
def withdraw_view(request: HttpRequest, report_id: int) -> HttpResponse:
    """Withdraw a report with a reason."""
    reason, tells = request.POST.get("reason", ""), request.POST.get("tells") == "on"
    return _done(
        request,
        report_id,
        lambda: withdraw(
            report_id, reason, tells=tells, user=person_of(request), at=timezone.now()
        ),
        "Withdrawn; its links lead nowhere now.",
    )
