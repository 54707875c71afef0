"""Which people may do something for a client."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from sanderling.accounts.models import User
from sanderling.accounts.roles import PERMISSIONS


def who_may(permission: str, client_id: int, *, roles: Collection[str] | None = None) -> list[User]:
    """Return the active people who have the permission and see the client.

    `roles`: only people of these; None: of any.
    """
    having = {role for role, may in PERMISSIONS.items() if permission in may}
    wanted = having if roles is None else having & set(roles)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_user WHERE is_active AND role = ANY (%s)"
            " AND %s = ANY (sanderling_clients_of(id))",
            [sorted(wanted), client_id],
        )
        ids = [user_id for (user_id,) in cursor.fetchall()]
    return list(User.objects.filter(pk__in=ids).order_by("pk"))
