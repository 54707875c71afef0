"""Pages of proofs: a claim's lineage, and the exhibit as a PDF."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_view
from sanderling.claims.models import Claim, Submission
from sanderling.core.refusal import Refusal
from sanderling.proofs.exhibit import exhibit_pdf
from sanderling.proofs.page import full, summary
from sanderling.web.downloads import pdf_file


@require_GET
@requires("claims.view")
def proof(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show what proves that a claim was filed; `check=1` compares it with the originals."""
    claim = get_object_or_404(Claim.objects.select_related("client"), pk=claim_id, has_facts=True)
    record_view(request, claim_id=claim.pk, client_id=claim.client_id, action="proof.view")
    as_of = _as_of(request)
    checks = request.GET.get("check") == "1"
    sees_files = person_of(request).may("files.view")
    context = {
        "claim": claim,
        "as_of": as_of,
        **full(claim.pk, as_of=as_of, sees_files=sees_files, checks=checks),
    }
    return render(request, "proofs/proof.html", context)


@require_GET
@requires("claims.view")
def part(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show the best proof for each payer, on the page of the claim: that look is recorded there."""
    claim = get_object_or_404(Claim, pk=claim_id, has_facts=True)
    as_of = _as_of(request)
    context = {
        "claim_id": claim.pk,
        "as_of": as_of,
        "is_past": as_of < timezone.now().date(),
        "proofs": summary(claim.pk, as_of=as_of),
    }
    return render(request, "proofs/part.html", context)


@require_GET
@requires("claims.view")
def exhibit(request: HttpRequest, claim_id: int, submission_id: int) -> HttpResponse:
    """Send the one-page exhibit of a claim as sent."""
    sent = get_object_or_404(Submission, pk=submission_id, claim_id=claim_id)
    try:
        content = exhibit_pdf(sent.pk, as_of=_as_of(request))
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect("proof", claim_id)
    record_view(request, claim_id=claim_id, client_id=sent.client_id, action="proof.exhibit")
    return pdf_file(content, name=f"proof-{sent.pk}.pdf")


def _as_of(request: HttpRequest) -> date:
    try:
        return parse_date(request.GET.get("as_of", "")) or timezone.localdate()
    except ValueError:
        return timezone.localdate()
