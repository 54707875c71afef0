"""Mails: once a day what is open, and at once what people want at once. No patients in them.

They are queued by `mail`, in the transaction that notes that they were: two workers, or one that is
killed, make no second one.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.automation.kinds import ALERTS
from sanderling.automation.models import AlertRecipient, Delivery, Digest, Preference
from sanderling.automation.raising import delivery
from sanderling.automation.rules import visible_clients
from sanderling.mail.actions import MailRefused, queue_mail
from sanderling.web.addresses import full_address
from sanderling.web.templatetags.sanderling import money

logger = logging.getLogger(__name__)

ALERTS_MAX: Final = 100
OF_USE: Final = timedelta(days=1)  # the next daily mail says it again


def queue_digests(*, at: datetime) -> int:
    """Mail each person whose hour has come what is open for him; return how many are queued."""
    done = Digest.objects.filter(on_date=at.date())
    people = User.objects.filter(is_active=True).exclude(
        pk__in=done.values_list("user_id", flat=True)
    )
    preferences = {one.user_id: one for one in Preference.objects.all()}
    queued = 0
    for user in people.order_by("pk"):
        preference = preferences.get(user.pk) or Preference(user=user)
        if preference.has_digest and preference.digest_hour <= at.hour and user.may("claims.work"):
            queued += _queue_digest(user, preference, at=at)
    return queued


@transaction.atomic
def _queue_digest(user: User, preference: Preference, *, at: datetime) -> bool:
    found = [
        one
        for one in _open_alerts(user, at=at)
        if delivery(preference, one.alert.kind) in {Delivery.DIGEST, Delivery.MAIL}
    ]
    digest, is_new = Digest.objects.get_or_create(
        user=user, on_date=at.date(), defaults={"alerts": len(found), "changed_at": at}
    )
    if not is_new or not found:
        return False
    amount = sum(one.alert.amount_cents or 0 for one in found)
    lines = [f"{len(found)} alert{'' if len(found) == 1 else 's'} open, {money(amount)}", ""]
    lines += [_line(one) for one in found[:ALERTS_MAX]]
    lines += ["", f"All: {full_address(reverse('alerts'))}"]
    lines += [f"What you are sent: {full_address(reverse('alert-settings'))}"]
    try:
        digest.mail = queue_mail(
            kind="digest",
            to=user.email,
            subject=f"Sanderling: {len(found)} open",
            body="\n".join(lines),
            key=f"digest:{user.pk}:{at.date().isoformat()}",
            at=at,
            not_after_at=at + OF_USE,
        )
    except MailRefused:
        logger.warning("user %s has no address that mail can be sent to", user.pk)
        return False
    digest.save(update_fields=["mail"])
    return True


def queue_at_once(*, at: datetime) -> int:
    """Mail new alerts to those who want them at once, each once; return how many are queued."""
    waiting = AlertRecipient.objects.filter(
        mailed_at__isnull=True, alert__resolved_at__isnull=True, user__is_active=True
    )
    preferences = {one.user_id: one for one in Preference.objects.all()}
    queued = 0
    for one in waiting.select_related("alert", "user").order_by("pk"):
        if delivery(preferences.get(one.user_id), one.alert.kind) != Delivery.MAIL:
            continue
        if one.client_id is not None and one.client_id not in visible_clients(one.user):
            continue
        queued += _queue_alert(one, at=at)
    return queued


@transaction.atomic
def _queue_alert(one: AlertRecipient, *, at: datetime) -> bool:
    taken = AlertRecipient.objects.filter(pk=one.pk, mailed_at__isnull=True)
    if not taken.update(mailed_at=at):
        return False
    urgent = "Urgent: " if one.alert.is_urgent else ""
    try:
        queue_mail(
            kind="alert",
            to=one.user.email,
            subject=f"Sanderling: {urgent}{ALERTS[one.alert.kind].title}",
            body=_line(one),
            key=f"alert:{one.pk}",
            at=at,
            client_id=one.client_id,
            not_after_at=at + OF_USE,
        )
    except MailRefused:
        logger.warning("user %s has no address that mail can be sent to", one.user_id)
        return False
    return True


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
    address = full_address(reverse("alert", args=[one.alert_id]))
    return f"- {urgent}{one.alert.text}\n  {address}"
