"""What other rooms tell that changes prices: a contract that came or went."""

from __future__ import annotations

from django.dispatch import receiver

from sanderling.contracts.signals import contract_changed
from sanderling.pricing.models import StalePrice
from sanderling.pricing.tasks import defer_refresh


@receiver(contract_changed)
def on_contract(client_id: int, payer_id: int, **_: object) -> None:
    """Remember the lines of this client and payer; perhaps with the rights of a web session."""
    StalePrice.objects.create(client_id=client_id, payer_id=payer_id)
    defer_refresh()
