"""How people hear of alerts, and what the kinds go by in this installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.automation.kinds import ALERTS
from sanderling.automation.models import AlertRule, Preference


def preference_of(user: User) -> Preference:
    """Return how a person hears of alerts: what he chose, or the defaults."""
    return Preference.objects.filter(user=user).first() or Preference(user=user)


def set_preference(user: User, values: Mapping[str, Any]) -> None:
    """Keep what a person chose."""
    Preference.objects.update_or_create(user=user, defaults=dict(values))


def limits_now() -> dict[str, dict[str, Any]]:
    """Return for each kind its limits, and whether it is off."""
    rules = {one.kind: one for one in AlertRule.objects.all()}
    found = {}
    for kind, alert in ALERTS.items():
        values: dict[str, Any] = {name: limit.default for name, limit in alert.limits.items()}
        if kind in rules:
            values |= rules[kind].parameters
        found[kind] = values | {"is_off": kind in rules and rules[kind].is_off}
    return found


@transaction.atomic
def set_limits(values: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep the limits of each kind; those that stand already change nothing."""
    standing = limits_now()
    for kind, given in values.items():
        if given == standing[kind]:
            continue
        parameters = {name: number for name, number in given.items() if name != "is_off"}
        AlertRule.objects.update_or_create(
            kind=kind, defaults={"parameters": parameters, "is_off": given["is_off"]}
        )
