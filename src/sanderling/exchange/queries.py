"""What the exchange pages and commands show: mailboxes, files out with their trail, files in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from sanderling.clients.queries import client_codes_by_id
from sanderling.exchange.models import Mailbox, RemoteFile, Run
from sanderling.outbox.late import LATE
from sanderling.outbox.models import OutboundFile, Standing, State
from sanderling.payers.models import Payer

TABS: Final = {
    "held": ("To approve", Q(state=State.HELD)),
    "waiting": ("To go out", Q(state__in=[State.QUEUED, State.WAITING, State.SENDING])),
    "open": (
        "Not confirmed",
        Q(state=State.SENT, standing__in=[Standing.NONE, Standing.RECEIVED]),
    ),
    "late": ("Late", None),
    "rejected": (
        "Turned away",
        Q(state=State.FAILED)
        | Q(state=State.SENT, standing__in=[Standing.REJECTED, Standing.PARTLY]),
    ),
    "accepted": ("Accepted", Q(state=State.SENT, standing=Standing.ACCEPTED)),
    "cancelled": ("Cancelled", Q(state=State.CANCELLED)),
}
COLUMNS: Final = (
    *("file", "name", "kind", "purpose", "client", "payer_id", "claims", "state", "standing"),
    *("mailbox", "queued_at", "sent_at", "answered_at", "receipt_due_date"),
    *("acceptance_due_date", "attempts", "fault"),
)
MAILBOX_COLUMNS: Final = (
    *("mailbox", "kind", "state", "last_run_at", "waiting", "fetched", "last_fault"),
)
_TRAIL: Final = "SELECT * FROM exchange_trail(%s)"
_CLAIMS: Final = """
SELECT o.claim_id, o.party, o.reference, o.standing, o.answered_at, k.code, c.number,
       c.charge_cents
  FROM outbox_claim o JOIN claims_claim c ON c.id = o.claim_id
  JOIN clients_client k ON k.id = o.client_id
 WHERE o.file_id = %s ORDER BY o.standing = 'rejected' DESC, o.id LIMIT 1000
"""
PARTIES: Final = {11: "primary", 12: "secondary", 13: "tertiary", 14: "patient"}


@dataclass(frozen=True, slots=True)
class FileClaim:
    """A claim in a file of ours, as its page shows it."""

    client: str
    claim: str
    party: str
    reference: str
    standing: str
    answered_at: datetime | None
    charge_cents: int


def files_of(tab: str, *, today: date) -> QuerySet[OutboundFile]:
    """Return the files of a tab, latest first."""
    condition = TABS[tab][1]
    found = OutboundFile.objects.order_by("-queued_at", "-pk")
    if condition is not None:
        return found.filter(condition)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM ({LATE}) late", {"today": today})  # noqa: S608 - our own
        late = [pk for (pk,) in cursor.fetchall()]
    return found.filter(pk__in=late)


def tab_counts(*, today: date) -> dict[str, tuple[int, int]]:
    """Return how many files and claims each tab has."""
    found = {}
    for tab in TABS:
        sums = files_of(tab, today=today).aggregate(files=Count("pk"), claims=Sum("claim_count"))
        found[tab] = (sums["files"], sums["claims"] or 0)
    return found


def rows_of(files: Iterable[OutboundFile]) -> list[dict[str, Any]]:
    """Return a row (COLUMNS, and words for a page) for each file."""
    files = list(files)
    clients = client_codes_by_id()
    payers = {
        pk: (payer_id, name)
        for pk, payer_id, name in Payer.objects.filter(
            pk__in={one.payer_id for one in files if one.payer_id}
        ).values_list("pk", "payer_id", "name")
    }
    mailboxes = dict(Mailbox.objects.values_list("pk", "name"))
    return [
        {
            "file": one.pk,
            "name": one.name,
            "kind": one.kind,
            "purpose": one.purpose,
            "purpose_text": one.get_purpose_display(),
            "client": clients.get(one.client_id, ""),
            "payer_id": payers.get(one.payer_id or 0, ("", ""))[0],
            "payer_name": payers.get(one.payer_id or 0, ("", ""))[1],
            "claims": one.claim_count,
            "state": one.state,
            "state_text": one.get_state_display(),
            "standing": one.standing,
            "standing_text": one.get_standing_display() if one.standing else "",
            "mailbox": mailboxes.get(one.mailbox_id or 0, ""),
            "queued_at": one.queued_at.isoformat(),
            "sent_at": one.sent_at.isoformat() if one.sent_at else "",
            "answered_at": one.answered_at.isoformat() if one.answered_at else "",
            "receipt_due_date": one.receipt_due_date,
            "acceptance_due_date": one.acceptance_due_date,
            "attempts": one.attempts,
            "fault": one.fault,
        }
        for one in files
    ]


def trail_of(file: OutboundFile) -> list[dict[str, Any]]:
    """Return what came back about the file, first to last, each with the file it stands in."""
    names = (
        *("kind", "level", "category", "code", "action", "source_name", "received_date"),
        *("claim_number", "message", "file_id", "position"),
    )
    with connection.cursor() as cursor:
        cursor.execute(_TRAIL, [file.pk])
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def claims_of(file: OutboundFile) -> list[FileClaim]:
    """Return the claims of a file, those turned away first."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS, [file.pk])
        return [
            FileClaim(code, number, PARTIES.get(party, ""), reference, standing, at, charge)
            for _, party, reference, standing, at, code, number, charge in cursor.fetchall()
        ]


def mailboxes() -> list[dict[str, Any]]:
    """Return each mailbox with how it stands."""
    waiting = dict(
        OutboundFile.objects.filter(state=State.SENDING)
        .values_list("mailbox_id")
        .annotate(Count("pk"))
    )
    fetched = dict(
        RemoteFile.objects.exclude(stored_file_id=None)
        .values_list("mailbox_id")
        .annotate(Count("pk"))
    )
    return [
        {
            "row": one,
            "mailbox": one.name,
            "kind": one.get_kind_display(),
            "state": _state(one),
            "last_run_at": one.last_run_at.isoformat() if one.last_run_at else "",
            "waiting": waiting.get(one.pk, 0),
            "fetched": fetched.get(one.pk, 0),
            "last_fault": one.stopped_reason or one.last_fault,
        }
        for one in Mailbox.objects.order_by("name")
    ]


def _state(mailbox: Mailbox) -> str:
    if mailbox.stopped_at is not None:
        return "stopped"
    if not mailbox.is_on:
        return "off"
    return "in trouble" if mailbox.last_fault else "working" if mailbox.last_run_at else "new"


def latest_runs(mailbox: Mailbox, *, limit: int = 20) -> list[Run]:
    """Return the last visits."""
    return list(mailbox.runs.order_by("-begun_at")[:limit])


def latest_remote_files(mailbox: Mailbox, *, limit: int = 50) -> list[RemoteFile]:
    """Return the files that lay in the mailbox, latest first."""
    return list(mailbox.remote_files.order_by("-seen_at", "-pk")[:limit])
