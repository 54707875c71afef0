"""The way of a fee schedule by the page: brought in, read, checked by row, taken."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.clients.models import Client
from sanderling.contracts.actions import Parties, VersionTerms
from sanderling.contracts.forms import MappingForm, UploadForm
from sanderling.contracts.importing import SheetChecked, check_sheet
from sanderling.contracts.models import Contract, ContractUpload
from sanderling.contracts.rate_sheets import ColumnsUnknown, possible_headers
from sanderling.contracts.uploading import keep_upload, read_as, sheet_of, take_contract_upload
from sanderling.core.refusal import Refusal
from sanderling.core.sheets import Row, read_sheet
from sanderling.payers.models import Payer

UNPROCESSABLE: Final = 422
ROWS_SHOWN: Final = 8
PROBLEMS_SHOWN: Final = 100
HEADERS_MAX: Final = 60


@require_http_methods(["GET", "POST"])
@requires("contracts.edit")
def upload(request: HttpRequest) -> HttpResponse:
    """Bring in a fee schedule: whose it is, from when, the file and the terms."""
    if request.method == "GET":
        return _form_page(request, UploadForm(initial=_initial(request)))
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form_page(request, form, status=UNPROCESSABLE)
    values = form.cleaned_data
    client = get_object_or_404(Client, pk=values["client"])
    payer = get_object_or_404(Payer, pk=values["payer"])
    sent = values["file"]
    content = sent.read()
    try:
        read_sheet(content, lambda _: True)
    except Refusal as refusal:
        form.add_error("file", refusal.sentence)
        return _form_page(request, form, status=UNPROCESSABLE)
    kept = keep_upload(
        Parties(client, payer, values["plan"]),
        says=VersionTerms(
            values["from_date"], values["to_date"], terms=values["terms"], note=values["note"]
        ),
        name=sent.name or "",
        content=content,
        user=person_of(request),
        at=timezone.now(),
    )
    return redirect("contract-upload", token=kept.pk)


@require_http_methods(["GET", "POST"])
@requires("contracts.edit")
def uploaded(request: HttpRequest, token: str) -> HttpResponse:
    """Show how a sheet is read and what would be refused; read it otherwise, or take it."""
    kept = get_object_or_404(ContractUpload.objects.select_related("payer", "version"), pk=token)
    if kept.version is not None:
        messages.info(request, "This sheet was taken.")
        return redirect("contract", contract_id=kept.version.contract_id)
    if request.method == "GET":
        return _check_page(request, kept)
    if request.POST.get("act") == "take":
        return _take(request, kept)
    form = MappingForm(request.POST, headers=_headers(kept), columns=None)
    if not form.is_valid():
        return _check_page(request, kept, form=form, status=UNPROCESSABLE)
    read_as(kept, given=form.given(), mapping_name=form.cleaned_data["mapping_name"].strip())
    return redirect("contract-upload", token=kept.pk)


def _take(request: HttpRequest, kept: ContractUpload) -> HttpResponse:
    try:
        report = take_contract_upload(kept.pk, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        return _check_page(request, kept, refusal=refusal.sentence, status=UNPROCESSABLE)
    if report.status == "unchanged":
        messages.info(request, "The contract says the same already: nothing was changed.")
    else:
        said = "".join(f" {text[:1].upper()}{text[1:]}." for text in report.said)
        count = len({problem.row for problem in report.problems})
        refused = f" {count} row{'s were' if count > 1 else ' was'} refused." if count else ""
        messages.success(request, f"{report.rates:,} rates are loaded.{refused}{said}")
    return redirect("contract-version", version_id=report.version.pk)


def _initial(request: HttpRequest) -> dict[str, Any]:
    """Return what a link fills in: the parties of a contract, or a client and a payer."""
    asked = {name: request.GET.get(name, "") for name in ("contract", "client", "payer")}
    numbers = {name: int(text) for name, text in asked.items() if text.isdecimal()}
    found = Contract.objects.filter(pk=numbers.get("contract", 0)).first()
    if found is not None:
        latest = (
            found.versions.filter(withdrawn_at__isnull=True).order_by("-from_date", "-pk").first()
        )
        return {
            "client": found.client_id,
            "payer": found.payer_id,
            "plan": found.plan,
            "terms": latest.terms if latest else "",  # new rates rarely come with new terms
        }
    return {"client": numbers.get("client"), "payer": numbers.get("payer")}


def _form_page(request: HttpRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    return render(request, "contracts/upload.html", {"form": form}, status=status)


def _rows(kept: ContractUpload) -> list[Row]:
    return read_sheet(sheet_of(kept).content, lambda _: True)


def _headers(kept: ContractUpload) -> list[str]:
    """Return the cells of the sheet that may be headers, each once."""
    try:
        cells = list(check_sheet(sheet_of(kept)).columns.headers)
    except Refusal:
        cells = possible_headers(_rows(kept))
    return [cell for cell in dict.fromkeys(cells) if cell][:HEADERS_MAX]


def _check_page(
    request: HttpRequest,
    kept: ContractUpload,
    *,
    form: MappingForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    checked: SheetChecked | None = None
    try:
        checked = check_sheet(sheet_of(kept), shown=ROWS_SHOWN)
    except ColumnsUnknown:
        refusal = refusal or (
            "The columns of the code and of the amount were not recognized: choose them below."
        )
    columns = checked.columns if checked else None
    problems = checked.reading.problems if checked else []
    context: dict[str, Any] = {
        "kept": kept,
        "client": get_object_or_404(Client, pk=kept.client_id),
        "form": form
        or MappingForm(headers=_headers(kept), columns=columns, mapping_name=kept.mapping_name),
        "checked": checked,
        "fields": list(columns.places.items()) if columns else [],
        "preview": _preview(kept, checked),
        "problems": problems[:PROBLEMS_SHOWN],
        "problem_count": len(problems),
        "refusal": refusal,
    }
    return render(request, "contracts/uploaded.html", context, status=status)


def _preview(kept: ContractUpload, checked: SheetChecked | None) -> dict[str, Any]:
    """Return the first rows as they stand in the file."""
    if checked is None:
        return {"headers": [], "rows": [list(row) for row in _rows(kept)[: ROWS_SHOWN + 2]]}
    meaning = {at: name for name, at in checked.columns.places.items()}
    headers = [
        {"text": text, "field": meaning.get(at, "")}
        for at, text in enumerate(checked.columns.headers)
    ]
    return {"headers": headers, "rows": checked.rows}
