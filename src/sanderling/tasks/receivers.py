"""What other rooms tell that changes tasks."""

from __future__ import annotations

from django.dispatch import receiver
from django.utils import timezone

from sanderling.barriers.signals import barriers_refreshed
from sanderling.tasks.holds import close_resolved_holds


@receiver(barriers_refreshed)
def on_barriers(claim_ids: list[int] | None, **_: object) -> None:
    """Barriers were made anew: a payment may be held no more."""
    close_resolved_holds(claim_ids, at=timezone.now())
