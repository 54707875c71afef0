"""Jobs of the worker about tasks."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import renew_connection


@app.periodic(cron="20 * * * *")
@app.task(name="tasks.remind", queueing_lock="tasks_remind")
def remind_of_late(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Remind of tasks that are late; close what an interruption left open."""
    from sanderling.tasks.holds import close_resolved_holds
    from sanderling.tasks.reminding import remind

    renew_connection()
    now = timezone.now()
    close_resolved_holds(None, at=now)
    return remind(now.date(), at=now)
