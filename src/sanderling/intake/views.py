"""The page that brings files in, and the fate of what was brought."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from procrastinate.exceptions import AlreadyEnqueued

from sanderling.accounts.permissions import requires
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.files.models import FileStatus, StoredFile
from sanderling.intake.models import Upload, UploadedFile, UploadStatus
from sanderling.intake.tasks import replay_stored, take_uploaded
from sanderling.intake.uploads import UploadTooLarge, start_upload

RECENT = 10
TOO_LARGE = 413
REFUSED = 422
_FORM_BYTES = 1 << 20  # what a form adds around its files


@dataclass(frozen=True, slots=True)
class Fate:
    """One uploaded file as the page shows it."""

    uploaded: UploadedFile
    address: str  # of the file's page, empty when there is none for this user


# The size is checked before the body is read: the check of the form's token reads all of it.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@requires("files.upload")
def bring_in(request: HttpRequest) -> HttpResponse:
    """Show the form; take the files that were dropped or chosen."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length) > settings.UPLOAD_BYTES_MAX + _FORM_BYTES:
        error = UploadTooLarge(
            f"The files together are larger than {settings.UPLOAD_BYTES_MAX // 2**20} MB."
        )
        return _form(request, error=str(error), status=TOO_LARGE)
    return _checked(request)


@csrf_protect
def _checked(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _form(request)
    try:
        with transaction.atomic():
            upload = start_upload(
                sent=request.FILES.getlist("files"),  # type: ignore[arg-type]  # has all of Sent
                user_id=_user_id(request),
                at=timezone.now(),
            )
            take_uploaded.defer(token=upload.token)
    except Refusal as refusal:
        return _form(request, error=str(refusal), status=REFUSED)
    return redirect("upload", token=upload.token)


def _user_id(request: HttpRequest) -> int:
    """Return the key of the user, who is logged in: the decorator saw to it."""
    assert request.user.pk is not None  # noqa: S101 - a bug of ours
    return int(request.user.pk)


def _form(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    recent = Upload.objects.filter(user_id=_user_id(request)).order_by("-created_at")
    context = {
        "error": error,
        "megabytes": settings.UPLOAD_BYTES_MAX // 2**20,
        "recent": recent.prefetch_related("files")[:RECENT],
    }
    return render(request, "intake/bring_in.html", context, status=status)


@require_GET
@requires("files.upload")
def upload(request: HttpRequest, token: str) -> HttpResponse:
    """Show what became of the files of one upload; asked by htmx, only the table."""
    found = get_object_or_404(Upload, token=token, user_id=_user_id(request))
    files = list(found.files.order_by("index"))
    context = {
        "upload": found,
        "fates": _fates(files),
        "is_waiting": any(one.status == UploadStatus.WAITING for one in files),
    }
    template = "intake/fates.html" if request.headers.get("HX-Request") else "intake/upload.html"
    return render(request, template, context)


@require_POST
@requires("files.replay")
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the worker read a quarantined or partly posted file again; go back to its page."""
    stored = get_object_or_404(StoredFile, pk=pk)
    if stored.status not in (FileStatus.QUARANTINED, FileStatus.PARTLY):
        messages.info(request, f"The file is {stored.status}: nothing is left to replay.")
        return redirect("file", pk=pk)
    try:
        with transaction.atomic():
            # Pressed twice it is read once.
            replay_stored.configure(queueing_lock=f"intake_replay_{pk}").defer(file_id=pk)
            record_event(
                action="file.ask_replay",
                at=timezone.now(),
                client_id=stored.client_ids[0] if len(stored.client_ids) == 1 else None,
                subject=("file", pk),
            )
    except AlreadyEnqueued:
        messages.info(request, "The file waits to be replayed already.")
    else:
        messages.success(request, "The file will be replayed in a moment; open this page again.")
    return redirect("file", pk=pk)


def _fates(files: list[UploadedFile]) -> list[Fate]:
    """Return the files with addresses of those that the user may see (row-level security)."""
    ids = [one.file_id for one in files if one.file_id is not None]
    visible = set(StoredFile.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return [Fate(one, _address(one.file_id) if one.file_id in visible else "") for one in files]


def _address(file_id: int | None) -> str:
    """Return the address of the file's page; empty while there is no such page."""
    try:
        return reverse("file", args=[file_id])
    except NoReverseMatch:
        return ""
