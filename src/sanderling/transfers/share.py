"""What may be moved to the patient, and why not: read from the facts of the claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from sanderling.core.ledger.patient_share import (
    PROTECTED_REASONS,
    PROTECTED_REMARKS,
    Share,
    shares_of,
)
from sanderling.ledger.models import OpenBalance
from sanderling.remits.facts import facts_of

_PROTECTED: Final = """
SELECT a.claim_id, 'CARC ' || a.reason_code FROM remits_claim_payment p
  JOIN remits_adjustment a ON a.payment_id = p.id
 WHERE p.claim_id = ANY (%(ids)s) AND a.reason_code = ANY (%(reasons)s)
UNION
SELECT m.claim_id, m.code FROM remits_claim_payment p JOIN remits_remark m ON m.payment_id = p.id
 WHERE p.claim_id = ANY (%(ids)s) AND m.code = ANY (%(remarks)s)
"""


_INJURIES: Final = """
SELECT c.id, place.party FROM claims_claim c
 CROSS JOIN LATERAL (VALUES (11, c.payer_id), (12, c.secondary_payer_id), (13, c.tertiary_payer_id))
            AS place(party, payer_id)
  JOIN payers_payer p ON p.id = place.payer_id
 WHERE c.id = ANY (%s) AND p.type = 'workers_comp'
"""
_INJURED: Final = (
    "workers' compensation is not passed on to the injured worker; find the health plan that covers"
    " him, or dispute the denial"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What may be moved of a payer's balance; `refusal` says why nothing may."""

    balance_cents: int
    due_cents: int
    codes: tuple[str, ...]
    needs_approval: bool
    refusal: str


def protected_claims(claim_ids: Sequence[int]) -> dict[int, str]:
    """Return the code that forbids billing the patient, by claim; most have none."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PROTECTED,
            {
                "ids": list(claim_ids),
                "reasons": list(PROTECTED_REASONS),
                "remarks": list(PROTECTED_REMARKS),
            },
        )
        return {claim_id: code for claim_id, code in cursor.fetchall() if claim_id}


def judged(parties: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Judged]:
    """Return what may be moved of each (claim, party)."""
    ids = sorted({claim_id for claim_id, _ in parties})
    if not ids:
        return {}
    shares = shares_of(facts_of(ids), list(parties))
    injured = _injured_workers(ids)
    protected = protected_claims(ids)
    balances = {
        (row.claim_id, row.party): row.balance_cents
        for row in OpenBalance.objects.filter(claim_id__in=ids)
    }
    return {
        key: _judged(
            shares[key], balances.get(key, 0), protected.get(key[0], ""), is_injury=key in injured
        )
        for key in parties
    }


def _injured_workers(claim_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Return the (claim, party) that a workers' compensation payer owes."""
    with connection.cursor() as cursor:
        cursor.execute(_INJURIES, [list(claim_ids)])
        return set(cursor.fetchall())


def _judged(share: Share, balance_cents: int, protecting: str, *, is_injury: bool) -> Judged:
    due = share.due_cents(balance_cents)
    return Judged(
        balance_cents=balance_cents,
        due_cents=due,
        codes=share.codes,
        needs_approval=not share.is_cost_share,
        refusal=_refusal(share, balance_cents, due, protecting) or (_INJURED if is_injury else ""),
    )


def _refusal(share: Share, balance_cents: int, due: int, protecting: str) -> str:
    if balance_cents <= 0:
        return "nothing is owed there; there is nothing to move"
    if protecting:
        return f"the patient is protected from bills ({protecting}): bill Medicaid, or write it off"
    if not share.is_decided:
        return "the payer has not decided; only what it leaves to the patient can be moved"
    if share.later_payer == "unbilled":
        return "the next payer is not billed yet; bill it first"
    if share.later_payer == "undecided":
        return "the next payer is billed and has not decided; wait for it"
    if not due:
        why = f" ({', '.join(share.other_codes)})" if share.other_codes else ""
        return (
            f"the payer leaves nothing to the patient{why}; the patient must not be billed for it"
        )
    return ""
