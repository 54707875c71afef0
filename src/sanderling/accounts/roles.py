"""Roles, and what each may do: one table."""

from __future__ import annotations

from typing import Final

from django.db import models

from sanderling.core.codes.names import Team


class Role(models.TextChoices):
    """What a user does here."""

    SPECIALIST = "specialist"
    LEAD = "lead"
    ACCOUNT_MANAGER = "account_manager"
    CLIENT_USER = "client_user"
    CODER = "coder"
    COMPLIANCE = "compliance"
    ADMIN = "admin"


_READ = frozenset(
    {
        *("aging.view", "barriers.view", "claims.view", "clients.view", "codes.view"),
        *("files.view", "payers.view"),
    }
)
# Worklists, notes, tasks, alerts of one's own; client users see none of these.
_WORK = _READ | {
    *("break_glass.use", "claims.work", "contracts.view", "exchange.view", "files.upload"),
    *("issues.view", "key_accounts.view", "kpis.view", "notices.view", "reviews.view"),
    "worklist.view",
}
_LEAD = _WORK | {
    *("appeals.approve", "claims.assign", "contracts.edit", "files.replay", "issues.edit"),
    *("refunds.approve", "reports.approve", "reports.edit", "reports.view"),
    *("resubmission.approve", "reviews.edit", "rules.edit", "templates.edit", "workload.view"),
    "writeoffs.approve",
}

PERMISSIONS: dict[str, frozenset[str]] = {
    Role.SPECIALIST: _WORK,
    Role.LEAD: _LEAD | {"codes.edit", "deadlines.edit"},
    Role.ACCOUNT_MANAGER: _LEAD | {"clients.edit", "key_accounts.edit"},
    Role.CLIENT_USER: frozenset(
        {"aging.view", "barriers.view", "claims.view", "notices.view", "portal.view"}
    ),
    Role.CODER: _WORK,
    Role.COMPLIANCE: _READ | {"audit.view", "break_glass.use", "compliance.edit", "notices.view"},
    Role.ADMIN: _LEAD
    | {
        "clients.edit",
        "codes.edit",
        "deadlines.edit",
        "exchange.edit",
        "payers.edit",
        "users.edit",
        "audit.view",
        "api.edit",
        "compliance.edit",
        "key_accounts.edit",
    },
}
# Whose tasks reach a user of whom nobody said which teams he works for.
_EVERY_TEAM: Final = tuple(team.value for team in Team)
TEAMS_OF_ROLE: Final[dict[str, tuple[str, ...]]] = {
    Role.SPECIALIST: (Team.AR.value,),
    Role.CODER: (Team.CODING.value,),
    Role.LEAD: _EVERY_TEAM,
    Role.ACCOUNT_MANAGER: _EVERY_TEAM,
    Role.ADMIN: _EVERY_TEAM,
}
EVERY_PERMISSION: frozenset[str] = frozenset().union(*PERMISSIONS.values())


def role_may(role: str, permission: str) -> bool:
    """Say whether the role has the permission.

    Raises:
        KeyError: there is no such permission (a slip of ours).
    """
    if permission not in EVERY_PERMISSION:
        raise KeyError(permission)
    return permission in PERMISSIONS.get(role, frozenset())
