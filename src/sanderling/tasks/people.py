"""Who hears of a task: the people of a team who may see its client."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.tasks.kinds import DUE_DAYS
from sanderling.tasks.models import TeamRule

PERMISSION = "claims.work"
EVERY_TEAM_ROLES = (Role.LEAD, Role.ACCOUNT_MANAGER, Role.ADMIN)


def team_members(team: str, client_id: int) -> list[User]:
    """Return the active users who work for the team and see the client, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_user WHERE is_active AND %s = ANY (sanderling_clients_of(id))",
            [client_id],
        )
        seeing = [user_id for (user_id,) in cursor.fetchall()]
    users = User.objects.filter(pk__in=seeing).order_by("name", "pk")
    return [user for user in users if user.may(PERMISSION) and team in user.works_for()]


def who_hears(team: str, client_id: int) -> list[User]:
    """Return whom a new question is told: the team's own people, else those who see to all teams.

    Leads, account managers and administrators work for every team by their role; they hear of what
    would otherwise reach nobody.
    """
    members = team_members(team, client_id)
    own = [user for user in members if team in user.teams or user.role not in EVERY_TEAM_ROLES]
    return own or members


def may_have(user: User, client_id: int) -> bool:
    """Say whether the user may be given a task about the client."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s = ANY (sanderling_clients_of(%s))", [client_id, user.pk])
        return user.may(PERMISSION) and bool(cursor.fetchone()[0])


def due_days_of_teams() -> dict[str, int]:
    """Return how many days each team has for an answer."""
    return {**{str(team): days for team, days in DUE_DAYS.items()}, **_rules()}


def due_date_of(team: str, today: date) -> date:
    """Return the day on which an answer asked for today is due."""
    return today + timedelta(days=due_days_of_teams()[team])


def _rules() -> dict[str, int]:
    return dict(TeamRule.objects.values_list("team", "due_days"))
