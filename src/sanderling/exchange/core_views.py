"""The status of one claim with its payers: what they were asked and said, and asking now."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_view
from sanderling.claims.models import Claim
from sanderling.core.refusal import Refusal
from sanderling.exchange.core_mailboxes import core_mailbox_for
from sanderling.exchange.core_real_time import ask_claim
from sanderling.exchange.core_settings import CoreMailboxForm, form_of, save_core_mailbox
from sanderling.exchange.models import Kind, Mailbox
from sanderling.inquiries.of_claim import payers_asked, seconds_asking

UNPROCESSABLE: Final = 422
ENDED: Final = "status-answered"
GIVEN_UP_SECONDS: Final = 60  # the worker is away; the page stops looking by itself


@require_GET
@requires("claims.work")
def claim_status(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show what payers were asked about a claim; as a fragment for its page."""
    claim = get_object_or_404(Claim.objects.select_related("client"), pk=claim_id)
    return _status(request, claim, was_asking="asking" in request.GET)


@require_POST
@requires("claims.work")
def ask_status(request: HttpRequest, claim_id: int, party: int) -> HttpResponse:
    """Ask a payer about the claim now; the answer shows where it was asked."""
    claim = get_object_or_404(Claim.objects.select_related("client"), pk=claim_id)
    refusal = ""
    try:
        ask_claim(claim.pk, party, user=person_of(request), at=timezone.now())
    except Refusal as refused:
        refusal = refused.sentence
    if request.headers.get("HX-Request") or refusal:
        return _status(request, claim, refusal=refusal)
    return redirect("claim-status", claim_id=claim.pk)


def _status(
    request: HttpRequest, claim: Claim, *, refusal: str = "", was_asking: bool = False
) -> HttpResponse:
    now = timezone.now()
    payers = payers_asked(claim.pk, today=now.date())
    for row in payers:
        row["seconds"] = seconds_asking(row, now) if row["is_asking"] else 0
        row["is_slow"] = row["seconds"] > GIVEN_UP_SECONDS
        row["reaches"] = (
            core_mailbox_for(claim.client_id, row["payer_id"], in_real_time=True) is not None
        )
    is_asking = any(row["is_asking"] and not row["is_slow"] for row in payers)
    is_fragment = bool(request.headers.get("HX-Request"))
    if not was_asking:  # looking again at what is on its way is one look
        record_view(
            request, claim_id=claim.pk, client_id=claim.client_id, action="status_request.view"
        )
    context: dict[str, Any] = {
        "claim": claim,
        "payers": payers,
        "is_asking": is_asking,
        "refusal": refusal,
        "is_fragment": is_fragment,
    }
    template = "exchange/status_part.html" if is_fragment else "exchange/claim_status.html"
    answer = render(
        request, template, context, status=UNPROCESSABLE if refusal and not is_fragment else 200
    )
    if was_asking and not is_asking:
        answer["HX-Trigger"] = "work-saved"  # the claim's page shows what follows
    return answer


@require_http_methods(["GET", "POST"])
@requires("exchange.edit")
def core_mailbox(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add a mailbox of kind CORE, or change one."""
    mailbox = get_object_or_404(Mailbox, pk=pk, kind=Kind.CORE) if pk else Mailbox(kind=Kind.CORE)
    form = CoreMailboxForm(request.POST) if request.method == "POST" else form_of(mailbox)
    if form.is_bound and form.is_valid():
        try:
            save_core_mailbox(mailbox, form.cleaned_data, at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, f"The mailbox {mailbox.name} was saved.")
            return redirect(reverse("exchange"))
    context = {"form": form, "mailbox": mailbox if mailbox.pk else None}
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "exchange/core_mailbox.html", context, status=status)
