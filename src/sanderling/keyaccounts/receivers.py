"""What other rooms tell that changes clocks and pictures."""

from __future__ import annotations

from django.dispatch import receiver

from sanderling.agreements.signals import agreement_changed
from sanderling.keyaccounts.tasks import defer_keeping


@receiver(agreement_changed)
def on_agreement(**_: object) -> None:
    """A client's clocks begin, or run by other levels from now on."""
    defer_keeping()
