"""Jobs of the worker: webhooks every minute, tidying every night.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import defer_on_commit, renew_connection


@app.periodic(cron="* * * * *")
@app.task(name="api.webhooks", queueing_lock="api_webhooks", lock="api_webhooks")
def run_webhooks(timestamp: int = 0) -> int:  # noqa: ARG001 - periodic jobs get it
    """Tell receivers what happened since the last minute, and again what failed before."""
    from sanderling.api.delivering import deliver_due, spread_events

    renew_connection()
    spread_events(at=timezone.now())
    return deliver_due(at=timezone.now())


@app.periodic(cron="17 3 * * *")
@app.task(name="api.tidy", queueing_lock="api_tidy")
def tidy(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Forget answers and deliveries that nobody needs any more."""
    from sanderling.api.access import forget_old_answers
    from sanderling.api.delivering import forget_old_deliveries

    renew_connection()
    return forget_old_answers() + forget_old_deliveries(at=timezone.now())


def defer_webhooks() -> None:
    """Ask the worker to send at once when this transaction commits."""
    defer_on_commit(run_webhooks)
