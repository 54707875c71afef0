"""Plans and writes the status requests that are due: never twice, also when killed in between."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from sanderling.audit.actions import record_event
from sanderling.inquiries.due import Due, due_requests
from sanderling.inquiries.models import RequestFile, StatusRequest
from sanderling.inquiries.writing import request_text
from sanderling.postgres.locks import Lock, hold_lock
from sanderling.worklists.inquiries import mark_written

CLAIMS_OF_FILE_MAX: Final = 1_000  # payers take batches of so many; a guess
_NUMBERS: Final = """
SELECT DISTINCT ON (claim_id) claim_id, payer_claim_number FROM (
    SELECT claim_id, payer_claim_number, received_date, id FROM claims_answer
     WHERE claim_id = ANY (%(claims)s) AND payer_claim_number <> ''
) told ORDER BY claim_id, received_date DESC, id DESC
"""


@dataclass(slots=True)
class Written:
    """What a run did: the files, and the claims that could not be asked about, with the reason."""

    files: list[RequestFile] = field(default_factory=list)
    claims: int = 0
    refused: list[Due] = field(default_factory=list)


def write_requests(
    folder: Path,
    *,
    at: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Written:
    """Plan the requests due today, then write every planned file that is not written yet.

    What a killed run had planned is written by this one, under the name it was to have. Running
    it again on the same day asks about nothing twice.
    """
    folder.mkdir(parents=True, exist_ok=True)
    result = Written(refused=_plan(at))
    waiting = list(RequestFile.objects.filter(written_at__isnull=True).order_by("pk"))
    for done, file in enumerate(waiting):
        progress(done, len(waiting))
        _write(file, folder, at=at)
        result.files.append(file)
        result.claims += file.claims
    progress(len(waiting), len(waiting))
    return result


@transaction.atomic
def _plan(at: datetime) -> list[Due]:
    """Put the claims due into files of one client and payer each; return those that cannot be."""
    hold_lock(Lock.STATUS_REQUESTS)
    due = due_requests(at.date())
    good = [one for one in due if not one.fault]
    numbers = _payer_numbers([one.claim_id for one in good])
    for _, group in groupby(
        good, key=lambda one: (one.client_id, one.payer_id, one.sender_id, one.receiver_id)
    ):
        claims = list(group)
        for start in range(0, len(claims), CLAIMS_OF_FILE_MAX):
            _plan_file(claims[start : start + CLAIMS_OF_FILE_MAX], numbers, at=at)
    mark_written([one.inquiry_id for one in good if one.inquiry_id is not None], at=at)
    return [one for one in due if one.fault]


def _plan_file(claims: list[Due], numbers: dict[int, str], *, at: datetime) -> None:
    first = claims[0]
    file = RequestFile.objects.create(
        client_id=first.client_id,
        payer_id=first.payer_id,
        sender_id=first.sender_id,
        receiver_id=first.receiver_id,
        claims=len(claims),
        planned_at=at,
    )
    StatusRequest.objects.bulk_create(
        [
            StatusRequest(
                file=file,
                client_id=one.client_id,
                claim_id=one.claim_id,
                party=one.party,
                submission_id=one.submission_id,
                payer_claim_number=numbers.get(one.claim_id, ""),
                asked_at=at,
            )
            for one in claims
        ]
    )
    record_event(
        action="status_requests.plan",
        at=at,
        client_id=first.client_id,
        subject=("request_file", file.pk),
        detail={"claims": len(claims), "payer": first.payer_id},
    )


def _payer_numbers(claim_ids: list[int]) -> dict[int, str]:
    """Return the number under which the payer knows each claim, where it has told one."""
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, {"claims": claim_ids})
        return dict(cursor.fetchall())


def _write(file: RequestFile, folder: Path, *, at: datetime) -> None:
    """Write the file whole under another name, then give it its own, then say that it is there."""
    data = request_text(file).encode("ascii")
    unfinished = folder / f".{file.name}.unfinished"
    with unfinished.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    unfinished.rename(folder / file.name)
    file.written_at = at
    file.sha256 = hashlib.sha256(data).hexdigest()
    file.save(update_fields=["written_at", "sha256"])
