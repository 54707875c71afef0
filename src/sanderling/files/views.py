"""Pages of files: the list, one file's fate, the original around a segment, the download."""

from __future__ import annotations

from typing import Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.audit.actions import record_event
from sanderling.audit.looks import client_address
from sanderling.files.models import FileProblem, FileStatus, StoredFile
from sanderling.files.queries import (
    found_files,
    original_chunks,
    problems_of,
    segments_around,
    segments_at,
    sets_of,
)
from sanderling.files.segments import Segment
from sanderling.files.storage import OriginalDamaged

PAGE_FILES: Final = 50
PAGE_SETS: Final = 50
PAGE_PROBLEMS: Final = 50
KINDS: Final = ("837P", "837I", "837D", "835", "277CA", "277", "276", "999", "TA1")


@require_GET
@requires("files.view")
def files(request: HttpRequest) -> HttpResponse:
    """List the files that the user may see, latest first."""
    asked = {
        name: request.GET.get(name, "").replace("\0", "").strip()
        for name in ("text", "status", "kind")
    }
    problems_only = request.GET.get("problems") == "1"
    found = found_files(**asked, problems_only=problems_only)
    page = Paginator(found, PAGE_FILES).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "asked": asked,
        "problems_only": problems_only,
        "is_filtered": problems_only or any(asked.values()),
        "statuses": FileStatus.choices,
        "kinds": KINDS,
        "upload_url": _bring_in_address(request),
    }
    return render(request, "files/files.html", context)


@require_GET
@requires("files.view")
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what became of a file: its transaction sets, and each problem beside its segment."""
    stored = get_object_or_404(StoredFile, pk=pk)
    sets = Paginator(sets_of(stored), PAGE_SETS).get_page(request.GET.get("sets"))
    problems = Paginator(problems_of(stored), PAGE_PROBLEMS).get_page(request.GET.get("page"))
    shown = list(problems.object_list)
    segments, trouble = _segments_of(stored, shown)
    _record(request, stored, "file.view")
    context = {
        "file": stored,
        "arrivals": stored.arrivals.order_by("recorded_at"),
        "sets": sets,
        "page": problems,
        "problems": [(problem, segments.get(problem.position)) for problem in shown],
        "trouble": trouble,
        "replay_url": _replay_address(request, stored),
    }
    return render(request, "files/file.html", context)


@require_GET
@requires("files.view")
def segments(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the original around the segment `position`, that one with its elements numbered."""
    stored = get_object_or_404(StoredFile, pk=pk)
    text = request.GET.get("position", "1")
    position = int(text) if text.isdecimal() and len(text) <= 10 else 1  # noqa: PLR2004 - digits
    window: list[Segment] = []
    trouble = ""
    try:
        window = segments_around(stored, max(position, 1))
    except (OriginalDamaged, FileNotFoundError) as error:
        trouble = f"The original cannot be read: {type(error).__name__}."
    chosen = next((one for one in window if one.position == position), None)
    on_it = stored.problems.filter(position=position) if chosen else FileProblem.objects.none()
    _record(request, stored, "file.segments", position=position)
    context = {
        "file": stored,
        "position": position,
        "window": window,
        "chosen": chosen,
        "problems": on_it,
        "trouble": trouble,
        "before": max(1, position - 40),
        "after": position + 40,
    }
    return render(request, "files/segments.html", context)


@require_GET
@requires("files.view")
def original(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the original, byte for byte."""
    stored = get_object_or_404(StoredFile, pk=pk)
    chunks = original_chunks(stored)
    try:
        first = next(chunks, b"")  # trouble shows now, not in the middle of the answer
    except (OriginalDamaged, FileNotFoundError) as error:
        text = f"The original cannot be read: {type(error).__name__}.\n"
        return HttpResponse(text, status=409, content_type="text/plain")
    _record(request, stored, "file.download")
    return StreamingHttpResponse(
        (chunk for part in ([first], chunks) for chunk in part),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{_plain_name(stored)}"',
            "Content-Length": str(stored.size_bytes),
        },
    )


def _plain_name(stored: StoredFile) -> str:
    """Return the file's name with nothing in it that a header or a folder could stumble over."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in stored.name)
    return safe.lstrip(".") or f"file-{stored.pk}"


def _segments_of(stored: StoredFile, problems: list[FileProblem]) -> tuple[dict[int, Segment], str]:
    try:
        return segments_at(stored, [problem.position for problem in problems]), ""
    except (OriginalDamaged, FileNotFoundError) as error:
        return {}, f"The original cannot be read: {type(error).__name__}."


def _replay_address(request: HttpRequest, stored: StoredFile) -> str | None:
    can_help = stored.status in (FileStatus.QUARANTINED, FileStatus.PARTLY)
    may = request.user.is_authenticated and request.user.may("files.replay")
    return _address("replay", stored.pk) if can_help and may else None


def _bring_in_address(request: HttpRequest) -> str | None:
    may = request.user.is_authenticated and request.user.may("files.upload")
    return _address("bring_in") if may else None


def _address(name: str, *arguments: object) -> str | None:
    """Return the address of a page of intake's, None when there is none."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return None


def _record(request: HttpRequest, stored: StoredFile, action: str, **detail: int) -> None:
    record_event(
        action=action,
        at=timezone.now(),
        client_id=stored.client_ids[0] if len(stored.client_ids) == 1 else None,
        subject=("file", stored.pk),
        detail=detail,
        ip=client_address(request),
    )
