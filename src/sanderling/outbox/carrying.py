"""Writes files of ours into a folder, for who carries them by hand. Written, they count as sent."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from django.db import transaction

from sanderling.audit.actions import record_event
from sanderling.outbox.content import content_of
from sanderling.outbox.models import OutboundFile, State


@transaction.atomic
def write_out(
    pk: int, folder: Path, *, states: Collection[State], action: str, at: datetime, **detail: int
) -> OutboundFile | None:
    """Write one file whole under another name, give it its own, then say that it is sent.

    None when it is in none of these states any more: a mailbox has taken it meanwhile.
    """
    file = (
        OutboundFile.objects.select_for_update(skip_locked=True)
        .filter(pk=pk, state__in=list(states))
        .first()
    )
    if file is None:
        return None
    unfinished = folder / f".{file.name}.unfinished"
    with unfinished.open("wb") as out:
        out.write(content_of(file))
        out.flush()
        os.fsync(out.fileno())
    unfinished.rename(folder / file.name)
    file.state, file.sent_at = State.SENT, at
    file.save(update_fields=["state", "sent_at"])
    record_event(
        action=action,
        at=at,
        client_id=file.client_id,
        subject=("outbound_file", file.pk),
        detail=detail,
    )
    return file
