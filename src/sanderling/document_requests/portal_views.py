"""Requests as the client's own people see them after log-in."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import client_address, record_listing
from sanderling.core.refusal import Refusal
from sanderling.document_requests.answering import take_reply
from sanderling.document_requests.link_views import TOO_LARGE, UNPROCESSABLE, form_context
from sanderling.document_requests.listing import rows_of
from sanderling.document_requests.models import Request, State
from sanderling.document_requests.replies import TooMuch, check_size, read_reply, sentences_of
from sanderling.document_requests.tasks import defer_settling

ANSWERED_SHOWN: Final = 20


@require_GET
@requires("portal.view")
def portal_requests(request: HttpRequest) -> HttpResponse:
    """List what waits for the client, and what it answered lately."""
    today = timezone.localdate()
    waiting = rows_of("open", client="", today=today)
    answered = rows_of("answered", client="", today=today)[:ANSWERED_SHOWN]
    record_listing(request, action="portal.requests", detail={"requests": len(waiting)})
    context = {"waiting": waiting, "answered": answered, "today": today}
    return render(request, "document_requests/portal_requests.html", context)


# The size is checked before the body is read: the check of the form's token reads all of it.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@requires("portal.view")
def portal_request(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show one request and take files for it."""
    found = Request.objects.filter(pk=request_id).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        try:
            check_size(request)
        except TooMuch as refusal:
            return _page(request, found, errors=[refusal.sentence], status=TOO_LARGE)
    return _checked(request, found)


@csrf_protect
def _checked(request: HttpRequest, found: Request) -> HttpResponse:
    if request.method == "GET":
        return _page(request, found)
    try:
        taken = take_reply(
            found.pk,
            read_reply(request),
            user=person_of(request),
            link_id=None,
            at=timezone.now(),
            ip=client_address(request),
        )
    except Request.DoesNotExist:
        messages.info(request, "The request is closed already: nothing is wanted any more.")
        return redirect("portal-request", found.pk)
    except Refusal as refusal:
        return _page(request, found, errors=sentences_of(refusal), status=UNPROCESSABLE)
    defer_settling()
    messages.success(request, _thanks(taken.answered, taken.left))
    return redirect(
        "portal-request" if taken.left else "portal-requests", *[found.pk][: taken.left]
    )


def _thanks(answered: int, left: int) -> str:
    documents = "1 document is" if answered == 1 else f"{answered} documents are"
    rest = f"{left} still wanted." if left else "Nothing is wanted any more."
    return f"Thank you: {documents} answered. {rest}"


def _page(
    request: HttpRequest, found: Request, *, errors: list[str] | None = None, status: int = 200
) -> HttpResponse:
    context = form_context(found, names_patients=True) | {"errors": errors or []}
    context["is_open"] = found.state == State.OPEN
    record_listing(
        request,
        action="portal.request",
        detail={"request": found.pk, "claims": len(context["claims"])},
    )
    return render(request, "document_requests/portal_request.html", context, status=status)
