"""Which teams' items a user means by "my team"."""

from __future__ import annotations

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role


def teams_of(user: User) -> tuple[str, ...]:
    """Return the user's teams (core.barriers.words.TEAMS): as set, else the one of the role."""
    return tuple(user.teams) or ("coding" if user.role == Role.CODER else "ar",)
