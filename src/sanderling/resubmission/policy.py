"""What somebody else must approve: voids always; the rest as the limits of the client say.

Source: DOMAIN 1.5 (a void gives money back; a replacement opens the whole claim again).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sanderling.accounts.people import who_may
from sanderling.core.refusal import Refusal
from sanderling.core.resubmission.kinds import Kind
from sanderling.resubmission.models import Limits
from sanderling.web.templatetags.sanderling import money

PERMISSION: Final = "resubmission.approve"


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for a client."""

    above_cents: int = 500_000
    charge_changes: bool = True


class LimitsRefused(Refusal):
    """The limits cannot be set so."""


def policy_of(client_id: int) -> Policy:
    """Return what holds for a client: its own limits, else those of all, else the usual ones."""
    found = (
        Limits.objects.filter(client_id=client_id).first()
        or Limits.objects.filter(client_id=None).first()
    )
    return Policy(found.above_cents, found.charge_changes) if found else Policy()


def needs_of(kind: Kind, before_cents: int, after_cents: int, policy: Policy) -> str:
    """Return why somebody else must approve it; "" when nobody must."""
    if kind is Kind.VOID:
        return "A void gives back what was paid."
    if policy.charge_changes and before_cents != after_cents:
        return f"The charge changes from {money(before_cents)} to {money(after_cents)}."
    if max(before_cents, after_cents) >= policy.above_cents:
        return f"The claim is of {money(policy.above_cents)} or more."
    return ""


def set_limits(client_id: int | None, policy: Policy) -> Limits:
    """Set what holds for a client, or for all that have none of their own; the trigger audits it.

    Raises:
        LimitsRefused: the amount is below zero.
    """
    if policy.above_cents < 0:
        raise LimitsRefused("the amount must be zero or more")
    found, _ = Limits.objects.update_or_create(
        client_id=client_id,
        defaults={"above_cents": policy.above_cents, "charge_changes": policy.charge_changes},
    )
    return found


def forget_limits(client_id: int) -> None:
    """Let the limits of all hold for the client again."""
    Limits.objects.filter(client_id=client_id).delete()


def approvers(client_id: int) -> list[int]:
    """Return the ids of the active people who may approve and see the client."""
    return [user.pk for user in who_may(PERMISSION, client_id)]
