"""Pages of contract value: yields, and what-ifs."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import BigIntegerField, Count, F, Sum, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.clients.models import Client
from sanderling.contracts.models import ContractVersion
from sanderling.core.contracts.worth import GROUPS
from sanderling.core.refusal import Refusal
from sanderling.evaluation.actions import work_out_what_if
from sanderling.evaluation.forms import MONEY_RATE, TOUCH_DOLLARS, CostsForm, WhatIfForm
from sanderling.evaluation.lines_page import (
    COLUMNS as COLUMNS_OF_LINES,
)
from sanderling.evaluation.lines_page import (
    COLUMNS_OF,
    KINDS,
    TABS,
    UNKNOWN_PAYER,
    Asked,
    lines_behind,
    sums_of,
)
from sanderling.evaluation.models import WhatIf, WhatIfSet
from sanderling.evaluation.printing import what_if_pdf
from sanderling.evaluation.worth_page import BY, COLUMNS, worth_of
from sanderling.mirror.reading import MirrorMissing, refreshed_at, visible_client_ids
from sanderling.payers.models import Payer
from sanderling.web.downloads import FORMS, export, pdf_file
from sanderling.web.templatetags.sanderling import money

UNPROCESSABLE: Final = 422
WHAT_IFS_SHOWN: Final = 50
MOVERS_SHOWN: Final = 25
LINES_SHOWN: Final = 50
SUM_WORDS: Final = {
    "charge_cents": "charged", "allowed_cents": "allowed", "paid_cents": "paid",
    "reference_cents": "reference", "expected_cents": "expected", "variance_cents": "short",
    "touches": "touches",
}  # fmt: skip
CODE_COLUMNS: Final = ("procedure", "lines", "units", "now_cents", "then_cents", "change_cents")


@require_GET
@requires("contracts.view")
def contract_value(request: HttpRequest) -> HttpResponse:
    """Show yields of a year by payer, or client and payer, and by code group."""
    today = timezone.now().date()
    visible = visible_client_ids()
    client = Client.objects.filter(code=request.GET.get("client", ""), pk__in=visible).first()
    payer = Payer.objects.filter(payer_id=request.GET.get("payer", "") or None).first()
    by = request.GET.get("by", "payer")
    by = by if by in BY else "payer"
    form = CostsForm(request.GET or None)
    costs = form.costs() if form.is_valid() else CostsForm.defaults()
    context: dict[str, Any] = {
        "form": form, "by": by, "tabs": BY, "client": client, "payer": payer, "forms": FORMS,
        "clients": Client.objects.filter(pk__in=visible).order_by("code"),
        "rate": request.GET.get("rate", MONEY_RATE),
        "touch": request.GET.get("touch", TOUCH_DOLLARS),
        "refreshed_at": refreshed_at(), "today": today,
    }  # fmt: skip
    try:
        found = worth_of([client.pk] if client else visible, payer, costs, by=by, today=today)
    except MirrorMissing as refusal:
        return render(
            request, "evaluation/contract_value.html", {**context, "refusal": refusal.sentence}
        )
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            found.rows, columns=COLUMNS, as_of=today, totals=None, form=wanted,
            name="contract-value",
        )  # fmt: skip
    context |= {"found": found, "chart": found.chart}
    return render(request, "evaluation/contract_value.html", context)


@require_GET
@requires("contracts.view")
def contract_value_lines(request: HttpRequest) -> HttpResponse:
    """List and export the lines behind a number of contract value."""
    today = timezone.now().date()
    visible = visible_client_ids()
    client = Client.objects.filter(code=request.GET.get("client", ""), pk__in=visible).first()
    payer = Payer.objects.filter(payer_id=request.GET.get("payer", "") or None).first()
    is_unknown = request.GET.get("payer") == "-"
    what = request.GET.get("what", "all")
    what = what if what in KINDS else "all"
    group = request.GET.get("group", "")
    group = group if group in GROUPS and what not in COLUMNS_OF else ""
    payer_id = UNKNOWN_PAYER if is_unknown else payer.pk if payer else None
    asked = Asked([client.pk] if client else visible, payer_id, what, group)
    context: dict[str, Any] = {
        "title": KINDS[what], "what": what, "kinds": TABS, "client": client, "forms": FORMS,
        "payer_name": payer.name if payer else "Payer not known" if is_unknown else "All payers",
        "group_title": GROUPS.get(group, ""), "refreshed_at": refreshed_at(),
    }  # fmt: skip
    try:
        rows = lines_behind(asked, today=today)
    except MirrorMissing as refusal:
        context["page"] = Paginator([], LINES_SHOWN).get_page(1)
        return render(
            request, "evaluation/lines.html", {**context, "refusal": refusal.sentence, "count": 0}
        )
    record_listing(request, action="contract.lines", detail={"what": what, "rows": len(rows)})
    sums = sums_of(rows)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            rows, columns=COLUMNS_OF.get(what, COLUMNS_OF_LINES), as_of=today, totals=sums,
            form=wanted, name=f"contract-value-{what}",
        )  # fmt: skip
    context["page"] = Paginator(rows, LINES_SHOWN).get_page(request.GET.get("page"))
    context["count"] = len(rows)
    context["sums"] = [
        (SUM_WORDS[name], money(value) if name.endswith("_cents") else value)
        for name, value in sums.items()
        if name in SUM_WORDS
    ]
    return render(request, "evaluation/lines.html", context)


@require_http_methods(["GET", "POST"])
@requires("contracts.view")
def what_ifs(request: HttpRequest) -> HttpResponse:
    """List what-ifs, and ask another."""
    now = timezone.now()
    versions = _versions()
    form = WhatIfForm(
        request.POST or None,
        request.FILES or None,
        versions=versions,
        initial={"version": request.GET.get("version", "")},
    )
    refusal = ""
    if request.method == "POST" and form.is_valid():
        version = get_object_or_404(ContractVersion, pk=form.cleaned_data["version"])
        try:
            made = work_out_what_if(
                version,
                form.change(),
                title=form.cleaned_data["title"],
                by=person_of(request),
                at=now,
            )
        except Refusal as error:
            refusal = error.sentence
        else:
            return redirect("what-if", made.pk)
    context = {
        "form": form,
        "refusal": refusal,
        "rows": WhatIf.objects.filter(part_of=None)
        .select_related("client", "payer", "made_by")
        .order_by("-pk")[:WHAT_IFS_SHOWN],
        "sets": _sets(),
        "has_versions": bool(versions),
    }
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "evaluation/what_ifs.html", context, status=status)


def _sets() -> list[dict[str, Any]]:
    """Return the latest questions about several contracts with what they would bring."""
    sets = WhatIfSet.objects.select_related("client", "payer", "made_by").order_by("-pk")
    summed = sets.annotate(
        answered=Count("answers"),
        change_cents=Coalesce(
            Sum(F("answers__then_cents") - F("answers__now_cents")), Value(0),
            output_field=BigIntegerField(),
        ),
    )  # fmt: skip
    return [
        {
            "asked": one,
            "contracts": len(one.version_ids),
            "change_cents": one.change_cents if one.finished_at else None,
        }
        for one in summed[:WHAT_IFS_SHOWN]
    ]


def _versions() -> list[tuple[int, str]]:
    found = (
        ContractVersion.objects.filter(withdrawn_at=None)
        .select_related("contract__client", "contract__payer")
        .order_by("contract__client__code", "contract__payer__name", "-from_date")
    )
    return [(one.pk, _version_words(one)) for one in found]


def _version_words(version: ContractVersion) -> str:
    contract = version.contract
    plan = f" · {contract.plan}" if contract.plan else ""
    return f"{contract.client.code} · {contract.payer.name}{plan} from {version.from_date}"


def _code_rows(found: WhatIf) -> list[dict[str, Any]]:
    return [dict(zip(CODE_COLUMNS, row, strict=True)) for row in found.by_code]


@require_GET
@requires("contracts.view")
def what_if(request: HttpRequest, what_if_id: int) -> HttpResponse:
    """Show one what-if: the change in a year, and the codes that move it."""
    found = _what_if(what_if_id)
    rows = _code_rows(found)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            rows, columns=CODE_COLUMNS, as_of=found.to_date, totals=None, form=wanted,
            name="what-if",
        )  # fmt: skip
    context = {
        "found": found,
        "rows": rows[:MOVERS_SHOWN],
        "code_count": len(rows),
        "rate": found.change_cents / found.now_cents if found.now_cents else None,
        "forms": FORMS,
    }
    return render(request, "evaluation/what_if.html", context)


@require_GET
@requires("contracts.view")
def what_if_print(request: HttpRequest, what_if_id: int) -> HttpResponse:
    """Return one what-if as a PDF."""
    found = _what_if(what_if_id)
    pdf = what_if_pdf(found, _code_rows(found)[:MOVERS_SHOWN])
    return pdf_file(pdf, name=f"what-if-{found.pk}.pdf", is_shown=True)


def _what_if(what_if_id: int) -> WhatIf:
    found = WhatIf.objects.select_related("client", "payer", "made_by")
    return get_object_or_404(found, pk=what_if_id)
