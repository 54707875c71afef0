"""Break-glass as compliance sees it: told at once, with what was looked at, reviewed afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from sanderling.accounts.break_glass import break_glass
from sanderling.accounts.models import BreakGlass, User
from sanderling.accounts.people import who_may
from sanderling.accounts.roles import PERMISSIONS
from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.news.actions import notify

REQUEST_MAX: Final = timedelta(minutes=5)


@transaction.atomic
def open_client(*, user: User, client_code: str, reason: str, minutes: int, at: datetime) -> int:
    """Open a client and tell those who answer for compliance at once; return its number.

    Raises:
        GlassRefused: see accounts.break_glass.
    """
    made = break_glass(user=user, client_code=client_code, reason=reason, minutes=minutes, at=at)
    opened = BreakGlass.objects.get(pk=made)
    told = {one.pk for one in who_may("compliance.edit", opened.client_id)} - {user.pk}
    if not told:  # nobody of them sees the client: then all of them should know
        roles = [role for role, may in PERMISSIONS.items() if "compliance.edit" in may]
        people = User.objects.filter(is_active=True, role__in=roles)
        told = set(people.values_list("pk", flat=True)) - {user.pk}
    notify(
        user_ids=told,
        kind="break_glass.open",
        key=f"break_glass:{made}",
        text=f"{user.name} opened client {client_code.strip()} by break-glass"
        f" for {minutes} minutes.",
        url=reverse("break-glass-one", args=[made]),
        at=at,
        is_urgent=True,
    )
    return made


def own_glasses(user: User) -> QuerySet[BreakGlass]:
    """Return what the user opened, latest first."""
    return BreakGlass.objects.filter(user=user).order_by("-pk")


def glasses(state: str, *, at: datetime) -> QuerySet[BreakGlass]:
    """Return those that are open, to be reviewed, or reviewed, of visible clients; latest first."""
    states = {
        "open": Q(ends_at__gt=at),
        "review": Q(ends_at__lte=at, reviewed_at__isnull=True),
        "reviewed": Q(reviewed_at__isnull=False),
    }
    found = BreakGlass.objects.filter(states[state]).select_related("user", "reviewed_by")
    return found.order_by("-pk")


def looks_under(glass: BreakGlass) -> QuerySet[AuditEvent]:
    """Return what was looked at and changed with a break-glass, in order.

    By the index of person and time; the mark is the database's own (audit/0003).
    """
    return AuditEvent.objects.filter(
        actor=f"user:{glass.user_id}",
        at__gte=glass.begun_at,
        at__lte=glass.ends_at + REQUEST_MAX,  # a request may end a little later than it began
        detail__break_glass__contains=[glass.pk],
    ).order_by("at", "pk")


def codes_of(glass: list[BreakGlass]) -> dict[int, str]:
    """Return the codes of the clients that the session sees."""
    ids = {one.client_id for one in glass}
    return dict(Client.objects.filter(pk__in=ids).values_list("pk", "code"))
