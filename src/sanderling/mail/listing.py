"""What the page of mail shows: the delivery log and how mail leaves."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet

from sanderling.clients.models import Client
from sanderling.mail.models import Mail, State
from sanderling.web.exporting import Row

TABS: Final = {
    "": "All",
    State.WAITING: "Waiting",
    State.FAILED: "Not delivered",
    State.SENT: "Sent",
    State.CANCELLED: "Cancelled",
}
COLUMNS: Final = (
    *("mail_id", "queued_at", "kind", "to_address", "subject", "client", "state", "attempts"),
    *("sent_at", "due_at", "may_be_double", "result"),
)


def mails(*, state: str, kind: str, text: str) -> QuerySet[Mail]:
    """Return the mails that fit, latest first; `text` is part of an address."""
    found = Mail.objects.order_by("-queued_at", "-pk")
    if state == State.WAITING:
        found = found.filter(state__in=[State.WAITING, State.SENDING])
    elif state:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    if text:
        found = found.filter(to_address__icontains=text)
    return found


def tabs(chosen: str) -> list[dict[str, object]]:
    """Return the choices of the list with their counts."""
    waiting = Q(state__in=[State.WAITING, State.SENDING])
    counts = Mail.objects.aggregate(
        all=Count("pk"),
        waiting=Count("pk", filter=waiting),
        **{key: Count("pk", filter=Q(state=key)) for key in ("failed", "sent", "cancelled")},
    )
    return [
        {"key": key, "title": title, "count": counts[key or "all"], "is_chosen": key == chosen}
        for key, title in TABS.items()
    ]


def rows_of(found: list[Mail]) -> list[Row]:
    """Return mails as rows of the page and of exports."""
    codes = dict(
        Client.objects.filter(pk__in={one.client_id for one in found}).values_list("pk", "code")
    )
    return [
        {
            "mail_id": one.pk,
            "queued_at": one.queued_at,
            "kind": kind_title(one.kind),
            "to_address": one.to_address,
            "subject": one.subject,
            "client": codes.get(one.client_id or 0, ""),
            "state": one.state,
            "state_text": one.get_state_display(),
            "attempts": one.attempts,
            "sent_at": one.sent_at,
            "due_at": one.due_at if one.state == State.WAITING else None,
            "may_be_double": one.may_be_double,
            "result": one.result,
            "attachments": one.attachment_names,
        }
        for one in found
    ]


def kinds() -> list[tuple[str, str]]:
    """Return the kinds that were ever queued, with their titles."""
    found = Mail.objects.order_by("kind").values_list("kind", flat=True).distinct()
    return [(one, kind_title(one)) for one in found]


def kind_title(kind: str) -> str:
    """Return what a kind is called: document_request is "Document request"."""
    return kind.replace("_", " ").capitalize()


def way_out() -> dict[str, object]:
    """Return how mail leaves, when it last did, and since when the oldest one waits."""
    times = Mail.objects.aggregate(
        sent_at=Max("sent_at"),
        waiting_since=Min("queued_at", filter=Q(state=State.WAITING)),
    )
    host = settings.EMAIL_HOST
    return {
        "server": f"{host}:{settings.EMAIL_PORT}" if host else "",
        "folder": "" if host else str(settings.EMAIL_FILE_PATH),
        "sender": settings.DEFAULT_FROM_EMAIL,
        "is_smtp": settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"),
        **times,
    }
