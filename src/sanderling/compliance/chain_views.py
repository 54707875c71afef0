"""The page of the audit chain: the last check, a new one, its progress."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.compliance.chain_checks import (
    ask_check,
    is_stale,
    latest_check,
    latest_done,
    waiting_events,
)
from sanderling.compliance.models import ChainCheck, CheckState

CHECKS_SHOWN = 20


@require_http_methods(["GET", "POST"])
@requires("audit.view")
def chain(request: HttpRequest) -> HttpResponse:
    """Show what the checks found; a POST asks for a new one. htmx gets the running one only."""
    if request.method == "POST":
        ask_check(user=person_of(request), at=timezone.now())
        messages.success(request, "The worker walks the chain now.")
        return redirect("chain")
    latest = latest_check()
    context: dict[str, object] = {
        "latest": latest,
        "done": latest_done(),
        "is_running": latest is not None and latest.state != CheckState.DONE,
        "is_stale": latest is not None and is_stale(latest, at=timezone.now()),
        "percent": 100 * latest.checked // latest.total if latest and latest.total else 0,
        "waiting": waiting_events(),
    }
    if request.headers.get("HX-Request") and request.GET.get("part"):
        answer = render(request, "compliance/chain_state.html", context)
        if not context["is_running"]:
            answer["HX-Refresh"] = "true"  # the whole page shows what was found
        return answer
    checks = ChainCheck.objects.filter(state=CheckState.DONE).order_by("-pk")
    context["checks"] = checks.select_related("asked_by")[:CHECKS_SHOWN]
    return render(request, "compliance/chain.html", context)
