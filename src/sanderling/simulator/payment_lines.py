"""Claim payments of a primary payer: paid, partly denied, wholly denied, reversed.

Every claim payment made here balances at line and claim level (835 TR3 1.10.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from random import Random

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.claim import Claim, ClaimLine, Form
from sanderling.core.x12.write.remittance import ClaimPayment, LinePayment
from sanderling.simulator.identifiers import share_of
from sanderling.simulator.payers import BY_CODE, PayerProfile
from sanderling.simulator.planted import PlantedProblem
from sanderling.simulator.pricing import Price, price_lines
from sanderling.simulator.reasons import Reason
from sanderling.simulator.ruling import RuledPayment, ShortLine

STATUS_BY_SEQUENCE = {"P": "1", "S": "2", "T": "3"}
REMITTANCE_INDICATORS = {"CI": "15", "BL": "12"}  # CLP06 from SBR09
INPATIENT_DEDUCTIBLE_CENTS = 167_600


@dataclass(frozen=True, slots=True)
class Common:
    """What every claim payment of a payer has in common."""

    payer_claim_number: str
    received_date: date


@dataclass(frozen=True, slots=True)
class PatientTerms:
    """What the patient still owes by plan design, drawn once for a claim."""

    deductible_cents: int
    copay_cents: int
    coinsurance: float


def base_payment(claim: Claim, payer: PayerProfile, common: Common) -> ClaimPayment:
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
    claim: Claim, payer: PayerProfile, reason: Reason, common: Common, dice: Random
) -> RuledPayment:
    """Deny the whole claim."""
    payment = base_payment(claim, payer, common)
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
    lines = tuple(
        replace(
            line_payment(
                claim, line, 0, (Adjustment(reason.group, reason.code, line.charge_cents),)
            ),
            remarks=reason.remarks,
        )
        for line in claim.lines
    )
    remarks = reason.remarks if dice.random() < 0.3 else ()
    return RuledPayment(
        replace(payment, status=status, patient_cents=patient_cents, lines=lines, remarks=remarks),
        tuple(range(1, len(lines) + 1)),
    )


def paid_payment(
    claim: Claim,
    payer: PayerProfile,
    rates: dict[str, int],
    common: Common,
    dice: Random,
    *,
    problems: tuple[PlantedProblem, ...],
    client_code: str,
    payment_parameters: dict[str, float],
    struck: dict[int, Reason] | None = None,
    crosses_to: str = "",
) -> tuple[tuple[RuledPayment, ...], tuple[ShortLine, ...]]:
    """Pay a claim by contract, lines in `struck` denied.

    Answers the claim payments (two when the payer split the claim) and the lines not priced by
    contract.
    """
    prices = price_lines(claim, rates)
    terms = _patient_terms(claim, payer, dice)
    if is_claim_level(claim):
        return (_stay_payment(claim, payer, prices, common, terms, crosses_to),), ()
    payment = base_payment(claim, payer, common)
    lines: list[LinePayment] = []
    short_lines: list[ShortLine] = []
    deductible, copay = terms.deductible_cents, terms.copay_cents
    patient_total = 0
    for number, (line, price) in enumerate(zip(claim.lines, prices, strict=True), start=1):
        reason = (struck or {}).get(number)
        if reason is not None:
            denied = Adjustment(reason.group, reason.code, line.charge_cents)
            lines.append(replace(line_payment(claim, line, 0, (denied,)), remarks=reason.remarks))
            patient_total += line.charge_cents if reason.group == "PR" else 0
            continue
        factor, cause = _price_error(
            payer, client_code, line, common, problems, payment_parameters, dice
        )
        allowed = min(share_of(price.allowed_cents, factor), line.charge_cents)
        if allowed != price.allowed_cents:
            short_lines.append(ShortLine(number, price.allowed_cents, allowed, cause))
        shares, deductible, copay = _patient_shares(allowed, deductible, copay, terms.coinsurance)
        owed = sum(item.amount_cents for item in shares)
        withheld = share_of(allowed - owed, payer.sequestration) if payer.sequestration else 0
        adjustments = (
            *_contractual(line, price, allowed),
            *shares,
            Adjustment("CO", "253", withheld),
        )
        paid = allowed - owed - withheld
        patient_total += owed
        lines.append(replace(line_payment(claim, line, paid, adjustments), allowed_cents=allowed))
    payment = replace(
        payment,
        lines=tuple(lines),
        paid_cents=sum(item.paid_cents for item in lines),
        patient_cents=patient_total,
    )
    payment = _forwarded(payment, crosses_to) if patient_total else payment
    ruled = RuledPayment(payment, tuple(range(1, len(lines) + 1)))
    share = payment_parameters["split_claim_share"]
    if len(lines) > 1 and not claim.other_payers and dice.random() < share:
        return _split(ruled), tuple(short_lines)
    return (ruled,), tuple(short_lines)


def _patient_terms(claim: Claim, payer: PayerProfile, dice: Random) -> PatientTerms:
    # Deductibles are met in the course of the year (domain reference 12.2).
    seasonal = (
        2.0 if claim.service_date.month <= 3 else 1.0 if claim.service_date.month < 10 else 0.6
    )
    has_deductible = dice.random() < payer.deductible_rate * seasonal
    size = dice.choice((10_000, 25_000, 60_000, 150_000)) if has_deductible else 0
    visit = claim.lines[0].code[:2] in {"99", "90", "97"}
    copay = payer.copay_cents if visit and claim.form is Form.PROFESSIONAL else 0
    if payer.copay_cents and not copay and claim.form is Form.INSTITUTIONAL:
        copay = payer.copay_cents * 3
    return PatientTerms(size, copay, payer.coinsurance)


def _patient_shares(
    allowed: int, deductible: int, copay: int, coinsurance: float
) -> tuple[tuple[Adjustment, ...], int, int]:
    """Take deductible, then copay, then coinsurance from one line's allowed amount."""
    to_deductible = min(allowed, deductible)
    to_copay = min(allowed - to_deductible, copay)
    rest = allowed - to_deductible - to_copay
    # A visit with a copay has no coinsurance on that line.
    to_coinsurance = 0 if to_copay else share_of(rest, coinsurance)
    shares = (
        Adjustment("PR", "1", to_deductible),
        Adjustment("PR", "3", to_copay),
        Adjustment("PR", "2", to_coinsurance),
    )
    return shares, deductible - to_deductible, copay - to_copay


