"""Mails: once a day what is open, and at once what people want at once. No patients in them.

The row of a day is written before the mail is sent: two workers, or one that is killed, send no
second one. A mail that the server refuses is tried again.
"""

from __future__ import annotations

import logging
from datetime import datetime
from smtplib import SMTPException
from typing import Final

from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.automation.kinds import ALERTS
from sanderling.automation.models import (
    AlertRecipient,
    Delivery,
    Digest,
    Preference,
    SendState,
)
from sanderling.automation.raising import delivery
from sanderling.automation.rules import visible_clients
from sanderling.automation.sending import address_of
from sanderling.web.templatetags.sanderling import money

logger = logging.getLogger(__name__)

ATTEMPTS_MAX: Final = 5
ALERTS_MAX: Final = 100
_FAILURES: Final = (SMTPException, OSError)


def send_digests(*, at: datetime) -> int:
    """Send each person whose hour has come what is open for him; return how many were sent."""
    done = Digest.objects.filter(on_date=at.date()).exclude(state=SendState.WAITING)
    people = User.objects.filter(is_active=True).exclude(
        pk__in=done.values_list("user_id", flat=True)
    )
    preferences = {one.user_id: one for one in Preference.objects.all()}
    sent = 0
    for user in people.order_by("pk"):
        preference = preferences.get(user.pk) or Preference(user=user)
        if preference.has_digest and preference.digest_hour <= at.hour and user.may("claims.work"):
            sent += _send_digest(user, preference, at=at)
    return sent


def _send_digest(user: User, preference: Preference, *, at: datetime) -> bool:
    found = [
        one
        for one in _open_alerts(user, at=at)
        if delivery(preference, one.alert.kind) in {Delivery.DIGEST, Delivery.MAIL}
    ]
    digest = _claim_day(user, len(found), at=at)
    if digest is None or not found:
        return False
    amount = sum(one.alert.amount_cents or 0 for one in found)
    lines = [f"{len(found)} alert{'' if len(found) == 1 else 's'} open, {money(amount)}", ""]
    lines += [_line(one) for one in found[:ALERTS_MAX]]
    lines += ["", f"All: {address_of(reverse('alerts'))}"]
    lines += [f"What you are sent: {address_of(reverse('alert-settings'))}"]
    try:
        send_mail(f"Sanderling: {len(found)} open", "\n".join(lines), None, [user.email])
    except _FAILURES as error:
        logger.warning("digest of user %s could not be sent: %s", user.pk, type(error).__name__)
        _end(digest, str(type(error).__name__), at=at)
        return False
    _end(digest, "", at=at)
    return True


@transaction.atomic
def _claim_day(user: User, alerts: int, *, at: datetime) -> Digest | None:
    """Take the day for this mail; None when somebody has it."""
    digest, is_new = Digest.objects.select_for_update().get_or_create(
        user=user,
        on_date=at.date(),
        defaults={"state": SendState.SENDING if alerts else SendState.SENT, "alerts": alerts,
                  "attempts": 1, "changed_at": at},
    )  # fmt: skip
    if is_new:
        return digest
    if digest.state != SendState.WAITING:
        return None
    digest.state, digest.alerts, digest.changed_at = SendState.SENDING, alerts, at
    digest.attempts += 1
    digest.save()
    return digest


def _end(digest: Digest, message: str, *, at: datetime) -> None:
    is_last = digest.attempts >= ATTEMPTS_MAX
    state = SendState.SENT if not message else SendState.FAILED if is_last else SendState.WAITING
    Digest.objects.filter(pk=digest.pk).update(state=state, message=message, changed_at=at)


def send_at_once(*, at: datetime) -> int:
    """Mail new alerts to those who want them at once, each once; return how many were sent."""
    waiting = AlertRecipient.objects.filter(
        mailed_at__isnull=True, alert__resolved_at__isnull=True, user__is_active=True
    )
    preferences = {one.user_id: one for one in Preference.objects.all()}
    sent = 0
    for one in waiting.select_related("alert", "user").order_by("pk"):
        if delivery(preferences.get(one.user_id), one.alert.kind) != Delivery.MAIL:
            continue
        if one.client_id is not None and one.client_id not in visible_clients(one.user):
            continue
        # Taken before it is sent: two workers send no two.
        taken = AlertRecipient.objects.filter(pk=one.pk, mailed_at__isnull=True)
        if not taken.update(mailed_at=at):
            continue
        urgent = "Urgent: " if one.alert.is_urgent else ""
        try:
            send_mail(
                f"Sanderling: {urgent}{ALERTS[one.alert.kind].title}", _line(one), None,
                [one.user.email],
            )  # fmt: skip
        except _FAILURES as error:
            logger.warning("alert %s was not mailed: %s", one.alert_id, type(error).__name__)
            AlertRecipient.objects.filter(pk=one.pk).update(mailed_at=None)
            break  # the server is away: the next look tries all of them again
        sent += 1
    return sent


def _open_alerts(user: User, *, at: datetime) -> list[AlertRecipient]:
    """Return what is open for a person and of clients that he sees now, urgent ones first."""
    clients = set(visible_clients(user))
    found = AlertRecipient.objects.filter(
        user=user, alert__resolved_at__isnull=True, alert__acknowledged_at__isnull=True
    ).exclude(snoozed_until_date__gt=at.date())
    ordered = found.select_related("alert").order_by("-alert__is_urgent", "alert__kind", "pk")
    return [one for one in ordered if one.client_id is None or one.client_id in clients]


def _line(one: AlertRecipient) -> str:
    urgent = "URGENT " if one.alert.is_urgent else ""
    address = address_of(reverse("alert", args=[one.alert_id]))
    return f"- {urgent}{one.alert.text}\n  {address}"
