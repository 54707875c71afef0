"""Who may approve how much: a pure rule over the limits that hold for a client.

Below the first limit nobody need look; below the second a lead decides, below the third an account
manager; from there on the account manager needs the client's word. Source: DOMAIN 9.3 (approval
matrix), 9.9 (dual review of key clients).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LEAD: Final = "lead"
ACCOUNT_MANAGER: Final = "account_manager"
ADMIN: Final = "admin"
_MANAGERS: Final = frozenset({ACCOUNT_MANAGER, ADMIN})


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for a client, in cents: each limit is the first amount that is too much."""

    auto_below_cents: int = 1_000
    lead_below_cents: int = 25_000
    manager_below_cents: int = 100_000
    needs_second: bool = False  # a second person must approve, too
    second_from_cents: int | None = None  # agreed with the client: from this amount on a second


@dataclass(frozen=True, slots=True)
class Requirement:
    """What an amount needs before it is written off."""

    approvals: int  # how many people; 0: the policy itself approves
    roles: frozenset[str]  # who may be one of them
    needs_client: bool = False  # the client's yes must be noted

    @property
    def words(self) -> str:
        """Return who must approve: "lead", "account manager and the client's yes"."""
        if not self.approvals:
            return "by policy, without a person"
        who = "a lead" if LEAD in self.roles else "an account manager"
        if self.approvals > 1:
            who = "two leads" if LEAD in self.roles else "two account managers"
        return f"{who} and the client's yes" if self.needs_client else who


def requirement(amount_cents: int, limits: Limits) -> Requirement:
    """Return what writing off the amount needs."""
    if amount_cents < limits.auto_below_cents:
        return Requirement(approvals=0, roles=frozenset())
    agreed = limits.second_from_cents
    is_dual = limits.needs_second if agreed is None else amount_cents >= agreed
    approvals = 2 if is_dual else 1
    if amount_cents < limits.lead_below_cents:
        return Requirement(approvals=approvals, roles=_MANAGERS | {LEAD})
    return Requirement(
        approvals=approvals,
        roles=_MANAGERS,
        needs_client=amount_cents >= limits.manager_below_cents,
    )
