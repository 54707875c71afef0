"""Jobs of the worker: learn every night and value all items anew; count the views.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_once, renew_connection


@app.periodic(cron="20 3 * * *")
@app.task(name="worklists.value_all", retry=PATIENTLY, queueing_lock="worklists_value_all")
def value_all(timestamp: int) -> bool:  # noqa: ARG001 - periodic jobs get it
    """Learn from history for today and value all items by it."""
    from sanderling.worklists.nightly import learn_and_value

    renew_connection()
    now = timezone.now()
    return learn_and_value(now.date(), at=now)


@app.task(name="worklists.recount", retry=PATIENTLY, queueing_lock="worklists_recount")
def recount() -> int:
    """Count the items of clients that have changed."""
    from sanderling.worklists.tallying import recount_stale

    renew_connection()
    return recount_stale(today=timezone.localdate(), at=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="worklists.keep_counts", queueing_lock="worklists_keep_counts")
def keep_counts(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Count what nobody has looked at: also all clients when a new day begins."""
    from sanderling.worklists.tallying import recount_stale

    renew_connection()
    return recount_stale(today=timezone.localdate(), at=timezone.now())


def defer_recount() -> None:
    """Ask the worker to count; asked twice it does it once."""
    defer_once(recount)
