"""What bulk acts did: to show them, and in the timeline of a claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, OuterRef

from sanderling.core.barriers.words import PARTIES
from sanderling.worklists.models import BulkAct, BulkChange, Skip, SkipReason

CHANGES_SHOWN: Final = 500
_CHANGES: Final = """
SELECT k.code, c.number, b.party, b.before, b.after, w.id
  FROM worklists_bulk_change b
  JOIN claims_claim c ON c.id = b.claim_id JOIN clients_client k ON k.id = b.client_id
  LEFT JOIN worklists_work_item w ON w.claim_id = b.claim_id AND w.party = b.party
 WHERE b.act_id = %s ORDER BY b.claim_id, b.party LIMIT %s
"""
TOLD_ELSEWHERE: Final = (
    "note",
    "request_documents",
    "escalate",
    "de_escalate",
    "write_off",
    "transfer",
)
_OF_CLAIM: Final = """
SELECT a.id, a.made_at, a.kind, a.words, a.actor, coalesce(u.name, ''), a.items, a.undone_at,
       coalesce(b.name, '')
  FROM worklists_bulk_act a
  LEFT JOIN accounts_user u ON u.id = a.user_id LEFT JOIN accounts_user b ON b.id = a.undone_by_id
 WHERE a.id IN (SELECT act_id FROM worklists_bulk_change WHERE claim_id = %s)
 ORDER BY a.made_at, a.id
"""
_NAMES: Final = """
SELECT id, client_code, claim_number FROM worklists_work_item WHERE id = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class Done:
    """One act as a claim's timeline tells it."""

    act_id: int
    made_at: datetime
    kind: str
    words: str
    actor: str
    user_name: str
    items: int
    undone_at: datetime | None
    undone_by: str


def acts_of_claim(claim_id: int) -> list[Done]:
    """Return the acts that concerned the claim, oldest first; row-level security applies."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_CLAIM, [claim_id])
        return [Done(*row) for row in cursor.fetchall()]


def marks_of_claim(claim_id: int, as_of: date) -> list[tuple[date, str]]:
    """Return what happened to the claim as work, until a day, in words: owner, day, marks, skips.

    What an act added elsewhere (a note, a question, a step on the ladder) is told by that.
    """
    marks = []
    for one in acts_of_claim(claim_id):
        if one.made_at.date() > as_of or one.kind in TOLD_ELSEWHERE:
            continue
        undone = one.undone_at is not None and one.undone_at.date() <= as_of
        text = f"{one.words}, by {one.user_name or one.actor}"
        marks.append((one.made_at.date(), f"{text}; undone by {one.undone_by}" if undone else text))
    skips = Skip.objects.select_related("user").filter(
        claim_id=claim_id, skipped_at__date__lte=as_of
    )
    for skip in skips.order_by("pk"):
        reason = SkipReason(skip.reason).label.lower()
        marks.append((skip.skipped_at.date(), f"Skipped by {skip.user.name}: {reason}"))
    return marks


def recent_acts(user_id: int | None, *, limit: int) -> list[BulkAct]:
    """Return the latest acts of a user, or (None) those that concern visible claims."""
    acts = BulkAct.objects.select_related("user", "undone_by").order_by("-made_at", "-pk")
    if user_id is not None:
        return list(acts.filter(user_id=user_id)[:limit])
    concerned = BulkChange.objects.filter(act_id=OuterRef("pk"))
    return list(acts.filter(Exists(concerned))[:limit])


def changes_of(act: BulkAct) -> list[dict[str, Any]]:
    """Return the claims that the act changed, as far as they may be seen."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, [act.pk, CHANGES_SHOWN])
        return [
            {
                "client": code,
                "claim": number,
                "party": PARTIES.get(party, ""),
                "item_id": item_id,
            }
            for code, number, party, _, _, item_id in cursor.fetchall()
        ]


def refusals_of(act: BulkAct) -> list[dict[str, Any]]:
    """Return the items that the act left out, by name as far as they may be seen, and why."""
    refused = dict(map(tuple, act.refused))
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, [list(refused)])
        names = {item_id: (code, number) for item_id, code, number in cursor.fetchall()}
    return [
        {
            "client": names.get(item_id, ("", ""))[0],
            "claim": names.get(item_id, ("", ""))[1],
            "item_id": item_id,
            "reason": reason,
        }
        for item_id, reason in refused.items()
    ][:CHANGES_SHOWN]
