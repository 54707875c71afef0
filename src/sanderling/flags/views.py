"""Staff pages of flags: the list, one flag, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.models import User
from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.flags.actions import flag_claim, withdraw_flag
from sanderling.flags.answering import answer_flag, ask_client, set_owner, take_up, write_to_client
from sanderling.flags.forms import FlagForm, TextForm
from sanderling.flags.listing import COLUMNS, TABS, flag_rows, history, left_text, tab_counts
from sanderling.flags.models import Flag
from sanderling.flags.owners import owners_of
from sanderling.flags.words import COLORS, DONE, LEVELS, OURS, State, reason_title
from sanderling.ledger.models import OpenBalance
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50
# What can be written on a flag's page: the act, what it says when it is done.
_WRITES: Final[dict[str, tuple[Callable[..., Flag], str]]] = {
    "answer": (answer_flag, "Answered; the client is told."),
    "ask": (ask_client, "Asked; the clock stands until the client replies."),
    "message": (write_to_client, "Sent to the client. The clock goes on until you answer."),
    "note": (write_to_client, "Noted, for us alone."),
}


@require_GET
@requires("claims.work")
def flags(request: HttpRequest) -> HttpResponse:
    """List the claims that clients flagged; or export them."""
    user = person_of(request)
    now = timezone.now()
    client = request.GET.get("client", "").replace("\0", "")
    counts = tab_counts(user_id=user.pk, client=client)
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        tab = "mine" if counts["mine"] else "ours"
    rows = flag_rows(tab, user_id=user.pk, now=now, client=client)
    wanted = request.GET.get("format", "")
    record_listing(
        request,
        action="flags.export" if wanted in FORMS else "flags.list",
        detail={"rows": len(rows), "tab": tab},
    )
    if wanted in FORMS:
        return export(
            rows, columns=COLUMNS, as_of=now.date(), totals=None, form=wanted, name="flags"
        )
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "rows": list(page.object_list),
        "page": page,
        "tab": tab,
        "tabs": [(name, title, counts[name]) for name, title in TABS.items()],
        "client": client,
        "clients": Client.objects.order_by("code"),
        "forms": FORMS,
        "late": sum(row["is_late"] for row in rows),
    }
    return render(request, "flags/flags.html", context)


def _page(
    request: HttpRequest,
    flag_id: int,
    *,
    form: TextForm | None = None,
    act: str = "",
    status: int = 200,
) -> HttpResponse:
    found = get_object_or_404(
        Flag.objects.select_related("claim", "claim__client", "claim__payer", "owner"), pk=flag_id
    )
    now = timezone.now()
    user = person_of(request)
    record_view(request, claim_id=found.claim_id, client_id=found.client_id, action="flag.view")
    balances = OpenBalance.objects.filter(claim_id=found.claim_id)
    context = {
        "flag": found,
        "history": history(found),
        "form": form or TextForm(),
        "act": act,
        "reason_text": reason_title(found.reason),
        "color": COLORS[found.state],
        "left_text": left_text(found.due_at, now=now),
        "is_late": found.due_at is not None and found.due_at < now,
        "level_text": LEVELS[found.level],
        "is_ours": found.state in OURS,
        "is_done": found.state in DONE,
        "can_answer": found.state in OURS or found.state == State.WAITING,
        "can_take": found.state in OURS
        and (found.state == State.RECEIVED or found.owner_id != user.pk),
        "may_assign": user.may("claims.assign"),
        "owners": owners_of(found.client_id),
        "balance_cents": sum(one.balance_cents for one in balances),
    }
    return render(request, "flags/flag.html", context, status=status)


@require_GET
@requires("claims.work")
def flag(request: HttpRequest, flag_id: int) -> HttpResponse:
    """Show a flag with its claim, its history and the form to answer it."""
    return _page(request, flag_id)


@require_POST
@requires("claims.work")
def flag_write(request: HttpRequest, flag_id: int) -> HttpResponse:
    """Answer, ask the client, write to the client, or note something for us alone."""
    get_object_or_404(Flag, pk=flag_id)
    wanted = request.POST.get("act", "")
    form = TextForm(request.POST)
    if wanted not in _WRITES:
        raise Http404
    if not form.is_valid():
        return _page(request, flag_id, form=form, act=wanted, status=UNPROCESSABLE)
    act, done = _WRITES[wanted]
    more: dict[str, Any] = {"is_internal": True} if wanted == "note" else {}
    try:
        act(
            flag_id,
            text=form.cleaned_data["text"],
            user=person_of(request),
            at=timezone.now(),
            **more,
        )
    except Refusal as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, flag_id, form=form, act=wanted, status=UNPROCESSABLE)
    messages.success(request, done)
    return redirect("flag", flag_id)


def _act(request: HttpRequest, flag_id: int, act: Callable[[], Any], done: str) -> HttpResponse:
    get_object_or_404(Flag, pk=flag_id)
    try:
        act()
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, done)
    return redirect("flag", flag_id)


@require_POST
@requires("claims.work")
def flag_take(request: HttpRequest, flag_id: int) -> HttpResponse:
    """Begin to work on a flag."""
    return _act(
        request,
        flag_id,
        lambda: take_up(flag_id, user=person_of(request), at=timezone.now()),
        "It is yours; the client is told that you are on it.",
    )


@require_POST
@requires("claims.assign")
def flag_owner(request: HttpRequest, flag_id: int) -> HttpResponse:
    """Give the flag to somebody else."""
    chosen = request.POST.get("owner", "")
    owner = get_object_or_404(User, pk=chosen) if chosen.isdecimal() else None
    if owner is None:
        messages.error(request, "Choose who answers the flag.")
        return redirect("flag", flag_id)
    return _act(
        request,
        flag_id,
        lambda: set_owner(flag_id, owner=owner, user=person_of(request), at=timezone.now()),
        f"It is {owner.name}'s now; the client is told.",
    )


@require_POST
@requires("claims.work")
def flag_withdraw(request: HttpRequest, flag_id: int) -> HttpResponse:
    """Take a flag back for the client, who said so."""
    return _act(
        request,
        flag_id,
        lambda: withdraw_flag(
            flag_id,
            text=request.POST.get("text", ""),
            user=person_of(request),
            at=timezone.now(),
        ),
        "Withdrawn; the client is told.",
    )


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def flag_new(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Flag a claim for a client who called or wrote."""
    claim = get_object_or_404(Claim.objects.select_related("client"), pk=claim_id, has_facts=True)
    form = FlagForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = flag_claim(
                claim_id, **form.cleaned_data, user=person_of(request), at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Flagged; the owner and the client are told.")
            return redirect("flag", made.pk)
    if request.method == "GET":
        record_view(request, claim_id=claim.pk, client_id=claim.client_id)
    return render(
        request,
        "flags/new.html",
        {"claim": claim, "form": form},
        status=UNPROCESSABLE if form.is_bound else 200,
    )
