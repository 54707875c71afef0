"""What every job of the worker does: its connection, its patience, and being asked for once."""

from __future__ import annotations

import logging
from typing import Final, Protocol

from django.db import close_old_connections, connection, transaction
from procrastinate import RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued

logger = logging.getLogger(__name__)

# The database may be away for a moment (a restart): tried again after 4, 16, 64, ... seconds.
PATIENTLY: Final = RetryStrategy(max_attempts=6, exponential_wait=4)


def renew_connection() -> None:
    """Give up a connection that is too old or broken: outside requests nobody else does."""
    if not connection.in_atomic_block:
        close_old_connections()


class Deferrable(Protocol):
    """A task, or one with settings of its own, that the worker can be asked for."""

    def defer(self) -> object:
        """Ask the worker to do it."""


def defer_once(task: Deferrable) -> bool:
    """Ask the worker for a task with a queueing lock; return False when it waits already.

    What is going on in the transaction goes on either way.
    """
    try:
        with transaction.atomic():
            task.defer()
    except AlreadyEnqueued:
        logger.debug("planned already: %s", task)
        return False
    return True


def defer_on_commit(task: Deferrable) -> None:
    """Ask for a task when this transaction commits; asked twice it is done once."""
    transaction.on_commit(lambda: defer_once(task))