def _contractual(line: ClaimLine, price: Price, allowed: int) -> tuple[Adjustment, ...]:
    reduced = price.rate_cents - price.allowed_cents
    if reduced and allowed == price.allowed_cents:
        over_rate = line.charge_cents - price.rate_cents
        return (Adjustment("CO", "45", over_rate), Adjustment("CO", "59", reduced))
    return (Adjustment("CO", "45", line.charge_cents - allowed),)


def _price_error(
    payer: PayerProfile,
    client_code: str,
    line: ClaimLine,
    common: Common,
    problems: tuple[PlantedProblem, ...],
    parameters: dict[str, float],
    dice: Random,
) -> tuple[float, str]:
    """Draw what factor of the contract price the payer's system uses, and why."""
    mark = dice.random()
    for problem in problems:
        if problem.kind == "old_fee_schedule" and problem.touches(
            payer.code, client_code, line.code, common.received_date
        ):
            return problem.strength, problem.kind
    if mark < parameters["underpaid_random_share"]:
        return 0.85 + 0.13 * dice.random(), "random"
    if mark > 1 - parameters["overpaid_share"]:
        return 1.0 + 0.15 * dice.random(), "overpaid"
    return 1.0, ""


def _forwarded(payment: ClaimPayment, crosses_to: str) -> ClaimPayment:
    if not crosses_to:
        return payment
    return replace(
        payment,
        status="19",
        crossover_name=BY_CODE[crosses_to].name,
        crossover_id=crosses_to,
        remarks=("MA01", "MA18"),
    )


def _stay_payment(
    claim: Claim,
    payer: PayerProfile,
    prices: tuple[Price, ...],
    common: Common,
    terms: PatientTerms,
    crosses_to: str,
) -> RuledPayment:
    """Pay an inpatient stay at claim level."""
    allowed = sum(price.allowed_cents for price in prices)
    deductible = INPATIENT_DEDUCTIBLE_CENTS if payer.kind == "medicare" else terms.deductible_cents
    shares, _, _ = _patient_shares(allowed, deductible, terms.copay_cents, 0.0)
    owed = sum(item.amount_cents for item in shares)
    withheld = share_of(allowed - owed, payer.sequestration) if payer.sequestration else 0
    adjustments = (
        Adjustment("CO", "45", claim.charge_cents - allowed),
        *shares,
        Adjustment("CO", "253", withheld),
    )
    facts = claim.institutional
    days = (facts.statement_to_date - facts.statement_from_date).days if facts else 0
    payment = replace(
        base_payment(claim, payer, common),
        adjustments=tuple(item for item in adjustments if item.amount_cents),
        paid_cents=allowed - owed - withheld,
        patient_cents=owed,
        covered_days=days,
        covered_cents=claim.charge_cents,
    )
    if crosses_to and owed:
        payment = replace(_forwarded(payment, crosses_to), remarks=(), inpatient_remarks=("MA18",))
    return RuledPayment(payment, ())


def _split(ruled: RuledPayment) -> tuple[RuledPayment, ...]:
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


def reversal_of(ruled: RuledPayment, payer_claim_number: str) -> RuledPayment:
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
