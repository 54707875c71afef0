"""Lists of write-offs with what the ledger says of each, and one with its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

from sanderling.accounts.models import User
from sanderling.core.barriers.words import PARTIES
from sanderling.payers.models import Payer
from sanderling.writeoffs.limits import PERMISSION, limits_of
from sanderling.writeoffs.models import State, WriteOff
from sanderling.writeoffs.policy import requirement
from sanderling.writeoffs.reasons import reason_title

TABS: Final[Mapping[str, str]] = {
    "me": "Waiting for me",
    "waiting": "All waiting",
    "mine": "Requested by me",
    "decided": "Decided",
}
COLUMNS: Final = (
    "write_off",
    "client",
    "claim",
    "payer_name",
    "responsibility",
    "amount_cents",
    "owed_cents",
    "written_off_cents",
    "reason",
    "note",
    "evidence",
    "requested_by",
    "requested_at",
    "state",
    "needs",
    "decided_by",
    "decided_at",
    "decision_note",
    "client_yes",
)
_STANDING: Final = """
SELECT w.id, coalesce(b.balance_cents, 0), coalesce((
           SELECT sum(e.amount_cents) FROM ledger_entry e
            WHERE e.claim_id = w.claim_id AND e.kind = 12 AND e.position = w.id), 0)::bigint
  FROM writeoffs_write_off w
  LEFT JOIN ledger_open_balance b ON b.claim_id = w.claim_id AND b.party = w.party
 WHERE w.id = ANY (%s)
"""  # 12: Kind.WRITE_OFF, whose entries name the write-off as their position


@dataclass(frozen=True, slots=True)
class Sum:
    """How many there are and what they come to."""

    count: int
    cents: int


def write_offs(tab: str, user: User) -> list[WriteOff]:
    """Return the write-offs of a tab that the session may see, the oldest waiting first."""
    found = WriteOff.objects.select_related(
        "claim", "claim__client", "requested_by", "decided_by"
    ).prefetch_related("approvals")
    if tab == "mine":
        return list(found.filter(requested_by=user).order_by("-requested_at", "-pk"))
    if tab == "decided":
        return list(found.exclude(state=State.REQUESTED).order_by("-requested_at", "-pk"))
    waiting = found.filter(state=State.REQUESTED).order_by("requested_at", "pk")
    return _for(user, waiting) if tab == "me" else list(waiting)


def _for(user: User, waiting: QuerySet[WriteOff]) -> list[WriteOff]:
    if not user.may(PERMISSION):
        return []
    limits = {client_id: limits_of(client_id) for client_id in set(_clients(waiting))}
    return [
        one
        for one in waiting
        if one.requested_by_id != user.pk
        and user.role in requirement(one.amount_cents, limits[one.client_id]).roles
        and all(given.user_id != user.pk for given in one.approvals.all())
    ]


def _clients(waiting: QuerySet[WriteOff]) -> QuerySet[WriteOff, int]:
    return waiting.order_by().values_list("client_id", flat=True)


def sum_of(found: list[WriteOff]) -> Sum:
    """Return count and dollars."""
    return Sum(len(found), sum(one.amount_cents for one in found))


def rows_of(found: list[WriteOff], *, today: date) -> list[dict[str, Any]]:
    """Return the rows of a list, in its order."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [[one.pk for one in found]])
        standing = {pk: (int(owed), int(off)) for pk, owed, off in cursor.fetchall()}
    payers = Payer.objects.in_bulk({one.payer_id for one in found if one.payer_id})
    limits = {client_id: limits_of(client_id) for client_id in {one.client_id for one in found}}
    return [
        {
            "write_off": one.pk,
            "client": one.claim.client.code,
            "claim": one.claim.number,
            "payer_name": payers[one.payer_id].name if one.payer_id in payers else "",
            "responsibility": PARTIES.get(one.party, ""),
            "amount_cents": one.amount_cents,
            "owed_cents": standing[one.pk][0],
            "written_off_cents": standing[one.pk][1],
            "reason": reason_title(one.reason),
            "note": one.note,
            "evidence": one.evidence,
            "requested_by": one.requested_by.name if one.requested_by else one.actor,
            "requested_by_id": one.requested_by_id,
            "requested_at": one.requested_at,
            "age_days": max((today - one.requested_at.date()).days, 0),
            "state": one.state,
            "state_text": State(one.state).label,
            "needs": requirement(one.amount_cents, limits[one.client_id]).words,
            "has_warnings": bool(one.warnings),
            "approvals": len(one.approvals.all()),
            "decided_by": one.decided_by.name if one.decided_by else "",
            "decided_at": one.decided_at,
            "decision_note": one.decision_note,
            "client_yes": one.client_yes,
        }
        for one in found
    ]
