"""Jobs of the worker: approved transfers into the ledger."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


@app.task(name="transfers.post", retry=PATIENTLY, queueing_lock="transfers_post")
def post() -> int:
    """Post what was approved, take back what was undone."""
    from sanderling.transfers.posting import post_approved

    renew_connection()
    return post_approved(at=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="transfers.keep_up", queueing_lock="transfers_keep_up")
def keep_up(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """See to what an interruption left behind."""
    from sanderling.transfers.posting import post_approved

    renew_connection()
    return post_approved(at=timezone.now())


def defer_posting() -> None:
    """Ask the worker to post when this transaction commits; asked twice it does it once."""
    defer_on_commit(post)
