"""Who may approve a refund of a client."""

from __future__ import annotations

from typing import Final

from django.db import connection

from sanderling.accounts.models import User

PERMISSION: Final = "refunds.approve"


def approvers(client_id: int) -> list[User]:
    """Return the active people who may approve refunds and see the client."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_user WHERE is_active"
            " AND %s = ANY (sanderling_clients_of(id)) ORDER BY id",
            [client_id],
        )
        ids = [user_id for (user_id,) in cursor.fetchall()]
    return [user for user in User.objects.filter(pk__in=ids) if user.may(PERMISSION)]
