"""Jobs of the worker: clocks, their alerts, and the pictures of key accounts.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


@app.task(name="keyaccounts.refresh", retry=PATIENTLY, queueing_lock="keyaccounts_refresh")
def refresh() -> int:
    """Keep clocks, alerts and pictures in step; return how many clocks were started."""
    from sanderling.keyaccounts.nightly import keep_all

    renew_connection()
    return keep_all(at=timezone.now())


@app.periodic(cron="*/15 * * * *")
@app.task(name="keyaccounts.keep_up", queueing_lock="keyaccounts_keep_up")
def keep_up(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Do so every quarter of an hour: some levels are hours."""
    from sanderling.keyaccounts.nightly import keep_all

    renew_connection()
    return keep_all(at=timezone.now())


def defer_keeping() -> None:
    """Ask the worker to keep them in step when this transaction commits; asked twice, done once."""
    defer_on_commit(refresh)
