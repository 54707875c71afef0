"""Pages of a client's own people: home, the claims, one claim, whose turn it is."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.claims.models import Claim
from sanderling.client_portal import home
from sanderling.client_portal.claim_list import (
    COLUMNS,
    ORDER_NAMES,
    TABS,
    Asked,
    claims_of,
    size_of,
)
from sanderling.client_portal.claim_page import claim_facts
from sanderling.client_portal.words import STANDS, stands, what_next
from sanderling.clients.models import Client
from sanderling.document_requests.listing import counts_of
from sanderling.files.queries import data_as_of
from sanderling.flags.listing import flag_rows, history
from sanderling.flags.queries import flag_of_claim
from sanderling.flags.words import COLORS, DONE, FOR_CLIENT, State
from sanderling.web.downloads import FORMS, export

PAGE_CLAIMS: Final = 50
FLAGS_SHOWN: Final = 5


def _clients(request: HttpRequest) -> tuple[list[Client], list[Client]]:
    """Return the user's clients, and of these the one that the address names, else all."""
    mine = list(Client.objects.order_by("code"))
    code = request.GET.get("client", "")
    chosen = [one for one in mine if one.code == code]
    return mine, chosen or mine


@require_GET
@requires("portal.view")
def portal(request: HttpRequest) -> HttpResponse:
    """Show what is owed and why, what changed, what waits for the client, what it flagged."""
    user = person_of(request)
    mine, chosen = _clients(request)
    ids = [one.pk for one in chosen]
    now = timezone.now()
    today = now.date()
    code = chosen[0].code if len(mine) > 1 and len(chosen) == 1 else ""
    owed = home.owed_by_reason(ids, today=today, client=code)
    flags = flag_rows("open", user_id=user.pk, now=now, client=code)
    questions = home.questions_of(ids, today=today)
    requests = counts_of(client=code, today=today)["open"]
    flags_waiting = sum(row["state"] == State.WAITING for row in flags)
    record_listing(
        request,
        action="portal.view",
        detail={"flags": len(flags), "questions": len(questions)},
    )
    context = {
        "clients": mine,
        "client": code,
        "name": chosen[0].name if len(chosen) == 1 else "",
        "owed": owed,
        "chart": home.reasons_chart(owed),
        "week": home.week_of(ids, today=today),
        "flags": flags[:FLAGS_SHOWN],
        "flag_count": len(flags),
        "questions": questions,
        "requests": requests,
        "flags_waiting": flags_waiting,
        "waits": len(questions) + requests + flags_waiting,
        "issues": home.issues_of(ids),
        "data_as_of": data_as_of(),
    }
    return render(request, "client_portal/home.html", context)


@require_GET
@requires("portal.view")
def portal_clock(request: HttpRequest) -> HttpResponse:
    """Show whom the days of the open claims are charged to; htmx gets the section alone."""
    _, chosen = _clients(request)
    clock = home.clock_rows([one.pk for one in chosen], today=timezone.now().date())
    is_part = bool(request.headers.get("HX-Request"))
    return render(
        request,
        "client_portal/clock_part.html" if is_part else "client_portal/clock.html",
        {"clock": clock, "chart": home.clock_chart(clock)},
    )


@require_http_methods(["GET", "POST"])
@requires("portal.view")
def portal_claims(request: HttpRequest) -> HttpResponse:
    """List the client's claims, or those that fit a search (by POST: words may be a name)."""
    mine, chosen = _clients(request)
    words = request.POST.get("text", "").strip().replace("\0", "")
    tab, order = request.GET.get("tab", ""), request.GET.get("order", "")
    reason = request.GET.get("reason", "")
    asked = Asked(
        today=timezone.now().date(),
        tab="all" if words else tab if tab in TABS else "open",
        barrier=reason if reason in STANDS and not words else "",
        client=chosen[0].code if len(mine) > 1 and len(chosen) == 1 else "",
        order=order if order in ORDER_NAMES else "balance",
        words=words,
    )
    size = size_of(asked)
    wanted = request.GET.get("format", "")
    pages = Paginator(range(size.count), PAGE_CLAIMS)
    page = pages.get_page(request.GET.get("page"))
    is_file = wanted in FORMS and not words
    rows = claims_of(
        asked,
        limit=None if is_file else PAGE_CLAIMS,
        offset=0 if is_file else max(page.start_index() - 1, 0),
    )
    record_listing(
        request,
        action="portal.export" if is_file else "portal.claims",
        detail={"rows": len(rows), "tab": asked.tab, "reason": asked.barrier},
    )
    if is_file:
        return export(
            rows,
            columns=COLUMNS,
            as_of=asked.today,
            totals={
                "insurers_cents": size.insurers_cents,
                "patient_cents": size.patient_cents,
            },
            form=wanted,
            name="claims",
        )
    context = {
        "rows": rows,
        "size": size,
        "page": page if not words else None,
        "asked": asked,
        "tabs": TABS,
        "orders": ORDER_NAMES,
        "reason_title": stands(asked.barrier) if asked.barrier else "",
        "reason_text": what_next(asked.barrier) if asked.barrier else "",
        "clients": mine,
        "forms": FORMS,
        "is_cut": bool(words) and size.count > PAGE_CLAIMS,
    }
    return render(request, "client_portal/claims.html", context)


@require_GET
@requires("portal.view")
def portal_claim(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show one claim: what is owed, where it stands, whose days, what happened; its flag."""
    claim = get_object_or_404(
        Claim.objects.select_related("client", "payer", "secondary_payer", "tertiary_payer"),
        pk=claim_id,
        has_facts=True,
    )
    record_view(request, claim_id=claim.pk, client_id=claim.client_id)
    flag = flag_of_claim(claim.pk)
    now = timezone.now()
    former = flag_rows("done", user_id=0, now=now, claim_id=claim.pk)
    context: dict[str, Any] = {
        **claim_facts(claim, today=now.date()),
        "flag": flag,
        "flag_state": FOR_CLIENT[flag.state] if flag else "",
        "flag_color": COLORS[flag.state] if flag else "",
        "flag_history": history(flag)[-3:] if flag else [],
        "former_flags": former,
        "is_flag_done": flag is None or flag.state in DONE,
    }
    return render(request, "client_portal/claim.html", context)
