"""Requests as we see them: lists, one, its files; sending, withdrawing, a link to hand over."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.actions import record_event
from sanderling.audit.looks import client_address, record_listing
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.document_requests.asking import withdraw_request
from sanderling.document_requests.cycle import addresses_of, days_of
from sanderling.document_requests.keeping import chunks_of
from sanderling.document_requests.listing import (
    COLUMNS,
    FILL_COLUMNS,
    FILL_DAYS,
    FILL_MIN,
    TABS,
    counts_of,
    fill_of,
    fill_rows,
    rows_of,
)
from sanderling.document_requests.mailing import WAIT, new_link, send_now, stakes_of
from sanderling.document_requests.models import Request, State, Upload
from sanderling.document_requests.one import claims_of
from sanderling.document_requests.scanning import where
from sanderling.files.sealing import OriginalDamaged
from sanderling.web.downloads import FORMS, export, saved_file

CONFLICT: Final = 409


@require_GET
@requires("claims.work")
def requests_page(request: HttpRequest) -> HttpResponse:
    """List the requests of a tab, and how well each client answers."""
    now = timezone.now()
    tab = request.GET.get("tab", "open")
    client = request.GET.get("client", "")
    if tab not in TABS:
        raise Http404
    rows = rows_of(tab, client=client, today=now.date())
    fill = fill_of(at=now)
    record_listing(
        request, action="document_request.list", detail={"tab": tab, "requests": len(rows)}
    )
    form = request.GET.get("format", "")
    if form in FORMS:
        if request.GET.get("of") == "clients":
            return export(
                fill_rows(fill),
                columns=FILL_COLUMNS,
                as_of=now.date(),
                totals=None,
                form=form,
                name="document-requests-by-client",
            )
        return export(
            rows,
            columns=COLUMNS,
            as_of=now.date(),
            totals=None,
            form=form,
            name="document-requests",
        )
    counts = counts_of(client=client, today=now.date())
    context = {
        "tab": tab,
        "tabs": [{"key": key, "title": title, "count": counts[key]} for key, title in TABS.items()],
        "rows": rows,
        "client": client,
        "clients": Client.objects.order_by("code").values_list("code", flat=True),
        "fill": fill,
        "fill_days": FILL_DAYS,
        "fill_min": FILL_MIN,
        "today": now.date(),
        "is_scanned": bool(where()),
        "forms": FORMS,
        "may_edit": person_of(request).may("clients.edit"),
    }
    return render(request, "document_requests/requests.html", context)


@require_GET
@requires("claims.work")
def request_page(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show one request."""
    return _page(request, get_object_or_404(Request, pk=request_id))


def _page(
    request: HttpRequest, found: Request, *, link: str = "", refusal: str = "", status: int = 200
) -> HttpResponse:
    today = timezone.localdate()
    claims = claims_of(found, names_patients=True)
    record_listing(
        request,
        action="document_request.view",
        detail={"request": found.pk, "claims": len(claims)},
    )
    sent = found.steps.filter(step="sent").first()
    is_open = found.state == State.OPEN
    context = {
        "asked": found,
        "client": Client.objects.get(pk=found.client_id),
        "state_text": State(found.state).label,
        "claims": claims,
        "stake": stakes_of([found.pk], today).get(found.pk),
        "uploads": found.uploads.select_related("user").order_by("at", "pk"),
        "steps": found.steps.order_by("at", "pk"),
        "addresses": addresses_of(found.client_id),
        "days": days_of(found.client_id),
        "sent": sent,
        "sends_at": found.asked_at + WAIT if is_open and found.is_mailed and not sent else None,
        "is_open": is_open,
        "is_late": is_open and found.due_date < today,
        "may_edit": person_of(request).may("clients.edit"),
        "link": link,
        "refusal": refusal,
    }
    return render(request, "document_requests/request.html", context, status=status)


@require_POST
@requires("claims.work")
def send(request: HttpRequest, request_id: int) -> HttpResponse:
    """Send a mail with a new link now."""
    found = get_object_or_404(Request, pk=request_id)
    try:
        told = send_now(found.pk, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        return _page(request, found, refusal=refusal.sentence, status=CONFLICT)
    if told:
        messages.success(
            request, f"A mail with a link goes to {told} address{'' if told == 1 else 'es'}."
        )
    else:
        messages.info(request, "A mail went out this minute already.")
    return redirect("document-request", found.pk)


@require_POST
@requires("claims.work")
def make_link(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show a new link once, to be handed over by phone or a mailbox of one's own."""
    found = get_object_or_404(Request, pk=request_id)
    if found.state != State.OPEN:
        return _page(request, found, refusal="The request is closed.", status=CONFLICT)
    return _page(request, found, link=new_link(found, at=timezone.now(), by=person_of(request)))


@require_POST
@requires("claims.work")
def withdraw(request: HttpRequest, request_id: int) -> HttpResponse:
    """Take the request back."""
    found = get_object_or_404(Request, pk=request_id)
    try:
        withdraw_request(found.pk, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        return _page(request, found, refusal=refusal.sentence, status=CONFLICT)
    messages.success(request, "Withdrawn: the claims wait no more, and the links open nothing.")
    return redirect("document-request", found.pk)


@require_GET
@requires("claims.work")
def download(request: HttpRequest, upload_id: int) -> HttpResponseBase:
    """Send a file that came, always to be saved: a browser never shows it as a page of ours."""
    kept = get_object_or_404(Upload, pk=upload_id)
    chunks = chunks_of(kept)
    try:
        first = next(chunks, b"")  # trouble shows now, not in the middle of the answer
    except (OriginalDamaged, FileNotFoundError) as error:
        text = f"The document cannot be read: {type(error).__name__}.\n"
        return HttpResponse(text, status=CONFLICT, content_type="text/plain")
    for claim_id in sorted(set(kept.answers.values_list("item__claim_id", flat=True))):
        record_event(
            action="document.download",
            at=timezone.now(),
            client_id=kept.client_id,
            claim_id=claim_id,
            subject=("document_upload", kept.pk),
            ip=client_address(request),
        )
    return saved_file(first, chunks, name=kept.name, size_bytes=kept.size_bytes)
