"""What other rooms tell that concerns appeals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from sanderling.appeals.asking import take_document
from sanderling.tasks.signals import document_arrived


@receiver(document_arrived)
def on_document(
    origin: Mapping[str, Any],
    claim_id: int,
    name: str,
    title: str,
    read: Callable[[], bytes],
    at: datetime,
    **_: object,
) -> str:
    """A document came that the client was asked for."""
    return take_document(origin, claim_id=claim_id, name=name, title=title, read=read, at=at)
