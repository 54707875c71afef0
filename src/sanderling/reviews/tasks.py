"""Jobs of the worker: the pack of every week, those that people ask for, invitations.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


@app.periodic(cron="15 6 * * *")
@app.task(name="reviews.weekly", retry=PATIENTLY, queueing_lock="reviews_weekly")
def weekly(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Make the packs of the week that ended; every morning, so that one that was missed is made."""
    from sanderling.barriers.actions import freeze_week_ends
    from sanderling.barriers.queries import bring_up_to_date
    from sanderling.reviews.making import ask_for_week, make_waiting

    renew_connection()
    now = timezone.now()
    bring_up_to_date(now.date())
    freeze_week_ends(now.date())  # the week that ended is told from what is kept
    ask_for_week(at=now)
    return make_waiting(at=now)


@app.periodic(cron="*/10 * * * *")
@app.task(name="reviews.keep_up", queueing_lock="reviews_keep_up")
def keep_up(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Make what an interruption left waiting."""
    from sanderling.reviews.making import make_waiting

    renew_connection()
    return make_waiting(at=timezone.now())


@app.task(name="reviews.make", retry=PATIENTLY, queueing_lock="reviews_make")
def make() -> int:
    """Make the packs that wait."""
    from sanderling.reviews.making import make_waiting

    renew_connection()
    return make_waiting(at=timezone.now())


def defer_making() -> None:
    """Ask the worker to make what waits when this transaction commits; asked twice, once."""
    defer_on_commit(make)
