"""Pages that belong to no feature: the way in, the health check, errors."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from sanderling.web.navigation import first_page


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """Say ok when the database answers; open to all, and says nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


@require_GET
def start(request: HttpRequest) -> HttpResponse | HttpResponseRedirect:
    """Go to the first page that the user may open."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    address = first_page(request.user)
    if address is None:
        return render(request, "web/welcome.html")
    return redirect(address)
