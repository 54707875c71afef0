"""Pages of the policy: who may approve how much, and small balances."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sanderling.accounts.models import User
from sanderling.accounts.permissions import requires
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.web.templatetags.sanderling import money
from sanderling.writeoffs.forms import LimitsForm
from sanderling.writeoffs.limits import forget_limits, limits_of, set_limits
from sanderling.writeoffs.models import ClientLimits
from sanderling.writeoffs.small import OLDER_THAN_DAYS, small_balances, write_off_small

UNPROCESSABLE: Final = 422
DAYS_MAX: Final = 3_650


def _dollars(cents: int) -> str:
    return f"{cents / 100:.2f}"


def _initial(client_id: int) -> dict[str, str]:
    holds = limits_of(client_id)
    own = (
        ClientLimits.objects.filter(client_id=client_id).first()
        or ClientLimits.objects.filter(client_id=None).first()
    )
    second = {True: "yes", False: "no", None: ""}[own.needs_second if own else None]
    return {
        "auto_below": _dollars(holds.auto_below_cents),
        "lead_below": _dollars(holds.lead_below_cents),
        "manager_below": _dollars(holds.manager_below_cents),
        "needs_second": second,
    }


@require_http_methods(["GET", "POST"])
@requires("users.edit")
def limits(request: HttpRequest) -> HttpResponse:
    """Set who may approve how much: for all clients, or for one."""
    code = request.GET.get("client") or request.POST.get("client") or ""
    client = Client.objects.filter(code=code).first() if code else None
    if code and client is None:
        raise Http404
    if request.method == "POST" and client is not None and "forget" in request.POST:
        forget_limits(client.pk)
        messages.success(request, f"The limits of all hold for {client.code} again.")
        return redirect("write-off-limits")
    form = LimitsForm(
        request.POST if request.method == "POST" else None,
        initial=_initial(client.pk if client else 0),
    )
    if request.method == "POST" and form.is_valid():
        try:
            set_limits(client.pk if client else None, form.limits(), needs_second=form.second())
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(
                request, "The limits hold from now on; what waits keeps its approvals."
            )
            return redirect("write-off-limits")
    own = {row.client_id for row in ClientLimits.objects.exclude(client_id=None)}
    context = {
        "form": form,
        "client": client,
        "has_own": client is not None and client.pk in own,
        "clients": Client.objects.order_by("code"),
        "own": own,
    }
    return render(
        request,
        "writeoffs/limits.html",
        context,
        status=UNPROCESSABLE if form.is_bound else 200,
    )


@require_http_methods(["GET", "POST"])
@requires("writeoffs.approve")
def small(request: HttpRequest) -> HttpResponse:
    """Show which small balances the policy would write off; with a yes, write them off."""
    asked = request.GET.get("days") or request.POST.get("days") or ""
    days = min(int(asked), DAYS_MAX) if asked.isdecimal() else OLDER_THAN_DAYS
    now = timezone.now()
    if request.method == "POST":
        user = request.user
        assert isinstance(user, User)  # noqa: S101 - @requires
        count, cents, refused = write_off_small(user=user, at=now, older_than_days=days)
        messages.success(
            request, f"Written off by policy: {count}, {money(cents)}; posted in a moment."
        )
        for sentence in refused[:5]:
            messages.error(request, sentence)
        return redirect("write-offs")
    by_client: defaultdict[str, dict[str, Any]] = defaultdict(lambda: {"count": 0, "cents": 0})
    found = small_balances(now.date(), older_than_days=days)
    for one in found:
        by_client[one.client]["count"] += 1
        by_client[one.client]["cents"] += one.balance_cents
    context = {
        "days": days,
        "count": len(found),
        "cents": sum(one.balance_cents for one in found),
        "clients": [{"client": code, **sums} for code, sums in by_client.items()],
    }
    return render(request, "writeoffs/small.html", context)
