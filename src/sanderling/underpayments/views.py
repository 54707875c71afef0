"""Pages of money paid short: patterns, lines, overpayments, the adverse-payment ledger."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.payers.models import Payer
from sanderling.pricing.actions import set_aside
from sanderling.pricing.models import Pattern
from sanderling.underpayments.adverse import KINDS
from sanderling.underpayments.asking import (
    Narrow,
    adverse_rows,
    adverse_sums,
    line_rows,
    pattern_rows,
    shown_lines,
    totals,
)
from sanderling.underpayments.models import AdversePayment
from sanderling.web.downloads import FORMS, export

PAGE_ROWS: Final = 50
EXPORT_ROWS_MAX: Final = 100_000
LINE_COLUMNS: Final = (
    *("client", "claim", "line", "payer", "code", "modifier", "service_date", "received_date"),
    *("allowed_cents", "expected_cents", "variance_cents", "term", "basis", "confidence"),
    "finding",
)
PATTERN_COLUMNS: Final = (
    *("client", "payer", "sentence", "codes", "modifiers", "ratio", "first_service_date"),
    *("last_service_date", "lines", "short_cents", "free", "free_cents"),
)
ADVERSE_COLUMNS: Final = (
    *("on_date", "kind", "client", "claim", "payer", "code", "detail", "cents"),
)


@require_GET
@requires("claims.work")
def underpayments(request: HttpRequest) -> HttpResponse:
    """Show departures that repeat, each a project in the making."""
    narrow, frame = asked(request, "patterns")
    rows = pattern_rows(narrow)
    form = request.GET.get("format", "")
    if form in FORMS:
        flat = [
            {
                **row,
                **{
                    key: getattr(row["pattern"], key)
                    for key in ("sentence", "modifiers", "ratio", "lines")
                },
                "codes": " ".join(row["pattern"].codes),
                "first_service_date": row["pattern"].first_service_date,
                "last_service_date": row["pattern"].last_service_date,
            }
            for row in rows
        ]
        return _export(flat, PATTERN_COLUMNS, form, "underpayment-patterns")
    return render(request, "underpayments/patterns.html", {**frame, "rows": rows})


@require_GET
@requires("claims.work")
def lines(request: HttpRequest) -> HttpResponse:
    """List lines that were paid short, of all or of one pattern."""
    return _lines(request, "lines", is_over=False)


@require_GET
@requires("claims.work")
def overpaid(request: HttpRequest) -> HttpResponse:
    """List lines that were paid above their price: the payer may want it back."""
    return _lines(request, "over", is_over=True)


def _lines(request: HttpRequest, tab: str, *, is_over: bool) -> HttpResponse:
    narrow, frame = asked(request, tab)
    pattern = (
        get_object_or_404(Pattern, pk=request.GET["pattern"])
        if request.GET.get("pattern", "").isdecimal()
        else None
    )
    found = line_rows(narrow, is_over=is_over, pattern_key=pattern.pattern_key if pattern else "")
    form = request.GET.get("format", "")
    if form in FORMS:
        rows = shown_lines(list(found[:EXPORT_ROWS_MAX]))
        record_listing(request, action="claims.export", detail={"rows": len(rows)})
        return _export(rows, LINE_COLUMNS, form, "overpaid" if is_over else "underpaid")
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    rows = shown_lines(list(page.object_list))
    record_listing(request, action="underpayments.list", detail={"rows": len(rows)})
    context = {**frame, "page": page, "rows": rows, "pattern": pattern, "is_over": is_over}
    return render(request, "underpayments/lines.html", context)


@require_POST
@requires("claims.work")
def set_lines_aside(request: HttpRequest) -> HttpResponse:
    """Take lines out of the work because nothing was paid short."""
    ids = [int(text) for text in request.POST.getlist("variance") if text.isdecimal()]
    try:
        count = set_aside(
            ids, reason=request.POST.get("reason", ""), user=person_of(request), at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, f"Set aside: {count} line{'' if count == 1 else 's'}.")
    return redirect("underpaid-lines")


@require_GET
@requires("claims.work")
def adverse(request: HttpRequest) -> HttpResponse:
    """Show what payers did to payments to our harm, by kind and payer, and the rows behind it."""
    narrow, frame = asked(request, "adverse")
    kind = request.GET.get("kind", "")
    found = narrow.of(AdversePayment.objects.order_by("-on_date", "-cents", "pk"))
    if kind in KINDS:
        found = found.filter(kind=kind)
    form = request.GET.get("format", "")
    if form in FORMS:
        rows = adverse_rows(list(found[:EXPORT_ROWS_MAX]))
        record_listing(request, action="claims.export", detail={"rows": len(rows)})
        return _export(rows, ADVERSE_COLUMNS, form, "adverse-payments")
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    rows = adverse_rows(list(page.object_list))
    record_listing(request, action="adverse_payments.list", detail={"rows": len(rows)})
    context = {
        **frame,
        "kinds": [(key, *words) for key, words in KINDS.items()],
        "kind": kind if kind in KINDS else "",
        "sums": adverse_sums(narrow),
        "page": page,
        "rows": rows,
    }
    return render(request, "underpayments/adverse.html", context)


def asked(request: HttpRequest, tab: str) -> tuple[Narrow, dict[str, Any]]:
    """Return what the page is narrowed to, and what every page of the room shows."""
    code, payer = request.GET.get("client", ""), request.GET.get("payer", "")
    narrow = Narrow(
        get_object_or_404(Client, code=code) if code else None,
        get_object_or_404(Payer, pk=payer) if payer.isdecimal() else None,
    )
    return narrow, {
        "tab": tab,
        "narrow": narrow,
        "totals": totals(narrow),
        "clients": Client.objects.order_by("code"),
        "payers": Payer.objects.order_by("name"),
        "forms": FORMS,
    }


def _export(
    rows: list[dict[str, Any]], columns: tuple[str, ...], form: str, name: str
) -> HttpResponse:
    return export(
        rows, columns=columns, as_of=timezone.localdate(), totals=None, form=form, name=name
    )
