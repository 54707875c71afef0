"""What every job of the worker does about its connection, and how patiently it is tried again."""

from __future__ import annotations

from typing import Final

from django.db import close_old_connections, connection
from procrastinate import RetryStrategy

# The database may be away for a moment (a restart): tried again after 4, 16, 64, ... seconds.
PATIENTLY: Final = RetryStrategy(max_attempts=6, exponential_wait=4)


def renew_connection() -> None:
    """Give up a connection that is too old or broken: outside requests nobody else does."""
    if not connection.in_atomic_block:
        close_old_connections()
