"""Tells PostgreSQL, for each request, whose clients may be seen; forgets it afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

# Broken glass is for a person's own session, never for a token. The second list narrows the user's
# clients (a token of some of them); null does not.
_BEGIN = """
    SELECT set_config('sanderling.client_ids', ARRAY(
               SELECT own FROM unnest(CASE WHEN %(is_token)s THEN sanderling_clients_of(%(user)s)
                                           ELSE sanderling_open_clients_of(%(user)s) END) AS own
                WHERE own = ANY (coalesce(%(scope)s::int[], ARRAY[own])))::text, false),
           set_config('sanderling.actor', %(actor)s, false),
           set_config('sanderling.role', %(role)s, false),
           set_config('sanderling.sees_all', %(sees_all)s, false),
           set_config('sanderling.break_glass', CASE WHEN %(is_token)s THEN ''
                      ELSE sanderling_broken_glass(%(user)s)::text END, false)
"""
_END = """
    SELECT set_config('sanderling.client_ids', '', false),
           set_config('sanderling.actor', '', false),
           set_config('sanderling.role', '', false),
           set_config('sanderling.sees_all', '', false),
           set_config('sanderling.break_glass', '', false)
"""


class ClientIsolation:
    """Sets `sanderling.client_ids` and `sanderling.actor` around each request of a user.

    Without them the policies of row-level security show no row: a request that comes past this
    place sees nothing, and a connection that is used again starts empty. A request that has
    `client_scope` (a token's clients) sees no more than these of the user's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with the user's clients visible, and forget them also on errors."""
        if not request.user.is_authenticated:
            return self.get_response(request)
        with connection.cursor() as cursor:
            scope = getattr(request, "client_scope", None)
            sees_all = request.user.is_active and request.user.sees_all_clients and scope is None
            cursor.execute(
                _BEGIN,
                {
                    "user": request.user.pk,
                    "is_token": hasattr(request, "api_token"),
                    "scope": scope,
                    "actor": f"user:{request.user.pk}",
                    "role": request.user.role,
                    "sees_all": "true" if sees_all else "",
                },
            )
            opened = cursor.fetchone()[4]
        if opened not in ("", "{}"):  # {"client": break-glass}: the layout says so while it lasts
            request.broken_glass = json.loads(opened)  # type: ignore[attr-defined]  # for the layout
        try:
            return self.get_response(request)
        finally:
            forget_session()


def forget_session() -> None:
    """Take the visible clients and the actor from the connection, or drop a broken connection."""
    if connection.connection is None or connection.connection.closed:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(_END)
    except DatabaseError:
        # A transaction that failed, or a dead server: the settings go with the connection.
        connection.close()
