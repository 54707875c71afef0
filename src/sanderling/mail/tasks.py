"""The job of the worker that sends mail."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.mail.actions import SEND
from sanderling.postgres.jobs import renew_connection


@app.periodic(cron="* * * * *")
@app.task(name="mail.turn", queueing_lock="mail_turn")
def turn(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Send what is due, whatever was tried before included."""
    from sanderling.mail.sending import send_queued

    renew_connection()
    return send_queued(now=timezone.now)


@app.task(name=SEND, queueing_lock=SEND)
def send_now() -> int:
    """Send what was queued a moment ago."""
    from sanderling.mail.sending import send_queued

    renew_connection()
    return send_queued(now=timezone.now)
