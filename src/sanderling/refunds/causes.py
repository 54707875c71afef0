"""Why a credit most likely came to be, from what the remittances say; many claims at once."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection

from sanderling.core.identifiers import number_key
from sanderling.core.ledger.accounts import Account
from sanderling.core.ledger.payments import SEQUENCE_BY_STATUS
from sanderling.refunds.models import Cause

_REVERSAL: Final = "22"
_AS_PRIMARY: Final = ("1", "19")
_AUTHORIZED_RETURN: Final = "72"
_TOKEN: Final = re.compile(r"[A-Za-z0-9-]{4,}")
_PAYMENTS: Final = """
SELECT p.claim_id, r.payer_id, coalesce(r.payer_name, ''), p.status, p.paid_cents, p.charge_cents,
       coalesce(p.payment_date, p.received_date), coalesce(r.trace, ''), p.sequence
  FROM remits_claim_payment p LEFT JOIN remits_remittance r ON r.id = p.remittance_id
 WHERE p.claim_id = ANY (%s) AND p.paid_cents <> 0 AND NOT p.is_held
 ORDER BY p.claim_id, 7, p.id
"""
_RETURNED: Final = """
SELECT claim_id, debit, sum(amount_cents) FROM ledger_entry
 WHERE claim_id = ANY (%s) AND kind = 13 GROUP BY 1, 2
"""  # Kind.REFUND
_VOIDS: Final = """
SELECT claim_id, max(coalesce(submitted_date, received_date)) FROM claims_submission
 WHERE claim_id = ANY (%s) AND frequency = '8' GROUP BY 1
"""
_NUMBERS: Final = "SELECT claim_id, key FROM claims_claim_number WHERE claim_id = ANY (%s)"
# Money that payers took or announced to take, outside claims (PLB), and what they gave up again.
_RECOVERIES: Final = """
SELECT a.client_id, a.code, a.reference, a.amount_cents, a.received_date
  FROM remits_provider_adjustment a
 WHERE a.code IN ('WO', 'WU', 'B3', 'FB', '72') AND a.client_id IN (
       SELECT client_id FROM claims_claim WHERE id = ANY (%s))
 ORDER BY a.received_date, a.id
"""


_LOOK_FIRST: Final = "Look at what was posted before anything is given back."


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment on the claim that stands: no reversal took it back."""

    payer_id: int | None
    payer_name: str
    status: str
    paid_cents: int
    charge_cents: int
    day: date
    trace: str
    place: int | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """Money of the provider's that a payer took back or announced, naming the claim."""

    code: str
    cents: int
    day: date


@dataclass(frozen=True, slots=True)
class Finding:
    """The likely cause of a credit, and the sentence that shows it."""

    cause: Cause
    evidence: str  # facts only: goes into letters, too
    is_payer_taking: bool  # a refund on top would be paid twice
    refundable_cents: int | None  # cash paid too much at most; None: no payment is on hand
    advice: str = ""  # for the house


def causes_of(credits_: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Finding]:
    """Return the likely cause of each credit, (claim, party)."""
    ids = sorted({claim_id for claim_id, _ in credits_})
    paid, taken, voids, returned = _standing(ids), _recoveries(ids), _voids(ids), _returned(ids)
    return {
        (claim_id, party): _cause(
            party,
            paid.get(claim_id, []),
            taken.get(claim_id, []),
            voids.get(claim_id),
            returned.get((claim_id, party), 0),
        )
        for claim_id, party in credits_
    }


def _cause(
    party: int, paid: Sequence[Paid], taken: Sequence[Recovery], voided: date | None, returned: int
) -> Finding:
    """Return the likely cause; `returned`: cents of the party's credit given back before."""
    own = _own(party, paid)
    own_cents = sum(one.paid_cents for one in own)
    recovered = sum(one.cents for one in taken)
    if recovered > 0:
        last = taken[-1]
        return Finding(
            Cause.TAKEBACK_PENDING,
            f"A remittance of {last.day} takes {_dollars(recovered)} back under this claim's number"
            f" (PLB {last.code}), and the claim's reversal is not here yet.",
            is_payer_taking=True,
            refundable_cents=max(own_cents - returned, 0),
        )
    if voided and own_cents:
        return Finding(
            Cause.VOIDED,
            f"The claim was voided on {voided}; {_dollars(own_cents)} stand paid.",
            is_payer_taking=False,
            refundable_cents=max(own_cents - returned, 0),
        )
    found, evidence = _of_payments(party, paid)
    # Of several payments the largest was owed once; its reductions, too, were posted with each.
    kept = max(one.paid_cents for one in own) if found is Cause.PAID_TWICE else 0
    left = max(own_cents - kept - returned, 0) if own else None
    return Finding(
        found,
        evidence,
        is_payer_taking=False,
        refundable_cents=left,
        advice=_LOOK_FIRST if found in (Cause.ABOVE_BALANCE, Cause.UNKNOWN) else "",
    )


