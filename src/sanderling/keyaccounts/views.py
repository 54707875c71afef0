"""Pages of key accounts: the list, one account, the claims behind its numbers."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import person_of, requires
from sanderling.agreements.actions import terms_of
from sanderling.agreements.page import schedule_words
from sanderling.agreements.queries import (
    account_manager,
    agreement_of,
    high_dollar_rules_of,
    service_levels,
)
from sanderling.audit.looks import record_listing
from sanderling.clients.models import Client
from sanderling.core.service_levels import KIND_WORDS
from sanderling.keyaccounts import listing, page
from sanderling.keyaccounts.attainment import attained
from sanderling.keyaccounts.models import Picture
from sanderling.payers.models import Payer
from sanderling.web.downloads import FORMS, export
from sanderling.workload.productivity import CREDIT_DAYS

PAGE_ROWS: Final = 50
_AMOUNTS: Final = {"cash": "Paid", "after_touch": "Paid", "resolved": "Settled"}


@require_GET
@requires("key_accounts.view")
def key_accounts(request: HttpRequest) -> HttpResponse:
    """List key accounts: cash, gap, clocks."""
    now = timezone.now()
    clients = page.key_clients()
    ids = [one.pk for one in clients]
    rows = page.account_rows(clients, attained(ids, since=page.window(now), at=now))
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            rows,
            columns=page.LIST_COLUMNS,
            as_of=now.date(),
            totals=None,
            form=wanted,
            name="key-accounts",
        )
    may_edit = person_of(request).may("key_accounts.edit")
    others = Client.objects.exclude(pk__in=ids).order_by("code") if may_edit else []
    context = {"rows": rows, "forms": FORMS, "may_edit": may_edit, "others": others}
    return render(request, "keyaccounts/key_accounts.html", context)


@require_GET
@requires("key_accounts.view")
def key_account(request: HttpRequest, code: str) -> HttpResponse:
    """Answer the four questions about a client, with its clocks and what was agreed."""
    client, now = get_object_or_404(Client, code=code), timezone.now()
    picture = Picture.objects.filter(client_id=client.pk).first()
    found = attained([client.pk], since=page.window(now), at=now)
    levels = page.level_rows(service_levels(client.pk), found)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            levels,
            columns=page.LEVEL_COLUMNS,
            as_of=now.date(),
            totals=None,
            form=wanted,
            name=f"service-levels-{client.code}",
        )
    answers = page.answers(client, picture) if picture else None
    names = dict(Payer.objects.values_list("pk", "name"))
    terms = terms_of(client)
    context = {
        "client": client,
        "holds": agreement_of(client.pk),
        "terms": terms,
        "manager": account_manager(client.pk),
        "picture": picture,
        "answers": answers,
        "cash_chart": page.cash_chart(picture.numbers) if picture else None,
        "gap_chart": page.gap_chart(answers["reasons"]) if answers else None,
        "levels": levels,
        "schedules": [schedule_words(one, names) for one in terms.schedules],
        "high_dollar": high_dollar_rules_of(client.pk),
        "payers": names,
        "forms": FORMS,
        "may_edit": person_of(request).may("key_accounts.edit"),
    }
    return render(request, "keyaccounts/key_account.html", context)


@require_GET
@requires("key_accounts.view")
def clocks(request: HttpRequest, code: str) -> HttpResponse:
    """List clocks of a client by kind and state, with their claims."""
    client, now = get_object_or_404(Client, code=code), timezone.now()
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "open")
    if (kind and kind not in KIND_WORDS) or state not in listing.STATES:
        raise Http404("no such clocks")
    rows = listing.clock_rows(
        client.pk, client.code, kind=kind, state=state, since=page.window(now), at=now
    )
    record_listing(
        request,
        action="key_account.clocks",
        detail={"client": client.code, "kind": kind, "state": state, "rows": len(rows)},
    )
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            rows,
            columns=listing.CLOCK_COLUMNS,
            as_of=now.date(),
            totals=None,
            form=wanted,
            name="clocks",
        )
    shown = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "client": client,
        "rows": shown.object_list,
        "page": shown,
        "count": len(rows),
        "is_cut": len(rows) == listing.ROWS_MAX,
        "kind": kind,
        "state": state,
        "kinds": KIND_WORDS.items(),
        "states": listing.STATES.items(),
        "forms": FORMS,
    }
    return render(request, "keyaccounts/clocks.html", context)


@require_GET
@requires("key_accounts.view")
def claims(request: HttpRequest, code: str) -> HttpResponse:
    """List the claims behind a number of the account page."""
    client = get_object_or_404(Client, code=code)
    what = request.GET.get("what", "")
    picture = Picture.objects.filter(client_id=client.pk).first()
    if what not in listing.WHAT or picture is None:
        raise Http404("no such claims")
    days = [date.fromisoformat(picture.numbers[name]) for name in ("from_date", "to_date")]
    rows = listing.claim_rows(
        client.pk,
        client.code,
        what=what,
        from_date=days[0],
        to_date=days[1],
        credit_days=CREDIT_DAYS,
    )
    record_listing(
        request,
        action="key_account.claims",
        detail={"client": client.code, "what": what, "rows": len(rows)},
    )
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            rows,
            columns=listing.CLAIM_COLUMNS,
            as_of=days[1],
            totals=None,
            form=wanted,
            name=f"claims-{what}",
        )
    shown = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "client": client,
        "what": what,
        "title": listing.WHAT[what],
        "amount_title": _AMOUNTS.get(what, "Open now"),
        "from_date": days[0],
        "to_date": days[1],
        "rows": shown.object_list,
        "total_cents": sum(row["amount_cents"] for row in rows),
        "page": shown,
        "count": len(rows),
        "is_cut": len(rows) == listing.ROWS_MAX,
        "forms": FORMS,
    }
    return render(request, "keyaccounts/claims.html", context)
