"""Tells account managers and leads of clocks that run out, or have."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.urls import reverse

from sanderling.agreements.models import Agreement
from sanderling.automation.kinds import ALERTS
from sanderling.automation.models import AlertRule
from sanderling.automation.raising import NewAlert, People, settle_kind
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.service_levels import KIND_WORDS
from sanderling.keyaccounts.attainment import attained

KIND: Final = "service_level"


def tell_of_clocks(*, at: datetime) -> tuple[int, int]:
    """Bring the alerts of warned and late clocks in step; return raised and resolved.

    One alert for each client and kind, urgent by what is late. Doing it again changes nothing.
    """
    assert KIND in ALERTS  # noqa: S101 - a slip of ours
    if AlertRule.objects.filter(kind=KIND, is_off=True).exists():
        return settle_kind(KIND, [], at=at)
    people, names, managers = People(), client_codes_by_id(), _managers()
    current = []
    for one in attained(None, since=at, at=at):
        if not one.warned + one.late:
            continue
        parts = [f"{one.late:,} late"] if one.late else []
        parts += [f"{one.warned:,} nearly late"] if one.warned else []
        code = names.get(one.client_id, "")
        told = set(people.leads_of({one.client_id}))
        manager = managers.get(one.client_id)
        if manager is not None and one.client_id in people.clients_of(manager):
            told.add(manager)
        current.append(
            NewAlert(
                KIND,
                f"{KIND}:{one.client_id}:{one.kind}",
                f"{code}: {KIND_WORDS[one.kind].lower()}, {' and '.join(parts)}",
                tuple(sorted(told)),
                client_id=one.client_id,
                items=one.late + one.warned,
                url=f"{reverse('key-account-clocks', args=[code])}?kind={one.kind}&state=open",
                is_urgent=bool(one.late),
            )
        )
    return settle_kind(KIND, [one for one in current if one.user_ids], at=at)


def _managers() -> dict[int, int]:
    return dict(
        Agreement.objects.order_by("client_id", "-number")
        .distinct("client_id")
        .exclude(account_manager=None)
        .values_list("client_id", "account_manager_id")
    )
