"""Jobs of the worker. What they need is imported inside: Django loads this with every command."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, renew_connection


@app.periodic(cron="40 2 * * *")
@app.task(name="contracts.count", queueing_lock="contracts_count", retry=PATIENTLY)
def count(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Count what is billed by code and what payers owe: what contracts should cover."""
    from sanderling.contracts.volumes import count_volumes

    renew_connection()
    now = timezone.now()
    return count_volumes(today=now.date(), at=now)
