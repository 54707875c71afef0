"""Pages of the audit trail: the search, one event, whose claims were looked at."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import requires
from sanderling.audit.actions import record_event
from sanderling.audit.chain import standing_of
from sanderling.audit.looks import client_address, record_listing
from sanderling.audit.models import AuditEvent
from sanderling.audit.searching import Place, change_rows, found, page_of
from sanderling.compliance.audit_forms import PatientForm, SearchForm
from sanderling.compliance.naming import COLUMNS, event_rows
from sanderling.compliance.patients import claims_of, keep_claims, kept_claims
from sanderling.web.downloads import FORMS, export

PAGE_EVENTS: Final = 50
EXPORT_EVENTS_MAX: Final = 50_000
UNPROCESSABLE: Final = 422
CONFLICT: Final = 409


@require_GET
@requires("audit.view")
def audit(request: HttpRequest) -> HttpResponse:
    """List the events that fit, latest first; a page begins where the one before ended."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        return _search_page(request, form, status=UNPROCESSABLE)
    key = form.cleaned_data["of"]
    claim_ids = kept_claims(request.session, key) if key else None
    if key and claim_ids is None:
        form.add_error(None, "This search for a patient or claim is over: search again.")
        return _search_page(request, form, status=UNPROCESSABLE)
    question = form.question(claim_ids)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        events = list(found(question)[: EXPORT_EVENTS_MAX + 1])
        if len(events) > EXPORT_EVENTS_MAX:
            form.add_error(
                None, f"More than {EXPORT_EVENTS_MAX:,} events fit: export fewer days at a time."
            )
            return _search_page(request, form, status=CONFLICT)
        record_listing(request, action="audit.export", detail={**form.asked(), "rows": len(events)})
        return export(
            event_rows(events),
            columns=COLUMNS,
            as_of=timezone.now().date(),
            totals=None,
            form=wanted,
            name="audit",
        )
    before = Place.of(request.GET.get("before", ""))
    events, next_place = page_of(question, before=before, rows_max=PAGE_EVENTS)
    record_listing(request, action="audit.search", detail={**form.asked(), "rows": len(events)})
    return _search_page(
        request,
        form,
        rows=event_rows(events),
        claims=claim_ids,
        next_place=next_place.text() if next_place else "",
        is_later=before is not None,
    )


def _search_page(
    request: HttpRequest, form: SearchForm, *, status: int = 200, **more: object
) -> HttpResponse:
    context = {"form": form, "patient_form": PatientForm(), "forms": FORMS, **more}
    return render(request, "compliance/audit.html", context, status=status)


@require_POST
@requires("audit.view")
def audit_claims(request: HttpRequest) -> HttpResponse:
    """Find the claims of a patient or with a number, and show who looked at or changed them."""
    form = PatientForm(request.POST)
    if not form.is_valid():
        context = {"form": SearchForm({}), "patient_form": form, "forms": FORMS}
        return render(request, "compliance/audit.html", context, status=UNPROCESSABLE)
    claims = claims_of(
        form.cleaned_data["text"], birth_date=form.cleaned_data["birth_date"], at=timezone.now()
    )
    key = keep_claims(request.session, [claim.pk for claim in claims])
    return redirect(f"{reverse('audit')}?{urlencode({'of': key})}")


@require_GET
@requires("audit.view")
def audit_event(request: HttpRequest, event_id: int) -> HttpResponse:
    """Show one event with what changed and how it is sealed."""
    event = get_object_or_404(AuditEvent, pk=event_id)
    seal, fault = standing_of(event)
    record_event(
        action="audit.view",
        at=timezone.now(),
        subject=("audit_event", event.pk),
        ip=client_address(request),
    )
    context = {
        "event": event,
        "row": event_rows([event])[0],
        "changes": change_rows(event),
        "seal": seal,
        "fault": fault,
    }
    return render(request, "compliance/event.html", context)
