"""The page of retention: years by kind, legal holds, counts and deletions."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.clients.queries import client_choices, client_codes_by_id
from sanderling.compliance import retention
from sanderling.compliance.forms import HoldForm
from sanderling.compliance.models import CheckState, LegalHold, RetentionRun
from sanderling.core.refusal import Refusal

RUNS_SHOWN: Final = 20
UNPROCESSABLE: Final = 422


def _page(request: HttpRequest, hold_form: HoldForm | None = None) -> HttpResponse:
    runs = list(RetentionRun.objects.select_related("asked_by").order_by("-pk")[:RUNS_SHOWN])
    counted = retention.latest_count()
    codes = client_codes_by_id()
    holds = LegalHold.objects.select_related("placed_by").order_by("lifted_at", "-pk")
    context = {
        "kinds": [
            {
                "kind": kind,
                "years": retention.years_of(kind),
                "counted": counted.counts.get(kind.key) if counted else None,
            }
            for kind in retention.KINDS
        ],
        "kept": retention.KEPT,
        "counted": counted,
        "holds": [(hold, codes.get(hold.client_id or 0, "everybody")) for hold in holds],
        "hold_form": hold_form or HoldForm(clients=client_choices()),
        "runs": [
            {
                "run": run,
                "counts": [
                    (retention.OF_KEY[key].title, count)
                    for key, count in run.counts.items()
                    if key in retention.OF_KEY
                ],
            }
            for run in runs
        ],
        "is_running": any(run.state != CheckState.DONE for run in runs),
    }
    status = UNPROCESSABLE if hold_form is not None else 200
    return render(request, "compliance/retention.html", context, status=status)


@require_GET
@requires("compliance.edit")
def retention_view(request: HttpRequest) -> HttpResponse:
    """Show what is kept how long, what is held, and what was counted and deleted."""
    return _page(request)


@require_POST
@requires("compliance.edit")
def retention_years(request: HttpRequest, kind: str) -> HttpResponse:
    """Change for how many years a kind is kept."""
    years = request.POST.get("years", "")
    try:
        retention.set_years(
            kind,
            int(years) if years.isdecimal() and len(years) < 4 else -1,  # noqa: PLR2004 - years
            user=person_of(request),
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Saved. Nothing is deleted before somebody counts and deletes.")
    return redirect("retention")


@require_POST
@requires("compliance.edit")
def retention_hold(request: HttpRequest) -> HttpResponse:
    """Place a legal hold."""
    form = HoldForm(request.POST, clients=client_choices())
    if not form.is_valid():
        return _page(request, form)
    retention.place_hold(
        client_id=form.cleaned_data["client"],
        reason=form.cleaned_data["reason"],
        user=person_of(request),
        at=timezone.now(),
    )
    messages.success(request, "The hold stands.")
    return redirect("retention")


@require_POST
@requires("compliance.edit")
def retention_lift(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Lift a legal hold."""
    get_object_or_404(LegalHold, pk=hold_id)
    retention.lift_hold(hold_id, user=person_of(request), at=timezone.now())
    messages.success(request, "Lifted.")
    return redirect("retention")


@require_POST
@requires("compliance.edit")
def retention_run(request: HttpRequest) -> HttpResponse:
    """Ask the worker for a count, or for the deletion of what the last count found."""
    is_dry = request.POST.get("act") != "delete"
    try:
        retention.ask_run(is_dry=is_dry, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "The worker counts." if is_dry else "The worker deletes.")
    return redirect("retention")
