"""Raises alerts, keeps them in step with what is so, and says whom each concerns.

An alert is known by its key: raising it again changes it, and no longer raising it resolves it. Who
is told sees the client. Rooms above (watched folders, mailboxes) come in by `report_failure` and
`report_recovery`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.accounts.roles import role_may
from sanderling.automation.kinds import ALERTS
from sanderling.automation.models import Alert, AlertRecipient, AlertRule, Delivery, Preference
from sanderling.automation.sending import queue_messages
from sanderling.news.actions import notify

ADMIN_PERMISSION: Final = "users.edit"


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert as it is now. `user_ids`: whom it concerns."""

    kind: str
    key: str
    text: str
    user_ids: tuple[int, ...]
    client_id: int | None = None
    payer_id: int | None = None
    items: int = 0
    amount_cents: int | None = None
    url: str = ""
    is_urgent: bool = False


class People:
    """Who may do what, and which clients each sees; read once for many alerts."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, role, sees_all_clients, sanderling_clients_of(id) FROM accounts_user"
                " WHERE is_active ORDER BY id"
            )
            self._rows = [
                (pk, role, sees_all, frozenset(clients or ()))
                for pk, role, sees_all, clients in cursor.fetchall()
            ]

    def leads_of(self, client_ids: Collection[int]) -> tuple[int, ...]:
        """Return the leads, managers and admins who see all of these clients."""
        wanted = frozenset(client_ids)
        return tuple(
            pk
            for pk, role, _, clients in self._rows
            if role_may(role, "claims.assign") and wanted <= clients
        )

    def leads_of_all(self) -> tuple[int, ...]:
        """Return the leads, managers and admins who see every client."""
        return tuple(
            pk
            for pk, role, sees_all, _ in self._rows
            if role_may(role, "claims.assign") and sees_all
        )

    def leads_of_some(self, client_id: int) -> tuple[int, ...]:
        """Return those who see this client, but not all clients."""
        return tuple(
            pk
            for pk, role, sees_all, clients in self._rows
            if role_may(role, "claims.assign") and not sees_all and client_id in clients
        )

    def admins(self) -> tuple[int, ...]:
        """Return the admins."""
        return tuple(pk for pk, role, *_ in self._rows if role_may(role, ADMIN_PERMISSION))

    def clients_of(self, user_id: int) -> frozenset[int]:
        """Return the clients that a person sees, none for who is not there or does not work."""
        for pk, role, _, clients in self._rows:
            if pk == user_id:
                return clients if role_may(role, "claims.work") else frozenset()
        return frozenset()


@transaction.atomic
def settle_kind(kind: str, current: Sequence[NewAlert], *, at: datetime) -> tuple[int, int]:
    """Bring the open alerts of a kind in step with those that are so now; return raised, resolved.

    Doing it again changes nothing.
    """
    standing = Alert.objects.select_for_update().filter(kind=kind, resolved_at__isnull=True)
    open_now = {one.key: one for one in standing}
    told: dict[int, set[int]] = {one.pk: set() for one in open_now.values()}
    recipients = AlertRecipient.objects.filter(alert__in=list(told))
    for alert_id, user_id in recipients.values_list("alert_id", "user_id"):
        told[alert_id].add(user_id)
    raised = 0
    for one in current:
        known = open_now.get(one.key)
        raised += _put(one, known, told=told[known.pk] if known else set(), at=at)
    gone = [one.pk for key, one in open_now.items() if key not in {new.key for new in current}]
    Alert.objects.filter(pk__in=gone).update(resolved_at=at)
    return raised, len(gone)


@transaction.atomic
def raise_alert(alert: NewAlert, *, at: datetime) -> bool:
    """Raise one alert, or change the open one of its key; return whether it is new."""
    if AlertRule.objects.filter(kind=alert.kind, is_off=True).exists():
        return False
    standing = (
        Alert.objects.select_for_update().filter(key=alert.key, resolved_at__isnull=True).first()
    )
    told = set(standing.recipients.values_list("user_id", flat=True)) if standing else set()
    return _put(alert, standing, told=told, at=at)


def resolve_alert(key: str, *, at: datetime) -> bool:
    """Resolve the open alert of this key; return whether there was one."""
    return bool(Alert.objects.filter(key=key, resolved_at__isnull=True).update(resolved_at=at))


def report_failure(kind: str, key: str, text: str, *, at: datetime, url: str = "") -> bool:
    """Tell the admins that a way in has failed: a mailbox, a watched folder.

    `key` names it; `text` carries no file names, for they may be patients' names.
    """
    return raise_alert(
        NewAlert(
            kind,
            f"{kind}:{key}",
            text,
            People().admins(),
            url=url or reverse("files"),
            is_urgent=True,
        ),
        at=at,
    )


def report_recovery(kind: str, key: str, *, at: datetime) -> bool:
    """Tell that it works again."""
    return resolve_alert(f"{kind}:{key}", at=at)


def _put(new: NewAlert, standing: Alert | None, *, told: set[int], at: datetime) -> bool:
    """Raise or change one alert. `told`: whom the standing one already names."""
    is_new = standing is None
    if standing is None:
        alert, is_new = Alert.objects.get_or_create(
            key=new.key,
            resolved_at=None,
            defaults={
                "kind": new.kind,
                "client_id": new.client_id,
                "payer_id": new.payer_id,
                "text": new.text,
                "items": new.items,
                "amount_cents": new.amount_cents,
                "url": new.url,
                "is_urgent": new.is_urgent,
                "raised_at": at,
                "changed_at": at,
            },
        )
        if not is_new:  # somebody raised it a moment ago
            told = set(alert.recipients.values_list("user_id", flat=True))
    else:
        alert = standing
        _change(alert, new, at=at)
    _tell(alert, new.user_ids, told=told, is_new=is_new, at=at)
    return is_new


def _change(alert: Alert, new: NewAlert, *, at: datetime) -> None:
    names = ("text", "items", "amount_cents", "url", "is_urgent")
    if all(getattr(alert, name) == getattr(new, name) for name in names):
        return
    if new.is_urgent and not alert.is_urgent:  # worse than when somebody saw to it
        alert.acknowledged_at = alert.acknowledged_by = None
    for name in names:
        setattr(alert, name, getattr(new, name))
    alert.changed_at = at
    alert.save()


def _tell(
    alert: Alert, user_ids: Iterable[int], *, told: set[int], is_new: bool, at: datetime
) -> None:
    """Name the people whom it concerns now, and tell those who were not told yet."""
    wanted = set(user_ids)
    if told - wanted:
        alert.recipients.filter(user_id__in=told - wanted).delete()
    added = sorted(wanted - told)
    if not added:
        return
    AlertRecipient.objects.bulk_create(
        [AlertRecipient(alert=alert, user_id=pk, client_id=alert.client_id) for pk in added],
        ignore_conflicts=True,
    )
    choices = {one.user_id: one for one in Preference.objects.filter(user_id__in=added)}
    notify(
        user_ids=[pk for pk in added if delivery(choices.get(pk), alert.kind) != Delivery.NONE],
        kind=f"alert.{alert.kind}",
        key=f"alert:{alert.pk}",
        text=alert.text,
        at=at,
        url=reverse("alert", args=[alert.pk]),
        client_id=alert.client_id,
        amount_cents=alert.amount_cents,
        is_urgent=alert.is_urgent,
    )
    if is_new:
        queue_messages(alert, choices.values(), at=at)


def delivery(preference: Preference | None, kind: str) -> str:
    """Return how a person hears of a kind of alert."""
    chosen = preference.deliveries.get(kind) if preference else None
    return str(chosen or ALERTS[kind].delivery)


def live_users(user_ids: Iterable[int]) -> list[int]:
    """Return those of the users who can still log in."""
    return list(User.objects.filter(pk__in=user_ids, is_active=True).values_list("pk", flat=True))
