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
from sanderling.core.patient_warnings import self_pay_warning, warnings_of
from sanderling.ledger.models import OpenBalance
from sanderling.remits.facts import facts_of

SELF_PAY: Final = "self-pay"  # in place of the codes, where no payer has decided
_PROTECTED: Final = """
SELECT a.claim_id, 'CARC ' || a.reason_code FROM remits_claim_payment p
  JOIN remits_adjustment a ON a.payment_id = p.id
 WHERE p.claim_id = ANY (%(ids)s) AND a.reason_code = ANY (%(reasons)s)
UNION
SELECT m.claim_id, m.code FROM remits_claim_payment p JOIN remits_remark m ON m.payment_id = p.id
 WHERE p.claim_id = ANY (%(ids)s) AND m.code = ANY (%(remarks)s)
"""


_SURROUNDINGS: Final = """
SELECT c.id, place.party, coalesce(p.type, ''), coalesce(b.barrier, ''), array(
       SELECT DISTINCT m.code FROM remits_claim_payment y
         JOIN remits_remark m ON m.payment_id = y.id WHERE y.claim_id = c.id)
  FROM claims_claim c
 CROSS JOIN LATERAL (VALUES (11, c.payer_id), (12, c.secondary_payer_id), (13, c.tertiary_payer_id))
            AS place(party, payer_id)
  LEFT JOIN payers_payer p ON p.id = place.payer_id
  LEFT JOIN barriers_barrier b ON b.claim_id = c.id AND b.party = place.party
 WHERE c.id = ANY (%s)
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
    warnings: tuple[str, ...] = ()  # what a person must know before the patient is billed
    is_self_pay: bool = False  # no payer has decided; a person says that none covers the day


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
    around = _surroundings(ids)
    return {
        key: _judged(
            shares[key],
            balances.get(key, 0),
            protected.get(key[0], ""),
            around.get(key, ("", "", ())),
            is_injury=key in injured,
        )
        for key in parties
    }


def judged_self_pay(claim_id: int, party: int) -> Judged:
    """Return what may be moved of a balance that no payer covers, or why it may not."""
    by_payer = judged([(claim_id, party)])[(claim_id, party)]
    share = shares_of(facts_of([claim_id]), [(claim_id, party)])[(claim_id, party)]
    protecting = protected_claims([claim_id]).get(claim_id, "")
    due = share.self_pay_cents(by_payer.balance_cents)
    refusal = _refusal(share, by_payer.balance_cents, due, protecting, is_self_pay=True)
    if (claim_id, party) in _injured_workers([claim_id]):
        refusal = refusal or _INJURED
    return Judged(
        balance_cents=by_payer.balance_cents,
        due_cents=due,
        codes=(SELF_PAY,),
        needs_approval=True,
        refusal=refusal,
        warnings=(*by_payer.warnings, self_pay_warning(due)),
        is_self_pay=True,
    )


def _surroundings(
    claim_ids: Sequence[int],
) -> dict[tuple[int, int], tuple[str, str, tuple[str, ...]]]:
    """Return payer's type, barrier and remarks by (claim, party)."""
    with connection.cursor() as cursor:
        cursor.execute(_SURROUNDINGS, [list(claim_ids)])
        return {
            (claim_id, party): (kind, barrier, tuple(remarks))
            for claim_id, party, kind, barrier, remarks in cursor.fetchall()
        }


def _injured_workers(claim_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Return the (claim, party) that a workers' compensation payer owes."""
    with connection.cursor() as cursor:
        cursor.execute(_INJURIES, [list(claim_ids)])
        return set(cursor.fetchall())


def _judged(
    share: Share,
    balance_cents: int,
    protecting: str,
    around: tuple[str, str, tuple[str, ...]],
    *,
    is_injury: bool,
) -> Judged:
    due = share.due_cents(balance_cents)
    payer_type, barrier, remarks = around
    warnings = warnings_of(
        codes=share.codes, remarks=remarks, payer_type=payer_type, barrier=barrier
    )
    return Judged(
        balance_cents=balance_cents,
        due_cents=due,
        codes=share.codes,
        needs_approval=not share.is_cost_share or bool(warnings),
        refusal=_refusal(share, balance_cents, due, protecting) or (_INJURED if is_injury else ""),
        warnings=warnings,
    )


def _refusal(
    share: Share, balance_cents: int, due: int, protecting: str, *, is_self_pay: bool = False
) -> str:
    if balance_cents <= 0:
        return "nothing is owed there; there is nothing to move"
    if protecting:
        return f"the patient is protected from bills ({protecting}): bill Medicaid, or write it off"
    if share.later_payer == "unbilled":
        return "the next payer is not billed yet; bill it first"
    if share.later_payer == "undecided":
        return "the next payer is billed and has not decided; wait for it"
    if is_self_pay:
        said = "a payer has decided this claim: the patient owes what it leaves to him, no more"
        return said if share.is_decided else ""
    if not share.is_decided:
        return "the payer has not decided; only what it leaves to the patient can be moved"
    if not due:
        why = f" ({', '.join(share.other_codes)})" if share.other_codes else ""
        return (
            f"the payer leaves nothing to the patient{why}; the patient must not be billed for it"
        )
    return ""
