"""Which team's items a user means by "my team"."""

from __future__ import annotations

from sanderling.accounts.roles import Role


def team_of(role: str) -> str:
    """Return the team (core.barriers.words.TEAMS) that a role works for."""
    return "coding" if role == Role.CODER else "ar"
