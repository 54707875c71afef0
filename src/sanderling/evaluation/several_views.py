"""Pages of what-ifs over several contracts: asked, watched, read, printed."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.contracts.models import ContractVersion
from sanderling.core.refusal import Refusal
from sanderling.evaluation.forms import SeveralForm
from sanderling.evaluation.models import WhatIfSet
from sanderling.evaluation.printing import several_pdf
from sanderling.evaluation.several import (
    ask_about_several,
    code_rows,
    contract_rows,
    progress_of,
    total_of,
)
from sanderling.evaluation.tasks import defer_what_ifs
from sanderling.web.downloads import FORMS, export, pdf_file

UNPROCESSABLE: Final = 422
SHOWN: Final = 25
CODE_COLUMNS: Final = ("procedure", "lines", "units", "now_cents", "then_cents", "change_cents")
CONTRACT_COLUMNS: Final = (
    *("client", "payer", "version", "lines", "unpriced_lines", "now_cents", "then_cents"),
    "change_cents",
)


@require_http_methods(["GET", "POST"])
@requires("contracts.view")
def what_if_several(request: HttpRequest) -> HttpResponse:
    """Ask about all contracts of a payer, of a client, or of both."""
    form = SeveralForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = ask_about_several(
                form.change(),
                payer=form.cleaned_data["payer"],
                client=form.cleaned_data["client"],
                title=form.cleaned_data["title"],
                by=person_of(request),
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            defer_what_ifs()
            return redirect("what-if-set", asked.pk)
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "evaluation/several_form.html", {"form": form}, status=status)


@require_GET
@requires("contracts.view")
def what_if_set(request: HttpRequest, set_id: int) -> HttpResponse:
    """Show the answer as far as it is there; export it by contract or by code."""
    asked = _asked(set_id)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        by_code = request.GET.get("by") == "code"
        rows = code_rows(list(asked.answers.all())) if by_code else contract_rows(asked)
        return export(
            rows,
            columns=CODE_COLUMNS if by_code else CONTRACT_COLUMNS,
            as_of=asked.made_at.date(),
            totals=None if by_code else dict(total_of(rows)),
            form=wanted,
            name="what-if-codes" if by_code else "what-if-contracts",
        )
    return render(request, "evaluation/several.html", _context(asked))


@require_GET
@requires("contracts.view")
def what_if_set_state(request: HttpRequest, set_id: int) -> HttpResponse:
    """Return the part of the page that waits for the worker (htmx)."""
    return render(request, "evaluation/several_state.html", _context(_asked(set_id)))


@require_GET
@requires("contracts.view")
def what_if_set_print(request: HttpRequest, set_id: int) -> HttpResponse:  # noqa: ARG001 - a view
    """Return the answer as a PDF."""
    asked = _asked(set_id)
    rows = contract_rows(asked)
    pdf = several_pdf(asked, rows, code_rows(list(asked.answers.all()))[:SHOWN], total_of(rows))
    return pdf_file(pdf, name=f"what-ifs-{asked.pk}.pdf", is_shown=True)


def _asked(set_id: int) -> WhatIfSet:
    return get_object_or_404(
        WhatIfSet.objects.select_related("client", "payer", "made_by"), pk=set_id
    )


def _context(asked: WhatIfSet) -> dict[str, Any]:
    done, of = progress_of(asked)
    rows = contract_rows(asked)
    codes = code_rows(list(asked.answers.all()))
    versions = ContractVersion.objects.select_related("contract__client", "contract__payer")
    named = versions.in_bulk([version_id for version_id, _ in asked.refused])
    total = total_of(rows)
    return {
        "asked": asked,
        "done": done,
        "of": of,
        "share": round(100 * done / of) if of else 100,
        "is_waiting": asked.finished_at is None,
        "rows": rows,
        "codes": codes[:SHOWN],
        "code_count": len(codes),
        "total": total,
        "rate": total["change_cents"] / total["now_cents"] if total["now_cents"] else None,
        "refused": [
            {"version": named.get(version_id), "why": sentence}
            for version_id, sentence in asked.refused
        ],
        "forms": FORMS,
    }
