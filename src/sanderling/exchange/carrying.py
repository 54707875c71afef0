"""Writes files that no mailbox takes into a folder, for who carries them by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sanderling.exchange.releasing import release
from sanderling.outbox.carrying import write_out
from sanderling.outbox.models import OutboundFile, State


def carry_out(folder: Path, *, at: datetime) -> list[str]:
    """Write every file that waits without a mailbox; return their names. They count as sent."""
    release(at=at)
    folder.mkdir(parents=True, exist_ok=True)
    waiting = OutboundFile.objects.filter(state=State.WAITING).order_by("pk")
    return [
        name
        for pk in list(waiting.values_list("pk", flat=True))
        if (name := write_file(pk, folder, at=at))
    ]


def write_file(pk: int, folder: Path, *, at: datetime) -> str:
    """Write one file that waits; return its name, empty when a mailbox has taken it meanwhile."""
    file = write_out(pk, folder, states=[State.WAITING], action="outbox.carry", at=at)
    return file.name if file else ""
