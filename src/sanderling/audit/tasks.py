"""Seals the audit trail every minute."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.audit.actions import seal_events
from sanderling.audit.heads import keep_head


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="seal_audit", name="audit.seal")
def seal_audit(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Seal all events not yet in the chain; `timestamp` is when the period began."""
    sealed = seal_events(at=timezone.now())
    if sealed:
        keep_head()
    return sealed
