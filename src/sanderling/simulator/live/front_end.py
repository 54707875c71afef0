"""What clearinghouse and payer say of a claim before it is decided: the verdicts of a 277CA.

Status codes: domain reference 2.12 and 3.7; frequencies: 1.5; balancing of prior payers: 5.3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from sanderling.core.x12.write.claim import Claim, Form
from sanderling.core.x12.write.segments import clean
from sanderling.simulator.live.claims import ReceivedClaim
from sanderling.simulator.live.remedies import clears
from sanderling.simulator.live.store import FINAL, VOIDED, Record, Refusal, Store
from sanderling.simulator.payers import BY_CODE, PayerProfile
from sanderling.simulator.reasons import ORIGINAL_NOT_FINAL, FrontEndReason

ORIGINAL, REPLACEMENT, VOID = "1", "7", "8"

UNKNOWN_PAYER: Final = FrontEndReason("other", "A7", "153", "PR", "PAYER ID NOT KNOWN")
UNKNOWN_PROVIDER: Final = FrontEndReason("provider", "A7", "562", "85", "BILLING NPI NOT ON FILE")
OUT_OF_BALANCE: Final = FrontEndReason("other", "A3", "400", "", "CHARGES DO NOT ADD UP")
NOT_YET: Final = FrontEndReason("other", "A7", "187", "", "DATE OF SERVICE IN THE FUTURE")
BAD_MEMBER: Final = FrontEndReason("eligibility", "A7", "164", "IL", "SUBSCRIBER ID NOT FOUND")
BAD_BIRTH_DATE: Final = FrontEndReason("eligibility", "A7", "158", "QC", "PATIENT BIRTH DATE")
NO_REFERENCE: Final = FrontEndReason("other", "A6", "464", "", "PAYER CLAIM NUMBER MISSING")
UNKNOWN_REFERENCE: Final = FrontEndReason("other", "A3", "464", "", "PAYER CLAIM NUMBER NOT FOUND")
OLD_REFERENCE: Final = FrontEndReason("other", "A3", "495", "", "USE THE NEWEST CLAIM NUMBER")
BAD_FREQUENCY: Final = FrontEndReason("other", "A7", "535", "", "SEND A NEW CLAIM OR REOPEN")
DIFFERS: Final = FrontEndReason("other", "A8", "178", "", "VOID DIFFERS FROM THE CLAIM ON FILE")
DUPLICATE: Final = FrontEndReason("duplicate", "A3", "54", "", "DUPLICATE OF A CLAIM ON FILE")
NO_PRIOR_PAYER: Final = FrontEndReason("other", "A6", "286", "PR", "OTHER PAYER DATA MISSING")
PRIOR_UNBALANCED: Final = FrontEndReason("other", "A3", "400", "PR", "OTHER PAYER OUT OF BALANCE")
PRIOR_UNKNOWN: Final = FrontEndReason("other", "A7", "479", "PR", "SVD PAYER IS NO OTHER PAYER")

_MEDICARE_NUMBER = re.compile(r"[1-9][A-Z][0-9A-Z]\d[A-Z][0-9A-Z]\d[A-Z]{2}\d{2}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One claim and what a front end says of it."""

    received: ReceivedClaim
    reason: FrontEndReason | None = None
    payer_claim_number: str = ""


def at_clearinghouse(received: ReceivedClaim, client: str, day: date) -> FrontEndReason | None:
    """Check what needs no payer: who it is from, whom it is for, and whether it adds up."""
    claim = received.claim
    if claim.payer.identifier not in BY_CODE:
        return UNKNOWN_PAYER
    if not client:
        return UNKNOWN_PROVIDER
    if received.total_cents != claim.charge_cents:
        return OUT_OF_BALANCE
    if max(line.service_date for line in claim.lines) > day:
        return NOT_YET
    return _prior_payers(claim)


def _prior_payers(claim: Claim) -> FrontEndReason | None:
    """Check that each prior payer accounts for every charge (837 TR3 1.4.1)."""
    decided = [one for one in claim.other_payers if one.paid_cents is not None]
    known = {one.payer.identifier for one in claim.other_payers}
    if any(part.payer_id not in known for line in claim.lines for part in line.adjudications):
        return PRIOR_UNKNOWN
    if claim.sequence != "P" and not decided:
        return NO_PRIOR_PAYER
    for other in decided:
        reduced = sum(item.amount_cents for item in other.adjustments)
        paid_on_lines = 0
        has_lines = False
        for line in claim.lines:
            for part in line.adjudications:
                if part.payer_id != other.payer.identifier:
                    continue
                has_lines = True
                on_line = sum(item.amount_cents for item in part.adjustments)
                if line.charge_cents != part.paid_cents + on_line:
                    return PRIOR_UNBALANCED
                reduced += on_line
                paid_on_lines += part.paid_cents
        paid = other.paid_cents or 0
        on_claim = sum(item.amount_cents for item in other.adjustments)
        if claim.charge_cents != paid + reduced:
            return PRIOR_UNBALANCED
        if has_lines and paid != paid_on_lines - on_claim:
            return PRIOR_UNBALANCED
    return None


def at_payer(
    store: Store, payer: PayerProfile, client: str, received: ReceivedClaim
) -> FrontEndReason | None:
    """Check a claim against what its payer has on file."""
    claim = received.claim
    refusal = store.refusal(payer.code, client, received.number)
    if refusal is not None and not clears(refusal.reason, refusal.claim, claim):
        return refusal.reason
    reason = _member(store, payer, claim, refusal)
    if reason is not None:
        return reason
    record = store.record(payer.code, client, received.number)
    if received.frequency == ORIGINAL:
        return DUPLICATE if record is not None and record.is_answered else None
    if received.frequency in {REPLACEMENT, VOID}:
        return _again(store, payer, received, record)
    return BAD_FREQUENCY


def _member(
    store: Store, payer: PayerProfile, claim: Claim, refusal: Refusal | None
) -> FrontEndReason | None:
    number = claim.member_id
    if payer.kind == "medicare":
        is_formed = bool(_MEDICARE_NUMBER.fullmatch(number))
    else:
        is_formed = number.startswith(payer.code[:3]) and number[3:].isdigit()
    if not is_formed:
        return BAD_MEMBER
    if claim.patient is not None or refusal is not None:
        return None  # the register knows holders only; and who mends a name may change it
    person = claim.subscriber
    known = store.rows(
        "SELECT last_name, birth_date FROM members WHERE payer = ? AND member = ?",
        payer.code, number,
    )  # fmt: skip
    if known and (clean(person.last_name), person.birth_date.isoformat()) not in known:
        return BAD_BIRTH_DATE
    return None


def _again(
    store: Store, payer: PayerProfile, received: ReceivedClaim, record: Record | None
) -> FrontEndReason | None:
    """Check a replacement or void against the claim it is about."""
    if not payer.takes_replacements and received.claim.form is Form.PROFESSIONAL:
        return BAD_FREQUENCY
    if not received.original_reference:
        return NO_REFERENCE
    named = store.record_by_icn(payer.code, received.original_reference)
    if record is None or record.state == VOIDED or named is None or named.number != record.number:
        return UNKNOWN_REFERENCE
    if record.state != FINAL:
        return ORIGINAL_NOT_FINAL
    in_force = {part.payment.payer_claim_number for part in record.payments} | {record.icn}
    if received.original_reference not in in_force:
        return OLD_REFERENCE
    if received.frequency == VOID and received.total_cents != record.claim.charge_cents:
        return DIFFERS
    return None
