"""Jobs of the worker: refresh the mirror every night, and when asked.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from sanderling.postgres.jobs import PATIENTLY, renew_connection

logger = logging.getLogger(__name__)


@app.periodic(cron=f"10 {settings.MIRROR_HOUR} * * *")
@app.task(name="mirror.nightly", retry=PATIENTLY, queueing_lock="mirror_nightly")
def nightly(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Bring the mirror in step and compare it with the database."""
    return _refresh()


@app.task(name="mirror.refresh", retry=PATIENTLY, queueing_lock="mirror_refresh")
def refresh() -> int:
    """Bring the mirror in step, on demand."""
    return _refresh()


def _refresh() -> int:
    from sanderling.mirror import actions

    renew_connection()
    now = timezone.now()
    return actions.refresh(now.date(), now).claim_count


def defer_refresh() -> None:
    """Ask the worker to refresh when this transaction commits; asked twice it does it once."""
    transaction.on_commit(_defer)


def _defer() -> None:
    try:
        with transaction.atomic():
            refresh.defer()
    except AlreadyEnqueued:
        logger.debug("refreshing the mirror is planned already")
