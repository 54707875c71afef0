"""Reads what the upload form says; shared by the page behind a link and the client's portal."""

from __future__ import annotations

import re
from typing import Final

from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest

from sanderling.core.refusal import Refusal
from sanderling.document_requests.answering import Faulty, Reply, Sent

FORM_BYTES_MAX: Final = 200 * 2**20  # all files of one sending, and the form around them
_FILE: Final = re.compile(r"file-(\d{1,18})")
_NONE: Final = re.compile(r"none-(\d{1,18})")


class TooMuch(Refusal):
    """One sending is larger than is taken; nothing of it was read."""

    def __init__(self) -> None:
        super().__init__(
            f"all files of one sending together may have {FORM_BYTES_MAX // 2**20} MB: send fewer"
            " at once"
        )


def check_size(request: HttpRequest) -> None:
    """Refuse a body that is too large, or does not say how large it is, before any of it is read.

    Files then go straight to the private folder, however small: memory holds one piece at a time.

    Raises:
        TooMuch: see there.
    """
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if not length.isdecimal() or int(length) > FORM_BYTES_MAX:
        raise TooMuch
    request.upload_handlers = [TemporaryFileUploadHandler(request)]


def read_reply(request: HttpRequest) -> Reply:
    """Return the files with what they answer, and what the client says there is not.

    A file stands at its document (file-17), or answers all that are ticked (file-several, for).
    """
    reply = Reply()
    none = {}
    for name in request.POST:
        match = _NONE.fullmatch(name)
        if match is not None:
            none[int(match[1])] = request.POST.get(f"why-{match[1]}", "")
    reply.none = none
    several = frozenset(int(one) for one in request.POST.getlist("for") if one.isdecimal())
    for name in request.FILES:
        match = _FILE.fullmatch(name)
        targets = several if name == "file-several" else frozenset({int(match[1])} if match else ())
        for sent in request.FILES.getlist(name):
            file: Sent = sent  # type: ignore[assignment]  # has all of Sent
            reply.files.append((file, targets))
    return reply


def sentences_of(refusal: Refusal) -> list[str]:
    """Return what to show above the form: which file cannot be taken, and why."""
    if isinstance(refusal, Faulty):
        faults = [f"{name or 'A file'}: {why}." for name, why in refusal.faults]
        return [*faults, "Nothing was kept. Choose the files again, without these."]
    return [refusal.sentence]
