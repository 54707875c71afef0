"""Pages of appeals: the list, beginning one, one appeal with its packet, and how they end."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.appeals.forms import BeginForm, cents_of
from sanderling.appeals.letters import ensure_shipped
from sanderling.appeals.lines import COLUMNS as LINE_COLUMNS
from sanderling.appeals.lines import line_rows
from sanderling.appeals.listing import (
    BY,
    COLUMNS,
    TABS,
    appeals_of,
    overturn_rates,
    rows_of,
    sums,
)
from sanderling.appeals.models import Appeal
from sanderling.appeals.one import appeal_page, beginning
from sanderling.appeals.packets import packet_bytes
from sanderling.appeals.writing import Asked, NotAppealable, begin_appeal, open_appeal
from sanderling.audit.looks import record_listing, record_view
from sanderling.claims.models import Claim
from sanderling.core.appeals.outcomes import DECIDED_MIN
from sanderling.core.refusal import Refusal
from sanderling.web.downloads import FORMS, export, pdf_file

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50


@require_GET
@requires("claims.work")
def appeals(request: HttpRequest) -> HttpResponse:
    """List appeals by where they are, with deadlines and dollars."""
    today = timezone.now().date()
    totals = sums(today)
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        tab = next((key for key in TABS if totals[key].count and key != "decided"), "draft")
    found = appeals_of(tab, today)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        rows = rows_of(list(found), today=today)
        record_listing(request, action="appeals.export", detail={"rows": len(rows), "tab": tab})
        return export(
            rows, columns=COLUMNS, as_of=today, totals=None, form=wanted, name=f"appeals-{tab}"
        )
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    shown = rows_of(list(page.object_list), today=today)
    record_listing(request, action="appeals.list", detail={"rows": len(shown), "tab": tab})
    context = {
        "tab": tab,
        "tabs": [{"key": key, "title": text, "sum": totals[key]} for key, text in TABS.items()],
        "rows": shown,
        "page": page,
        "forms": FORMS,
        "total": totals[tab],
        "has_any": any(one.count for one in totals.values()),
        "may_edit_letters": person_of(request).may("templates.edit"),
    }
    return render(request, "appeals/appeals.html", context)


def find_appeal(appeal_id: int) -> Appeal:
    """Return an appeal that the session may see.

    Raises:
        Http404: there is none.
    """
    return get_object_or_404(
        Appeal.objects.select_related(
            *("claim__client", "payer", "template_version__template", "packet", "previous"),
            *("created_by", "finished_by", "approved_by", "sent_by", "decided_by"),
            "project__project",
        ),
        pk=appeal_id,
    )


def show_appeal(
    request: HttpRequest, appeal_id: int, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    """Answer with the page of an appeal, and what was refused."""
    found = find_appeal(appeal_id)
    record_view(request, claim_id=found.claim_id, client_id=found.client_id, action="appeal.view")
    today = timezone.now().date()
    context = {**appeal_page(found, user=person_of(request), today=today), "refusal": refusal}
    return render(request, "appeals/appeal.html", context, status=status)


@require_GET
@requires("claims.work")
def appeal(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Show an appeal: checklist and facts with their sources, the letter, the steps."""
    return show_appeal(request, appeal_id)


