"""What a CORE counterpart sent comes in by the same door as any file."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.read import read_bytes
from sanderling.core.x12.write.acknowledgement import (
    GroupResponse,
    SetResponse,
    group_response_transaction,
)
from sanderling.core.x12.write.envelope import GUIDE_STATUS, Group, Interchange, render_interchange
from sanderling.intake.actions import ingest
from sanderling.postgres.home import private_folder

SOURCE: Final = "core"


def take_in(data: bytes, name: str, *, at: datetime) -> int | None:
    """Take in what answers a file of ours, under a name of ours; return the stored file's id.

    Twice is harmless: known content is recognised.
    """
    folder = private_folder(Path(settings.SANDERLING_HOME), "exchange")
    with tempfile.TemporaryDirectory(dir=folder, prefix="core-") as place:
        path = Path(place) / name
        path.write_bytes(data)
        reports = list(ingest([path], received_date=at.date(), source=SOURCE, recorded_at=at))
    report = reports[-1]
    return report.file.pk if report.file else None


def acknowledgment_of(data: bytes, *, at: datetime) -> bytes | None:
    """Return a 999 that says that the 277s in `data` could be read; None: there are none."""
    sets: dict[str, list[SetResponse]] = {}
    sender = receiver = ""
    for one in read_bytes(data):
        if not isinstance(one, Batch) or not one.is_last or one.transaction.kind != "277":
            continue
        found = one.transaction
        sender, receiver = found.interchange.receiver_id, found.interchange.sender_id
        code = "R" if one.refused else "A"
        sets.setdefault(found.group_control_number, []).append(
            SetResponse("277", found.control_number, GUIDE_STATUS, code)
        )
    if not sets:
        return None
    transactions = [
        group_response_transaction(
            GroupResponse("HN", number, GUIDE_STATUS, tuple(responses)), f"{place:04d}"
        )
        for place, (number, responses) in enumerate(sets.items(), start=1)
    ]
    number = int(at.timestamp()) % 1_000_000_000
    return render_interchange(
        Interchange(sender, receiver, number, at, (Group(number, tuple(transactions)),))
    ).encode("ascii")
