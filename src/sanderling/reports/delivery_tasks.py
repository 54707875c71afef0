"""Jobs of the worker: reports that are due, and mails of reports that were given up."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, renew_connection


@app.periodic(cron="10 * * * *")
@app.task(name="reports.due", queueing_lock="reports_due", retry=PATIENTLY)
def make_due_reports(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Make the reports that are due; return how many."""
    from sanderling.reports.due import make_due

    renew_connection()
    return make_due(at=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="reports.undelivered", queueing_lock="reports_undelivered")
def tell_undelivered_reports(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Tell people of reports that were not delivered; return how many."""
    from sanderling.reports.due import tell_undelivered

    renew_connection()
    return tell_undelivered(at=timezone.now())
