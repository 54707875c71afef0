"""Pages of the delivery log, and of schedules."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.core.refusal import Refusal
from sanderling.reports.delivery_forms import ScheduleForm
from sanderling.reports.delivery_models import Due, Schedule
from sanderling.reports.delivery_page import COLUMNS, SHOWS, deliveries, rows_of, tabs
from sanderling.reports.due import try_again
from sanderling.reports.recipients import Choice
from sanderling.reports.schedules import days_of, end_schedule, schedule_reports, when
from sanderling.web.downloads import FORMS, export

PAGE_ROWS: Final = 50
UNPROCESSABLE: Final = 422


@require_GET
@requires("reports.view")
def deliveries_view(request: HttpRequest) -> HttpResponse:
    """List to whom reports went, and what became of each mail."""
    show = request.GET.get("show", "")
    show = show if show in SHOWS else ""
    text = request.GET.get("text", "").strip()
    found = deliveries(show=show, text=text)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            rows_of(list(found)),
            columns=COLUMNS,
            as_of=timezone.now().date(),
            totals=None,
            form=wanted,
            name="report-deliveries",
        )
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "tabs": tabs(show),
        "show": show,
        "text": text,
        "page": page,
        "rows": rows_of(list(page.object_list)),
        "forms": FORMS,
        "may_edit": person_of(request).may("reports.edit"),
    }
    return render(request, "reports/deliveries.html", context)


@require_GET
@requires("reports.view")
def schedules_view(request: HttpRequest) -> HttpResponse:
    """List which reports are made by themselves."""
    found = Schedule.objects.filter(is_active=True).select_related("client", "definition")
    page = Paginator(found.order_by("client__code", "definition__name", "pk"), PAGE_ROWS).get_page(
        request.GET.get("page")
    )
    rows = [{"schedule": one, "when": when(one), "days": days_of(one)} for one in page.object_list]
    context = {"rows": rows, "page": page, "may_edit": person_of(request).may("reports.edit")}
    return render(request, "reports/schedules.html", context)


@require_http_methods(["GET", "POST"])
@requires("reports.edit")
def new_schedule_view(request: HttpRequest) -> HttpResponse:
    """Have a report made by itself."""
    if request.method == "GET":
        asked = {name: request.GET[name] for name in ("definition",) if name in request.GET}
        asked |= {"clients": request.GET.getlist("client")}  # type: ignore[dict-item]  # a list
        form = ScheduleForm(choice=Choice(to_client_users=True), initial=asked)
        return render(request, "reports/schedule_form.html", {"form": form})
    form = ScheduleForm(request.POST)
    if form.is_valid():
        try:
            made = schedule_reports(
                form.cleaned_data["definition"],
                clients=list(form.cleaned_data["clients"]),
                rhythm=form.cleaned_data["rhythm"],
                day=form.day,
                choice=form.choice(),
                user=person_of(request),
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            first = made[0].next_date.isoformat()
            messages.success(
                request, f"Scheduled for {len(made)} clients; first made on {first}."
                if len(made) > 1 else f"Scheduled; first made on {first}."
            )  # fmt: skip
            return redirect("report-schedules")
    return render(request, "reports/schedule_form.html", {"form": form}, status=UNPROCESSABLE)


@require_POST
@requires("reports.edit")
def end_schedule_view(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Have no more reports made by a schedule."""
    get_object_or_404(Schedule, pk=schedule_id)
    end_schedule(schedule_id, at=timezone.now())
    messages.success(request, "Ended; reports that are made already stay.")
    return redirect("report-schedules")


@require_POST
@requires("reports.edit")
def try_again_view(request: HttpRequest, due_id: int) -> HttpResponse:
    """Have a report made again that could not be made."""
    get_object_or_404(Due, pk=due_id)
    try_again(due_id)
    messages.success(request, "It is tried again within the hour.")
    return redirect("report-approvals")
