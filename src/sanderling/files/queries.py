"""Finds files, what is in them, and the original text around a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from sanderling.files.models import FileProblem, StoredFile, TransactionSet
from sanderling.files.segments import Segment, read_segments
from sanderling.files.storage import CHUNK_BYTES, open_original

WINDOW_SEGMENTS: Final = 20  # before and after the wanted one
# Originals up to this size are read through to show each problem's segment on the file's page.
INLINE_BYTES_MAX: Final = 64 << 20


def found_files(*, text: str, status: str, kind: str, problems_only: bool) -> QuerySet[StoredFile]:
    """Return the visible files that fit, latest first, each with `problem_count`.

    Empty arguments fit all; `text` is looked for in names and at the start of the SHA-256.
    """
    counts = (
        FileProblem.objects.filter(file=OuterRef("pk"))
        .order_by()
        .values("file")
        .annotate(count=Count("pk"))
        .values("count")
    )
    files = StoredFile.objects.annotate(
        problem_count=Coalesce(Subquery(counts, output_field=IntegerField()), 0)
    ).order_by("-received_date", "-pk")
    if status:
        files = files.filter(status=status)
    if kind:
        files = files.filter(kind__contains=kind)
    if problems_only:
        files = files.filter(problem_count__gt=0)
    if text:
        files = files.filter(name__icontains=text) | files.filter(sha256__startswith=text.lower())
    return files


def sets_of(stored: StoredFile) -> QuerySet[TransactionSet]:
    """Return the file's transaction sets in their order, each with `problem_count`."""
    return stored.transactions.annotate(problem_count=Count("problems")).order_by("index")


def problems_of(stored: StoredFile) -> QuerySet[FileProblem]:
    """Return the file's problems by place, those that stopped something first."""
    return stored.problems.select_related("transaction").order_by(
        F("severity").asc(), "position", "pk"
    )


def file_ids(hashes: Iterable[str]) -> dict[str, int]:
    """Return SHA-256 -> key of the visible files among `hashes`."""
    return dict(StoredFile.objects.filter(sha256__in=set(hashes)).values_list("sha256", "pk"))


def data_as_of() -> date | None:
    """Return the latest day that any file visible to the session was received."""
    # Not by max(): beneath row-level security that reads every set there is, this the latest few.
    posted = TransactionSet.objects.filter(status="posted").order_by("-received_date")
    return posted.values_list("received_date", flat=True).first()


def segments_around(stored: StoredFile, position: int) -> list[Segment]:
    """Return the segments around `position` of the original.

    Raises:
        OriginalDamaged, FileNotFoundError: the original cannot be read.
    """
    first = max(1, position - WINDOW_SEGMENTS)
    with open_original(stored.sha256, is_encrypted=stored.is_encrypted) as stream:
        return list(read_segments(stream.read, first=first, last=position + WINDOW_SEGMENTS))


def segments_at(stored: StoredFile, positions: Iterable[int]) -> dict[int, Segment]:
    """Return the segments at `positions` of a file that is not too large; else nothing.

    Raises:
        OriginalDamaged, FileNotFoundError: the original cannot be read.
    """
    wanted = {position for position in positions if position > 0}
    if not wanted or stored.size_bytes > INLINE_BYTES_MAX:
        return {}
    with open_original(stored.sha256, is_encrypted=stored.is_encrypted) as stream:
        found = read_segments(stream.read, first=min(wanted), last=max(wanted))
        return {one.position: one for one in found if one.position in wanted}


def original_chunks(stored: StoredFile) -> Iterator[bytes]:
    """Yield the original's bytes."""
    with open_original(stored.sha256, is_encrypted=stored.is_encrypted) as stream:
        while data := stream.read(CHUNK_BYTES):
            yield data
