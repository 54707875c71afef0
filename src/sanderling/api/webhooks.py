"""Makes, switches and removes webhooks; who reads events for them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction

from sanderling.accounts.models import User
from sanderling.api.models import Delivery, DeliveryState, Webhook
from sanderling.api.sending import check_url
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.news.actions import KINDS, register_reader

READER: Final = "webhooks"
MARK: Final = "whs_"
NAME_CHARACTERS_MAX: Final = 100
_NONCE_BYTES: Final = 12


class WebhookRefused(Refusal):
    """The webhook cannot be made as asked."""


@transaction.atomic
def make_webhook(
    *,
    name: str,
    url: str,
    kinds: Collection[str],
    owner: User,
    client_ids: Collection[int] | None,
    at: datetime,
) -> tuple[Webhook, str]:
    """Make a webhook; return it and its secret, which nobody is shown again.

    Raises:
        WebhookRefused: no name, no kind or an unknown one, or no client.
        AddressRefused: the address cannot be a receiver.
    """
    name = " ".join(name.split())
    if not name or len(name) > NAME_CHARACTERS_MAX:
        raise WebhookRefused(f"give it a name of at most {NAME_CHARACTERS_MAX} characters")
    if not kinds or not set(kinds) <= set(KINDS):
        raise WebhookRefused("choose at least one of the kinds of event")
    if client_ids is not None and not client_ids:
        raise WebhookRefused("choose at least one client, or all of the owner's")
    check_url(url)
    secret = MARK + secrets.token_urlsafe(32)
    webhook = Webhook.objects.create(
        name=name,
        url=url,
        secret=seal_secret(secret),
        kinds=sorted(set(kinds)),
        owner=owner,
        client_ids=None if client_ids is None else sorted(set(client_ids)),
        created_at=at,
    )
    _note("webhook.make", webhook, at)
    return webhook, secret


@transaction.atomic
def switch_webhook(*, webhook: Webhook, is_on: bool, at: datetime) -> None:
    """Let it be told again, or no more. What came while it was off is not made up for."""
    webhook.disabled_at = None if is_on else at
    webhook.failing_since = None
    webhook.save(update_fields=["disabled_at", "failing_since"])
    _note("webhook.enable" if is_on else "webhook.disable", webhook, at)


@transaction.atomic
def remove_webhook(*, webhook: Webhook, at: datetime) -> None:
    """Take it away for good; its log stays."""
    webhook.removed_at = at
    webhook.secret = ""
    webhook.save(update_fields=["removed_at", "secret"])
    webhook.deliveries.filter(state=DeliveryState.WAITING).update(
        state=DeliveryState.GIVEN_UP, next_try_at=None, fault="the webhook was removed"
    )
    _note("webhook.remove", webhook, at)


@transaction.atomic
def replay(*, delivery: Delivery, at: datetime) -> None:
    """Send a delivery again, with the same event id, whatever became of it.

    Raises:
        WebhookRefused: its webhook is off or removed.
    """
    hook = delivery.webhook
    if hook.disabled_at or hook.removed_at:
        raise WebhookRefused("switch the webhook on first")
    delivery.state = DeliveryState.WAITING
    delivery.attempts = 0
    delivery.next_try_at = at
    delivery.save(update_fields=["state", "attempts", "next_try_at"])
    record_event(action="webhook.replay", at=at, subject=("delivery", delivery.pk))


def listening() -> list[Webhook]:
    """Return the webhooks that are on, and whose owners may log in."""
    return list(
        Webhook.objects.filter(disabled_at=None, removed_at=None, owner__is_active=True)
        .select_related("owner")
        .order_by("pk")
    )


def seal_secret(secret: str) -> str:
    """Return the secret encrypted with a key made of SANDERLING_SECRET_KEY."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(_key()).encrypt(nonce, secret.encode(), None)).decode()


def open_secret(sealed: str) -> str:
    """Return a secret that was sealed with the same SANDERLING_SECRET_KEY.

    Raises:
        cryptography.exceptions.InvalidTag: the key is another now; make the webhook anew.
    """
    data = base64.b64decode(sealed)
    return AESGCM(_key()).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None).decode()


def _key() -> bytes:
    return hashlib.sha256(b"sanderling webhook secrets\0" + settings.SECRET_KEY.encode()).digest()


def _note(action: str, webhook: Webhook, at: datetime) -> None:
    """Tell the trail, and which kinds of event are wanted from now on."""
    record_event(
        action=action,
        at=at,
        subject=("webhook", webhook.pk),
        detail={"owner": webhook.owner_id, "kinds": webhook.kinds},
    )
    register_reader(READER, {kind for hook in listening() for kind in hook.kinds})
