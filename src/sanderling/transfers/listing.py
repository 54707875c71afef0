"""Balances that could be moved to the patient, and the transfers asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from sanderling.core.barriers.words import PARTIES
from sanderling.payers.models import Payer
from sanderling.transfers.models import State, Transfer
from sanderling.transfers.share import judged

CANDIDATES_MAX: Final = 200  # what a page looks at; the largest first
_CANDIDATES: Final = """
SELECT b.claim_id, b.party, b.balance_cents, k.code, c.number, c.patient_last_name,
       c.patient_first_name, c.service_from_date, coalesce(p.name, '')
  FROM barriers_barrier b
  JOIN claims_claim c ON c.id = b.claim_id
  JOIN clients_client k ON k.id = b.client_id
  LEFT JOIN payers_payer p ON p.id = b.payer_id
 WHERE b.party BETWEEN 11 AND 13 AND b.balance_cents > 0
   AND (b.group_code = 'PR' OR b.next_action = 'transfer_to_patient')
   AND NOT EXISTS (SELECT FROM transfers_transfer t WHERE t.claim_id = b.claim_id
                      AND t.party = b.party AND t.state IN ('requested', 'approved'))
 ORDER BY b.balance_cents DESC, b.claim_id LIMIT %s
"""
_STANDING: Final = """
SELECT t.id, coalesce(sum(e.amount_cents), 0)::bigint FROM transfers_transfer t
  LEFT JOIN ledger_entry e ON e.claim_id = t.claim_id AND e.kind = 14 AND e.position = t.id
 WHERE t.id = ANY (%s) GROUP BY t.id
"""  # 14: Kind.TO_PATIENT, whose entries name the transfer as their position


def candidates() -> list[dict[str, Any]]:
    """Return balances that a payer says are the patient's, with what may be moved or why not."""
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, [CANDIDATES_MAX])
        found = cursor.fetchall()
    share = judged([(row[0], row[1]) for row in found])
    rows = [
        {
            "claim_id": row[0],
            "party": row[1],
            "balance_cents": row[2],
            "client": row[3],
            "claim": row[4],
            "patient": ", ".join(one for one in (row[5], row[6]) if one),
            "service_date": row[7],
            "payer_name": row[8],
            "responsibility": PARTIES.get(row[1], ""),
            "due_cents": share[row[0], row[1]].due_cents,
            "codes": " ".join(share[row[0], row[1]].codes),
            "refusal": share[row[0], row[1]].refusal,
        }
        for row in found
    ]
    return sorted(rows, key=lambda row: bool(row["refusal"]))


def transfers(*, only_waiting: bool = False) -> list[Transfer]:
    """Return the transfers that the session may see: those that wait first, then the latest."""
    found = Transfer.objects.select_related("claim", "claim__client", "requested_by", "decided_by")
    if only_waiting:
        found = found.filter(state=State.REQUESTED)
    ordered = list(found.order_by("-requested_at", "-pk"))
    return sorted(ordered, key=lambda one: one.state != State.REQUESTED)


def rows_of(found: Sequence[Transfer]) -> list[dict[str, Any]]:
    """Return transfers as rows, with what of each stands in the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [[one.pk for one in found]])
        standing = dict(cursor.fetchall())
    payers = Payer.objects.in_bulk({one.payer_id for one in found if one.payer_id})
    return [
        {
            "transfer": one.pk,
            "client": one.claim.client.code,
            "claim": one.claim.number,
            "payer_name": payers[one.payer_id].name if one.payer_id in payers else "",
            "responsibility": PARTIES.get(one.party, ""),
            "amount_cents": one.amount_cents,
            "standing_cents": int(standing[one.pk]),
            "codes": one.codes,
            "note": one.note,
            "requested_by": one.requested_by.name,
            "requested_at": one.requested_at,
            "state": one.state,
            "state_text": State(one.state).label,
            "decided_by": one.decided_by.name if one.decided_by else "",
            "decided_at": one.decided_at,
            "decision_note": one.decision_note,
        }
        for one in found
    ]
