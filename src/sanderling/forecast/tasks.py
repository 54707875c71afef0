"""Jobs of the worker: the forecast of every night.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, renew_connection


@app.periodic(cron="40 4 * * *")
@app.task(name="forecast.make", retry=PATIENTLY, queueing_lock="forecast_make")
def make_forecast(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Make the forecast of today and keep it."""
    from sanderling.forecast.making import keep_forecast

    renew_connection()
    return keep_forecast(timezone.localdate(), at=timezone.now())
