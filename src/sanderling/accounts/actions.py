"""Makes and changes users and their assignments."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from sanderling.accounts.models import ClientAssignment, User
from sanderling.accounts.roles import Role
from sanderling.core.codes.names import Team
from sanderling.core.refusal import Refusal


class UserRefused(Refusal):
    """The e-mail address, role or password cannot be taken."""


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str,
    role: str,
    password: str,
    client_ids: Collection[int] = (),
    sees_all_clients: bool = False,
    teams: Collection[str] = (),
) -> User:
    """Make a user who can log in at once.

    Raises:
        UserRefused: the address is taken or malformed, a role or team unknown, the password weak.
    """
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise UserRefused(f"there is a user {email} already")
    user = User(email=email, name=name.strip() or email, sees_all_clients=sees_all_clients)
    user.role = _known_role(role)
    user.teams = _known_teams(teams)
    try:
        validate_email(email)
        validate_password(password, user)
    except ValidationError as error:
        raise UserRefused(" ".join(error.messages)) from error
    user.set_password(password)
    user.save()
    assign_clients(user=user, client_ids=client_ids)
    return user


@transaction.atomic
def change_user(
    *,
    user: User,
    name: str,
    role: str,
    is_active: bool,
    sees_all_clients: bool,
    teams: Collection[str] | None = None,
) -> User:
    """Change what a user is and may see; takes effect with the user's next request.

    `teams`: whose tasks are his; None leaves them as they are.

    Raises:
        UserRefused: the role or a team is unknown.
    """
    user.name = name.strip() or user.email
    user.role = _known_role(role)
    user.is_active = is_active
    user.sees_all_clients = sees_all_clients
    if teams is not None:
        user.teams = _known_teams(teams)
    user.save(update_fields=["name", "role", "is_active", "sees_all_clients", "teams"])
    return user


@transaction.atomic
def assign_clients(*, user: User, client_ids: Collection[int]) -> int:
    """Make these the user's clients, neither more nor fewer; return how many were changed."""
    wanted = set(client_ids)
    had = set(user.assignments.values_list("client_id", flat=True))
    user.assignments.filter(client_id__in=had - wanted).delete()
    ClientAssignment.objects.bulk_create(
        ClientAssignment(user=user, client_id=client_id) for client_id in sorted(wanted - had)
    )
    return len(wanted ^ had)


def _known_role(role: str) -> str:
    if role not in Role.values:
        raise UserRefused(f"the role must be one of {', '.join(Role.values)}")
    return role


def _known_teams(teams: Collection[str]) -> list[str]:
    known = [team.value for team in Team]
    if not set(teams) <= set(known):
        raise UserRefused(f"each team must be one of {', '.join(known)}")
    return sorted(set(teams))
