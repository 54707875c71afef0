"""Sends alerts to chats, pagers and the like by Apprise: queued, and tried again.

A message carries counts, amounts, names of payers and clients and an address of ours; no patients.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.urls import reverse

from sanderling.automation.kinds import ALERTS
from sanderling.automation.models import Alert, Message, Preference, SendState, Target
from sanderling.automation.targets import TargetUnusable, send_to
from sanderling.web.addresses import full_address

logger = logging.getLogger(__name__)

ATTEMPTS_MAX: Final = 6
MESSAGES_AT_ONCE: Final = 100
FIRST_WAIT: Final = timedelta(minutes=1)  # then 4, 16, 64, 256 minutes
# A message that was being sent when its worker died may have gone out: it is tried once more.
LOST_AFTER: Final = timedelta(minutes=10)


def queue_messages(alert: Alert, preferences: Iterable[Preference], *, at: datetime) -> int:
    """Put a new alert on its way to the targets that its people chose; each gets it once."""
    wanted = {pk for one in preferences for pk in one.target_ids}
    active = Target.objects.filter(pk__in=wanted, is_active=True).values_list("pk", flat=True)
    made = Message.objects.bulk_create(
        [Message(target_id=pk, alert=alert, due_at=at, changed_at=at) for pk in active],
        ignore_conflicts=True,
    )
    return len(made)


def send_messages(*, at: datetime) -> int:
    """Send what is due; return how many were sent. One that fails waits and stops no other."""
    lost = Message.objects.filter(state=SendState.SENDING, changed_at__lt=at - LOST_AFTER)
    lost.update(state=SendState.WAITING, result="interrupted while it was sent")
    sent = 0
    for _ in range(MESSAGES_AT_ONCE):
        message = _next(at=at)
        if message is None:
            break
        sent += _send(message, at=at)
    return sent


def _next(*, at: datetime) -> Message | None:
    """Take one message that is due; another worker takes another."""
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=SendState.WAITING, due_at__lte=at, target__is_active=True)
            .select_related("alert", "target")
            .order_by("due_at", "pk")
            .first()
        )
        if message is None:
            return None
        message.state, message.changed_at = SendState.SENDING, at
        message.attempts = F("attempts") + 1
        message.save(update_fields=["state", "changed_at", "attempts"])
        message.refresh_from_db(fields=["attempts"])
    return message


def _send(message: Message, *, at: datetime) -> bool:
    alert = message.alert
    address = full_address(reverse("alert", args=[alert.pk]))
    try:
        send_to(message.target, title=alert_title(alert), text=f"{alert.text}\n{address}")
    except TargetUnusable as refusal:
        message.result = str(refusal)
        is_last = message.attempts >= ATTEMPTS_MAX
        message.state = SendState.FAILED if is_last else SendState.WAITING
        message.due_at = at + FIRST_WAIT * 4 ** (message.attempts - 1)
    else:
        message.state, message.result = SendState.SENT, ""
    message.changed_at = at
    message.save(update_fields=["state", "result", "due_at", "changed_at"])
    return message.state == SendState.SENT


def alert_title(alert: Alert) -> str:
    """Return the line above an alert outside the product."""
    urgent = "Urgent: " if alert.is_urgent else ""
    return f"{urgent}{ALERTS[alert.kind].title}"
