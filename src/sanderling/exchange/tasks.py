"""Jobs of the worker: files out of the outbox, visits to mailboxes, late acknowledgments."""

from __future__ import annotations

import time

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.exchange import core_tasks
from sanderling.postgres.jobs import renew_connection

__all__ = ["core_tasks", "release_now", "turn"]  # the jobs of the room, CORE's too


@app.periodic(cron="* * * * *")
@app.task(name="exchange.turn", queueing_lock="exchange_turn")
def turn(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Release what is queued and visit the mailboxes whose time has come."""
    from sanderling.exchange.running import run_due

    renew_connection()
    return run_due(now=timezone.now, pause=time.sleep)


@app.task(name="exchange.release", queueing_lock="exchange.release")
def release_now() -> int:
    """Release what was queued a moment ago."""
    from sanderling.exchange.releasing import release

    renew_connection()
    done = release(at=timezone.now())
    return len(done.to_mailbox) + len(done.waiting)
