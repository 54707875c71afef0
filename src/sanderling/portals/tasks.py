"""Jobs of the worker: look up what waits in the portals that an adapter works."""

from __future__ import annotations

import time

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import renew_connection

LOOKS_OF_JOB_MAX = 50  # then other jobs have their turn


@app.periodic(cron="*/2 * * * *")
@app.task(name="portals.look_up", queueing_lock="portals_look_up")
def look_up(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Look claims up; return how many were settled."""
    from sanderling.portals.looking import run_portals

    renew_connection()
    return run_portals(now=timezone.now, pause=time.sleep, limit=LOOKS_OF_JOB_MAX)
