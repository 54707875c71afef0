"""Pages of write-offs: the list, one request, asking, deciding."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.claims.models import Claim
from sanderling.core.refusal import Refusal
from sanderling.web.downloads import FORMS, export
from sanderling.web.templatetags.sanderling import money
from sanderling.writeoffs.actions import (
    LooksCollectible,
    decide,
    request_write_off,
    undo_approval,
    withdraw_write_off,
)
from sanderling.writeoffs.forms import DecisionForm, RequestForm, cents_of
from sanderling.writeoffs.listing import COLUMNS, TABS, rows_of, sum_of, write_offs
from sanderling.writeoffs.models import State, WriteOff
from sanderling.writeoffs.one import open_parties, write_off_facts
from sanderling.writeoffs.several import decide_all

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50


@require_GET
@requires("claims.work")
def write_offs_view(request: HttpRequest) -> HttpResponse:
    """List the write-offs that wait for the user, all that wait, or what became of them."""
    user = person_of(request)
    today = timezone.now().date()
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        tab = "me" if user.may("writeoffs.approve") else "mine"
    found = write_offs(tab, user)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        record_listing(request, action="write_offs.export", detail={"rows": len(found), "tab": tab})
        return export(
            rows_of(found, today=today),
            columns=COLUMNS,
            as_of=today,
            totals=None,
            form=wanted,
            name="write-offs",
        )
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    record_listing(request, action="write_offs.list", detail={"rows": len(shown), "tab": tab})
    tabs = [
        {"key": key, "title": title, "sum": sum_of(found if key == tab else write_offs(key, user))}
        for key, title in TABS.items()
        if key != "me" or user.may("writeoffs.approve")
    ]
    context = {
        "tab": tab,
        "tabs": tabs,
        "rows": rows_of(shown, today=today),
        "page": page,
        "forms": FORMS,
        "total": sum_of(found),
        "may_approve": user.may("writeoffs.approve"),
    }
    return render(request, "writeoffs/write_offs.html", context)


def _page(
    request: HttpRequest,
    write_off_id: int,
    *,
    refusal: str = "",
    form: DecisionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    found = get_object_or_404(
        WriteOff.objects.select_related(
            "claim", "claim__client", "requested_by", "decided_by", "undone_by"
        ),
        pk=write_off_id,
    )
    record_view(
        request, claim_id=found.claim_id, client_id=found.client_id, action="write_off.view"
    )
    context = {
        **write_off_facts(found, user=person_of(request), today=timezone.now().date()),
        "write_off": found,
        "refusal": refusal,
        "form": form or DecisionForm(),
    }
    return render(request, "writeoffs/write_off.html", context, status=status)


@require_GET
@requires("claims.work")
def write_off(request: HttpRequest, write_off_id: int) -> HttpResponse:
    """Show a write-off with what speaks against it, its steps and what can be done."""
    return _page(request, write_off_id)


@require_POST
@requires("writeoffs.approve")
def decide_view(request: HttpRequest, write_off_id: int) -> HttpResponse:
    """Approve or reject."""
    get_object_or_404(WriteOff, pk=write_off_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, write_off_id, form=form, status=UNPROCESSABLE)
    values = form.cleaned_data
    approves = request.POST.get("act") == "approve"
    try:
        found = decide(
            write_off_id,
            approves=approves,
            user=person_of(request),
            at=timezone.now(),
            note=values["note"],
            client_yes=values["client_yes"],
            despite_warnings=values["despite_warnings"],
        )
    except Refusal as refusal:
        return _page(
            request, write_off_id, refusal=refusal.sentence, form=form, status=UNPROCESSABLE
        )
    if found.state == State.REQUESTED:
        messages.success(request, "Your approval is noted; a second person must approve, too.")
    else:
        messages.success(
            request, "Approved; it is posted in a moment." if approves else "Rejected."
        )
    return redirect("write-offs")


def _act(
    request: HttpRequest, write_off_id: int, act: Callable[[], Any], done: str
) -> HttpResponse:
    get_object_or_404(WriteOff, pk=write_off_id)
    try:
        act()
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, done)
    return redirect("write-off", write_off_id)


@require_POST
@requires("writeoffs.approve")
def undo(request: HttpRequest, write_off_id: int) -> HttpResponse:
    """Undo an approval, or take a posted write-off back."""
    return _act(
        request,
        write_off_id,
        lambda: undo_approval(write_off_id, user=person_of(request), at=timezone.now()),
        "Undone; the balance is open again in a moment.",
    )


@require_POST
@requires("claims.work")
def withdraw(request: HttpRequest, write_off_id: int) -> HttpResponse:
    """Take a request back."""
    return _act(
        request,
        write_off_id,
        lambda: withdraw_write_off(write_off_id, user=person_of(request), at=timezone.now()),
        "Withdrawn.",
    )


@require_POST
@requires("writeoffs.approve")
def bulk(request: HttpRequest) -> HttpResponse:
    """Approve or reject the chosen ones; each that is refused says why."""
    ids = [int(one) for one in request.POST.getlist("write_off") if one.isdecimal()]
    approves = request.POST.get("act") == "approve"
    done, cents, refused = decide_all(
        ids,
        approves=approves,
        note=request.POST.get("note", ""),
        user=person_of(request),
        at=timezone.now(),
    )
    if not ids:
        messages.error(request, "Choose at least one write-off.")
    if done:
        what = "Approved" if approves else "Rejected"
        messages.success(request, f"{what}: {done}, {money(cents)}.")
    for sentence in refused[:5]:
        messages.error(request, sentence)
    if len(refused) > 5:  # noqa: PLR2004 - those shown above
        messages.error(request, f"{len(refused) - 5} more were refused.")
    return redirect("write-offs")


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def new_write_off(request: HttpRequest) -> HttpResponse:
    """Request a write-off; a fragment for htmx, else a page of its own."""
    number = request.GET.get("claim") or request.POST.get("claim") or ""
    claim = (
        Claim.objects.select_related("client").filter(pk=number, has_facts=True).first()
        if number.isdecimal()
        else None
    )
    if claim is None:
        raise Http404
    owing = open_parties(claim.pk)
    form = RequestForm(
        request.POST if request.method == "POST" else None,
        initial=_first(owing, request.GET.get("party", "")),
    )
    warnings = []
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = request_write_off(
                claim=claim,
                party=values["party"],
                amount_cents=cents_of(values["amount"]),
                reason=values["reason"],
                note=values["note"],
                evidence=values["evidence"],
                user=person_of(request),
                at=timezone.now(),
                despite_warnings=values["despite_warnings"],
            )
        except LooksCollectible as refusal:
            warnings = refusal.warnings
            form.show_warnings()
            form.add_error(None, refusal.sentence)
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return _requested(request, made)
    elif request.method == "GET":
        record_view(request, claim_id=claim.pk, client_id=claim.client_id)
    is_part = bool(request.headers.get("HX-Request"))
    return render(
        request,
        "writeoffs/form.html" if is_part else "writeoffs/new.html",
        {"form": form, "claim": claim, "owing": owing, "warnings": warnings},
        status=UNPROCESSABLE if form.is_bound else 200,
    )


def _first(owing: list[dict[str, Any]], party: str) -> dict[str, object]:
    chosen = next((row for row in owing if str(row["party"]) == party), None) or (
        owing[0] if owing else None
    )
    if chosen is None:
        return {}
    return {"party": chosen["party"], "amount": f"{chosen['balance_cents'] / 100:.2f}"}


def _requested(request: HttpRequest, made: WriteOff) -> HttpResponse:
    if request.headers.get("HX-Request"):
        answer = render(request, "writeoffs/requested.html", {"write_off": made})
        answer["HX-Trigger"] = json.dumps({"work-saved": {"write_off": made.pk}})
        return answer
    is_waiting = made.state == State.REQUESTED
    messages.success(
        request,
        "Requested; you hear of the decision."
        if is_waiting
        else "Written off by policy; it is posted in a moment.",
    )
    return redirect(reverse("claim", args=[made.claim.client.code, made.claim.number]))
