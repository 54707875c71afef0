"""Small balances, written off by the policy: what would be, then what is.

A balance counts when it is below the client's first limit and its party has owed it for so many
days; the rest of a claim that an insurer still works on is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection

from sanderling.accounts.models import User
from sanderling.claims.models import Claim
from sanderling.core.barriers.words import PARTIES
from sanderling.writeoffs.actions import WriteOffRefused, request_write_off
from sanderling.writeoffs.policy import Limits
from sanderling.writeoffs.reasons import SMALL_BALANCE

OLDER_THAN_DAYS: Final = 60
COLUMNS: Final = ("client", "claim", "responsibility", "balance_cents")
_FOUND: Final = """
SELECT b.claim_id, b.party, b.client_id, k.code, c.number, b.balance_cents
  FROM ledger_open_balance b
  JOIN clients_client k ON k.id = b.client_id
  JOIN claims_claim c ON c.id = b.claim_id
 WHERE b.balance_cents > 0 AND b.responsible_from_date <= %(since)s
   AND b.balance_cents < (
       SELECT l.auto_below_cents FROM (
           SELECT auto_below_cents, client_id FROM writeoffs_limits
            WHERE client_id = b.client_id OR client_id IS NULL
           UNION ALL SELECT %(usual)s, -1
       ) l ORDER BY l.client_id = b.client_id DESC NULLS LAST, l.client_id IS NULL DESC LIMIT 1)
   AND NOT EXISTS (SELECT FROM writeoffs_write_off w
                    WHERE w.claim_id = b.claim_id AND w.party = b.party
                      AND w.state IN ('requested', 'approved'))
   AND NOT EXISTS (SELECT FROM barriers_barrier r
                    WHERE r.claim_id = b.claim_id
                      AND r.barrier IN ('awaiting_payer', 'corrected_pending', 'appeal_pending'))
 ORDER BY k.code, b.claim_id, b.party
"""


@dataclass(frozen=True, slots=True)
class Small:
    """One small balance."""

    claim_id: int
    party: int
    client_id: int
    client: str
    claim: str
    balance_cents: int


def small_balances(today: date, *, older_than_days: int = OLDER_THAN_DAYS) -> list[Small]:
    """Return the visible balances that the policy would write off; changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FOUND,
            {
                "since": today - timedelta(days=older_than_days),
                "usual": Limits().auto_below_cents,
            },
        )
        return [Small(*row) for row in cursor.fetchall()]


def small_rows(today: date, *, older_than_days: int) -> list[dict[str, object]]:
    """Return the same as rows of COLUMNS."""
    return [
        {
            "client": one.client,
            "claim": one.claim,
            "responsibility": PARTIES.get(one.party, ""),
            "balance_cents": one.balance_cents,
        }
        for one in small_balances(today, older_than_days=older_than_days)
    ]


def write_off_small(
    *, user: User | None, at: datetime, older_than_days: int = OLDER_THAN_DAYS
) -> tuple[int, int, list[str]]:
    """Write the small balances off; return how many, cents, and a sentence for each refused.

    Each is a write-off of its own, approved by the policy: killed half-way, the next run goes on.
    """
    count = cents = 0
    refused = []
    found = small_balances(at.date(), older_than_days=older_than_days)
    claims = Claim.objects.select_related("client").in_bulk([one.claim_id for one in found])
    for one in found:
        try:
            request_write_off(
                claim=claims[one.claim_id],
                party=one.party,
                amount_cents=one.balance_cents,
                reason=SMALL_BALANCE,
                note="",
                user=user,
                at=at,
                actor="" if user else "policy",
            )
        except WriteOffRefused as refusal:
            refused.append(f"{one.client} {one.claim}: {refusal}")
        else:
            count += 1
            cents += one.balance_cents
    return count, cents, refused
