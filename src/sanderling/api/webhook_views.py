"""Pages of webhooks: made and shown once, tried, switched, and the log of their deliveries."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import requires
from sanderling.api.access import actor_of
from sanderling.api.delivering import WAITS, ping
from sanderling.api.forms import WebhookForm
from sanderling.api.models import Delivery, Webhook
from sanderling.api.tasks import defer_webhooks
from sanderling.api.webhooks import (
    WebhookRefused,
    make_webhook,
    remove_webhook,
    replay,
    switch_webhook,
)
from sanderling.clients.queries import client_choices, client_codes_by_id
from sanderling.core.refusal import Refusal

UNPROCESSABLE = 422
SHOWN = 100


@require_http_methods(["GET", "POST"])
@requires("api.edit")
def new_webhook(request: HttpRequest) -> HttpResponse:
    """Make a webhook and show its secret, this once."""
    form = WebhookForm(data=request.POST or None, clients=client_choices())
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            hook, secret = make_webhook(
                name=values["name"],
                url=values["url"].strip(),
                kinds=values["kinds"],
                owner=actor_of(request),
                client_ids=values["clients"] or None,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            answer = render(request, "api/webhook_made.html", {"hook": hook, "secret": secret})
            answer["Cache-Control"] = "no-store"
            return answer
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "api/new_webhook.html", {"form": form}, status=status)


@require_GET
@requires("api.edit")
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a webhook and what was sent to it lately."""
    hook = get_object_or_404(Webhook.objects.select_related("owner"), pk=pk)
    codes = client_codes_by_id()
    ids = hook.client_ids
    context = {
        "hook": hook,
        "clients": "all of the owner's"
        if ids is None
        else ", ".join(codes.get(one, "?") for one in ids),
        "deliveries": hook.deliveries.order_by("-pk")[:SHOWN],
        "attempts_max": len(WAITS) + 1,
        "shown": SHOWN,
    }
    return render(request, "api/webhook.html", context)


@require_POST
@requires("api.edit")
def change_webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """Try it, switch it on or off, or remove it."""
    hook = get_object_or_404(Webhook, pk=pk, removed_at=None)
    do, now = request.POST.get("do", ""), timezone.now()
    if do == "ping" and hook.disabled_at is None:
        with transaction.atomic():
            ping(webhook=hook, at=now)
            defer_webhooks()
        messages.success(request, "A test was sent off; what came of it shows below in a moment.")
    elif do in {"on", "off"}:
        switch_webhook(webhook=hook, is_on=do == "on", at=now)
        messages.success(request, f"{hook.name} was switched {do}.")
    elif do == "remove":
        remove_webhook(webhook=hook, at=now)
        messages.success(request, f"{hook.name} was removed.")
        return redirect("api-access")
    else:
        messages.error(request, "Switch the webhook on first.")
    return redirect("webhook", pk=hook.pk)


@require_POST
@requires("api.edit")
def replay_delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a delivery again."""
    delivery = get_object_or_404(Delivery.objects.select_related("webhook"), pk=pk)
    try:
        with transaction.atomic():
            replay(delivery=delivery, at=timezone.now())
            defer_webhooks()
    except WebhookRefused as refusal:
        messages.error(request, f"Not sent: {refusal}.")
    else:
        messages.success(request, "It is sent again; what came of it shows below in a moment.")
    return redirect("webhook", pk=delivery.webhook_id)
