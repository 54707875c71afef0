"""Reads as somebody who sees exactly some clients: what a pack may be made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

WEB_ROLE: Final = "sanderling_app"
_NAMES: Final = ("sanderling.client_ids", "sanderling.role")
_NOW: Final = "SELECT current_user, " + ", ".join(
    f"coalesce(current_setting('{name}', true), '')" for name in _NAMES
)
_SET: Final = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in _NAMES)


@contextmanager
def seeing_only(client_ids: Collection[int]) -> Iterator[None]:
    """Read under row-level security with these clients visible, as of one moment.

    Whatever question is asked within, of whichever room, its answer is about no other client: the
    database sees to it, not the question. Nothing should be written within. For the owner's
    connection (worker, command line); a web session has its own clients.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if is_outermost:  # one moment for all questions
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(_NOW)
            role, *before = cursor.fetchone()
            cursor.execute(_SET, [f"{{{','.join(map(str, sorted(client_ids)))}}}", "lead"])
            cursor.execute(f"SET LOCAL ROLE {WEB_ROLE}")
        yield
        # After an error the transaction takes role and settings with it.
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', %s, true)", [role])
            cursor.execute(_SET, before)
