"""Jobs of the worker: barriers in step with facts, days and weeks.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


@app.task(name="barriers.refresh", retry=PATIENTLY, queueing_lock="barriers_refresh")
def refresh() -> int:
    """Work out the barriers of claims about which something new is known."""
    from sanderling.barriers.actions import refresh_stale

    renew_connection()
    return refresh_stale(timezone.now().date())


@app.periodic(cron="*/5 * * * *")
@app.task(name="barriers.keep_up", queueing_lock="barriers_keep_up")
def keep_up(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """See to what an interruption left behind, to claims whose day has come, and to week ends."""
    from sanderling.barriers.actions import freeze_week_ends, refresh_due, refresh_stale

    renew_connection()
    today = timezone.now().date()
    count = refresh_stale(today) + refresh_due(today)
    freeze_week_ends(today)
    return count


@app.task(name="barriers.rules_changed", retry=PATIENTLY)
def follow_rules(payer_id: int | None, payer_type: str | None, client_id: int | None) -> int:
    """Work out the barriers that a changed rule may concern."""
    from sanderling.barriers.actions import refresh_stale
    from sanderling.barriers.stale import mark_open_claims

    renew_connection()
    today = timezone.now().date()
    mark_open_claims(
        payer_id=payer_id, payer_type=payer_type, client_id=client_id, known_date=today
    )
    return refresh_stale(today)


def defer_refresh() -> None:
    """Ask the worker to refresh when this transaction commits; asked twice it does it once."""
    defer_on_commit(refresh)


def defer_rules_changed(
    *, payer_id: int | None, payer_type: str | None, client_id: int | None
) -> None:
    """Ask the worker to follow a changed rule when this transaction commits."""

    def defer() -> None:
        follow_rules.defer(payer_id=payer_id, payer_type=payer_type, client_id=client_id)

    transaction.on_commit(defer)
