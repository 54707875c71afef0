"""Who works on a client's claims."""

from __future__ import annotations

from django.db.models import Q

from sanderling.accounts.models import User
from sanderling.core.followup.mentions import Person


def workers_of_client(client_id: int, permission: str = "claims.work") -> list[User]:
    """Return the active users who see the client and have the permission, by id."""
    seeing = User.objects.filter(
        Q(sees_all_clients=True) | Q(assignments__client_id=client_id), is_active=True
    )
    return [user for user in seeing.distinct().order_by("pk") if user.may(permission)]


def people_of_client(client_id: int) -> list[Person]:
    """Return those who may be mentioned in a note about the client's claims."""
    return [Person(user.pk, user.name, user.email) for user in workers_of_client(client_id)]
