"""Jobs of the worker: refunds into the ledger, and the clocks of credits."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


@app.task(name="refunds.post", retry=PATIENTLY, queueing_lock="refunds_post")
def post() -> int:
    """Post what was made, take back what was undone."""
    from sanderling.refunds.posting import post_made

    renew_connection()
    return post_made(at=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="refunds.keep_up", queueing_lock="refunds_keep_up")
def keep_up(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """See to what an interruption left behind."""
    from sanderling.refunds.posting import post_made

    renew_connection()
    return post_made(at=timezone.now())


@app.periodic(cron="25 5 * * *")
@app.task(name="refunds.watch", queueing_lock="refunds_watch")
def watch_credits(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Identify credits that stand, close those that are gone, raise alarms."""
    from sanderling.refunds.clock import watch

    renew_connection()
    return sum(watch(at=timezone.now()).values())


def defer_posting() -> None:
    """Ask the worker to post when this transaction commits; asked twice it does it once."""
    defer_on_commit(post)
