"""Jobs of the worker: promises whose day has come.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import renew_connection


@app.periodic(cron="*/15 * * * *")
@app.task(name="followup.check_promises", queueing_lock="followup_check_promises")
def check(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Decide promises that were kept or broken; `timestamp` is when the period began."""
    from sanderling.followup.promises import check_promises

    renew_connection()
    at = timezone.now()
    return len(check_promises(today=at.date(), at=at))
