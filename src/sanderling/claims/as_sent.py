"""Claims as they were sent: from a submission to its document, out of the original file.

Only what is needed of an original is kept; one pass over it gives any number of its claims.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import BinaryIO, Final

from sanderling.claims.models import Submission
from sanderling.core.refusal import Refusal
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.reading import read_documents
from sanderling.core.x12.read.stream import parts_of
from sanderling.files.models import StoredFile
from sanderling.files.storage import OriginalDamaged, open_original

_CHUNK_BYTES: Final = 1 << 20


class NotAsSent(Refusal):
    """The claim cannot be had as it was sent."""


def document_of(submission_id: int) -> ClaimDocument:
    """Return one claim as it was sent.

    Raises:
        Submission.DoesNotExist: there is none, or it is not for the one who asks.
        NotAsSent: its original is gone, damaged, or does not hold it.
    """
    found = documents_of([submission_id])
    if submission_id not in found:
        Submission.objects.get(pk=submission_id)  # tells that it does not exist
        raise NotAsSent(
            "the file that the claim was sent in cannot be read at its place; send it from the "
            "billing system instead"
        )
    return found[submission_id]


def documents_of(submission_ids: Iterable[int]) -> dict[int, ClaimDocument]:
    """Return claims as they were sent, by submission; those that cannot be had are missing."""
    places: dict[int, dict[int, int]] = defaultdict(dict)  # file -> position -> submission
    rows = Submission.objects.filter(pk__in=list(submission_ids)).values_list(
        "pk", "position", "transaction__file_id"
    )
    for submission_id, position, file_id in rows:
        places[file_id][position] = submission_id
    found: dict[int, ClaimDocument] = {}
    for file in StoredFile.objects.filter(pk__in=places):
        wanted = places[file.pk]
        for position, document in _documents(file, wanted):
            found[wanted[position]] = document
    return found


def _documents(file: StoredFile, wanted: dict[int, int]) -> Iterator[tuple[int, ClaimDocument]]:
    """Yield the wanted claims of a file; reading ends with the last of them."""
    try:
        stream = open_original(file.sha256, is_encrypted=file.is_encrypted)
    except (FileNotFoundError, OriginalDamaged):
        return
    left = len(wanted)
    with closing(stream):
        parts = parts_of(_chunks(stream), window_max=_CHUNK_BYTES)
        try:
            for found in read_documents(parts, wanted):
                yield found
                left -= 1
                if not left:
                    return
        except OriginalDamaged:
            return


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while data := stream.read(_CHUNK_BYTES):
        yield data
