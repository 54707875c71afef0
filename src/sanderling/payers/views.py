"""Pages of payers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.payers.models import Payer


@require_GET
@requires("payers.view")
def payers(request: HttpRequest) -> HttpResponse:
    """List the payers; they are the same for all clients."""
    found = Payer.objects.prefetch_related("aliases").order_by("name", "pk")
    return render(request, "payers/payers.html", {"payers": found})
