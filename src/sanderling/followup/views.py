"""Documents kept with notes, as downloads."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.audit.looks import record_view
from sanderling.files.storage import OriginalDamaged
from sanderling.followup.attachments import attachment_chunks
from sanderling.followup.models import Attachment
from sanderling.web.downloads import saved_file


@require_GET
@requires("claims.work")
def attachment(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send a document, always to be saved: a browser never shows it as a page of ours."""
    kept = get_object_or_404(Attachment, pk=pk)
    chunks = attachment_chunks(kept)
    try:
        first = next(chunks, b"")  # trouble shows now, not in the middle of the answer
    except (OriginalDamaged, FileNotFoundError) as error:
        text = f"The document cannot be read: {type(error).__name__}.\n"
        return HttpResponse(text, status=409, content_type="text/plain")
    record_view(
        request, claim_id=kept.claim_id, client_id=kept.client_id, action="attachment.download"
    )
    return saved_file(first, chunks, name=kept.name, size_bytes=kept.size_bytes)
