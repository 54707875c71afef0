"""What the pages of alerts show, and what a person does with an alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.automation.kinds import ALERTS
from sanderling.automation.models import Alert, AlertRecipient
from sanderling.core.refusal import Refusal

SHOWS: Final = {
    "open": "Open",
    "unread": "Unread",
    "snoozed": "Snoozed",
    "acknowledged": "Seen to",
    "resolved": "Resolved",
}
COMMENT_MAX: Final = 400


class AlertRefused(Refusal):
    """It cannot be done to the alert."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A choice of the list: its name in addresses, its title, how many there are."""

    name: str
    title: str
    count: int
    is_chosen: bool


def alerts_of(user: User, *, show: str, kind: str, today: date) -> QuerySet[AlertRecipient]:
    """Return a person's alerts of a kind (empty: all), urgent and new ones first."""
    found = _shown(user, show, today).select_related("alert", "alert__acknowledged_by")
    if kind:
        found = found.filter(alert__kind=kind)
    return found.order_by(
        "-alert__is_urgent", F("read_at").desc(nulls_first=True), "-alert__changed_at", "-pk"
    )


def tabs(user: User, *, show: str, today: date) -> list[Tab]:
    """Return the choices with their counts."""
    return [
        Tab(name, title, _shown(user, name, today).count(), name == show)
        for name, title in SHOWS.items()
    ]


def _shown(user: User, show: str, today: date) -> QuerySet[AlertRecipient]:
    mine = AlertRecipient.objects.filter(user=user)
    snoozed = Q(snoozed_until_date__gt=today)
    still_open = Q(alert__resolved_at__isnull=True)
    seen_to = Q(alert__acknowledged_at__isnull=False)
    match show:
        case "resolved":
            return mine.filter(~still_open)
        case "acknowledged":
            return mine.filter(still_open & seen_to)
        case "snoozed":
            return mine.filter(still_open & snoozed & ~seen_to)
        case "unread":
            return mine.filter(still_open & Q(read_at__isnull=True) & ~seen_to).exclude(snoozed)
    return mine.filter(still_open & ~seen_to).exclude(snoozed)


def kinds_shown() -> list[tuple[str, str]]:
    """Return the kinds with their titles, for a filter."""
    return [(name, kind.title) for name, kind in ALERTS.items()]


def mark_read(mine: AlertRecipient, *, at: datetime) -> None:
    """Note that the person looked at the alert; looking again changes nothing."""
    if mine.read_at is None:
        AlertRecipient.objects.filter(pk=mine.pk, read_at__isnull=True).update(read_at=at)


def snooze(mine: AlertRecipient, until_date: date | None, *, today: date) -> None:
    """Put an alert aside for this person until a day; None: no longer.

    Raises:
        AlertRefused: a day that is not ahead.
    """
    if until_date is not None and until_date <= today:
        raise AlertRefused("Choose a day after today.")
    AlertRecipient.objects.filter(pk=mine.pk).update(snoozed_until_date=until_date)


@transaction.atomic
def acknowledge(mine: AlertRecipient, comment: str, *, by: User, at: datetime) -> None:
    """Say for all whom it concerns that somebody sees to it. Who says it first stays.

    Raises:
        AlertRefused: no comment, or one that is too long.
    """
    comment = comment.strip()
    if not comment:
        raise AlertRefused("Write what is done about it.")
    if len(comment) > COMMENT_MAX:
        raise AlertRefused(f"At most {COMMENT_MAX} characters.")
    changed = Alert.objects.filter(
        pk=mine.alert_id, acknowledged_at__isnull=True, resolved_at__isnull=True
    ).update(acknowledged_by=by, acknowledged_at=at, comment=comment)
    if not changed:
        raise AlertRefused("Somebody has seen to it already, or it has resolved.")
    record_event(action="alert.acknowledge", at=at, subject=("alert", mine.alert_id))
