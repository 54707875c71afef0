"""Jobs of the worker: the nightly search, and what people report.

What it needs is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

import logging

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection

logger = logging.getLogger(__name__)


@app.periodic(cron="40 4 * * *")
@app.task(name="issues.search", retry=PATIENTLY, queueing_lock="issues_search")
def search_nightly(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Search for systemic issues as of today; return how many are new."""
    from sanderling.issues.actions import search

    renew_connection()
    now = timezone.now()
    found = search(now.date(), now)
    logger.info("issues: %s new in %s s", found.new, found.run.seconds)
    return found.new


@app.task(name="issues.reports", retry=PATIENTLY, queueing_lock="issues_reports")
def reports() -> int:
    """Count the claims of what people report, and make the issues that they want."""
    from sanderling.issues.reports import finish_waiting

    renew_connection()
    return finish_waiting(at=timezone.now())


def defer_reports() -> None:
    """Ask the worker to count when this transaction commits; asked twice it does it once."""
    defer_on_commit(reports)
