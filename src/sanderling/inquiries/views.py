"""Pages of status requests: the list, and what a payer takes."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.core.refusal import Refusal
from sanderling.inquiries.forms import LimitsForm, initial
from sanderling.inquiries.limits import limits_of, set_limits
from sanderling.inquiries.listing import COLUMNS, TABS, overview, rows_of_tab
from sanderling.inquiries.tasks import defer_asking
from sanderling.payers.models import Payer
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50
EXPORT_ROWS: Final = 100_000


@require_GET
@requires("claims.work")
def status_requests(request: HttpRequest) -> HttpResponse:
    """List the requests of a tab, with counts and dollars of all."""
    now = timezone.now()
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "due"
    shown = overview(at=now)
    total = shown.sums[tab]
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        rows = rows_of_tab(tab, shown, today=now.date(), start=0, limit=EXPORT_ROWS)
        record_listing(request, action="status_requests.export", detail={"rows": len(rows)})
        return export(
            [{name: row[name] for name in COLUMNS} for row in rows],
            columns=COLUMNS,
            as_of=now.date(),
            totals={"count": total.count, "balance_cents": total.cents},
            form=wanted,
            name=f"status-requests-{tab}",
        )
    page = Paginator(range(total.count), PAGE_ROWS).get_page(request.GET.get("page"))
    start = (page.number - 1) * PAGE_ROWS
    rows = rows_of_tab(tab, shown, today=now.date(), start=start, limit=PAGE_ROWS)
    record_listing(request, action="status_requests.list", detail={"rows": len(rows), "tab": tab})
    context = {
        "tab": tab,
        "tabs": [
            {"key": key, "title": title, "sum": shown.sums[key]} for key, title in TABS.items()
        ],
        "rows": rows,
        "total": total,
        "page": page,
        "forms": FORMS,
    }
    return render(request, "inquiries/status_requests.html", context)


@require_POST
@requires("claims.work")
def ask_due(request: HttpRequest) -> HttpResponse:
    """Ask about what is due now, without waiting for the clock."""
    defer_asking()
    messages.success(
        request, "Asking about what is due now; it moves to “Asked, waiting” in a moment."
    )
    return redirect("status-requests")


@require_http_methods(["GET", "POST"])
@requires("payers.view")
def payer_limits(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a payer takes; who may edit payers sets it."""
    payer = get_object_or_404(Payer, pk=pk)
    limits, is_set = limits_of(payer)
    may_edit = person_of(request).may("payers.edit")
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    form = LimitsForm(request.POST if request.method == "POST" else None, initial=initial(limits))
    if request.method == "POST" and form.is_valid():
        try:
            changed = set_limits(payer, form.limits(), at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            text = "The limits hold from now on." if changed else "Nothing was changed."
            messages.success(request, text)
            return redirect("payer-status-limits", pk=payer.pk)
    return render(
        request,
        "inquiries/payer_limits.html",
        {"payer": payer, "limits": limits, "is_set": is_set, "form": form, "may_edit": may_edit},
        status=UNPROCESSABLE if form.is_bound else 200,
    )
