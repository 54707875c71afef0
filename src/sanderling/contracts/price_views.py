"""Pages of prices: a claim's lines step by step, and the calculator."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.audit.looks import record_view
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.contracts.actions import Parties
from sanderling.contracts.explaining import COLUMNS, PricedClaim, price_by_hand, price_claim
from sanderling.contracts.forms import CalculatorForm
from sanderling.core.refusal import Refusal
from sanderling.payers.models import Payer
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422


@require_GET
@requires("contracts.view")
def claim_price(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show what each line of a claim should bring, step by step, beside what was allowed."""
    claim = get_object_or_404(
        Claim.objects.select_related("client", "payer").filter(has_facts=True), pk=claim_id
    )
    record_view(
        request, claim_id=claim.pk, client_id=claim.client_id, action="contracts.price_claim"
    )
    today = timezone.now().date()
    priced: PricedClaim | None = None
    refusal = ""
    try:
        priced = price_claim(claim, as_of=today)
    except Refusal as error:
        refusal = error.sentence
    wanted = request.GET.get("format", "")
    if wanted in FORMS and priced is not None:
        return export(
            priced.rows(),
            columns=COLUMNS,
            as_of=today,
            totals=priced.totals,
            form=wanted,
            name=f"price-{claim.pk}",
        )
    context = {
        "claim": claim,
        "priced": priced,
        "refusal": refusal,
        "forms": FORMS,
        "may_edit": request.user.is_authenticated and request.user.may("contracts.edit"),
    }
    return render(request, "contracts/claim_price.html", context)


@require_GET
@requires("contracts.view")
def calculator(request: HttpRequest) -> HttpResponse:
    """Price lines that are written down: what would a claim bring under a contract."""
    if "client" not in request.GET or "code_1" not in request.GET:
        initial = {name: request.GET.get(name, "") for name in ("client", "payer", "plan")}
        form = CalculatorForm(initial=initial | {"on_date": timezone.now().date()})
        return _calculator_page(request, form)
    form = CalculatorForm(request.GET)
    if not form.is_valid():
        return _calculator_page(request, form, status=UNPROCESSABLE)
    values = form.cleaned_data
    client = get_object_or_404(Client, pk=values["client"])
    payer = get_object_or_404(Payer, pk=values["payer"])
    lines, without_charge = form.lines()
    try:
        priced = price_by_hand(
            Parties(client, payer, values["plan"]),
            values["kind"],
            lines,
            without_charge=without_charge,
        )
    except Refusal as refusal:
        form.add_error(None, refusal.sentence)
        return _calculator_page(request, form, status=UNPROCESSABLE)
    return _calculator_page(request, form, priced=priced)


def _calculator_page(
    request: HttpRequest,
    form: CalculatorForm,
    *,
    priced: PricedClaim | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "priced": priced}
    return render(request, "contracts/calculator.html", context, status=status)
