"""Jobs of the worker: the sums of key figures, every night.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, renew_connection


@app.periodic(cron="10 4 * * *")
@app.task(name="kpis.refresh_sums", retry=PATIENTLY, queueing_lock="kpis_refresh_sums")
def refresh_all(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Make the sums of the last two years anew."""
    from sanderling.kpis.nightly import refresh_sums

    renew_connection()
    now = timezone.now()
    return refresh_sums(today=now.date(), at=now).cells


@app.periodic(cron="*/10 * * * *")
@app.task(name="kpis.keep_up", queueing_lock="kpis_keep_up")
def keep_up(timestamp: int) -> bool:  # noqa: ARG001 - periodic jobs get it
    """Make the sums when there are none yet or a night was missed; say whether it did."""
    from sanderling.kpis.nightly import are_missing, refresh_sums

    renew_connection()
    now = timezone.now()
    is_due = are_missing(now.date())
    if is_due:
        refresh_sums(today=now.date(), at=now)
    return is_due
