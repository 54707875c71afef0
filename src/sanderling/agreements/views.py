"""The page on which what was agreed with a client is set."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.agreements.actions import AgreementRefused, set_agreement, terms_of
from sanderling.agreements.forms import AgreementForms
from sanderling.agreements.page import history
from sanderling.agreements.queries import agreement_of
from sanderling.clients.models import Client

UNPROCESSABLE: Final = 422


@require_http_methods(["GET", "POST"])
@requires("key_accounts.edit")
def agreement(request: HttpRequest, code: str) -> HttpResponse:
    """Set what is agreed with a client: a version of its own, which holds from now on."""
    client = get_object_or_404(Client, code=code)
    holds = agreement_of(client.pk)
    base = holds.number if holds else 0
    is_post = request.method == "POST"
    page = AgreementForms(
        request.POST if is_post else None,
        client_id=client.pk,
        terms=terms_of(client, holds),
        base=base,
    )
    if is_post and page.is_valid():
        values = page.form.cleaned_data
        try:
            made = set_agreement(
                client.pk,
                page.terms(),
                user=person_of(request),
                at=timezone.now(),
                base=values["base"],
                note=values["note"],
            )
        except AgreementRefused as refusal:
            page.form.add_error(None, refusal.sentence)
        else:
            is_new = made is not None and made.number != base
            said = (
                "Agreed. Days and places on the worklist follow in a moment; clocks that run keep"
                " their time."
                if is_new
                else "Nothing was changed."
            )
            messages.success(request, said)
            return redirect("key-account", client.code)
    context = {
        "client": client,
        "holds": holds,
        "page": page,
        "form": page.form,
        "history": history(client),
        "is_refused": is_post,
    }
    return render(
        request, "agreements/agreement.html", context, status=UNPROCESSABLE if is_post else 200
    )
