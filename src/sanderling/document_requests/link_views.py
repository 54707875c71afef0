"""The page behind a link: what is wanted, and a form for files. No account, no names."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sanderling.audit.actions import record_event
from sanderling.audit.looks import client_address
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.document_requests.answering import take_reply
from sanderling.document_requests.keeping import ACCEPT, BYTES_MAX, SAID
from sanderling.document_requests.models import Request, State
from sanderling.document_requests.one import claims_of
from sanderling.document_requests.replies import TooMuch, check_size, read_reply, sentences_of
from sanderling.document_requests.scanning import where
from sanderling.document_requests.tasks import defer_settling
from sanderling.links.actions import LinkRefused, OpenedLink
from sanderling.links.door import by_link

UNPROCESSABLE: Final = 422
TOO_LARGE: Final = 413


@require_http_methods(["GET", "POST"])
@by_link("documents")
def documents_by_link(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """Show what is wanted; take files, or a word that there is none."""
    found = Request.objects.filter(pk=link.subject_id, state=State.OPEN).first()
    if found is None:
        raise LinkRefused
    if request.method == "GET":
        return _page(request, found, kept=_number(request.GET.get("kept")))
    try:
        check_size(request)
        taken = take_reply(
            found.pk,
            read_reply(request),
            user=None,
            link_id=link.link_id,
            at=timezone.now(),
            ip=client_address(request),
        )
    except Request.DoesNotExist:
        raise LinkRefused from None
    except TooMuch as refusal:
        return _page(request, found, errors=[refusal.sentence], status=TOO_LARGE)
    except Refusal as refusal:
        return _page(request, found, errors=sentences_of(refusal), status=UNPROCESSABLE)
    defer_settling()
    if taken.left:
        return redirect(f"{request.path}?kept={taken.answered}")
    # The link opens nothing any more: thanks are said here, not on a page of their own.
    return render(
        request, "document_requests/thanks.html", {"taken": taken, "request_id": found.pk}
    )


def form_context(found: Request, *, names_patients: bool) -> dict[str, Any]:
    """Return what the form needs."""
    claims = claims_of(found, names_patients=names_patients)
    return {
        "asked": found,
        "client": Client.objects.get(pk=found.client_id),
        "claims": claims,
        "wanted": [
            (claim, document)
            for claim in claims
            for document in claim.documents
            if document.is_wanted
        ],
        "accept": ACCEPT,
        "types": SAID,
        "megabytes": BYTES_MAX // 2**20,
        "is_scanned": bool(where()),
    }


def _page(
    request: HttpRequest,
    found: Request,
    *,
    kept: int = 0,
    errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = form_context(found, names_patients=False) | {"kept": kept, "errors": errors or []}
    record_event(
        action="document_request.open_by_link",
        at=timezone.now(),
        client_id=found.client_id,
        subject=("document_request", found.pk),
        detail={"claims": len(context["claims"])},
        ip=client_address(request),
    )
    return render(request, "document_requests/by_link.html", context, status=status)


def _number(text: str | None) -> int:
    return min(int(text), 1_000) if text and text.isdecimal() else 0
