"""Pages of the exchange: mailboxes, files of ours with their trail, files that came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.core.refusal import Refusal
from sanderling.exchange.actions import save_mailbox, start_again
from sanderling.exchange.forms import MailboxForm, form_of
from sanderling.exchange.models import Kind, Mailbox
from sanderling.exchange.queries import (
    COLUMNS,
    TABS,
    claims_of,
    files_of,
    latest_remote_files,
    latest_runs,
    mailboxes,
    rows_of,
    tab_counts,
    trail_of,
)
from sanderling.exchange.trying import Trial, try_mailbox
from sanderling.outbox import actions as outbox
from sanderling.outbox.content import content_of
from sanderling.outbox.models import OutboundFile, State
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50
_TYPES: Final = {"packet": "application/pdf"}


@require_GET
@requires("exchange.view")
def exchange(request: HttpRequest) -> HttpResponse:
    """Show the mailboxes and the files of ours, by where they are."""
    today = timezone.now().date()
    counts = tab_counts(today=today)
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        urgent = ("held", "late", "rejected", "waiting", "open")
        tab = next((one for one in urgent if counts[one][0]), "accepted")
    found = files_of(tab, today=today)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        rows = rows_of(found)
        record_listing(request, action="outbox.export", detail={"rows": len(rows), "tab": tab})
        return export(
            rows, columns=COLUMNS, as_of=today, totals=None, form=wanted, name="outgoing-files"
        )
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "tab": tab,
        "tabs": [
            {"key": key, "title": title, "files": counts[key][0], "claims": counts[key][1]}
            for key, (title, _) in TABS.items()
        ],
        "rows": rows_of(page.object_list),
        "page": page,
        "forms": FORMS,
        "mailboxes": mailboxes(),
        "may_edit": person_of(request).may("exchange.edit"),
    }
    return render(request, "exchange/exchange.html", context)


@require_GET
@requires("exchange.view")
def outbound_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one file of ours: its claims, its way, what came back."""
    file = get_object_or_404(OutboundFile, pk=pk)
    record_listing(
        request, action="outbox.view", detail={"file": file.pk, "claims": file.claim_count}
    )
    user = person_of(request)
    context = {
        "file": file,
        "row": rows_of([file])[0],
        "claims": claims_of(file),
        "trail": trail_of(file),
        "may_approve": file.state == State.HELD
        and user.may("resubmission.approve")
        and file.queued_by_id != user.pk,
        "may_cancel": user.may("claims.work")
        and file.state in (State.HELD, State.QUEUED, State.WAITING)
        and not file.stored_file_id,
        "may_retry": user.may("claims.work")
        and file.state == State.FAILED
        and file.mailbox_id is not None,
    }
    return render(request, "exchange/outbound_file.html", context)


@require_GET
@requires("claims.work")
def outbound_content(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the file as it is sent."""
    file = get_object_or_404(OutboundFile, pk=pk)
    record_listing(request, action="outbox.download", detail={"file": file.pk})
    answer = HttpResponse(
        content_of(file), content_type=_TYPES.get(file.kind, "application/octet-stream")
    )
    answer["Content-Disposition"] = f'attachment; filename="{file.name}"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@requires("resubmission.approve")
def outbound_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a held file go out."""
    user = person_of(request)
    return _done(
        request,
        pk,
        lambda: outbox.approve(pk, user=user, at=timezone.now()),
        "Approved: the file goes out within a minute.",
    )


@require_POST
@requires("claims.work")
def outbound_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a file from going out."""
    return _done(request, pk, lambda: outbox.cancel(pk, at=timezone.now()), "Cancelled.")


@require_POST
@requires("claims.work")
def outbound_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a file again that was not delivered."""
    return _done(request, pk, lambda: outbox.retry(pk, at=timezone.now()), "It is tried again now.")


def _done(request: HttpRequest, pk: int, step: Callable[[], object], said: str) -> HttpResponse:
    get_object_or_404(OutboundFile, pk=pk)
    try:
        step()
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("outbound-file", pk=pk)


@require_http_methods(["GET", "POST"])
@requires("exchange.edit")
def mailbox(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Show a mailbox, or a new one, and change it."""
    found = get_object_or_404(Mailbox, pk=pk) if pk else Mailbox()
    if found.kind == Kind.CORE:
        return redirect("core-mailbox", pk=found.pk)
    if request.method == "GET":
        return _mailbox_page(request, found, form_of(found) if pk else MailboxForm())
    form = MailboxForm(request.POST)
    if form.is_valid():
        try:
            saved = save_mailbox(found, values=form.cleaned_data, at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The mailbox was saved.")
            return redirect("mailbox", pk=saved.pk)
    return _mailbox_page(request, found, form, status=UNPROCESSABLE)


@require_POST
@requires("exchange.edit")
def mailbox_try(request: HttpRequest, pk: int) -> HttpResponse:
    """Log in and look; nothing is sent or fetched."""
    found = get_object_or_404(Mailbox, pk=pk)
    return _mailbox_page(request, found, form_of(found), trial=try_mailbox(found))


@require_POST
@requires("exchange.edit")
def mailbox_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Visit a mailbox again that had stopped."""
    get_object_or_404(Mailbox, pk=pk)
    start_again(pk, at=timezone.now())
    messages.success(request, "It is visited again within a minute.")
    return redirect("mailbox", pk=pk)


def _mailbox_page(
    request: HttpRequest,
    found: Mailbox,
    form: MailboxForm,
    *,
    status: int = 200,
    trial: Trial | None = None,
) -> HttpResponse:
    is_kept = found.pk is not None
    context = {
        "mailbox": found if is_kept else None,
        "form": form,
        "runs": latest_runs(found) if is_kept else [],
        "remote_files": latest_remote_files(found) if is_kept else [],
        "trial": trial,
    }
    return render(request, "exchange/mailbox.html", context, status=status)
