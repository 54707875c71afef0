"""Jobs of the worker: what files and later remittances say of appeals."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import renew_connection


@app.periodic(cron="*/5 * * * *")
@app.task(name="appeals.keep_up", queueing_lock="appeals_keep_up")
def keep_up(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Move on appeals whose packet went out, and read outcomes from later remittances."""
    from sanderling.appeals.actions import follow_files
    from sanderling.appeals.deciding import read_outcomes

    renew_connection()
    now = timezone.now()
    decided, proposed = read_outcomes(at=now)
    return follow_files(at=now) + decided + proposed
