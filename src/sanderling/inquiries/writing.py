"""Status requests as files in a folder, for who sends them by hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from sanderling.audit.actions import record_event
from sanderling.files.storage import open_original
from sanderling.inquiries.actions import plan_requests
from sanderling.inquiries.due import Sorted
from sanderling.outbox.models import OutboundFile, Purpose, State


@dataclass(frozen=True, slots=True)
class Written:
    """The files written, and the claims due that were not asked about."""

    files: tuple[OutboundFile, ...]
    sorted: Sorted

    @property
    def claims(self) -> int:
        """How many claims the files ask about."""
        return sum(file.claim_count for file in self.files)


def write_requests(
    folder: Path,
    *,
    at: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Written:
    """Ask about what is due now, then write every request file that is not on its way yet.

    What a killed run had queued is written by the next one, under the same name and with the same
    bytes. A file that is written counts as sent: no mailbox takes it any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    planned = plan_requests(at=at)
    ready = OutboundFile.objects.filter(
        purpose=Purpose.STATUS, state__in=(State.QUEUED, State.WAITING)
    )
    waiting = list(ready.order_by("pk").values_list("pk", flat=True))
    files = []
    for done, pk in enumerate(waiting):
        progress(done, len(waiting))
        file = _write(pk, folder, at=at)
        if file is not None:
            files.append(file)
    progress(len(waiting), len(waiting))
    return Written(tuple(files), planned.sorted)


@transaction.atomic
def _write(pk: int, folder: Path, *, at: datetime) -> OutboundFile | None:
    """Write a file whole under another name, then give it its own, then say that it is sent."""
    file = (
        OutboundFile.objects.select_for_update(skip_locked=True)
        .filter(pk=pk, state__in=(State.QUEUED, State.WAITING))
        .first()
    )
    if file is None:  # a mailbox has taken it meanwhile
        return None
    with open_original(file.sha256, is_encrypted=file.is_encrypted) as original:
        data = original.read()
    unfinished = folder / f".{file.name}.unfinished"
    with unfinished.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    unfinished.rename(folder / file.name)
    file.state, file.sent_at = State.SENT, at
    file.save(update_fields=["state", "sent_at"])
    record_event(
        action="status_requests.write",
        at=at,
        client_id=file.client_id,
        subject=("outbound_file", file.pk),
        detail={"claims": file.claim_count},
    )
    return file
