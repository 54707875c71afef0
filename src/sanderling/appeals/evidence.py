"""Documents for a packet: PDF, PNG and JPEG, kept with the originals under their hash."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import Final

from django.db import transaction
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from sanderling.accounts.models import User
from sanderling.appeals.models import Appeal, Evidence
from sanderling.appeals.telling import record_step
from sanderling.appeals.writing import AppealRefused, draft
from sanderling.core.appeals.cases import cases
from sanderling.files.storage import keep_bytes, open_original
from sanderling.followup.models import Attachment

BYTES_MAX: Final = 20 * 2**20
FILES_MAX: Final = 40
PAGES_MAX: Final = 500
TITLE_MAX: Final = 200
PDF: Final = "application/pdf"
# How the bytes begin, the type, and the ending by which people know it.
TYPES: Final = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)


class FileRefused(AppealRefused):
    """The file cannot stand in a packet."""


@transaction.atomic
def add_evidence(
    appeal_id: int,
    *,
    data: bytes,
    name: str,
    title: str,
    item: str,
    user: User | None,
    at: datetime,
    attachment_id: int | None = None,
) -> Evidence:
    """Keep a document for the packet; the same bytes again change nothing.

    Raises:
        AppealRefused: the appeal is finished, has too many, or knows no such item.
        FileRefused: the bytes are too many, or no PDF, PNG or JPEG that can be read.
    """
    found = draft(appeal_id)
    known = {one.key: one.title for one in cases()[found.case].items}
    if item and item not in known:
        raise AppealRefused("choose a piece of evidence of the list")
    if found.evidence.count() >= FILES_MAX:
        raise AppealRefused(f"a packet has at most {FILES_MAX} documents; join some of them first")
    content_type, pages = inspect(data)
    sha256, is_encrypted = keep_bytes(data)
    made, is_new = Evidence.objects.get_or_create(
        appeal=found,
        sha256=sha256,
        defaults={
            "client_id": found.client_id,
            "item": item,
            "title": " ".join(title.split())[:TITLE_MAX] or known.get(item, "Document"),
            "name": name.replace("\\", "/").rpartition("/")[2][:TITLE_MAX],
            "content_type": content_type,
            "size_bytes": len(data),
            "pages": pages,
            "is_encrypted": is_encrypted,
            "attachment_id": attachment_id,
            "user": user,
            "at": at,
        },
    )
    if is_new:
        record_step(found, "attach", at=at, pages=pages, sha256=sha256)
    return made


def inspect(data: bytes) -> tuple[str, int]:
    """Return type and number of pages of a document.

    Raises:
        FileRefused: see there.
    """
    if not data:
        raise FileRefused("the file is empty; attach another one")
    if len(data) > BYTES_MAX:
        raise FileRefused(f"a file may have {BYTES_MAX // 2**20} MB; attach a smaller one")
    content_type = next((kind for start, kind in TYPES if data.startswith(start)), None)
    if content_type is None:
        raise FileRefused(
            "a packet takes PDF, PNG and JPEG; print or scan other documents to one of these"
        )
    if content_type != PDF:
        return content_type, 1
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise FileRefused("the PDF is locked with a password; attach one without")
        pages = len(reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileRefused("the PDF is damaged; open it and print it to a new one") from error
    if not 0 < pages <= PAGES_MAX:
        raise FileRefused(f"a document may have 1 to {PAGES_MAX} pages; attach what matters of it")
    return content_type, pages


@transaction.atomic
def take_attachment(
    appeal_id: int, attachment_id: int, *, item: str, user: User | None, at: datetime
) -> Evidence:
    """Take a document over from a note on the claim.

    Raises:
        AppealRefused, FileRefused: as `add_evidence`; or it is none of this claim's.
    """
    found = draft(appeal_id)
    attachment = Attachment.objects.filter(pk=attachment_id, claim_id=found.claim_id).first()
    if attachment is None:
        raise AppealRefused("choose a document of this claim")
    with open_original(attachment.sha256, is_encrypted=attachment.is_encrypted) as stream:
        data = stream.read()
    return add_evidence(
        appeal_id,
        data=data,
        name=attachment.name,
        title=attachment.name.rpartition(".")[0],
        item=item,
        user=user,
        at=at,
        attachment_id=attachment.pk,
    )


@transaction.atomic
def remove_evidence(appeal_id: int, evidence_id: int, *, at: datetime) -> None:
    """Take a document out of a draft; its bytes stay with the originals.

    Raises:
        AppealRefused: the appeal is finished.
    """
    found = draft(appeal_id)
    gone, _ = found.evidence.filter(pk=evidence_id).delete()
    if gone:
        record_step(found, "detach", at=at)


def bytes_of(evidence: Evidence) -> bytes:
    """Return a document's bytes.

    Raises:
        FileRefused: they are not there any more, or are not what was kept.
    """
    try:
        with open_original(evidence.sha256, is_encrypted=evidence.is_encrypted) as stream:
            data = stream.read()
    except FileNotFoundError as error:
        raise FileRefused(f"document {evidence.pk} is gone; attach it again") from error
    if hashlib.sha256(data).hexdigest() != evidence.sha256:
        raise FileRefused(f"document {evidence.pk} is damaged; attach it again")
    return data


def attachments_of(appeal: Appeal) -> list[Attachment]:
    """Return documents of the claim's notes that are not in the packet yet."""
    taken = set(appeal.evidence.values_list("sha256", flat=True))
    found = Attachment.objects.filter(
        claim_id=appeal.claim_id, content_type__in=[kind for _, kind in TYPES]
    ).order_by("-recorded_at")
    return [one for one in found if one.sha256 not in taken]
