"""The limits of approval that hold for a client, and the people they let approve."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sanderling.accounts.models import User
from sanderling.accounts.people import who_may
from sanderling.agreements.queries import agreement_of
from sanderling.clients.models import Client, Tier
from sanderling.core.refusal import Refusal
from sanderling.writeoffs.models import ClientLimits
from sanderling.writeoffs.policy import Limits, requirement

PERMISSION: Final = "writeoffs.approve"


class LimitsRefused(Refusal):
    """The limits cannot be set so."""


def limits_of(client_id: int) -> Limits:
    """Return what holds for the client: its own limits, else those of all, else the usual ones.

    From which amount on a second person must approve is as agreed with the client, where it was.
    """
    found = (
        ClientLimits.objects.filter(client_id=client_id).first()
        or ClientLimits.objects.filter(client_id=None).first()
    )
    agreed = agreement_of(client_id)
    second = agreed.second_review_cents if agreed else None
    is_key = Client.objects.filter(pk=client_id, tier=Tier.KEY).exists()
    if found is None:
        return replace(Limits(), needs_second=is_key, second_from_cents=second)
    return Limits(
        auto_below_cents=found.auto_below_cents,
        lead_below_cents=found.lead_below_cents,
        manager_below_cents=found.manager_below_cents,
        needs_second=is_key if found.needs_second is None else found.needs_second,
        second_from_cents=second,
    )


def approvers(client_id: int, amount_cents: int) -> list[User]:
    """Return the active people who may approve the amount and see the client."""
    needed = requirement(amount_cents, limits_of(client_id))
    return who_may(PERMISSION, client_id, roles=needed.roles)


def set_limits(client_id: int | None, limits: Limits, *, needs_second: bool | None) -> ClientLimits:
    """Set what holds for a client, or for all that have none of their own; the trigger audits it.

    Raises:
        LimitsRefused: a limit is below zero or below the one before it.
    """
    rising = (0, limits.auto_below_cents, limits.lead_below_cents, limits.manager_below_cents)
    if list(rising) != sorted(rising):
        raise LimitsRefused("each limit must be at least the one before it, and none below zero")
    found, _ = ClientLimits.objects.update_or_create(
        client_id=client_id,
        defaults={
            "auto_below_cents": limits.auto_below_cents,
            "lead_below_cents": limits.lead_below_cents,
            "manager_below_cents": limits.manager_below_cents,
            "needs_second": needs_second,
        },
    )
    return found


def forget_limits(client_id: int) -> None:
    """Let the limits of all hold for the client again."""
    ClientLimits.objects.filter(client_id=client_id).delete()
