"""Pages of contracts: the list, and one contract."""

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
from sanderling.contracts.actions import describe_contract, withdraw_version
from sanderling.contracts.alarms import contract_alarms
from sanderling.contracts.billed import CLAIMS_SHOWN, COLUMNS, lines_with_code
from sanderling.contracts.forms import DescriptionForm, WithdrawalForm
from sanderling.contracts.listing import CONTRACT_COLUMNS, TABS, contracts_of, export_row, fits
from sanderling.contracts.models import Contract, ContractVersion
from sanderling.contracts.overview import (
    contract_rows,
    missing_codes,
    payers_without_contract,
    today_place,
)
from sanderling.core.refusal import Refusal
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
PAGE_CONTRACTS: Final = 50
UNCOVERED_SHOWN: Final = 20


@require_GET
@requires("contracts.view")
def contracts(request: HttpRequest) -> HttpResponse:
    """List contracts by client and payer: state, time line, coverage; and who has none."""
    today = timezone.now().date()
    tab = request.GET.get("tab", "")
    chosen = request.GET.get("client", "")
    found = contract_rows(contracts_of(chosen), today=today, with_coverage=False)
    kept = [row for row in found if fits(row, tab)]
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        full = contract_rows([row.contract for row in kept], today=today)
        return export(
            [export_row(row) for row in full],
            columns=CONTRACT_COLUMNS,
            as_of=today,
            totals=None,
            form=wanted,
            name="contracts",
        )
    page = Paginator(kept, PAGE_CONTRACTS).get_page(request.GET.get("page"))
    without = [row for row in payers_without_contract(today=today) if chosen in ("", row["client"])]
    context = {
        "tab": tab,
        "tabs": [
            {"key": key, "title": title, "count": sum(1 for row in found if fits(row, key))}
            for key, title in TABS.items()
        ],
        "page": page,
        "rows": contract_rows([row.contract for row in page.object_list], today=today),
        "today_place": today_place(),
        "clients": Client.objects.order_by("code"),
        "client": chosen,
        "alarms": contract_alarms([row.contract for row in found], today=today) if not tab else [],
        "without": without[:UNCOVERED_SHOWN],
        "without_count": len(without),
        "without_cents": sum(row["balance_cents"] for row in without),
        "forms": FORMS,
        "today": today,
        "may_edit": person_of(request).may("contracts.edit"),
    }
    return render(request, "contracts/contracts.html", context)


@require_GET
@requires("contracts.view")
def contract(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Show one contract: its versions, coverage, and what is billed without a rate."""
    return contract_page(request, _contract(contract_id))


def _contract(contract_id: int) -> Contract:
    return get_object_or_404(Contract.objects.select_related("client", "payer"), pk=contract_id)


def contract_page(
    request: HttpRequest,
    found: Contract,
    *,
    form: DescriptionForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """Draw the page of a contract."""
    today = timezone.now().date()
    (row,) = contract_rows([found], today=today)
    standing = {span.version_id: span for span in row.spans}
    versions = (
        ContractVersion.objects.filter(contract=found)
        .select_related("schedule", "made_by", "withdrawn_by")
        .order_by("-from_date", "-pk")
    )
    context: dict[str, Any] = {
        "contract": found,
        "alarms": contract_alarms([found], today=today),
        "row": row,
        "today_place": today_place(),
        "versions": [{"version": one, "span": standing.get(one.pk)} for one in versions],
        "missing": missing_codes(found, today=today),
        "form": form
        or DescriptionForm(
            initial={"name": found.name, "reference": found.reference, "note": found.note}
        ),
        "refusal": refusal,
        "today": today,
        "may_edit": person_of(request).may("contracts.edit"),
    }
    return render(request, "contracts/contract.html", context, status=status)


@require_GET
@requires("contracts.view")
def billed_code(request: HttpRequest, contract_id: int, code: str) -> HttpResponse:
    """List the claims on which a code was billed to the payer."""
    found = _contract(contract_id)
    today = timezone.now().date()
    rows = lines_with_code(found, code[:8], today=today)
    record_listing(
        request, action="contracts.lines", detail={"contract": found.pk, "rows": len(rows)}
    )
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            rows, columns=COLUMNS, as_of=today, totals=None, form=wanted, name="billed-lines"
        )
    context = {
        "contract": found,
        "code": code[:8],
        "rows": rows,
        "limit": CLAIMS_SHOWN,
        "total_cents": sum(row["charge_cents"] for row in rows),
        "forms": FORMS,
    }
    return render(request, "contracts/billed_code.html", context)


@require_POST
@requires("contracts.edit")
def describe(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Change what a contract is called and where its document lies."""
    found = _contract(contract_id)
    form = DescriptionForm(request.POST)
    if not form.is_valid():
        return contract_page(request, found, form=form, status=UNPROCESSABLE)
    if describe_contract(contract=found, **form.cleaned_data):
        messages.success(request, "The contract was described anew.")
    return redirect("contract", contract_id=found.pk)


@require_POST
@requires("contracts.edit")
def withdraw(request: HttpRequest, version_id: int) -> HttpResponse:
    """Take a version back; the one before it holds on."""
    version = get_object_or_404(
        ContractVersion.objects.select_related("contract__client", "contract__payer"),
        pk=version_id,
    )
    form = WithdrawalForm(request.POST)
    text = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        withdraw_version(version=version, note=text, by=person_of(request), at=timezone.now())
    except Refusal as refusal:
        return contract_page(
            request, version.contract, refusal=refusal.sentence, status=UNPROCESSABLE
        )
    messages.success(request, "The version is withdrawn.")
    return redirect("contract", contract_id=version.contract_id)
