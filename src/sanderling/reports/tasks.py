"""Jobs of the worker: reports that were asked for.

What it needs is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection
from sanderling.reports import delivery_tasks

__all__ = ["catch_up", "defer_makings", "delivery_tasks", "make_waiting"]  # delivery's jobs too


@app.task(name="reports.make", retry=PATIENTLY, queueing_lock="reports_make")
def make_waiting() -> int:
    """Make the reports that wait; return how much was asked for."""
    from sanderling.reports.asking import do_waiting

    renew_connection()
    return do_waiting(at=timezone.now())


@app.periodic(cron="*/10 * * * *")
@app.task(name="reports.catch_up", queueing_lock="reports_catch_up")
def catch_up(timestamp: int) -> None:  # noqa: ARG001 - periodic jobs get it
    """Ask for what still waits: a worker that was killed left it."""
    from sanderling.postgres.jobs import defer_once
    from sanderling.reports.models import Making, MakingState

    renew_connection()
    if Making.objects.filter(state=MakingState.WAITING).exists():
        defer_once(make_waiting)


def defer_makings() -> None:
    """Ask the worker when this transaction commits; asked twice it is done once."""
    defer_on_commit(make_waiting)
