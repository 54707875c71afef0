"""How the billing company turns an account into a claim for one of its payers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sanderling.core.x12.write.claim import (
    Claim,
    ClaimLine,
    Form,
    Frequency,
    LineAdjudication,
    OtherPayer,
)
from sanderling.core.x12.write.remittance import ClaimPayment
from sanderling.simulator.accounts import SEQUENCES, Account, Coverage


@dataclass(frozen=True, slots=True)
class PriorDecision:
    """What an earlier payer decided: its claim payment and which line each part is about."""

    coverage: Coverage
    payment: ClaimPayment
    line_numbers: tuple[int, ...]  # 1-based, one for each line of the payment
    adjudicated_date: date


def make_claim(
    account: Account,
    rank: int,
    *,
    prior: tuple[PriorDecision, ...] = (),
    frequency: Frequency = Frequency.ORIGINAL,
    original_reference: str = "",
    trace: str = "",
) -> Claim:
    """Write an account as a claim to its payer of a rank (0 primary)."""
    patient = account.patient
    coverage = patient.coverages[rank]
    institutional = account.department.form is Form.INSTITUTIONAL
    # Only the primary policy is ever held by a relative; later coverages are the patient's own.
    is_dependent = patient.subscriber is not None and rank == 0
    subscriber = patient.person
    if is_dependent and patient.subscriber is not None:
        subscriber = patient.subscriber
    return Claim(
        control_number=account.control_number,
        form=account.department.form,
        payer=coverage.payer.on_claim,
        sequence=SEQUENCES[rank],
        subscriber=subscriber,
        member_id=coverage.member_id,
        group_number=coverage.group_number,
        filing_indicator=coverage.payer.filing_for(institutional=institutional),
        patient=patient.person if is_dependent else None,
        relationship=patient.relationship if is_dependent else "18",
        facility_code=account.department.place_of_service,
        diagnoses=account.diagnoses,
        lines=tuple(
            _line_with_prior(line, number, prior)
            for number, line in enumerate(account.lines, start=1)
        ),
        frequency=frequency,
        original_reference=original_reference,
        authorization=account.authorization,
        clearinghouse_trace=trace,
        medical_record=patient.record,
        rendering=None if institutional else account.rendering,
        institutional=account.institutional,
        other_payers=tuple(
            _other_payer(account, index, prior)
            for index in range(len(patient.coverages))
            if index != rank
        ),
    )


def _other_payer(account: Account, index: int, prior: tuple[PriorDecision, ...]) -> OtherPayer:
    patient = account.patient
    coverage = patient.coverages[index]
    is_relative = index == 0 and patient.subscriber is not None
    other = OtherPayer(
        sequence=SEQUENCES[index],
        payer=coverage.payer.on_claim,
        subscriber=patient.subscriber if is_relative and patient.subscriber else patient.person,
        member_id=coverage.member_id,
        filing_indicator=coverage.payer.filing_for(
            institutional=account.department.form is Form.INSTITUTIONAL
        ),
        relationship=patient.relationship if is_relative else "18",
        group_number=coverage.group_number,
    )
    for decision in prior:
        if decision.coverage is coverage:
            payment = decision.payment
            return replace(
                other,
                paid_cents=payment.paid_cents,
                adjustments=payment.adjustments,
                # Without lines there is no line date: the claim carries it.
                adjudicated_date=None if payment.lines else decision.adjudicated_date,
                payer_claim_number=payment.payer_claim_number,
            )
    return other


def _line_with_prior(line: ClaimLine, number: int, prior: tuple[PriorDecision, ...]) -> ClaimLine:
    decisions = []
    for decision in prior:
        for paid, about in zip(decision.payment.lines, decision.line_numbers, strict=True):
            if about == number:
                decisions.append(
                    LineAdjudication(
                        payer_id=decision.coverage.payer.code,
                        paid_cents=paid.paid_cents,
                        adjudicated_date=decision.adjudicated_date,
                        code=paid.code,
                        adjustments=paid.adjustments,
                        modifiers=paid.modifiers,
                        units=paid.units,
                    )
                )
    return replace(line, adjudications=tuple(decisions)) if decisions else line
