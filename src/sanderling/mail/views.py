"""The page of mail: what left, what waits, what was not delivered."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import requires
from sanderling.core.refusal import Refusal
from sanderling.mail.actions import cancel_mail, retry_all_failed, retry_mail
from sanderling.mail.listing import COLUMNS, TABS, kinds, mails, rows_of, tabs, way_out
from sanderling.mail.models import Mail
from sanderling.web.downloads import FORMS, export

PAGE_ROWS: Final = 50


@require_GET
@requires("users.edit")
def mail_view(request: HttpRequest) -> HttpResponse:
    """List the mails with what became of each."""
    state = request.GET.get("state", "")
    state = state if state in TABS else ""
    kind, text = request.GET.get("kind", ""), request.GET.get("text", "").strip()
    found = mails(state=state, kind=kind, text=text)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            rows_of(list(found)),
            columns=COLUMNS,
            as_of=timezone.now().date(),
            totals=None,
            form=wanted,
            name="mail",
        )
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "tabs": tabs(state),
        "state": state,
        "kind": kind,
        "text": text,
        "kinds": kinds(),
        "page": page,
        "rows": rows_of(list(page.object_list)),
        "forms": FORMS,
        "way": way_out(),
    }
    return render(request, "mail/mail.html", context)


@require_POST
@requires("users.edit")
def retry(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Try a mail again that was given up."""
    get_object_or_404(Mail, pk=mail_id)
    try:
        retry_mail(mail_id, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "It is tried again in a moment.")
    return redirect("mail")


@require_POST
@requires("users.edit")
def retry_failed(request: HttpRequest) -> HttpResponse:
    """Try all mails again that were given up and are still of use."""
    count = retry_all_failed(at=timezone.now())
    if count:
        messages.success(request, f"Tried again in a moment: {count}.")
    else:
        messages.info(request, "No mail that failed is still of use.")
    return redirect("mail")


@require_POST
@requires("users.edit")
def cancel(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Keep a mail from going out."""
    get_object_or_404(Mail, pk=mail_id)
    try:
        cancel_mail(mail_id, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Cancelled; it does not go out.")
    return redirect("mail")
