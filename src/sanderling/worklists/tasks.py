"""Jobs of the worker: learn every night, then value all items anew.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, renew_connection


@app.periodic(cron="20 3 * * *")
@app.task(name="worklists.value_all", retry=PATIENTLY, queueing_lock="worklists_value_all")
def value_all(timestamp: int) -> bool:  # noqa: ARG001 - periodic jobs get it
    """Learn from history for today and value all items by it."""
    from sanderling.worklists.nightly import learn_and_value

    renew_connection()
    now = timezone.now()
    return learn_and_value(now.date(), at=now)
