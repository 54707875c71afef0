"""Jobs of the worker: the nightly search.

What it needs is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

import logging

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, renew_connection

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