@require_GET
@requires("claims.work")
def packet(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Hand out the packet; its name says nothing of the patient."""
    found = find_appeal(appeal_id)
    if found.packet is None:
        raise Http404
    record_view(
        request, claim_id=found.claim_id, client_id=found.client_id, action="appeal.download"
    )
    return pdf_answer(packet_bytes(found.packet), found.control_number)


def lines_answer(appeals: list[Appeal], form: str, name: str) -> HttpResponse:
    """Answer with the lines in dispute as a spreadsheet.

    Raises:
        Http404: no such form.
    """
    if form not in FORMS:
        raise Http404
    rows = line_rows(appeals)
    totals = {
        key: sum(row[key] for row in rows)
        for key in ("charge_cents", "allowed_cents", "paid_cents")
    }
    today = timezone.now().date()
    return export(rows, columns=LINE_COLUMNS, as_of=today, totals=totals, form=form, name=name)


@require_GET
@requires("claims.work")
def lines(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Hand out the lines that an appeal disputes as a spreadsheet."""
    found = find_appeal(appeal_id)
    record_view(request, claim_id=found.claim_id, client_id=found.client_id, action="appeal.lines")
    return lines_answer([found], request.GET.get("format", "xlsx"), found.control_number)


def pdf_answer(data: bytes, name: str) -> HttpResponse:
    """Answer with a PDF to be kept."""
    return pdf_file(data, name=f"{name}.pdf")


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def new_appeal(request: HttpRequest) -> HttpResponse:
    """Begin an appeal: say which way is right and why, and choose case, level, letter, amount."""
    data = request.POST if request.method == "POST" else request.GET
    claim = _claim(data.get("claim", ""))
    party = int(data.get("party", "")) if data.get("party", "").isdecimal() else None
    now = timezone.now()
    ensure_shipped(at=now)
    known = beginning(claim, party, today=now.date())
    if known is None:
        return render(request, "appeals/nothing_owed.html", {"claim": claim})
    opened = open_appeal(claim.pk, known["party"])
    if opened is not None:
        messages.info(request, "This appeal is open; go on with it here.")
        return redirect("appeal", opened.pk)
    form = BeginForm(request.POST if request.method == "POST" else None, initial=known["initial"])
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = begin_appeal(
                claim=claim,
                party=known["party"],
                user=person_of(request),
                at=now,
                asked=Asked(
                    case=values["case"] if values["case"] != known["initial"]["case"] else None,
                    level=values["level"],
                    template=values["letter"],
                    asked_cents=cents_of(values["amount"]),
                    despite_choice=values["despite"],
                ),
            )
        except NotAppealable as refusal:
            form.add_error(None, refusal.sentence)
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return redirect("appeal", made.pk)
    record_view(request, claim_id=claim.pk, client_id=claim.client_id)
    return render(
        request,
        "appeals/new.html",
        {"form": form, "claim": claim, **known},
        status=UNPROCESSABLE if form.is_bound else 200,
    )


def _claim(number: str) -> Claim:
    found = (
        Claim.objects.select_related("client", "payer").filter(pk=number, has_facts=True).first()
        if number.isdecimal()
        else None
    )
    if found is None:
        raise Http404
    return found


@require_GET
@requires("claims.work")
def rates(request: HttpRequest) -> HttpResponse:
    """Show how often appeals win, by payer, case or letter, with counts and dollars."""
    by = request.GET.get("by", "")
    by = by if by in BY else "payer"
    found = overturn_rates(by)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        columns = (
            *("group", "decided", "won", "partly", "asked_cents", "recovered_cents"),
            *("overturn_rate", "dollars_rate"),
        )
        rows: list[dict[str, Any]] = [
            {
                **{name: getattr(one, name) for name in columns[1:6]},
                "group": title,
                "overturn_rate": one.rate,
                "dollars_rate": one.dollars_rate,
            }
            for title, one in found
        ]
        record_listing(request, action="appeal_rates.export", detail={"rows": len(rows)})
        return export(
            rows, columns=columns, as_of=timezone.now().date(), totals=None, form=wanted,
            name=f"appeal-rates-by-{by}",
        )  # fmt: skip
    context = {
        "by": by,
        "choices": BY,
        "rows": [
            {
                "title": title,
                "one": one,
                "rate": None if one.rate is None else round(one.rate * 100, 1),
                "dollars": None if one.dollars_rate is None else round(one.dollars_rate * 100, 1),
            }
            for title, one in found
        ],
        "least": DECIDED_MIN,
        "forms": FORMS,
    }
    return render(request, "appeals/rates.html", context)
