"""Jobs of the worker: questions in real time, and batches at CORE mailboxes."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import renew_connection


@app.task(name="exchange.carry_question")
def carry_question(file_id: int) -> bool:
    """Ask about one claim while a person waits. Not tried again: the person asks again."""
    from sanderling.exchange.core_real_time import carry

    renew_connection()
    return carry(file_id, now=timezone.now)


@app.periodic(cron="* * * * *")
@app.task(name="exchange.core_turn", queueing_lock="exchange_core_turn")
def core_turn(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Send, ask for and acknowledge what is due at CORE mailboxes."""
    from sanderling.exchange.core_batches import turn

    renew_connection()
    return turn(now=timezone.now)
