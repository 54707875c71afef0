"""Jobs of the worker: refresh the mirror every night, and when asked.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


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
    defer_on_commit(refresh)
