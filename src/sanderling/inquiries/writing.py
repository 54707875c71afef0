"""Status requests as files in a folder, for who sends them by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sanderling.inquiries.actions import plan_requests
from sanderling.inquiries.due import Sorted
from sanderling.outbox.carrying import write_out
from sanderling.outbox.models import OutboundFile, Purpose, State

_ON_HAND: Final = (State.QUEUED, State.WAITING)


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
    ready = OutboundFile.objects.filter(purpose=Purpose.STATUS, state__in=_ON_HAND)
    waiting = list(ready.order_by("pk").values_list("pk", "claim_count"))
    files = []
    for done, (pk, claims) in enumerate(waiting):
        progress(done, len(waiting))
        file = write_out(
            pk, folder, states=_ON_HAND, action="status_requests.write", at=at, claims=claims
        )
        if file is not None:
            files.append(file)
    progress(len(waiting), len(waiting))
    return Written(tuple(files), planned.sorted)
