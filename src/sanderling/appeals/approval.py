"""Which appeals another person must approve, and who may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sanderling.accounts.models import User
from sanderling.accounts.people import who_may
from sanderling.appeals.models import ApprovalRule
from sanderling.core.refusal import Refusal
from sanderling.web.templatetags.sanderling import money

PERMISSION: Final = "appeals.approve"
LEVEL_NEVER: Final = 6


class RuleRefused(Refusal):
    """The rule cannot be set so."""


@dataclass(frozen=True, slots=True)
class Policy:
    """From which level, and above which amount, another person must approve."""

    from_level: int = 2
    above_cents: int = 500_000

    def reason(self, *, level: int, asked_cents: int) -> str:
        """Return why an appeal needs approval, an empty text when it needs none."""
        if level >= self.from_level:
            return f"level {level}"
        if asked_cents > self.above_cents:
            return f"more than {money(self.above_cents)}"
        return ""


def policy_of(client_id: int) -> Policy:
    """Return what holds for a client: its own rule, else that of all, else the usual one."""
    found = (
        ApprovalRule.objects.filter(client_id=client_id).first()
        or ApprovalRule.objects.filter(client_id=None).first()
    )
    return Policy(found.from_level, found.above_cents) if found else Policy()


def set_policy(client_id: int | None, policy: Policy) -> None:
    """Set what holds for a client, or (None) for all without a rule of their own; audited.

    Raises:
        RuleRefused: no such level, or an amount below zero.
    """
    if not 1 <= policy.from_level <= LEVEL_NEVER or policy.above_cents < 0:
        raise RuleRefused("choose a level from 1 to 6 and an amount from zero on")
    ApprovalRule.objects.update_or_create(
        client_id=client_id,
        defaults={"from_level": policy.from_level, "above_cents": policy.above_cents},
    )


def approvers(client_id: int, *, but: int | None) -> list[User]:
    """Return the active people who may approve appeals of a client, less who finished it."""
    return [user for user in who_may(PERMISSION, client_id) if user.pk != but]
