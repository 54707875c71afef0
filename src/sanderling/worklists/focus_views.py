"""Focus mode: one claim at a time, held for who works on it, the next one when it is done."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_view
from sanderling.core.refusal import Refusal
from sanderling.worklists import claiming
from sanderling.worklists.focus_page import focus_context, progress_of
from sanderling.worklists.item_page import item_context
from sanderling.worklists.keys import FOCUS_KEYS
from sanderling.worklists.listing import item
from sanderling.worklists.models import WorkItem
from sanderling.worklists.questioning import asked_question
from sanderling.worklists.undoing_last import undo_last


def _focus(item_id: int, query: str) -> HttpResponse:
    address = reverse("work-focus", args=[item_id])
    return redirect(f"{address}?{query}" if query else address)


@require_POST
@requires("claims.work")
def next_claim(request: HttpRequest) -> HttpResponse:
    """Claim what is worth most now, of the view in `query` or of all that is due, and show it."""
    query = QueryDict(request.POST.get("query", "")).urlencode()
    return _next(request, query)


def _next(request: HttpRequest, query: str) -> HttpResponse:
    question = asked_question(request, QueryDict(query))[0] if query else None
    item_id = claiming.claim_next(user=person_of(request), at=timezone.now(), question=question)
    if item_id is not None:
        return _focus(item_id, query)
    context = {"query": query, "progress": progress_of(person_of(request), timezone.now())}
    return render(request, "worklists/focus_done.html", context)


@require_GET
@requires("claims.work")
def focus(request: HttpRequest, item_id: int) -> HttpResponse:
    """Show one claim and hold it; who comes second sees who has it."""
    user, now = person_of(request), timezone.now()
    held = claiming.hold(item_id, user=user, at=now)
    row = item(item_id)
    query = request.GET.urlencode()
    if held is None or row is None:
        return render(request, "worklists/focus_gone.html", {"query": query}, status=404)
    record_view(request, claim_id=row["claim_id"], client_id=row["client_id"])
    context = {
        **item_context(row, now=now),
        **focus_context(row),
        "held": held,
        "query": query,
        "progress": progress_of(user, now),
        "page_keys": FOCUS_KEYS,
    }
    return render(request, "worklists/focus.html", context)


@require_POST
@requires("claims.work")
def focus_hold(request: HttpRequest, item_id: int) -> HttpResponse:
    """Hold on to the claim; say so when it is not the user's any more, or has left."""
    user, now = person_of(request), timezone.now()
    if claiming.renew(item_id, user=user, at=now):
        return HttpResponse("")
    is_here = WorkItem.objects.filter(pk=item_id).exists()
    context = {
        "is_here": is_here,
        "held": claiming.holder(item_id, user=user, at=now) if is_here else None,
    }
    return render(request, "worklists/focus_lost.html", context)


@require_POST
@requires("claims.work")
def focus_skip(request: HttpRequest, item_id: int) -> HttpResponse:
    """Pass the claim over, for a reason, and show the next."""
    one = get_object_or_404(WorkItem, pk=item_id)
    query = QueryDict(request.POST.get("query", "")).urlencode()
    try:
        claiming.skip(
            one, reason=request.POST.get("reason", ""), user=person_of(request), at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, f"Not skipped: {refusal}.")
        return _focus(item_id, query)
    return _next(request, query)


@require_POST
@requires("claims.work")
def focus_leave(request: HttpRequest, item_id: int) -> HttpResponse:
    """Let the claim go and return to the list."""
    taken_at = parse_datetime(request.POST.get("taken", ""))
    claiming.release(item_id, user=person_of(request), taken_at=taken_at)
    if request.headers.get("X-Leaving"):  # the page is closed: nobody reads the answer
        return HttpResponse(status=204)
    query = QueryDict(request.POST.get("query", "")).urlencode()
    return redirect(f"{reverse('worklist')}?{query}" if query else "worklist")


@require_POST
@requires("claims.work")
def undo_latest(request: HttpRequest) -> HttpResponse:
    """Take back what the user did last, and show its claim."""
    try:
        undone = undo_last(user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, f"Not undone: {refusal}.")
        item_id = request.POST.get("item", "")
        if not item_id.isdigit():
            return redirect("worklist")
        return _focus(int(item_id), "")
    messages.success(request, f"Undone: {undone.words}.")
    return redirect("worklist") if undone.item_id is None else _focus(undone.item_id, "")
