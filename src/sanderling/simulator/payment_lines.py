"""Claim payments of any payer: what all have in common, whole denials, splits, reversals.

Every claim payment made here balances at line and claim level (835 TR3 1.10.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from random import Random

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.claim import Claim, ClaimLine, Form
from sanderling.core.x12.write.remittance import ClaimPayment, LinePayment
from sanderling.simulator.parameters import load_parameters
from sanderling.simulator.payers import PayerProfile
from sanderling.simulator.reasons import Reason
from sanderling.simulator.ruling import RuledPayment

STATUS_BY_SEQUENCE = {"P": "1", "S": "2", "T": "3"}
REMITTANCE_INDICATORS = {"CI": "15", "BL": "12"}  # CLP06 from SBR09


@dataclass(frozen=True, slots=True)
class Common:
    """What every claim payment of a payer has in common."""

    payer_claim_number: str
    received_date: date


def base_payment(claim: Claim, common: Common) -> ClaimPayment:
    """Make the claim payment without amounts."""
    facts = claim.institutional
    return ClaimPayment(
        control_number=claim.control_number,
        status=STATUS_BY_SEQUENCE[claim.sequence],
        charge_cents=claim.charge_cents,
        paid_cents=0,
        patient_cents=0,
        # The 835 has no CI and no BL: such payers answer with the kind of plan.
        filing_indicator=REMITTANCE_INDICATORS.get(claim.filing_indicator, claim.filing_indicator),
        payer_claim_number=common.payer_claim_number,
        patient=claim.patient_person,
        member_id=claim.member_id,
        facility_code=claim.facility_code,
        frequency=claim.frequency.value,
        diagnosis_related_group=facts.diagnosis_related_group if facts else "",
        rendering=claim.rendering,
        received_date=common.received_date,
        statement_from_date=facts.statement_from_date if facts else None,
        statement_to_date=facts.statement_to_date if facts else None,
    )


def line_payment(
    claim: Claim, line: ClaimLine, paid_cents: int, adjustments: tuple[Adjustment, ...]
) -> LinePayment:
    """Make one line payment; a line without a procedure code is named by its revenue code."""
    qualifier = "AD" if claim.form is Form.DENTAL else "HC"
    return LinePayment(
        code=line.code or line.revenue_code,
        qualifier=qualifier if line.code else "NU",
        charge_cents=line.charge_cents,
        paid_cents=paid_cents,
        modifiers=line.modifiers,
        revenue_code=line.revenue_code if line.code else "",
        units=line.units,
        service_date=line.service_date,
        adjustments=tuple(item for item in adjustments if item.amount_cents),
        control_number=line.control_number,
    )


def is_claim_level(claim: Claim) -> bool:
    """Inpatient claims are paid by stay: adjustments at claim level, no service lines."""
    return claim.form is Form.INSTITUTIONAL and claim.facility_code == "11"


def denied_payment(
    claim: Claim,
    payer: PayerProfile,
    reason: Reason,
    common: Common,
    dice: Random,
    *,
    at_claim_level: bool = False,
    remarks_on_claim: bool = False,
) -> RuledPayment:
    """Deny the whole claim, by line unless `at_claim_level`."""
    payment = base_payment(claim, common)
    status = "4" if payer.denied_status == "4" else payment.status
    patient_cents = claim.charge_cents if reason.group == "PR" else 0
    if is_claim_level(claim):
        whole = Adjustment(reason.group, reason.code, claim.charge_cents)
        facts = claim.institutional
        days = (facts.statement_to_date - facts.statement_from_date).days if facts else 0
        return RuledPayment(
            replace(
                payment, status=status, patient_cents=patient_cents, adjustments=(whole,),
                covered_days=days, inpatient_remarks=reason.remarks,
            ),
            (),
        )  # fmt: skip
    if at_claim_level:
        whole = Adjustment(reason.group, reason.code, claim.charge_cents)
        bare = replace(
            payment, status=status, patient_cents=patient_cents, adjustments=(whole,),
            remarks=reason.remarks,
        )  # fmt: skip
        return RuledPayment(bare, ())
    lines = tuple(
        replace(
            line_payment(
                claim, line, 0, (Adjustment(reason.group, reason.code, line.charge_cents),)
            ),
            remarks=() if remarks_on_claim else reason.remarks,
        )
        for line in claim.lines
    )
    is_repeated = dice.random() < load_parameters().choices["remarks_on_claim_too"]
    remarks = reason.remarks if is_repeated or remarks_on_claim else ()
    return RuledPayment(
        replace(payment, status=status, patient_cents=patient_cents, lines=lines, remarks=remarks),
        tuple(range(1, len(lines) + 1)),
    )


def at_claim_level_only(ruled: RuledPayment) -> RuledPayment:
    """The same payment without service lines: adjustments added up on the claim."""
    payment = ruled.payment
    sums: dict[tuple[str, str], int] = {}
    for line in payment.lines:
        for item in line.adjustments:
            key = item.group, item.code
            sums[key] = sums.get(key, 0) + item.amount_cents
    adjustments = tuple(Adjustment(group, code, cents) for (group, code), cents in sums.items())
    return RuledPayment(replace(payment, adjustments=adjustments, lines=()), ())


def split_payment(ruled: RuledPayment) -> tuple[RuledPayment, ...]:
    """Split a claim payment in two with numbers of their own, each with part of the lines."""
    payment = ruled.payment
    cut = len(payment.lines) // 2
    parts = []
    for suffix, lines, numbers in (
        ("A", payment.lines[:cut], ruled.line_numbers[:cut]),
        ("B", payment.lines[cut:], ruled.line_numbers[cut:]),
    ):
        owed = sum(
            item.amount_cents for line in lines for item in line.adjustments if item.group == "PR"
        )
        part = replace(
            payment,
            payer_claim_number=f"{payment.payer_claim_number}{suffix}",
            charge_cents=sum(line.charge_cents for line in lines),
            paid_cents=sum(line.paid_cents for line in lines),
            patient_cents=owed,
            lines=lines,
        )
        parts.append(RuledPayment(part, numbers))
    return tuple(parts)


def reversal_of(ruled: RuledPayment) -> RuledPayment:
    """Take back a claim payment: every amount with opposite sign, status 22 (2.7)."""
    payment = ruled.payment
    lines = tuple(
        replace(
            line,
            charge_cents=-line.charge_cents,
            paid_cents=-line.paid_cents,
            units=f"-{line.units}" if line.units != "0" else "0",
            adjustments=tuple(item.reversed() for item in line.adjustments),
            allowed_cents=None,
        )
        for line in payment.lines
    )
    return RuledPayment(
        replace(
            payment,
            status="22",
            charge_cents=-payment.charge_cents,
            paid_cents=-payment.paid_cents,
            patient_cents=-payment.patient_cents,
            adjustments=tuple(item.reversed() for item in payment.adjustments),
            lines=lines,
            original_reference=payment.payer_claim_number,
            crossover_name="",
            crossover_id="",
            remarks=(),
            inpatient_remarks=(),
            covered_days=None,
            covered_cents=None,
            interest_cents=None,
        ),
        ruled.line_numbers,
    )
