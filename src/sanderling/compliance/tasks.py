"""Jobs of the worker: checks of the chain, each night and when asked; counts and deletions.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


@app.periodic(cron="10 2 * * *")
@app.task(name="compliance.nightly", retry=PATIENTLY, queueing_lock="compliance_nightly")
def nightly(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Check the chain, and remind of what waits for a person."""
    from sanderling.compliance.chain_checks import ask_check, run_checks
    from sanderling.compliance.desk import remind

    renew_connection()
    now = timezone.now()
    remind(at=now)
    ask_check(user=None, at=now)
    return run_checks(at=now)


@app.task(name="compliance.checks", retry=PATIENTLY, queueing_lock="compliance_checks")
def checks() -> int:
    """Walk the chain for the checks that wait."""
    from sanderling.compliance.chain_checks import run_checks

    renew_connection()
    return run_checks(at=timezone.now())


def defer_checks() -> None:
    """Ask the worker for the checks when this transaction commits."""
    defer_on_commit(checks)


@app.task(name="compliance.retention", retry=PATIENTLY, queueing_lock="compliance_retention")
def retention() -> int:
    """Count what is past its time, or delete it, as asked."""
    from sanderling.compliance.retention import run_waiting

    renew_connection()
    return run_waiting(at=timezone.now())


def defer_retention() -> None:
    """Ask the worker for the runs when this transaction commits."""
    defer_on_commit(retention)
