"""Who acts: kept as a setting of the database session, where triggers read it too."""

from __future__ import annotations

from django.db import connection


def set_actor(actor: str, *, role: str = "administrator") -> None:
    """Say who acts on this connection from now on: `cli:alice`, `worker`, `user:17`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('sanderling.actor', %s, false),"
            " set_config('sanderling.role', %s, false)",
            [actor, role],
        )


def current_actor() -> tuple[str, str]:
    """Return who acts on this connection and under which role; both empty when nobody said."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting('sanderling.actor', true), ''),"
            " coalesce(current_setting('sanderling.role', true), '')"
        )
        row = cursor.fetchone()
    return (row[0], row[1])
