"""The page of reference schedules: what is loaded, and loading another."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.contracts.forms import ReferenceForm
from sanderling.contracts.models import ReferenceSchedule
from sanderling.contracts.reference_loading import load_reference
from sanderling.core.refusal import Refusal

UNPROCESSABLE: Final = 422
PROBLEMS_SHOWN: Final = 20


@require_http_methods(["GET", "POST"])
@requires("contracts.view")
def references(request: HttpRequest) -> HttpResponse:
    """List the reference schedules that stand; load another."""
    person = person_of(request)
    may_edit = person.may("contracts.edit")
    if request.method == "GET" or not may_edit:
        return _page(
            request, ReferenceForm(), may_edit=may_edit, is_refused=request.method != "GET"
        )
    form = ReferenceForm(request.POST, request.FILES)
    if form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            loaded = load_reference(
                form.said(),
                file_name=sent.name or "",
                content=sent.read(),
                by=person,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error("file", refusal.sentence)
        else:
            if loaded.status == "unchanged":
                messages.info(request, "The schedule says the same already: nothing was changed.")
            else:
                messages.success(request, f"{loaded.taken:,} rows are loaded.")
            for problem in loaded.problems[:PROBLEMS_SHOWN]:
                messages.warning(request, f"Row {problem.row}, {problem.column}: {problem.message}")
            rest = len(loaded.problems) - PROBLEMS_SHOWN
            if rest > 0:
                messages.warning(request, f"{rest} more were refused.")
            return redirect("reference-schedules")
    return _page(request, form, may_edit=may_edit)


def _page(
    request: HttpRequest, form: ReferenceForm, *, may_edit: bool, is_refused: bool = False
) -> HttpResponse:
    context = {
        "schedules": ReferenceSchedule.objects.filter(withdrawn_at__isnull=True)
        .select_related("made_by")
        .order_by("name", "kind", "-from_date"),
        "form": form,
        "may_edit": may_edit,
    }
    status = 403 if is_refused else UNPROCESSABLE if form.is_bound else 200
    return render(request, "contracts/references.html", context, status=status)
