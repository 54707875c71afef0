"""What holds for a client: its service levels, its account manager, its schedules."""

from __future__ import annotations

from dataclasses import replace

from sanderling.accounts.models import User
from sanderling.agreements.models import Agreement, HighDollarRule, Schedule, ServiceLevel
from sanderling.clients.models import Client
from sanderling.core.service_levels import Level, ServiceKind, default_level


def agreement_of(client_id: int) -> Agreement | None:
    """Return the version that holds, None when nothing was ever agreed."""
    return (
        Agreement.objects.select_related("account_manager")
        .filter(client_id=client_id)
        .order_by("-number")
        .first()
    )


def service_level(client_id: int, kind: str) -> Level | None:
    """Return what was agreed, else what is usual for the client's tier (`is_agreed` False).

    None: there is no such client, or it cannot be seen.
    """
    return service_levels(client_id).get(kind)


def service_levels(client_id: int) -> dict[str, Level]:
    """Return the level of each kind; empty for a client that cannot be seen."""
    tier = Client.objects.filter(pk=client_id).values_list("tier", flat=True).first()
    if tier is None:
        return {}
    holds = agreement_of(client_id)
    if holds is not None:
        return service_levels_by(holds, tier=tier)
    return {kind.value: default_level(tier, kind.value) for kind in ServiceKind}


def service_levels_by(version: Agreement, *, tier: str = "") -> dict[str, Level]:
    """Return the level of each kind by a version; where it says nothing, of the client's tier."""
    tier = tier or version.client.tier
    levels = {}
    for kind in ServiceKind:
        usual = default_level(tier, kind.value)
        levels[kind.value] = replace(usual, zone=version.zone, version_id=version.pk)
    for row in ServiceLevel.objects.filter(agreement=version):
        levels[row.kind] = Level(
            *(row.kind, row.count, row.unit),
            is_agreed=True,
            goal_percent=row.goal_percent,
            zone=version.zone,
            version_id=version.pk,
        )
    return levels


def account_manager(client_id: int) -> User | None:
    """Return who answers for the client, None when nobody active does."""
    holds = agreement_of(client_id)
    found = holds.account_manager if holds else None
    return found if found is not None and found.is_active else None


def schedules_of(client_id: int) -> list[Schedule]:
    """Return the follow-up schedules that hold, the narrowest first."""
    holds = agreement_of(client_id)
    if holds is None:
        return []
    return sorted(
        holds.schedules.all(),
        key=lambda one: (
            one.payer_id is None,
            not one.barrier,
            not one.payer_type,
            -one.min_cents,
            -one.from_age_days,
            one.pk,
        ),
    )


def high_dollar_rules_of(client_id: int) -> list[HighDollarRule]:
    """Return the high-dollar rules that hold, those of a payer first."""
    holds = agreement_of(client_id)
    if holds is None:
        return []
    return list(
        holds.high_dollar_rules.select_related("owner").order_by("payer_id", "pk")  # nulls last
    )
