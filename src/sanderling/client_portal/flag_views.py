"""A client's own people flag claims, read what became of them, and answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.claims.models import Claim
from sanderling.core.refusal import Refusal
from sanderling.flags.actions import (
    close_flag,
    flag_claim,
    reopen_flag,
    withdraw_flag,
    write_from_client,
)
from sanderling.flags.clock import due_of
from sanderling.flags.forms import FlagForm, TextForm
from sanderling.flags.listing import flag_rows, history, left_text
from sanderling.flags.models import Flag
from sanderling.flags.queries import flag_of_claim
from sanderling.flags.words import COLORS, DONE, FOR_CLIENT, LEVELS, OURS, State, reason_title

UNPROCESSABLE: Final = 422
TABS: Final = {"open": "Open", "done": "Closed", "all": "All"}


@require_GET
@requires("portal.view")
def portal_flags(request: HttpRequest) -> HttpResponse:
    """List what the client flagged, what waits for it first."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "open"
    rows = flag_rows(tab, user_id=person_of(request).pk, now=timezone.now())
    rows.sort(key=lambda row: row["state"] not in (State.WAITING, State.ANSWERED))
    record_listing(request, action="portal.flags", detail={"rows": len(rows), "tab": tab})
    return render(request, "client_portal/flags.html", {"rows": rows, "tab": tab, "tabs": TABS})


@require_http_methods(["GET", "POST"])
@requires("portal.view")
def portal_flag_new(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Flag a claim with a reason and how urgent it is."""
    claim = get_object_or_404(Claim.objects.select_related("client"), pk=claim_id, has_facts=True)
    standing = flag_of_claim(claim.pk)
    if standing is not None and request.method == "GET":
        return redirect("portal-flag", standing.pk)
    form = FlagForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = flag_claim(
                claim_id, **form.cleaned_data, user=person_of(request), at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, _thanks(made))
            return redirect("portal-flag", made.pk)
    if request.method == "GET":
        record_view(request, claim_id=claim.pk, client_id=claim.client_id)
    now = timezone.now()
    context = {
        "claim": claim,
        "form": form,
        "normal_due": due_of(claim.client_id, "normal", now),
        "urgent_due": due_of(claim.client_id, "urgent", now),
    }
    return render(
        request,
        "client_portal/flag_new.html",
        context,
        status=UNPROCESSABLE if form.is_bound else 200,
    )


def _thanks(flag: Flag) -> str:
    who = flag.owner.name if flag.owner else "We"
    return (
        f"Flagged. {who} will answer by {flag.due_at:%Y-%m-%d %H:%M} UTC; you see each step here."
    )


def _page(
    request: HttpRequest, flag_id: int, *, form: TextForm | None = None, status: int = 200
) -> HttpResponse:
    found = get_object_or_404(
        Flag.objects.select_related("claim", "claim__client", "claim__payer", "owner"), pk=flag_id
    )
    record_view(request, claim_id=found.claim_id, client_id=found.client_id, action="flag.view")
    now = timezone.now()
    context = {
        "flag": found,
        "history": history(found),
        "form": form or TextForm(),
        "reason_text": reason_title(found.reason),
        "state_text": FOR_CLIENT[found.state],
        "color": COLORS[found.state],
        "left_text": left_text(found.due_at, now=now),
        "is_late": found.due_at is not None and found.due_at < now,
        "level_text": LEVELS[found.level],
        "is_ours": found.state in OURS,
        "is_done": found.state in DONE,
        "is_answered": found.state == State.ANSWERED,
        "is_waiting": found.state == State.WAITING,
    }
    return render(request, "client_portal/flag.html", context, status=status)


@require_GET
@requires("portal.view")
def portal_flag(request: HttpRequest, flag_id: int) -> HttpResponse:
    """Show a flag: who answers, until when, what was said."""
    return _page(request, flag_id)


_ACTS: Final[dict[str, tuple[Callable[..., Flag], str]]] = {
    "write": (write_from_client, "Sent."),
    "reopen": (reopen_flag, "Sent back; the clock runs again."),
    "close": (close_flag, "Closed. Thank you."),
    "withdraw": (withdraw_flag, "Withdrawn."),
}


@require_POST
@requires("portal.view")
def portal_flag_act(request: HttpRequest, flag_id: int) -> HttpResponse:
    """Write, say that the answer does not do, be content with it, or take the flag back."""
    get_object_or_404(Flag, pk=flag_id)
    wanted = request.POST.get("act", "")
    if wanted not in _ACTS:
        raise Http404
    act, done = _ACTS[wanted]
    form = TextForm(request.POST)
    more: dict[str, Any] = {}
    if wanted in ("write", "reopen"):
        if not form.is_valid():
            return _page(request, flag_id, form=form, status=UNPROCESSABLE)
        more["text"] = form.cleaned_data["text"]
    try:
        act(flag_id, **more, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        form = TextForm(request.POST)
        form.is_valid()
        form.add_error(None, refusal.sentence)
        return _page(request, flag_id, form=form, status=UNPROCESSABLE)
    messages.success(request, done)
    return redirect("portal-flag", flag_id)
