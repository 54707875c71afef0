"""One intake at a time in a database: command line, uploads, watched folders and what is resumed.

Two that read the same file at once would each think the other's half was posted before. The lock is
the session's: it goes with a process that is killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

INTAKE_LOCK: Final = 0x5A2D0002  # any constant: pg_advisory_lock's name for "intake"


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other session takes files in; may be nested."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [INTAKE_LOCK])
    try:
        yield
    finally:
        # A connection that broke has given the lock back by itself; a failed transaction is rolled
        # back by its owner, the lock is released when the connection ends.
        if connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [INTAKE_LOCK])
