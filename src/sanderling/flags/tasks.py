"""Jobs of the worker about flags."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import renew_connection


@app.periodic(cron="*/10 * * * *")
@app.task(name="flags.ladder", queueing_lock="flags_ladder")
def work_ladder_of_flags(timestamp: int) -> tuple[int, int, int]:  # noqa: ARG001 - periodic
    """Warn of answers that are due soon, raise late ones, close what was answered."""
    from sanderling.flags.ladder import work_ladder

    renew_connection()
    return work_ladder(at=timezone.now())
