"""Jobs of the worker: what disputes recovered, and the adverse-payment ledger.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, renew_connection


@app.periodic(cron="*/15 * * * *")
@app.task(name="underpayments.prove", retry=PATIENTLY, queueing_lock="underpayments_prove")
def prove_recoveries(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Read off later remittances what disputes recovered."""
    from sanderling.underpayments.proving import prove

    renew_connection()
    return prove(at=timezone.now())


@app.periodic(cron="10 5 * * *")
@app.task(name="underpayments.adverse", retry=PATIENTLY, queueing_lock="underpayments_adverse")
def make_adverse(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Make the adverse-payment ledger anew."""
    from sanderling.underpayments.adverse import keep_adverse

    renew_connection()
    return keep_adverse()
