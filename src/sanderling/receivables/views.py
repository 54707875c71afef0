"""Pages of receivables: aging, the claims behind a number, one claim, money in suspense."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from sanderling.accounts.permissions import requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.barriers.of_claim import stored_barriers
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.core.ages import bucket_labels
from sanderling.files.queries import data_as_of, file_ids
from sanderling.flags.listing import standing_flag
from sanderling.payers.models import Payer
from sanderling.receivables import aging_page, claim_page
from sanderling.receivables.aging import (
    CELL_COLUMNS,
    CELL_ORDERS,
    AgingQuestion,
    aging,
    cell_size,
    claims_in_cell,
    indicators,
    roll_forward,
)
from sanderling.receivables.claim import NoSuchClaim, claim_detail, find_claim, search_claims
from sanderling.receivables.forms import (
    BASIS_NAMES,
    GROUP_NAMES,
    PARTY_NAMES,
    AgingForm,
    AsOfForm,
    aging_form,
)
from sanderling.receivables.on_hand import FLAGS, RESUBMISSIONS, on_hand
from sanderling.receivables.suspense import suspense as money_in_suspense
from sanderling.receivables.work_done import work_done
from sanderling.receivables.work_panel import with_notes, work_panel
from sanderling.resubmission.standing import rows_of_claim as sent_again
from sanderling.web.downloads import FORMS, export

PAGE_CLAIMS: Final = 50
SEARCH_CLAIMS: Final = 100
PAGE_WAITING: Final = 50


@require_GET
@requires("aging.view")
def aging_view(request: HttpRequest) -> HttpResponse:
    """Show what is owed by age and group, how it moved, and let it be taken away as a file."""
    names = _names()
    form = _form(request, names)
    if not form.is_valid():
        return render(request, "receivables/aging.html", {"form": form}, status=422)
    question = form.question()
    answer = aging(question)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            answer.rows,
            columns=answer.columns,
            as_of=question.as_of,
            totals=answer.totals,
            form=wanted,
            name="aging",
        )
    since = form.cleaned_data["compare_to"]
    table = aging_page.table(
        question=question,
        answer=answer,
        prior=aging(replace(question, as_of=since)),
        asked=form.data,
        names=names,
        claims_url=reverse("aging-claims"),
    )
    context = {
        "form": form,
        "question": question,
        "since": since,
        "table": table,
        "chart": aging_page.chart(table),
        "figures": indicators(question),
        **{
            f"over_{days}_url": aging_page.older_than(
                days, question=question, asked=form.data, claims_url=reverse("aging-claims")
            )
            for days in (90, 120)
        },
        "roll": roll_forward(
            from_date=since, to_date=question.as_of, client_ids=question.client_ids
        ),
        "data_as_of": data_as_of(),
        "filters": _filters(question, names),
        "forms": FORMS,
        "basis_text": BASIS_NAMES[question.basis].lower(),
        "party_text": PARTY_NAMES[question.party].lower(),
        "bring_in_url": _bring_in_address(request),
    }
    return render(request, "receivables/aging.html", context)


@require_GET
@requires("aging.view")
def aging_claims(request: HttpRequest) -> HttpResponse:
    """List the claims behind a number of the aging."""
    names = _names()
    form = _form(request, names)
    if not form.is_valid():
        return render(request, "receivables/aging.html", {"form": form}, status=422)
    question = replace(form.question(), by=())
    credits_only = request.GET.get("credits") == "1"
    bucket = _bucket(request, question)
    size = cell_size(question, bucket=bucket, credits_only=credits_only)
    sort = request.GET.get("sort", "-balance")
    order = sort.removeprefix("-")
    if order not in CELL_ORDERS:
        sort, order = "-balance", "balance"
    wanted = request.GET.get("format", "")
    pages = Paginator(range(size.row_count), PAGE_CLAIMS)
    page = pages.get_page(request.GET.get("page"))
    start = 0 if wanted in FORMS else max(page.start_index() - 1, 0)
    rows = claims_in_cell(
        question,
        bucket=bucket,
        credits_only=credits_only,
        order=order,
        is_descending=sort.startswith("-"),
        limit=None if wanted in FORMS else PAGE_CLAIMS,
        offset=start,
    )
    record_listing(
        request,
        action="claims.export" if wanted in FORMS else "claims.list",
        detail={"rows": len(rows), "as_of": question.as_of.isoformat()},
    )
    if wanted in FORMS:
        return export(
            rows,
            columns=CELL_COLUMNS,
            as_of=question.as_of,
            totals={"balance_cents": size.balance_cents},
            form=wanted,
            name="aging-claims",
        )
    context = {
        "rows": rows,
        "page": page,
        "size": size,
        "sort": sort,
        "columns": _sortable(sort),
        "question": question,
        "filters": _filters(question, names),
        "bucket_text": _bucket_text(question, bucket, credits_only=credits_only),
        "basis_text": BASIS_NAMES[question.basis].lower(),
        "party_text": PARTY_NAMES[question.party],
        "data_as_of": data_as_of(),
        "forms": FORMS,
    }
    return render(request, "receivables/aging_claims.html", context)


@require_http_methods(["GET", "POST"])
@requires("claims.view")
def claims(request: HttpRequest) -> HttpResponse:
    """List claims, or those that fit what was searched for.

    A search comes as POST: a patient's name has no place in an address, which logs and browsers
    keep.
    """
    text = request.POST.get("text", "").strip()
    context: dict[str, Any] = {"text": text, "limit": SEARCH_CLAIMS}
    if text:
        found = search_claims(text, limit=SEARCH_CLAIMS)
        record_listing(request, action="claims.search", detail={"rows": len(found)})
        if len(found) == 1:
            return redirect("claim", found[0].client.code, found[0].number)
        context["claims"] = found
    else:
        client = request.GET.get("client", "").replace("\0", "")
        query = Claim.objects.filter(has_facts=True).select_related("client", "payer")
        if client:
            query = query.filter(client__code=client)
        pages = Paginator(query.order_by("-pk"), PAGE_CLAIMS)  # those that came in last
        page = pages.get_page(request.GET.get("page"))
        context |= {"claims": list(page.object_list), "page": page, "client": client}
        record_listing(request, action="claims.list", detail={"rows": len(page.object_list)})
    context["clients"] = Client.objects.order_by("code")
    context["bring_in_url"] = _bring_in_address(request)
    return render(request, "receivables/claims.html", context)


@require_GET
@requires("claims.view")
def claim(request: HttpRequest, client: str, number: str) -> HttpResponse:
    """Show everything about one claim, as known at the end of a day."""
    try:
        found = find_claim(client=client, number=number)
    except NoSuchClaim:
        raise Http404("no such claim") from None
    form = AsOfForm({"as_of": request.GET.get("as_of") or timezone.localdate().isoformat()})
    as_of: date = form.cleaned_data["as_of"] if form.is_valid() else timezone.localdate()
    today = timezone.localdate()
    may_work = _may(request, "claims.work")
    # What people wrote is for the house and its compliance, not for the client.
    sees_notes = may_work or _may(request, "audit.view")
    there = on_hand(found.pk)
    work = work_done(found.pk, as_of=as_of, sees_notes=sees_notes, there=there)
    detail = claim_detail(
        found,
        as_of=as_of,
        barriers=stored_barriers(found.pk, as_of=as_of, today=today),
        work=work,
        there=there,
    )
    may_see_files = _may(request, "files.view")
    known_files = file_ids(claim_page.hashes(detail)) if may_see_files else {}
    record_view(request, claim_id=found.pk, client_id=found.client_id)
    shown = claim_page.page_of(detail, claim_page.Links(known_files), today=as_of)
    is_past = as_of < today
    context = {
        "claim": detail,
        "client": found.client,
        "shown": {**shown, "timeline": with_notes(shown["timeline"], work)},
        "panel": work_panel(found, today=today) if may_work and not is_past else None,
        "sent_again": sent_again(found.pk)
        if may_work and not is_past and RESUBMISSIONS in there
        else [],
        "may_work": may_work,
        "flag": standing_flag(found.pk, now=timezone.now())
        if may_work and FLAGS in there
        else None,
        "form": form,
        "as_of": as_of,
        "may_see_files": may_see_files,
        "has_portal": _may(request, "portal.view"),
        "may_see_prices": _may(request, "contracts.view"),
        "is_past": is_past,
        "claim_id": found.pk,
    }
    return render(request, "receivables/claim.html", context)


@require_GET
@requires("files.view")
def suspense(request: HttpRequest) -> HttpResponse:
    """List the money that stands on no claim, tied to the ledger."""
    found = money_in_suspense()
    held = Paginator(found.held, PAGE_WAITING).get_page(request.GET.get("page"))
    record_listing(request, action="suspense.list", detail={"rows": len(held.object_list)})
    provider = Paginator(found.provider, PAGE_WAITING).get_page(request.GET.get("plb"))
    context = {
        "suspense": found,
        "page": held,
        "plb": provider,
        "data_as_of": data_as_of(),
        "may_work": request.user.is_authenticated and request.user.may("claims.work"),
    }
    return render(request, "receivables/suspense.html", context)


def _may(request: HttpRequest, permission: str) -> bool:
    return request.user.is_authenticated and request.user.may(permission)


def _bring_in_address(request: HttpRequest) -> str:
    """Return the address of the page that takes files in, empty when the user may not."""
    may = request.user.is_authenticated and request.user.may("files.upload")
    try:
        return reverse("bring_in") if may else ""
    except NoReverseMatch:
        return ""


def _names() -> dict[str, dict[str, str]]:
    """Return group -> value -> name, for what the user may see."""
    return {
        "client": dict(Client.objects.order_by("code").values_list("code", "name")),
        "payer": dict(Payer.objects.order_by("name").values_list("payer_id", "name")),
    }


def _form(request: HttpRequest, names: dict[str, dict[str, str]]) -> AgingForm:
    return aging_form(
        request.GET,
        today=timezone.localdate(),
        clients=names["client"],
        payers={**names["payer"], "PATIENT": "Patients", "UNKNOWN": "Unknown payer"},
    )


def _filters(question: AgingQuestion, names: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    """Return what the question is narrowed to, in words."""
    found = [
        (GROUP_NAMES[name], names.get(name, {}).get(value) or value or "(none)")
        for name, value in question.filters.items()
    ]
    if question.client_ids is not None:
        clients = Client.objects.filter(pk__in=question.client_ids)
        found.insert(0, ("Client", ", ".join(client.name for client in clients) or "unknown"))
    return found


def _bucket(request: HttpRequest, question: AgingQuestion) -> int | None:
    text = request.GET.get("bucket", "")
    if not text.isdecimal() or int(text) > len(question.buckets):
        return None
    return int(text)


def _bucket_text(question: AgingQuestion, bucket: int | None, *, credits_only: bool) -> str:
    if credits_only:
        return "credit balances"
    if bucket is None:
        return "all ages"
    return f"{bucket_labels(question.buckets)[bucket].lower()} days"


def _sortable(sort: str) -> list[dict[str, str]]:
    """Return the list's columns, each with what to sort by when it is chosen next."""
    columns = (
        ("claim", "Claim", ""),
        ("client", "Client", ""),
        ("patient", "Patient", ""),
        ("payer", "Owed by", ""),
        ("service", "Service", ""),
        ("age", "Age", "number"),
        ("charge", "Charge", "money"),
        ("balance", "Balance", "money"),
    )
    found = []
    for name, title, style in columns:
        first = f"-{name}" if style else name
        is_current = sort.removeprefix("-") == name
        toggled = name if sort.startswith("-") else f"-{name}"
        state = ("descending" if sort.startswith("-") else "ascending") if is_current else "none"
        found.append(
            {
                "title": title,
                "style": style,
                "sort": toggled if is_current else first,
                "state": state,
            }
        )
    return found
