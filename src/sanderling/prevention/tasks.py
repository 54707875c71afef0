"""Jobs of the worker: nightly measurements and catches, trials, reminders of what is overdue.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


@app.periodic(cron="30 5 * * *")
@app.task(name="prevention.nightly", retry=PATIENTLY, queueing_lock="prevention_nightly")
def nightly(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Measure what is in effect, look at what was sent, remind of what is overdue."""
    from sanderling.prevention.nightly import run_nightly

    renew_connection()
    return run_nightly(at=timezone.now())


@app.task(name="prevention.trials", retry=PATIENTLY, queueing_lock="prevention_trials")
def trials() -> int:
    """Search edit rules for the trials that wait."""
    from sanderling.prevention.trials import finish_waiting

    renew_connection()
    return finish_waiting(at=timezone.now())


def defer_trials() -> None:
    """Ask the worker to search when this transaction commits; asked twice it does it once."""
    defer_on_commit(trials)
