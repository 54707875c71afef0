"""Pages of clients."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.clients.models import Client


@require_GET
@requires("clients.view")
def clients(request: HttpRequest) -> HttpResponse:
    """List the clients that the user may see, key clients first."""
    found = (
        Client.objects.prefetch_related("identifiers")
        .annotate(users=Count("assignments"))
        .order_by("tier", "name", "pk")
    )
    # Those who may import see why the list can be empty; for the others it is the assignments.
    may_import = request.user.is_authenticated and request.user.may("clients.edit")
    context = {"clients": found, "may_import": may_import}
    return render(request, "clients/clients.html", context)
