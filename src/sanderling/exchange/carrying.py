"""Writes files that no mailbox takes into a folder, for who carries them by hand."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from django.db import transaction

from sanderling.audit.actions import record_event
from sanderling.exchange.releasing import release
from sanderling.outbox.content import content_of
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


@transaction.atomic
def write_file(pk: int, folder: Path, *, at: datetime) -> str:
    """Write one whole under another name, give it its own, then say that it is sent."""
    file = (
        OutboundFile.objects.select_for_update(skip_locked=True)
        .filter(pk=pk, state=State.WAITING)
        .first()
    )
    if file is None:  # a mailbox has taken it meanwhile
        return ""
    unfinished = folder / f".{file.name}.unfinished"
    with unfinished.open("wb") as out:
        out.write(content_of(file))
        out.flush()
        os.fsync(out.fileno())
    unfinished.rename(folder / file.name)
    file.state, file.sent_at = State.SENT, at
    file.save(update_fields=["state", "sent_at"])
    record_event(
        action="outbox.carry",
        at=at,
        client_id=file.client_id,
        subject=("outbound_file", file.pk),
    )
    return file.name
