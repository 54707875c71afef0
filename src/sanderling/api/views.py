"""The page of API access: tokens are made here, shown once, and revoked."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import requires
from sanderling.api.access import actor_of
from sanderling.api.forms import TokenForm
from sanderling.api.models import ApiToken, Webhook
from sanderling.api.tokens import TokenRefused, make_token, revoke_token
from sanderling.clients.queries import client_choices, client_codes_by_id

UNPROCESSABLE = 422


@require_GET
@requires("api.edit")
def api_access(request: HttpRequest) -> HttpResponse:
    """List tokens; offer to make one."""
    return _page(request, TokenForm(clients=client_choices()))


@require_POST
@requires("api.edit")
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show its secret, this once."""
    form = TokenForm(data=request.POST, clients=client_choices())
    if not form.is_valid():
        return _page(request, form)
    values = form.cleaned_data
    last_date = values["last_date"]
    expires_at = None
    if last_date is not None:  # good to the end of its last day
        day_after = last_date + timedelta(days=1)
        expires_at = datetime.combine(day_after, time(), tzinfo=timezone.get_current_timezone())
    try:
        token, secret = make_token(
            name=values["name"],
            owner=values["owner"],
            scope=values["scope"],
            client_ids=values["clients"] or None,
            expires_at=expires_at,
            by=actor_of(request),
            at=timezone.now(),
        )
    except TokenRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form)
    context = {"token": token, "secret": secret, "address": request.build_absolute_uri("/api/v1/")}
    answer = render(request, "api/made.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@requires("api.edit")
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a token worthless."""
    token = get_object_or_404(ApiToken, pk=pk)
    if revoke_token(token=token, at=timezone.now()):
        messages.success(request, f"The token {token.name} was revoked.")
    else:
        messages.info(request, f"The token {token.name} was revoked before.")
    return redirect("api-access")


def _page(request: HttpRequest, form: TokenForm) -> HttpResponse:
    tokens = list(ApiToken.objects.select_related("owner").order_by("revoked_at", "-pk"))
    codes = client_codes_by_id()
    now = timezone.now()
    context = {
        "form": form,
        "tokens": [_shown(token, codes, now) for token in tokens],
        "webhooks": Webhook.objects.filter(removed_at=None).order_by("name", "pk"),
        "address": request.build_absolute_uri("/api/v1/"),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "api/access.html", context, status=status)


def _shown(token: ApiToken, codes: dict[int, str], now: datetime) -> dict[str, object]:
    """Return a token as the page shows it: its state in a word, its clients by code."""
    state = "good"
    if token.revoked_at is not None:
        state = "revoked"
    elif token.expires_at is not None and token.expires_at <= now:
        state = "expired"
    elif not token.owner.is_active:
        state = "owner locked"
    ids = token.client_ids
    clients = "all of the owner's" if ids is None else ", ".join(codes.get(pk, "?") for pk in ids)
    return {"token": token, "state": state, "clients": clients}
