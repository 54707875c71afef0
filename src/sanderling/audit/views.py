"""The page of the audit trail, for compliance."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.audit.queries import found_events

PAGE_EVENTS_MAX = 50


@require_GET
@requires("audit.view")
def audit(request: HttpRequest) -> HttpResponse:
    """List the events that fit the search, latest first."""
    asked = {name: request.GET.get(name, "").strip() for name in ("text", "action", "actor")}
    events = found_events(**asked)
    page = Paginator(events, PAGE_EVENTS_MAX).get_page(request.GET.get("page"))
    return render(request, "audit/audit.html", {"page": page, "asked": asked})
