"""The page of what somebody else must approve."""

from __future__ import annotations

from typing import Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from sanderling.accounts.permissions import requires
from sanderling.clients.models import Client
from sanderling.core.money import NotAnAmount, parse_written_cents
from sanderling.core.refusal import Refusal
from sanderling.core.resubmission.places import dollars
from sanderling.resubmission.models import Limits
from sanderling.resubmission.policy import Policy, forget_limits, policy_of, set_limits

UNPROCESSABLE: Final = 422


class LimitsForm(forms.Form):
    """What somebody else must approve."""

    above = forms.CharField(label="Claims of this charge or more", max_length=20)
    charge_changes = forms.BooleanField(label="Claims whose charge changes", required=False)

    def clean_above(self) -> int:
        """Return the cents."""
        try:
            return parse_written_cents(self.cleaned_data["above"])
        except NotAnAmount as error:
            raise forms.ValidationError("Write dollars and cents, such as 5000.00.") from error


@require_http_methods(["GET", "POST"])
@requires("users.edit")
def limits(request: HttpRequest) -> HttpResponse:
    """Set what somebody else must approve: for all clients, or for one."""
    code = request.GET.get("client") or request.POST.get("client") or ""
    client = Client.objects.filter(code=code).first() if code else None
    if code and client is None:
        raise Http404
    if request.method == "POST" and client is not None and "forget" in request.POST:
        forget_limits(client.pk)
        messages.success(request, f"The limits of all hold for {client.code} again.")
        return redirect("resubmission-limits")
    holds = policy_of(client.pk if client else 0)
    form = LimitsForm(
        request.POST if request.method == "POST" else None,
        initial={"above": dollars(holds.above_cents), "charge_changes": holds.charge_changes},
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            set_limits(
                client.pk if client else None, Policy(values["above"], values["charge_changes"])
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The limits hold from now on; what waits still waits.")
            return redirect("resubmission-limits")
    own = {row.client_id for row in Limits.objects.exclude(client_id=None)}
    context = {
        "form": form,
        "client": client,
        "has_own": client is not None and client.pk in own,
        "clients": Client.objects.order_by("code"),
        "own": own,
    }
    return render(
        request,
        "resubmission/limits.html",
        context,
        status=UNPROCESSABLE if form.is_bound else 200,
    )
