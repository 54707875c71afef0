"""Pages of one version: terms, rates, the file it came from; two versions compared."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.actions import record_event
from sanderling.audit.looks import client_address, record_listing
from sanderling.contracts.actions import VersionTerms, add_version
from sanderling.contracts.comparing import COLUMNS, compare
from sanderling.contracts.forms import TermsForm
from sanderling.contracts.models import ContractVersion, FeeSchedule, Rate
from sanderling.contracts.queries import days_of_version, parsed
from sanderling.contracts.terms_words import terms_in_words
from sanderling.core.refusal import Refusal
from sanderling.files.storage import open_original
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
PAGE_RATES: Final = 50
RATE_COLUMNS: Final = ("code", "modifier", "place_of_service", "allowed_cents")


@require_GET
@requires("contracts.view")
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Show one version; its rates can be searched and taken away as a file."""
    found = _version(version_id)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        rows = list(_rates(found, request.GET.get("q", "")).values(*RATE_COLUMNS))
        record_listing(
            request, action="contracts.export", detail={"version": found.pk, "rows": len(rows)}
        )
        return export(
            rows,
            columns=RATE_COLUMNS,
            as_of=timezone.now().date(),
            totals=None,
            form=wanted,
            name=f"rates-{found.pk}",
        )
    return _page(request, found)


@require_POST
@requires("contracts.edit")
def terms(request: HttpRequest, version_id: int) -> HttpResponse:
    """Check terms, or make them a version with the same rates."""
    found = _version(version_id)
    form = TermsForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=UNPROCESSABLE)
    values = form.cleaned_data
    if request.POST.get("act") == "check":
        return _page(request, found, form=form, is_checked=True)
    # What ends with this version ends with its correction, and with what follows within it.
    to_date = found.to_date if found.to_date and found.to_date >= values["from_date"] else None
    try:
        added = add_version(
            contract=found.contract,
            says=VersionTerms(
                values["from_date"], to_date, found.schedule, values["terms"], values["note"]
            ),
            by=person_of(request),
            at=timezone.now(),
            source="page",
        )
    except Refusal as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, found, form=form, status=UNPROCESSABLE)
    if not added.is_new:
        messages.info(request, "These terms say the same: nothing was changed.")
        return redirect("contract-version", version_id=added.version.pk)
    messages.success(request, "The terms are a version of their own. " + _said(added.said))
    return redirect("contract-version", version_id=added.version.pk)


@require_GET
@requires("contracts.view")
def schedule_file(request: HttpRequest, schedule_id: int) -> HttpResponseBase:
    """Hand out the file of a fee schedule, as it came."""
    found = get_object_or_404(FeeSchedule, pk=schedule_id)
    record_event(
        action="contracts.download",
        at=timezone.now(),
        client_id=found.client_id,
        subject=("fee_schedule", found.pk),
        ip=client_address(request),
    )
    stream = open_original(found.sha256, is_encrypted=found.is_encrypted)
    form = found.name.rsplit(".", 1)[-1].lower() if "." in found.name else "csv"
    name = f"fee-schedule-{found.pk}.{form if form.isalnum() else 'csv'}"
    return FileResponse(stream, as_attachment=True, filename=name)


@require_GET
@requires("contracts.view")
def comparison(request: HttpRequest, before_id: int, after_id: int) -> HttpResponse:
    """Show which rates rise and fall between two versions."""
    before, after = _version(before_id), _version(after_id)
    result = compare(before, after)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        record_listing(
            request,
            action="contracts.export",
            detail={"before": before.pk, "after": after.pk, "rows": len(result.rows)},
        )
        return export(
            result.rows,
            columns=COLUMNS,
            as_of=timezone.now().date(),
            totals=None,
            form=wanted,
            name=f"rates-{before.pk}-{after.pk}",
        )
    old, new = (dict.fromkeys(terms_in_words(parsed(one.terms))) for one in (before, after))
    context = {
        "before": before,
        "after": after,
        "result": result,
        "page": Paginator(result.rows, PAGE_RATES).get_page(request.GET.get("page")),
        "terms_gone": [pair for pair in old if pair not in new],
        "terms_new": [pair for pair in new if pair not in old],
        "forms": FORMS,
    }
    return render(request, "contracts/comparison.html", context)


def _version(version_id: int) -> ContractVersion:
    return get_object_or_404(
        ContractVersion.objects.select_related(
            "contract__client", "contract__payer", "schedule", "made_by", "withdrawn_by"
        ),
        pk=version_id,
    )


def _rates(found: ContractVersion, words: str) -> QuerySet[Rate]:
    rates = Rate.objects.filter(schedule_id=found.schedule_id or 0).order_by(
        "code", "modifier", "place_of_service"
    )
    code = words.strip().upper()[:8]
    return rates.filter(code__startswith=code) if code else rates


def _page(
    request: HttpRequest,
    found: ContractVersion,
    *,
    form: TermsForm | None = None,
    is_checked: bool = False,
    status: int = 200,
) -> HttpResponse:
    text = form.cleaned_data["terms"] if form is not None and is_checked else found.terms
    from_date, to_date = days_of_version(found)
    others = (
        ContractVersion.objects.filter(contract=found.contract)
        .exclude(pk=found.pk)
        .order_by("-from_date", "-pk")
    )
    context: dict[str, Any] = {
        "version": found,
        "contract": found.contract,
        "from_date": from_date,
        "to_date": to_date,
        "words": terms_in_words(parsed(text)),
        "is_checked": is_checked,
        "form": form or TermsForm(initial={"terms": found.terms, "from_date": found.from_date}),
        "q": request.GET.get("q", "")[:8],
        "page": Paginator(_rates(found, request.GET.get("q", "")), PAGE_RATES).get_page(
            request.GET.get("page")
        ),
        "others": others,
        "forms": FORMS,
        "today": timezone.now().date(),
        "may_edit": person_of(request).may("contracts.edit"),
    }
    return render(request, "contracts/version.html", context, status=status)


def _said(sentences: list[str]) -> str:
    return " ".join(f"{text[:1].upper()}{text[1:]}." for text in sentences)
