"""Pages of scorecards: payers, clients, providers and teams ranked; one payer's card."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.clients.models import Client
from sanderling.documents import render as render_pdf
from sanderling.kpis import score_page
from sanderling.kpis.asking import kept_months
from sanderling.kpis.reporting import labels
from sanderling.kpis.scores import FIGURES, Cards, cards, pay_days, reasons
from sanderling.payers.models import Payer
from sanderling.web.downloads import FORMS, export, pdf_file

OF_CLIENTS: Final = (
    *("claims_decided", "denial_rate", "bill_to_pay_days", "overturn_rate", "rejection_rate"),
    "touches_per_claim",
)
REASONS_IN_LIST: Final = 3


@require_GET
@requires("kpis.view")
def scorecards(request: HttpRequest) -> HttpResponse:
    """Rank payers, clients, providers or teams by their figures of the last three months."""
    who = request.GET.get("who", "payer")
    if who not in FIGURES:
        raise Http404("no such scorecards")
    client = _client(request)
    client_ids = (client.pk,) if client else None
    found = cards(who, kept_months(), client_ids=client_ids)
    frame = {
        "who": who,
        "client": client,
        "clients": Client.objects.order_by("code"),
        "tabs": list(score_page.WHO.items()),
        "forms": FORMS,
    }
    if found is None or not found.cards:
        return render(request, "kpis/scorecards.html", frame)
    names, sort = _names(who), request.GET.get("sort", "")
    days = pay_days(found.period, client_ids=client_ids) if who == "payer" else {}
    if request.GET.get("format", "") in FORMS:
        return export(
            score_page.export_rows(found, names, labels(who), sort=sort, days=days),
            columns=score_page.columns(found),
            as_of=found.period.to_date,
            totals=None,
            form=request.GET["format"],
            name=f"scorecards-{who}",
        )
    if sort not in FIGURES[who]:
        sort = score_page.usual_sort(found)
    query = {"who": who} | ({"client": client.code} if client else {})
    why = reasons(found.period, client_ids=client_ids) if who == "payer" else {}
    rows = score_page.rows(found, names, sort=sort, days=days)
    for row in rows:
        row["reasons"] = why.get(row["id"], [])[:REASONS_IN_LIST]
    context = {
        **frame,
        "rows": rows,
        "heads": score_page.heads(found, query, sort),
        "total": score_page.total_cells(found),
        "changes": score_page.changes(found, names),
        "period": score_page.period_text(found.period),
        "more": max(len(found.cards) - score_page.CARDS_SHOWN, 0),
    }
    return render(request, "kpis/scorecards.html", context)


@require_GET
@requires("kpis.view")
def payer_card(request: HttpRequest, payer_id: int) -> HttpResponse:
    """Show one payer's card, by client, also on paper."""
    payer = get_object_or_404(Payer, pk=payer_id)
    client = _client(request)
    client_ids = (client.pk,) if client else None
    months = kept_months()
    found = cards("payer", months, client_ids=client_ids)
    card = next((one for one in found.cards if one.id == payer.pk), None) if found else None
    frame = {
        "payer": payer,
        "client": client,
        "clients": Client.objects.order_by("code"),
        "forms": FORMS,
    }
    if found is None or card is None:
        return render(request, "kpis/payer_card.html", frame)
    query = {"payer": payer.payer_id} | ({"client": client.code} if client else {})
    shown = score_page.lines(found, card, query)
    days = pay_days(found.period, client_ids=client_ids).get(payer.pk)
    why = reasons(found.period, payer_id=payer.pk, client_ids=client_ids).get(payer.pk, [])
    of_clients = cards("client", months, client_ids=client_ids, payer_id=payer.pk)
    some = _narrowed(of_clients)
    clients = score_page.rows(some, _names("client"), sort="claims_decided", days={})
    heads = [one.title for one in some.figures]
    wanted = request.GET.get("format", "")
    if wanted == "pdf":
        data = score_page.paper(
            title=payer.name, found=found, shown=shown, days=days, why=why, clients=clients,
            heads_of_clients=heads,
        )  # fmt: skip
        data |= {"day": timezone.localdate().isoformat(), "client": client.name if client else ""}
        return _pdf(render_pdf("kpis/payer_card", data), f"scorecard-{payer.pk}")
    if wanted in FORMS:
        return export(
            score_page.export_rows(some, _names("client"), labels("client"), sort="claims_decided",
                                   days={}),
            columns=score_page.columns(some),
            as_of=found.period.to_date,
            totals=None,
            form=wanted,
            name=f"scorecard-{payer.pk}",
        )  # fmt: skip
    context = {
        **frame,
        "period": score_page.period_text(found.period),
        "lines": shown,
        "days": days,
        "reasons": why,
        "heads": heads,
        "rows": clients,
    }
    return render(request, "kpis/payer_card.html", context)


def _narrowed(found: Cards | None) -> Cards:
    """Return the clients' cards with the figures that a payer's page shows."""
    assert found is not None  # noqa: S101 - there are months: the payer has a card
    figures = tuple(one for one in found.figures if one.key in OF_CLIENTS)
    there = tuple(one for one in found.cards if any(any(one.sums[f.key]) for f in figures))
    return Cards(found.who, found.period, figures, there)


def _client(request: HttpRequest) -> Client | None:
    code = request.GET.get("client", "").replace("\0", "")
    return get_object_or_404(Client, code=code) if code else None


def _names(who: str) -> dict[Any, str]:
    match who:
        case "payer":
            known: dict[Any, str] = dict(Payer.objects.values_list("pk", "name"))
            return known | {-1: "Patients", 0: "Unknown payer"}
        case "client":
            found = Client.objects.values_list("pk", "code", "name")
            return {pk: f"{code} · {name}" for pk, code, name in found}
        case "team":
            return {"none": "People without a team"}
    return {"": "No provider told"}


def _pdf(content: bytes, name: str) -> HttpResponse:
    day = timezone.localdate().isoformat()
    return pdf_file(content, name=f"{name}-{day}.pdf")
