"""Pages of the payer directory, portals and look-ups."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.core.refusal import Refusal
from sanderling.payers.models import Payer
from sanderling.portals.actions import cancel_lookups, queue_lookups, save_portal, start_again
from sanderling.portals.forms import PortalForm, form_of
from sanderling.portals.models import Portal
from sanderling.portals.queries import (
    COLUMNS,
    TABS,
    counts,
    directory,
    lookups,
    portal_facts,
    rows_of,
    what_to_ask,
)
from sanderling.web.downloads import FORMS, export
from sanderling.worklists.chosen import chosen_items

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50
SHOWN_REFUSED: Final = 5


@require_GET
@requires("claims.work")
def portals(request: HttpRequest) -> HttpResponse:
    """List the payers with how to reach each, and what is open with it."""
    context = {
        "rows": directory(),
        "counts": counts(),
        "portals": Portal.objects.order_by("name"),
        "may_edit": person_of(request).may("payers.edit"),
    }
    return render(request, "portals/portals.html", context)


@require_GET
@requires("claims.work")
def payer_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how to reach one payer, and what to ask about what is open with it."""
    payer = get_object_or_404(Payer.objects.select_related("portal_entry__portal"), pk=pk)
    entry = getattr(payer, "portal_entry", None)
    context = {
        "payer": payer,
        "portal": entry.portal if entry else None,
        "asks": what_to_ask(payer),
        "may_edit": person_of(request).may("payers.edit"),
    }
    return render(request, "portals/payer_contact.html", context)


@require_http_methods(["GET", "POST"])
@requires("payers.edit")
def portal(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Show a portal, or a new one, and change it."""
    found = get_object_or_404(Portal, pk=pk) if pk else Portal()
    if request.method == "GET":
        return _portal_page(request, found, form_of(found) if pk else PortalForm())
    form = PortalForm(request.POST)
    if form.is_valid():
        values = dict(form.cleaned_data)
        payer_ids = values.pop("payers")
        try:
            saved = save_portal(found, payer_ids=payer_ids, values=values, at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The portal was saved.")
            return redirect("payer-portal", pk=saved.pk)
    return _portal_page(request, found, form, status=UNPROCESSABLE)


def _portal_page(
    request: HttpRequest, found: Portal, form: PortalForm, *, status: int = 200
) -> HttpResponse:
    facts: dict[str, Any] = portal_facts(found, today=timezone.now().date()) if found.pk else {}
    context = {"portal": found if found.pk else None, "form": form, **facts}
    return render(request, "portals/portal.html", context, status=status)


@require_POST
@requires("payers.edit")
def portal_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Let look-ups go on in a portal that had stopped."""
    get_object_or_404(Portal, pk=pk)
    start_again(pk, at=timezone.now())
    messages.success(request, "Look-ups go on within a few minutes.")
    return redirect("payer-portal", pk=pk)


@require_GET
@requires("claims.work")
def portal_lookups(request: HttpRequest) -> HttpResponse:
    """List look-ups: what waits, what a person must see to, what was shown."""
    tab = request.GET.get("tab", "")
    number = counts()
    if tab not in TABS:
        tab = "person" if number["person"] else "waiting"
    found = lookups(tab)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        rows = rows_of(found)
        record_listing(
            request, action="portal_lookups.export", detail={"rows": len(rows), "tab": tab}
        )
        return export(
            rows,
            columns=COLUMNS,
            as_of=timezone.now().date(),
            totals=None,
            form=wanted,
            name="portal-look-ups",
        )
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    rows = rows_of(page.object_list)
    record_listing(request, action="portal_lookups.list", detail={"rows": len(rows), "tab": tab})
    context = {
        "tab": tab,
        "tabs": [
            {"key": key, "title": title, "count": number[key]} for key, (title, _) in TABS.items()
        ],
        "rows": rows,
        "page": page,
        "forms": FORMS,
    }
    return render(request, "portals/lookups.html", context)


@require_POST
@requires("claims.work")
def look_up(request: HttpRequest) -> HttpResponse:
    """Queue a look-up of the chosen work items."""
    try:
        asked = queue_lookups(chosen_items(request), user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect("portal-lookups")
    if asked.queued:
        messages.success(request, f"{asked.queued:,} to be looked up in payers' portals.")
    for claim, why in asked.refused[:SHOWN_REFUSED]:
        messages.warning(request, f"{claim}: {why}.")
    if len(asked.refused) > SHOWN_REFUSED:
        messages.warning(request, f"{len(asked.refused) - SHOWN_REFUSED:,} more cannot be.")
    return redirect("portal-lookups")


@require_POST
@requires("claims.work")
def lookups_cancel(request: HttpRequest) -> HttpResponse:
    """Take back look-ups that nobody has begun."""
    chosen = [int(one) for one in request.POST.getlist("look_up") if one.isdecimal()]
    gone = cancel_lookups(chosen, at=timezone.now())
    messages.success(request, f"{gone:,} cancelled.")
    return redirect("portal-lookups")
