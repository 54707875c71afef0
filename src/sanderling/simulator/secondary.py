"""Claim payments of a secondary or tertiary payer (domain reference 5.4)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.claim import Claim, ClaimLine
from sanderling.simulator.identifiers import share_of
from sanderling.simulator.parameters import load_parameters
from sanderling.simulator.payers import PayerProfile
from sanderling.simulator.payment_lines import (
    Common,
    base_payment,
    is_claim_level,
    line_payment,
)
from sanderling.simulator.ruling import RuledPayment


def secondary_payment(
    claim: Claim,
    payer: PayerProfile,
    common: Common,
    dice: Random,
    *,
    is_too_much: bool = False,
) -> RuledPayment:
    """Pay what earlier payers left to the patient: in whole, in part, or a fifth too much."""
    share = 1.0 if dice.random() < payer.pays_secondary else payer.pays_secondary
    if payer.kind == "medicaid":
        # Lesser of: often the primary already paid more than the program allows.
        has_room = dice.random() < load_parameters().choices["medicaid_pays_second"]
        share = 1.0 if has_room else 0.0
    if is_too_much and not is_claim_level(claim):
        share = 1.2
    payment = base_payment(claim, common)
    if is_claim_level(claim):
        left = _left_on_claim(claim)
        paid, adjustments, owed = _decide(claim.charge_cents, left, 0, payer, share)
        return RuledPayment(
            replace(payment, paid_cents=paid, patient_cents=owed, adjustments=adjustments), ()
        )
    lines = []
    owed_total = 0
    for line in claim.lines:
        left = _left_on_line(line)
        contractual = _contractual_on_line(line)
        paid, adjustments, owed = _decide(line.charge_cents, left, contractual, payer, share)
        owed_total += owed
        lines.append(line_payment(claim, line, paid, adjustments))
    return RuledPayment(
        replace(
            payment,
            lines=tuple(lines),
            paid_cents=sum(line.paid_cents for line in lines),
            patient_cents=owed_total,
        ),
        tuple(range(1, len(lines) + 1)),
    )


def _decide(
    charge: int, left: int, contractual: int, payer: PayerProfile, share: float
) -> tuple[int, tuple[Adjustment, ...], int]:
    """Split what is left into payment, patient part and write-down; the rest is OA-23."""
    paid = min(share_of(left, share), charge)
    rest = max(left - paid, 0)
    owed = 0 if payer.kind == "medicaid" else rest
    written_down = rest - owed
    # Some payers repeat the whole contractual reduction as their own; it was written down already.
    repeated = contractual if payer.repeats_contractual else 0
    adjustments = (
        Adjustment("OA", "23", charge - paid - rest - repeated),
        Adjustment("CO", "45", written_down + repeated),
        Adjustment("PR", "2", owed),
    )
    return paid, tuple(item for item in adjustments if item.amount_cents), owed


_COST_SHARE = frozenset({"1", "2", "3", "66"})


def _left_on_line(line: ClaimLine) -> int:
    """What the latest earlier payer left as cost share on a line."""
    if not line.adjudications:
        return 0
    latest = line.adjudications[-1]
    return _cost_share(latest.adjustments)


def _left_on_claim(claim: Claim) -> int:
    decided = [other for other in claim.other_payers if other.paid_cents is not None]
    return _cost_share(decided[-1].adjustments) if decided else 0


def _cost_share(adjustments: tuple[Adjustment, ...]) -> int:
    return sum(
        item.amount_cents for item in adjustments if item.group == "PR" and item.code in _COST_SHARE
    )


def _contractual_on_line(line: ClaimLine) -> int:
    if not line.adjudications:
        return 0
    return sum(
        item.amount_cents
        for item in line.adjudications[0].adjustments
        if item.group == "CO" and item.code == "45"
    )
