"""Requests of a demonstration: answered, half answered and late, and asked just now."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Final

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from pypdf import PdfWriter

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.document_requests.answering import Reply, take_reply
from sanderling.document_requests.mailing import WAIT, send_due
from sanderling.document_requests.models import Request
from sanderling.document_requests.reminding import remind
from sanderling.document_requests.settling import settle
from sanderling.worklists.acting import act
from sanderling.worklists.models import WorkItem

# question, documents, claims, days ago, how many of the documents came after how many days
_REQUESTS: Final = (
    ("The payer wants the record before it decides.", ("operative_note",), 3, 12, (3, 4)),
    ("For an appeal: please send both.", ("progress_notes", "authorization"), 2, 8, (1, 2)),
    ("The payer does not know this member.", ("insurance_card",), 1, 0, (0, 0)),
)


def ensure_demo_requests(*, at: datetime) -> int:
    """Ask the client of the demonstration's client user for documents; return how often.

    Where something was asked already, nothing is done. Users and work items must be there.
    """
    cleo = User.objects.filter(role=Role.CLIENT_USER, is_active=True).order_by("pk").first()
    lena = User.objects.filter(role=Role.LEAD, is_active=True).order_by("pk").first()
    if cleo is None or lena is None or Request.objects.exists():
        return 0
    items = list(
        WorkItem.objects.filter(
            client_id__in=cleo.assignments.values("client_id"),
            party=11,
            balance_cents__gt=0,
            is_flagged=False,
            open_tasks=0,
        ).order_by("-balance_cents", "pk")[: sum(wanted[2] for wanted in _REQUESTS)]
    )
    made = 0
    with transaction.atomic():
        for question, documents, claims, ago, (came, after) in _REQUESTS:
            chosen, items = items[:claims], items[claims:]
            if not chosen:
                break
            asked_at = at - timedelta(days=ago)
            act(
                "request_documents",
                [one.pk for one in chosen],
                {"question": question, "documents": list(documents)},
                user=lena,
                actor=f"user:{lena.pk}",
                at=asked_at,
            )
            request = Request.objects.order_by("-pk")[0]
            if ago:
                _live(request, came=came, after=after, cleo=cleo, asked_at=asked_at, at=at)
            made += 1
    return made


def _live(
    request: Request, *, came: int, after: int, cleo: User, asked_at: datetime, at: datetime
) -> None:
    """Let the days since go by: the mail, reminders, and what came."""
    sent_at = asked_at + WAIT
    send_due(at=sent_at)
    for day in range((at - sent_at).days):
        now = sent_at + timedelta(days=day)
        remind(now.date(), at=now)
        if day == after:
            items = list(request.items.order_by("pk").values_list("pk", flat=True)[:came])
            file = SimpleUploadedFile("scan-0001.pdf", _page())
            reply = Reply(files=[(file, frozenset(items))])  # type: ignore[list-item]  # is a Sent
            take_reply(request.pk, reply, user=cleo, link_id=None, at=now)
            settle(at=now)


def _page() -> bytes:
    """Return a PDF of one empty page."""
    writer, stream = PdfWriter(), io.BytesIO()
    writer.add_blank_page(width=612, height=792)
    writer.write(stream)
    return stream.getvalue()