def _own(party: int, paid: Sequence[Paid]) -> list[Paid]:
    return [one for one in paid if one.place in (None, party - 10)]


def _of_payments(party: int, paid: Sequence[Paid]) -> tuple[Cause, str]:
    if party == Account.PATIENT:
        return Cause.PATIENT_PAID, "More was settled for the patient than the payers left to him."
    as_primary = [one for one in paid if one.status in _AS_PRIMARY]
    if len({one.payer_id or one.payer_name for one in as_primary}) > 1:
        both = " and ".join(f"{one.payer_name} {_dollars(one.paid_cents)}" for one in as_primary)
        return Cause.BOTH_PRIMARY, f"Paid as primary by {both}."
    own = _own(party, paid)
    if len(own) > 1:
        each = " and ".join(
            f"{_dollars(one.paid_cents)} on {one.day} ({one.trace or 'no trace'})" for one in own
        )
        return Cause.PAID_TWICE, f"{len(own)} payments stand: {each}."
    above = next((one for one in own if one.paid_cents > one.charge_cents), None)
    if above:
        return Cause.ABOVE_CHARGE, (
            f"{_dollars(above.paid_cents)} was paid on {above.day} for a charge of"
            f" {_dollars(above.charge_cents)}."
        )
    if own:
        return Cause.ABOVE_BALANCE, (
            f"{_dollars(own[0].paid_cents)} was paid on {own[0].day}; with the reductions that is"
            " more than was charged."
        )
    return Cause.UNKNOWN, "No payment of this party is on hand."


def _standing(ids: Sequence[int]) -> dict[int, list[Paid]]:
    """Return by claim the payments that no reversal of the same amount took back."""
    rows: dict[int, list[Paid]] = defaultdict(list)
    reversed_: dict[int, Counter[int]] = defaultdict(Counter)
    with connection.cursor() as cursor:
        cursor.execute(_PAYMENTS, [list(ids)])
        for claim_id, payer_id, name, status, cents, charge, day, trace, place in cursor.fetchall():
            if status == _REVERSAL or cents < 0:
                reversed_[claim_id][-cents] += 1
                continue
            known = place or SEQUENCE_BY_STATUS.get(status)
            rows[claim_id].append(Paid(payer_id, name, status, cents, charge, day, trace, known))
    found: dict[int, list[Paid]] = {}
    for claim_id, paid in rows.items():
        left, standing = reversed_[claim_id], []
        for one in paid:
            if left[one.paid_cents]:
                left[one.paid_cents] -= 1
            else:
                standing.append(one)
        found[claim_id] = standing
    return found


def _returned(ids: Sequence[int]) -> dict[tuple[int, int], int]:
    """Return by claim and party what of refunds stands in the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(_RETURNED, [list(ids)])
        return {(claim_id, party): int(cents) for claim_id, party, cents in cursor.fetchall()}


def _voids(ids: Sequence[int]) -> dict[int, date]:
    """Return by claim the day of its latest void."""
    with connection.cursor() as cursor:
        cursor.execute(_VOIDS, [list(ids)])
        return dict(cursor.fetchall())


def _recoveries(ids: Sequence[int]) -> dict[int, list[Recovery]]:
    """Return by claim the recoveries whose reference holds one of the claim's numbers."""
    claims_of: Mapping[str, set[int]] = defaultdict(set)
    found: dict[int, list[Recovery]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, [list(ids)])
        for claim_id, key in cursor.fetchall():
            claims_of[key].add(claim_id)
        cursor.execute(_RECOVERIES, [list(ids)])
        for _, code, reference, cents, day in cursor.fetchall():
            named = {
                claim_id
                for token in _TOKEN.findall(reference)
                for claim_id in claims_of.get(number_key(token), ())
            }
            for claim_id in named:
                found[claim_id].append(Recovery(code, cents, day))
    return found


def _dollars(cents: int) -> str:
    return f"${cents // 100:,}.{cents % 100:02d}"
