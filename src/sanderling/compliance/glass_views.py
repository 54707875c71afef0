"""Pages of break-glass: opening a client, what was looked at, the review."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.break_glass import GlassRefused, end_glass, review_glass
from sanderling.accounts.models import BreakGlass
from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.compliance.glass import codes_of, glasses, looks_under, open_client, own_glasses
from sanderling.compliance.glass_forms import OpenForm, ReviewForm
from sanderling.compliance.naming import event_rows

UNPROCESSABLE: Final = 422
OWN_SHOWN: Final = 20
PAGE_EVENTS: Final = 100


@require_http_methods(["GET", "POST"])
@requires("break_glass.use")
def break_glass(request: HttpRequest) -> HttpResponse:
    """Open a client that is not assigned to the user; show what he opened before."""
    user = person_of(request)
    form = OpenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            open_client(
                user=user,
                client_code=values["client"],
                reason=values["reason"],
                minutes=values["minutes"],
                at=timezone.now(),
            )
        except GlassRefused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Open. Compliance was told; every look is marked.")
            return redirect("break-glass")
    own = list(own_glasses(user)[:OWN_SHOWN])
    context = {"form": form, "own": own, "codes": codes_of(own), "now": timezone.now()}
    status = UNPROCESSABLE if form.is_bound and form.errors else 200
    return render(request, "compliance/break_glass.html", context, status=status)


@require_POST
@requires("break_glass.use")
def break_glass_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a break-glass before its time."""
    get_object_or_404(BreakGlass, pk=pk)
    try:
        end_glass(pk, user=person_of(request), at=timezone.now())
    except GlassRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Ended.")
    return redirect("break-glass")


@require_GET
@requires("audit.view")
def break_glasses(request: HttpRequest) -> HttpResponse:
    """List what is open, what waits for its review, what was reviewed."""
    now = timezone.now()
    tab = request.GET.get("tab", "")
    tabs = [
        {"key": key, "title": title, "count": glasses(key, at=now).count()}
        for key, title in (
            ("open", "Open now"),
            ("review", "To review"),
            ("reviewed", "Reviewed"),
        )
    ]
    if tab not in {one["key"] for one in tabs}:
        tab = "open" if tabs[0]["count"] else "review"
    page = Paginator(glasses(tab, at=now), PAGE_EVENTS).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    context = {"tab": tab, "tabs": tabs, "page": page, "rows": shown, "codes": codes_of(shown)}
    return render(request, "compliance/break_glasses.html", context)


@require_http_methods(["GET", "POST"])
@requires("audit.view")
def break_glass_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was looked at with one break-glass; a POST is its review."""
    user = person_of(request)
    found = get_object_or_404(BreakGlass.objects.select_related("user", "reviewed_by"), pk=pk)
    if codes_of([found]) == {}:
        raise PermissionDenied  # one's own, of a client that is closed again: others review it
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            review_glass(
                pk,
                user=user,
                was_right=form.cleaned_data["was_right"],
                note=form.cleaned_data["note"],
                at=timezone.now(),
            )
        except GlassRefused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Reviewed.")
            return redirect("break-glasses")
    page = Paginator(looks_under(found), PAGE_EVENTS).get_page(request.GET.get("page"))
    record_listing(request, action="break_glass.looks", detail={"break_glass_of": pk})
    context = {
        "glass": found,
        "code": codes_of([found])[found.client_id],
        "page": page,
        "rows": event_rows(list(page.object_list)),
        "form": form,
        "is_open": found.ends_at > timezone.now(),
        "may_review": user.may("compliance.edit") and user.pk != found.user_id,
    }
    status = UNPROCESSABLE if form.is_bound and form.errors else 200
    return render(request, "compliance/break_glass_one.html", context, status=status)
