"""What speaks against giving a balance up: it looks as if it could still be collected.

Read from the claim's barrier and from denials of the same payer and reason. Each warning has a key
and a sentence without patient data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.barriers.models import Barrier
from sanderling.barriers.of_claim import PROOF, evidence_of
from sanderling.core.barriers.words import barrier_title, deadline_title
from sanderling.writeoffs.reasons import SMALL_BALANCE

# Siblings: denials of the payer for the same reason in this time before, at least so many.
SIBLING_DAYS: Final = 365
SIBLINGS_MIN: Final = 5
OVERTURNED_RATE: Final = 0.2
_PENDING: Final = ("appeal_pending", "corrected_pending")
_UNANSWERED: Final = ("awaiting_payer", "no_response", "secondary_unbilled", "paid_unposted")
# A denial that stands no more while the payer has paid the claim something since.
_SIBLINGS: Final = """
SELECT count(DISTINCT d.claim_id),
       count(DISTINCT d.claim_id) FILTER (WHERE NOT d.is_standing AND EXISTS (
           SELECT FROM ledger_entry e
            WHERE e.claim_id = d.claim_id AND e.kind = 3 AND e.credit = d.party
              AND e.posted_date > d.received_date))
  FROM barriers_denial d
 WHERE d.payer_id = %(payer)s AND d.group_code = %(group)s AND d.reason_code = %(reason)s
   AND d.claim_id <> %(claim)s AND NOT d.is_duplicate
   AND d.received_date BETWEEN %(today)s - %(days)s AND %(today)s
"""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that speaks against a write-off."""

    key: str
    text: str


def warnings_of(claim_id: int, party: int, *, reason: str, today: date) -> list[Doubt]:
    """Return what speaks against writing off what the party owes; a small balance needs no look."""
    if reason == SMALL_BALANCE:
        return []
    found = Barrier.objects.filter(claim_id=claim_id, party=party).values().first()
    if found is None:
        return []
    row: dict[str, Any] = dict(found)
    return [*_of_barrier(row, today), *_of_siblings(row, today)]


def _of_barrier(row: dict[str, Any], today: date) -> Iterator[Doubt]:
    if row["barrier"] in _PENDING:
        what = "An appeal" if row["barrier"] == "appeal_pending" else "A corrected claim"
        yield Doubt("pending", f"{what} was sent and has no decision yet.")
    elif row["barrier"] in _UNANSWERED:
        yield Doubt(
            "unanswered", f"The payer has not decided: {barrier_title(row['barrier']).lower()}."
        )
    deadline = row["deadline_date"]
    if isinstance(deadline, date) and deadline >= today and not row["is_deadline_met"]:
        kind = deadline_title(row["deadline_kind"], row["deadline_level"]).lower()
        yield Doubt("deadline", f"There is time until {deadline.isoformat()} ({kind}).")
    if row["category"] == "timely_filing" and any(
        kind == PROOF for kind, _, _, _ in evidence_of(row)
    ):
        yield Doubt("proof", "The payer accepted the claim before: that proves timely filing.")


def _of_siblings(row: dict[str, Any], today: date) -> list[Doubt]:
    if not row["reason_code"] or row["payer_id"] is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _SIBLINGS,
            {
                "payer": row["payer_id"],
                "group": row["group_code"],
                "reason": row["reason_code"],
                "claim": row["claim_id"],
                "today": today,
                "days": SIBLING_DAYS,
            },
        )
        denied, paid = cursor.fetchone()
    if denied < SIBLINGS_MIN or paid < OVERTURNED_RATE * denied:
        return []
    code = f"{row['group_code']}-{row['reason_code']}"
    return [
        Doubt(
            "siblings",
            f"Of {denied} claims this payer denied with {code}, it paid {paid} after all.",
        )
    ]
