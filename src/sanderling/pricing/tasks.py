"""Jobs of the worker: prices in step with remittances and contracts, everything anew at night.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


@app.task(name="pricing.refresh", retry=PATIENTLY, queueing_lock="pricing_refresh")
def refresh() -> int:
    """Price the claims with new remittances or a changed contract; follow decisions."""
    from sanderling.pricing.actions import follow_decisions
    from sanderling.pricing.actions import refresh as price_new

    renew_connection()
    now = timezone.now()
    return follow_decisions(now.date(), at=now) + price_new(now.date(), at=now)


@app.periodic(cron="*/5 * * * *")
@app.task(name="pricing.keep_up", queueing_lock="pricing_keep_up")
def keep_up(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """See to what came in since."""
    return refresh()


@app.periodic(cron="40 1 * * *")
@app.task(name="pricing.rebuild", retry=PATIENTLY, queueing_lock="pricing_rebuild")
def rebuild(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Price everything together, learn anew and find the patterns."""
    from sanderling.pricing.actions import rebuild as price_all

    renew_connection()
    now = timezone.now()
    return price_all(now.date(), at=now).lines


def defer_refresh() -> None:
    """Ask the worker to refresh when this transaction commits; asked twice it does it once."""
    defer_on_commit(refresh)
