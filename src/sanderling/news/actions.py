"""Says what happened, to machines and to people; takes it off a reader's list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection
from psycopg.types.json import Jsonb

from sanderling.news.models import Event, Notice, Reader
from sanderling.web.actor import current_actor

# What can happen, in words; a rule or a webhook may ask for any of these.
KINDS: Final[Mapping[str, str]] = {
    "item.arrived": "An open balance came onto the worklist",
    "item.changed": "Why a balance is open has changed",
    "item.left": "An open balance was settled",
    "item.assigned": "A work item got another owner",
    "activity.recorded": "Somebody did something about a claim",
    "promise.made": "A payer promised a payment",
    "promise.kept": "A promised payment came",
    "promise.broken": "A promised payment did not come in time",
    "item.escalated": "A claim was escalated",
    "task.created": "A team was asked something",
    "task.answered": "A team answered",
    "write_off.requested": "A write-off was requested",
    "write_off.decided": "A write-off was approved or rejected",
    "credit.identified": "A credit was identified as an overpayment",
    "credit.due": "A credit must be given back soon, or is overdue",
    "transfer.requested": "A transfer to the patient was requested",
    "transfer.decided": "A transfer to the patient was approved or rejected",
    "refund.requested": "A refund was requested",
    "refund.decided": "A refund was approved or rejected",
    "refund.made": "A credit was given back",
    "issue.found": "A systemic issue was found",
    "issue.back": "A systemic issue that was fixed goes on",
    "flag.opened": "A client flagged a claim",
    "flag.asked": "We asked the client about a flagged claim",
    "flag.answered": "A flagged claim was answered",
    "flag.reopened": "A client replied, or was not content with an answer",
    "flag.late": "The answer to a flagged claim is late",
    "flag.closed": "A flag was closed or withdrawn",
    "exchange.failed": "A file of ours could not be delivered",
    "exchange.rejected": "A file of ours was turned away, or claims in it",
}
EVENTS_AT_ONCE: Final = 500


class UnknownKind(ValueError):
    """An event of a kind that KINDS does not name: a slip of ours."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be recorded."""

    kind: str
    client_id: int
    claim_id: int | None = None
    party: int | None = None
    payer_id: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def record_events(events: Sequence[NewEvent], *, at: datetime) -> int:
    """Record the events that some reader wants, in the caller's transaction; return how many.

    Raises:
        UnknownKind: a kind that is not in KINDS.
    """
    wanted = wanted_kinds()
    kept = []
    for event in events:
        if event.kind not in KINDS:
            raise UnknownKind(event.kind)
        if event.kind in wanted:
            kept.append(event)
    if not kept:
        return 0
    actor, _ = current_actor()
    rows: list[Sequence[Any]] = [
        (
            *(at, one.kind, one.client_id, one.claim_id, one.party, one.payer_id, actor),
            Jsonb(dict(one.detail)),
        )
        for one in kept
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO news_event (at, kind, client_id, claim_id, party, payer_id, actor, detail)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
    return len(kept)


def wanted_kinds() -> set[str]:
    """Return the kinds of event that at least one reader wants."""
    found: set[str] = set()
    for kinds in Reader.objects.values_list("kinds", flat=True):
        found.update(kinds)
    return found


def register_reader(name: str, kinds: Iterable[str]) -> None:
    """Say which kinds of event this reader wants from now on.

    Raises:
        UnknownKind: a kind that is not in KINDS.
    """
    asked = sorted(set(kinds))
    for kind in asked:
        if kind not in KINDS:
            raise UnknownKind(kind)
    Reader.objects.update_or_create(name=name, defaults={"kinds": asked})


def take_events(reader: str, limit: int = EVENTS_AT_ONCE) -> list[Event]:
    """Take the oldest events off the reader's list and return them, within a transaction.

    They are back on the list when the transaction does not commit. Two at once get different ones.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM news_pending WHERE id IN (SELECT id FROM news_pending WHERE reader = %s"
            " ORDER BY event_id LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING event_id",
            [reader, limit],
        )
        event_ids = [event_id for (event_id,) in cursor.fetchall()]
    return list(Event.objects.filter(pk__in=event_ids).order_by("pk"))


def notify(  # noqa: PLR0913 - the columns of a notice
    *,
    user_ids: Iterable[int],
    kind: str,
    key: str,
    text: str,
    at: datetime,
    url: str = "",
    client_id: int | None = None,
    claim_id: int | None = None,
    amount_cents: int | None = None,
    is_urgent: bool = False,
) -> int:
    """Tell these people something; the same key again tells nothing new. Return how many heard.

    `text` is shown in the product and must not name a patient.
    """
    made = Notice.objects.bulk_create(
        [
            Notice(
                user_id=user_id,
                at=at,
                kind=kind,
                key=key,
                text=text,
                url=url,
                client_id=client_id,
                claim_id=claim_id,
                amount_cents=amount_cents,
                is_urgent=is_urgent,
            )
            for user_id in sorted(set(user_ids))
        ],
        ignore_conflicts=True,
    )
    return len(made)
