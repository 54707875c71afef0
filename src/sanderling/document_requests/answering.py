"""Takes what a client sends: files, and words where there is none. All of a form, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Final, Protocol

from django.db import transaction
from django.db.models import Sum

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.document_requests.asking import close_when_done
from sanderling.document_requests.keeping import (
    FileRefused,
    Kept,
    keep,
    measure,
    plain_name,
    type_of,
)
from sanderling.document_requests.models import Answer, Item, ItemState, Request, State, Upload
from sanderling.document_requests.scanning import ScannerAway, scan

FILES_AT_ONCE_MAX: Final = 40
REQUEST_BYTES_MAX: Final = 2 * 2**30  # of all files of one request
REASON_CHARACTERS_MAX: Final = 500


class NothingSent(Refusal):
    """The form has neither a file nor a word."""


class Faulty(Refusal):
    """Some files cannot be taken; `faults` has (name as it was sent, why), nothing was kept."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("nothing was kept, since not every file can be taken")
        self.faults = list(faults)


class Sent(Protocol):
    """A file as Django hands it over."""

    name: str | None
    size: int | None
    file: BinaryIO


@dataclass(slots=True)
class Reply:
    """What one form says: files with the wanted documents they answer, and what there is not."""

    files: list[tuple[Sent, frozenset[int]]] = field(default_factory=list)
    none: Mapping[int, str] = field(default_factory=dict)  # by item: why


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a reply."""

    request: Request
    files: int
    answered: int  # wanted documents that are answered now
    left: int
    is_scanned: bool


def take_reply(
    request_id: int,
    reply: Reply,
    *,
    user: User | None,
    link_id: int | None,
    at: datetime,
    ip: str | None = None,
) -> Taken:
    """Keep the files and answer what they answer; the claims go on when the worker has seen it.

    The same file again for the same document changes nothing. Files are checked and kept before
    the transaction: a file that nothing names is never shown.

    Raises:
        NothingSent, Faulty, FileRefused, ScannerAway: nothing was answered.
        Request.DoesNotExist: it is not open (any more).
    """
    if not reply.files and not reply.none:
        raise NothingSent("choose at least one file, or say that there is none")
    if len(reply.files) > FILES_AT_ONCE_MAX:
        raise FileRefused(f"send at most {FILES_AT_ONCE_MAX} files at once; send the rest after")
    _check_request(request_id, reply)
    kept = _check_and_keep(reply)
    with transaction.atomic():
        request = Request.objects.select_for_update().get(pk=request_id, state=State.OPEN)
        items = {
            one.pk: one for one in request.items.exclude(state=ItemState.WITHDRAWN).order_by("pk")
        }
        answered: set[int] = set()
        for (sent, targets), (one, scanner) in zip(reply.files, kept, strict=True):
            known = sorted(targets & items.keys())
            upload, is_new = Upload.objects.get_or_create(
                request=request,
                sha256=one.sha256,
                defaults={
                    "client_id": request.client_id,
                    "name": plain_name(sent.name or "", one.ending),
                    "content_type": one.content_type,
                    "size_bytes": one.size_bytes,
                    "key_name": one.key_name,
                    "scanned_by": scanner,
                    "user": user,
                    "link_id": link_id,
                    "at": at,
                },
            )
            if is_new:
                _record_upload(upload, link_id, at=at, ip=ip)
            for pk in known:
                Answer.objects.get_or_create(
                    upload=upload, item_id=pk, defaults={"client_id": request.client_id}
                )
            answered |= set(known)
        done = _answer(items, answered, reply.none, user=user, at=at)
        close_when_done(request, at=at)
        left = request.items.filter(state=ItemState.WANTED).count()
    is_scanned = all(scanner for _, scanner in kept)
    return Taken(request, len(kept), done, left, is_scanned)


def _check_and_keep(reply: Reply) -> list[tuple[Kept, str]]:
    """Return each file as kept, with its scanner.

    Raises:
        Faulty, ScannerAway: nothing was kept.
    """
    faults, scanners = [], []
    for sent, _ in reply.files:
        try:
            measure(sent.file)
            type_of(sent.file)
            scanners.append(scan(sent.file))
        except ScannerAway:
            raise
        except FileRefused as refusal:
            faults.append((sent.name or "", str(refusal)))
    if faults:
        raise Faulty(faults)
    return [
        (keep(sent.file), scanner) for (sent, _), scanner in zip(reply.files, scanners, strict=True)
    ]


def _check_request(request_id: int, reply: Reply) -> None:
    """Refuse before anything is kept what fits no wanted document, or would fill the disk.

    Raises:
        FileRefused: see there.
        Request.DoesNotExist: it is not open.
    """
    request = Request.objects.get(pk=request_id, state=State.OPEN)
    known = set(request.items.exclude(state=ItemState.WITHDRAWN).values_list("pk", flat=True))
    if any(not targets & known for _, targets in reply.files):
        raise FileRefused("say which document each file is; reload the page and try again")
    before = request.uploads.aggregate(size=Sum("size_bytes"))["size"] or 0
    if before + sum(sent.size or 0 for sent, _ in reply.files) > REQUEST_BYTES_MAX:
        raise FileRefused("this request has too many files already; ask for another one")


def _answer(
    items: Mapping[int, Item],
    answered: set[int],
    none: Mapping[int, str],
    *,
    user: User | None,
    at: datetime,
) -> int:
    """Mark what is answered; a file counts more than a word. Return how many are new."""
    said = {
        pk: " ".join(why.split())[:REASON_CHARACTERS_MAX]
        for pk, why in none.items()
        if pk in items and pk not in answered
    }
    waiting = Item.objects.filter(state=ItemState.WANTED)
    done = waiting.filter(pk__in=answered).update(
        state=ItemState.RECEIVED, answered_at=at, answered_by=user
    )
    for pk, why in sorted(said.items()):
        done += waiting.filter(pk=pk).update(
            state=ItemState.NONE, reason=why, answered_at=at, answered_by=user
        )
    return done


def _record_upload(upload: Upload, link_id: int | None, *, at: datetime, ip: str | None) -> None:
    record_event(
        action="document.upload",
        at=at,
        client_id=upload.client_id,
        subject=("document_upload", upload.pk),
        detail={
            "request": upload.request_id,
            "link": link_id,
            "size_bytes": upload.size_bytes,
            "sha256": upload.sha256,
            "is_scanned": bool(upload.scanned_by),
        },
        ip=ip,
    )
