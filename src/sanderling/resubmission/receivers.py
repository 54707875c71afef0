"""Hears from the outbox that a file does not go out."""

from __future__ import annotations

from datetime import datetime

from django.dispatch import receiver

from sanderling.outbox.signals import file_cancelled
from sanderling.resubmission.actions import take_back_of_file


@receiver(file_cancelled)
def take_back(file_id: int, at: datetime, **_: object) -> None:
    """Take back what was to go out in the file."""
    take_back_of_file(file_id, at=at)
