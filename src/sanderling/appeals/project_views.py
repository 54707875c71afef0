"""Pages of projects: many claims, one conversation with a payer."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.appeals.forms import ProjectForm, SentForm
from sanderling.appeals.letters import ensure_shipped
from sanderling.appeals.listing import rows_of
from sanderling.appeals.models import AppealProject, State
from sanderling.appeals.packets import packet_bytes
from sanderling.appeals.projects import (
    begin_project,
    case_title,
    chosen_items,
    control_of,
    finish_project,
    latest_packet,
    progress_of,
    projects,
    send_project,
)
from sanderling.appeals.views import lines_answer, pdf_answer
from sanderling.audit.looks import record_listing
from sanderling.core.refusal import Refusal
from sanderling.payers.models import Payer
from sanderling.worklists.models import WorkItem
from sanderling.worklists.questioning import whole_view

UNPROCESSABLE: Final = 422
SHOWN: Final = 5


@require_GET
@requires("claims.work")
def appeal_projects(request: HttpRequest) -> HttpResponse:
    """List the projects with their progress."""
    found = list(projects()[:200])
    payers = Payer.objects.in_bulk({one.payer_id for one in found if one.payer_id})
    rows = [
        {"project": one, "payer": payers.get(one.payer_id or 0), "case": case_title(one)}
        for one in found
    ]
    return render(request, "appeals/projects.html", {"rows": rows})


@require_http_methods(["POST"])
@requires("claims.work")
def appeal_many(request: HttpRequest) -> HttpResponse:
    """Begin a project for the chosen work items; the first POST asks for its name and letter."""
    now = timezone.now()
    ensure_shipped(at=now)
    texts = [*request.POST.getlist("item"), *request.POST.get("ids", "").split(",")]
    ids = sorted({int(one) for one in texts if one.strip().isdecimal()})
    try:
        ids = ids if request.POST.get("all") != "1" else sorted(whole_view(request))
        items = chosen_items(ids)
    except Refusal as refusal:
        return render(
            request, "appeals/many_refused.html", {"refusal": refusal.sentence}, status=422
        )
    is_answer = "begin" in request.POST
    form = ProjectForm(
        request.POST if is_answer else None, initial={"level": 1, "name": _name(items[0], now)}
    )
    if is_answer and form.is_valid():
        values = form.cleaned_data
        try:
            begun = begin_project(
                items,
                name=values["name"],
                case=values["case"],
                level=values["level"],
                letter=values["letter"],
                despite_choice=values["despite"],
                user=person_of(request),
                at=now,
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, f"Begun: {begun.appeals} appeals.")
            _say(request, begun.refused)
            return redirect("appeal-project", begun.project.pk)
    record_listing(request, action="appeals.choose", detail={"rows": len(items)})
    context = {
        "form": form,
        "items": items,
        "ids": ",".join(str(one.pk) for one in items),
        "total_cents": sum(one.balance_cents for one in items),
        "left_out": len(ids) - len(items),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "appeals/many.html", context, status=status)


def _name(item: WorkItem, now: datetime) -> str:
    return f"{item.payer_name or 'Payer'}, {item.client_code}, {now:%Y-%m-%d %H:%M}"


def _say(request: HttpRequest, refused: list[tuple[str, str]]) -> None:
    for number, sentence in refused[:SHOWN]:
        messages.error(request, f"{number}: {sentence}")
    if len(refused) > SHOWN:
        messages.error(request, f"{len(refused) - SHOWN} more were left out.")


def _found(project_id: int) -> AppealProject:
    return get_object_or_404(
        AppealProject.objects.select_related("project__owner", "template_version__template"),
        pk=project_id,
    )


@require_GET
@requires("claims.work")
def appeal_project(request: HttpRequest, project_id: int) -> HttpResponse:
    """Show a project: its claims, its packet, what it brought."""
    return _page(request, _found(project_id))


def _page(
    request: HttpRequest, found: AppealProject, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    today = timezone.now().date()
    appeals = list(
        found.appeals.select_related("claim__client", "payer", "project__project").order_by(
            "claim__number", "pk"
        )
    )
    record_listing(
        request, action="appeal_project.view", detail={"project": found.pk, "rows": len(appeals)}
    )
    states = {one.state for one in appeals}
    context = {
        "found": found,
        "payer": Payer.objects.filter(pk=found.payer_id or 0).first(),
        "case": case_title(found),
        "progress": progress_of(found),
        "rows": rows_of(appeals, today=today),
        "packet": latest_packet(found),
        "control": control_of(found),
        "can_finish": bool(states & {State.DRAFT, State.READY, State.APPROVED}),
        "can_send": State.APPROVED in states,
        "sent_form": SentForm(initial={"sent_date": today.isoformat()}),
        "refusal": refusal,
    }
    return render(request, "appeals/project.html", context, status=status)


@require_POST
@requires("claims.work")
def finish_view(request: HttpRequest, project_id: int) -> HttpResponse:
    """Make the packets of a project."""
    found = _found(project_id)
    try:
        packet, refused = finish_project(found, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        return _page(request, found, refusal=refusal.sentence, status=UNPROCESSABLE)
    messages.success(request, f"The packet is made: {packet.pages} pages.")
    _say(request, refused)
    return redirect("appeal-project", found.pk)


@require_POST
@requires("claims.work")
def send_view(request: HttpRequest, project_id: int) -> HttpResponse:
    """Say how and when a project's packet was sent."""
    found = _found(project_id)
    form = SentForm(request.POST)
    if not form.is_valid():
        return _page(
            request, found, refusal="Say how, when, and what proves it.", status=UNPROCESSABLE
        )
    try:
        sent, refused = send_project(
            found, **form.cleaned_data, user=person_of(request), at=timezone.now()
        )
    except Refusal as refusal:
        return _page(request, found, refusal=refusal.sentence, status=UNPROCESSABLE)
    messages.success(request, f"Sent: {sent} appeals.")
    _say(request, refused)
    return redirect("appeal-project", found.pk)


@require_GET
@requires("claims.work")
def project_packet(request: HttpRequest, project_id: int) -> HttpResponse:
    """Hand out the common packet; its name says nothing of patients."""
    found = _found(project_id)
    packet = latest_packet(found)
    if packet is None:
        raise Http404
    record_listing(
        request, action="appeal_project.download", detail={"project": found.pk, "rows": 1}
    )
    return pdf_answer(packet_bytes(packet), control_of(found))


@require_GET
@requires("claims.work")
def project_lines(request: HttpRequest, project_id: int) -> HttpResponse:
    """Hand out the lines in dispute of all claims of a project as a spreadsheet."""
    found = _found(project_id)
    appeals = list(
        found.appeals.exclude(state=State.WITHDRAWN)
        .select_related("claim__client", "payer")
        .order_by("claim__number", "pk")
    )
    record_listing(
        request,
        action="appeal_project.lines",
        detail={"project": found.pk, "rows": len(appeals)},
    )
    return lines_answer(appeals, request.GET.get("format", "xlsx"), control_of(found))
