"""Pages of compositions: the list, the builder with a preview, copies; and the letterhead."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.accounts.roles import role_may
from sanderling.core.kpis.definitions import BY_KEY
from sanderling.core.refusal import Refusal
from sanderling.reports.asking import ask_preview
from sanderling.reports.blocks import AGING_BY, KINDS
from sanderling.reports.blocks_why import KPIS_USUAL
from sanderling.reports.composing import archive_definition, copy_definition, save_definition
from sanderling.reports.forms import (
    DefinitionForm,
    LetterheadForm,
    PreviewForm,
    last_month,
    read_blocks,
)
from sanderling.reports.kpi_sums import KEYS
from sanderling.reports.letterhead import letterhead as letterhead_now
from sanderling.reports.letterhead import set_letterhead
from sanderling.reports.models import Definition

UNPROCESSABLE: Final = 422


@require_GET
@requires("reports.view")
def definitions(request: HttpRequest) -> HttpResponse:
    """List compositions: those of the product, those made here, archived ones apart."""
    found = Definition.objects.select_related("client", "made_by").order_by("is_archived", "pk")
    context = {
        "found": [
            {
                "definition": one,
                "blocks": [KINDS[block["kind"]].title for block in one.blocks],
            }
            for one in found
        ],
        "may_edit": role_may(person_of(request).role, "reports.edit"),
    }
    return render(request, "reports/definitions.html", context)


@require_http_methods(["GET", "POST"])
@requires("reports.edit")
def definition(request: HttpRequest, definition_id: int | None = None) -> HttpResponse:
    """Build a composition: choose blocks and their order, try it, save it."""
    found = None if definition_id is None else get_object_or_404(Definition, pk=definition_id)
    first, last = last_month(timezone.localdate())
    form = DefinitionForm(
        request.POST or None,
        initial={
            "name": found.name if found else "",
            "audience": found.audience if found else "executive",
            "client": found.client_id or "" if found else "",
        },
    )
    wants_preview = "preview" in request.POST
    preview = PreviewForm(
        request.POST if wants_preview else None, initial={"from_date": first, "to_date": last}
    )
    blocks = read_blocks(request.POST) if request.method == "POST" else (
        list(found.blocks) if found else []
    )  # fmt: skip
    refusal = ""
    if request.method == "POST":
        answer, refusal = _saved_or_tried(request, found, form, preview, blocks)
        if answer is not None:
            return answer
    context = {
        "definition": found, "form": form, "preview": preview, "refusal": refusal,
        "kinds": _kinds(blocks), "is_preset": bool(found and found.preset),
    }  # fmt: skip
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "reports/definition.html", context, status=status)


def _saved_or_tried(
    request: HttpRequest,
    found: Definition | None,
    form: DefinitionForm,
    preview: PreviewForm,
    blocks: list[dict[str, Any]],
) -> tuple[HttpResponse | None, str]:
    """Do what the builder's buttons ask; return where to go, else why not."""
    person, now = person_of(request), timezone.now()
    try:
        if "preview" in request.POST:
            if not preview.is_valid():
                return None, ""
            client_id = int(preview.cleaned_data["preview_client"])
            making = ask_preview(blocks, client_id=client_id, by=person, at=now, **preview.days())
            return redirect("report-making", making.pk), ""
        if not form.is_valid():
            return None, ""
        saved = save_definition(
            found, name=form.cleaned_data["name"], audience=form.cleaned_data["audience"],
            blocks=blocks, client_id=form.client_id(), by=person, at=now,
        )  # fmt: skip
    except Refusal as refusal:
        return None, refusal.sentence
    messages.success(request, f"{saved.name} is saved.")
    return redirect("report-definitions"), ""


def _kinds(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every kind of block with how it is chosen: chosen ones first, in their order."""
    chosen = {one["kind"]: (place, one) for place, one in enumerate(blocks, start=1)}
    ordered = sorted(
        KINDS.values(),
        key=lambda kind: chosen[kind.name][0] if kind.name in chosen else len(KINDS) + 1,
    )
    return [
        {
            "kind": kind,
            "is_used": kind.name in chosen,
            "place": chosen[kind.name][0] if kind.name in chosen else "",
            "by": chosen.get(kind.name, (0, {}))[1].get("by", "payer"),
            "rows": chosen.get(kind.name, (0, {}))[1].get("rows", ""),
            "keys": [
                (key, BY_KEY[key].title,
                 key in chosen.get(kind.name, (0, {}))[1].get("keys", KPIS_USUAL))
                for key in KEYS
            ] if "keys" in kind.options else [],
            "by_choices": AGING_BY if "by" in kind.options else (),
            "has_rows": "rows" in kind.options,
        }
        for kind in ordered
    ]  # fmt: skip


@require_POST
@requires("reports.edit")
def definition_copy(request: HttpRequest, definition_id: int) -> HttpResponse:
    """Copy a composition and open the copy."""
    found = get_object_or_404(Definition, pk=definition_id)
    made = copy_definition(found, by=person_of(request), at=timezone.now())
    return redirect("report-definition", made.pk)


@require_POST
@requires("reports.edit")
def definition_archive(request: HttpRequest, definition_id: int) -> HttpResponse:
    """Take a composition out of use, or back."""
    found = get_object_or_404(Definition, pk=definition_id)
    try:
        archive_definition(found, is_archived=not found.is_archived)
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    return redirect("report-definitions")


@require_http_methods(["GET", "POST"])
@requires("reports.edit")
def letterhead(request: HttpRequest) -> HttpResponse:
    """Set what stands on top of reports."""
    now = letterhead_now()
    form = LetterheadForm(
        request.POST or None,
        request.FILES or None,
        initial={"name": now.name, "lines": "\n".join(now.lines), "color": now.color},
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        logo = values["logo"].read() if values["logo"] else b"" if values["without_logo"] else None
        lines = [one.strip() for one in values["lines"].splitlines() if one.strip()]
        try:
            set_letterhead(
                name=values["name"].strip(), lines=lines, color=values["color"].strip(),
                logo=logo, by=person_of(request), at=timezone.now(),
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The letterhead is kept. Reports are printed under it.")
            return redirect("report-letterhead")
    status = UNPROCESSABLE if request.method == "POST" else 200
    context = {"form": form, "has_logo": bool(now.logo)}
    return render(request, "reports/letterhead.html", context, status=status)
