"""From events to deliveries, and deliveries to receivers: recorded once, sent until it arrives.

An attempt is noted before it is made, with a time after which it counts as lost: who is killed
meanwhile sends again later, under the same event id.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from django.db import connection, transaction
from django.db.models import Q
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.api.models import Delivery, DeliveryState, Webhook
from sanderling.api.sending import NotDelivered, post, signature
from sanderling.api.webhooks import READER, listening, open_secret, switch_webhook
from sanderling.clients.queries import client_codes_by_id
from sanderling.news.actions import notify, take_events
from sanderling.news.models import Event
from sanderling.payers.models import Payer

logger = logging.getLogger(__name__)

# After each failed attempt it waits so long; after the last one it is given up.
WAITS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 6 * 60, 12 * 60, 24 * 60)
)
LEASE: Final = timedelta(minutes=5)  # an attempt without an end for so long was interrupted
FAILING_MAX: Final = timedelta(days=3)
KEPT_FOR: Final = timedelta(days=30)
PING: Final = "ping"


def spread_events(*, at: datetime) -> int:
    """Make the deliveries of all events that wait for webhooks; return how many were made."""
    made = 0
    while True:
        with transaction.atomic():
            events = take_events(READER)
            if not events:
                return made
            made += _make(events, at=at)


def _make(events: Sequence[Event], *, at: datetime) -> int:
    hooks = [(hook, _clients_of(hook)) for hook in listening()]
    codes = client_codes_by_id()
    payers = dict(
        Payer.objects.filter(pk__in={event.payer_id for event in events}).values_list(
            "pk", "payer_id"
        )
    )
    wanted = [
        Delivery(
            webhook=hook,
            event_id=event.pk,
            kind=event.kind,
            client_id=event.client_id,
            body=_body(event, codes=codes, payers=payers),
            next_try_at=at,
            created_at=at,
        )
        for event in events
        for hook, clients in hooks
        if event.kind in hook.kinds and event.client_id in clients
    ]
    Delivery.objects.bulk_create(wanted, ignore_conflicts=True)
    return len(wanted)


def _clients_of(hook: Webhook) -> set[int]:
    """Return whose events the webhook is told: its own clients that its owner sees today."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sanderling_clients_of(%s)", [hook.owner_id])
        seen = set(cursor.fetchone()[0] or ())
    return seen if hook.client_ids is None else seen & set(hook.client_ids)


def _body(event: Event, *, codes: dict[int, str], payers: dict[int, str]) -> str:
    """Return what is sent: ids, codes, amounts and days; never a patient."""
    return json.dumps(
        {
            "event_id": event.pk,
            "kind": event.kind,
            "at": event.at.isoformat(),
            "client": codes.get(event.client_id, ""),
            "claim_id": event.claim_id,
            "party": event.party,
            "payer_id": payers.get(event.payer_id) if event.payer_id else None,
            "actor": event.actor,
            "detail": event.detail,
        }
    )


def ping(*, webhook: Webhook, at: datetime) -> Delivery:
    """Make a delivery that is about nothing, to try the receiver."""
    return Delivery.objects.create(
        webhook=webhook,
        kind=PING,
        body=json.dumps({"event_id": None, "kind": PING, "at": at.isoformat()}),
        next_try_at=at,
        created_at=at,
    )


def deliver_due(*, at: datetime, limit: int = 500) -> int:
    """Send what is due, the oldest first; return how many arrived.

    A webhook whose receiver fails gets no more in the same run: it may cost the whole timeout.
    """
    arrived = 0
    failed: set[int] = set()
    for _ in range(limit):
        delivery = _take(at, failed)
        if delivery is None:
            break
        if _attempt(delivery, at=at):
            arrived += 1
        else:
            failed.add(delivery.webhook_id)
    return arrived


def _take(at: datetime, failed: set[int]) -> Delivery | None:
    """Take one delivery that nobody else is sending, and note that an attempt is made."""
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("webhook")
            .filter(
                state=DeliveryState.WAITING,
                next_try_at__lte=at,
                webhook__disabled_at=None,
                webhook__removed_at=None,
            )
            .exclude(webhook_id__in=failed)
            .order_by("next_try_at", "pk")
            .first()
        )
        if delivery is None:
            return None
        delivery.attempts += 1
        delivery.tried_at = at
        delivery.next_try_at = at + LEASE
        delivery.save(update_fields=["attempts", "tried_at", "next_try_at"])
    return delivery


def _attempt(delivery: Delivery, *, at: datetime) -> bool:
    """Send once; note what came of it."""
    hook = delivery.webhook
    body = delivery.body.encode()
    stamp = int(at.timestamp())
    try:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Sanderling",
            "Sanderling-Event": delivery.kind,
            "Sanderling-Event-Id": str(delivery.event_id or f"ping-{delivery.pk}"),
            "Sanderling-Signature": f"t={stamp},v1="
            + signature(open_secret(hook.secret), stamp, body),
        }
        status = post(hook.url, body, headers)
    except NotDelivered as failure:
        _failed(delivery, str(failure), failure.status, at=at)
        return False
    except InvalidTag:
        _failed(delivery, "SANDERLING_SECRET_KEY was changed: make the webhook anew", None, at=at)
        return False
    with transaction.atomic():
        delivery.state, delivery.status_code, delivery.fault = DeliveryState.DONE, status, ""
        delivery.next_try_at, delivery.done_at = None, at
        delivery.save()
        Webhook.objects.filter(pk=hook.pk).update(failing_since=None)
    return True


@transaction.atomic
def _failed(delivery: Delivery, fault: str, status: int | None, *, at: datetime) -> None:
    logger.warning("delivery %s of webhook %s: %s", delivery.pk, delivery.webhook_id, fault)
    delivery.fault, delivery.status_code = fault, status
    if delivery.attempts > len(WAITS):
        delivery.state, delivery.next_try_at = DeliveryState.GIVEN_UP, None
    else:
        delivery.next_try_at = at + WAITS[delivery.attempts - 1]
    delivery.save()
    hook = Webhook.objects.select_for_update().get(pk=delivery.webhook_id)
    if hook.failing_since is None:
        hook.failing_since = at
        hook.save(update_fields=["failing_since"])
    elif hook.disabled_at is None and at - hook.failing_since >= FAILING_MAX:
        _give_up(hook, at=at)


def _give_up(hook: Webhook, *, at: datetime) -> None:
    """Switch a webhook off whose receiver takes nothing any more, and say so."""
    since = hook.failing_since
    switch_webhook(webhook=hook, is_on=False, at=at)
    admins = User.objects.filter(Q(pk=hook.owner_id) | Q(role=Role.ADMIN), is_active=True)
    notify(
        user_ids=admins.values_list("pk", flat=True),
        kind="api.webhook",
        key=f"webhook:{hook.pk}:{since.isoformat() if since else ''}",
        text=f"The webhook {hook.name} was switched off: nothing arrived for"
        f" {FAILING_MAX.days} days.",
        at=at,
        url=reverse("webhook", args=[hook.pk]),
        is_urgent=True,
    )


def forget_old_deliveries(*, at: datetime) -> int:
    """Delete the log of deliveries that ended long ago; return how many."""
    done: tuple[int, dict[str, Any]] = (
        Delivery.objects.exclude(state=DeliveryState.WAITING)
        .filter(created_at__lt=at - KEPT_FOR)
        .delete()
    )
    return done[0]
