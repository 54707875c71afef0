"""Jobs of the worker: ask payers about what is due."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_once, renew_connection


@app.task(name="inquiries.ask", retry=PATIENTLY, queueing_lock="inquiries_ask")
def ask() -> int:
    """Queue requests about the claims due now; return about how many."""
    return _ask()


@app.periodic(cron="*/5 * * * *")
@app.task(name="inquiries.ask_on_schedule", queueing_lock="inquiries_ask_on_schedule")
def ask_on_schedule(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Do the same by the clock: each payer in its hours, no more a day than it takes."""
    return _ask()


def _ask() -> int:
    from sanderling.inquiries.actions import plan_requests

    renew_connection()
    return plan_requests(at=timezone.now()).claims


def defer_asking() -> bool:
    """Ask the worker to ask; return whether it was not planned already."""
    return defer_once(ask)
