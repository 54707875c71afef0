"""Pages of the compliance desk: where things stand, reviews of access."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.clients.queries import client_codes_by_id
from sanderling.compliance import access
from sanderling.compliance.desk import desk, open_campaign
from sanderling.compliance.forms import CampaignForm
from sanderling.compliance.models import Campaign
from sanderling.core.refusal import Refusal
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422


@require_GET
@requires("audit.view")
def compliance(request: HttpRequest) -> HttpResponse:
    """Show where the chain, break-glass, reviews of access and retention stand."""
    may_edit = person_of(request).may("compliance.edit")
    context = {**desk(at=timezone.now()), "may_edit": may_edit}
    return render(request, "compliance/desk.html", context)


@require_http_methods(["GET", "POST"])
@requires("compliance.edit")
def access_reviews(request: HttpRequest) -> HttpResponse:
    """List the reviews; a POST begins one."""
    form = CampaignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = access.begin_campaign(
                name=form.cleaned_data["name"],
                due_date=form.cleaned_data["due_date"],
                user=person_of(request),
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return redirect("access-review", made.pk)
    context = {
        "form": form,
        "campaigns": Campaign.objects.select_related("begun_by").order_by("-pk"),
        "is_open": open_campaign() is not None,
    }
    status = UNPROCESSABLE if form.is_bound and form.errors else 200
    return render(request, "compliance/access_reviews.html", context, status=status)


@require_GET
@requires("compliance.edit")
def access_review(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show everybody of a review, the undecided and unusual first; or take it away as evidence."""
    campaign = get_object_or_404(Campaign, pk=campaign_id)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        rows = access.evidence_rows(campaign)
        record_listing(
            request,
            action="access_review.export",
            detail={"campaign": campaign.pk, "rows": len(rows)},
        )
        return export(
            rows,
            columns=access.COLUMNS,
            as_of=campaign.begun_at.date(),
            totals=None,
            form=wanted,
            name="access-review",
        )
    rows_shown = sorted(
        campaign.rows.select_related("decided_by"),
        key=lambda row: (bool(row.decision), not row.unusual, row.name, row.pk),
    )
    visible = client_codes_by_id()
    context = {
        "campaign": campaign,
        "rows": [(row, access.codes_shown(row, visible)) for row in rows_shown],
        "undecided": sum(not row.decision for row in rows_shown),
        "is_overdue": campaign.is_open and campaign.due_date < timezone.now().date(),
        "me": person_of(request).pk,
        "forms": FORMS,
    }
    return render(request, "compliance/access_review.html", context)


@require_POST
@requires("compliance.edit")
def access_review_decide(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Certify or revoke the chosen people; each that is refused says why."""
    campaign = get_object_or_404(Campaign, pk=campaign_id)
    try:
        done, refused = access.decide_rows(
            campaign,
            [int(one) for one in request.POST.getlist("row") if one.isdecimal()],
            decision=request.POST.get("decision", ""),
            note=request.POST.get("note", ""),
            user=person_of(request),
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        if done:
            messages.success(request, f"{done} decided.")
        for words in refused:
            messages.error(request, words)
    return redirect("access-review", campaign_id)


@require_POST
@requires("compliance.edit")
def access_review_close(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Close a review in which everybody is decided."""
    get_object_or_404(Campaign, pk=campaign_id)
    try:
        access.close_campaign(campaign_id, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Closed. Its export is the evidence.")
    return redirect("access-review", campaign_id)
