"""Write the 835 (005010X221A1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from sanderling.core.x12.write.adjustments import cas_segments
from sanderling.core.x12.write.envelope import GUIDE_835, Transaction
from sanderling.core.x12.write.parties import name_segment, person_segment
from sanderling.core.x12.write.remittance import (
    ClaimPayment,
    LinePayment,
    ProviderAdjustment,
    Remittance,
)
from sanderling.core.x12.write.segments import (
    amount,
    clean,
    composite,
    day,
    decimal_text,
    segment,
)

PLB_PAIRS_MAX = 6


class NegativePayment(ValueError):
    """BPR02 below zero: forward the balance with PLB FB, or take the claims out."""


def remittance_transaction(remittance: Remittance, control_number: str) -> Transaction:
    """Write one remittance as an 835; raises NegativePayment."""
    if remittance.paid_cents < 0:
        raise NegativePayment(remittance.trace)
    return Transaction("835", GUIDE_835, control_number, remittance_segments(remittance))


def remittance_segments(remittance: Remittance) -> Iterator[str]:
    """Yield the segments between ST and SE."""
    yield from header_segments(remittance)
    if remittance.claims:
        yield "LX*1"
    for claim in remittance.claims:
        yield from claim_payment_segments(claim)
    yield from provider_adjustment_segments(remittance.provider_adjustments)


def header_segments(remittance: Remittance) -> Iterator[str]:
    """Yield BPR to the payee."""
    payer = remittance.payer
    payee = remittance.payee
    yield _financial(remittance)
    yield segment("TRN", "1", clean(remittance.trace, 50), f"1{payer.tax_id}")
    yield segment("DTM", "405", day(remittance.production_date))
    yield segment("N1", "PR", clean(payer.name, 60))
    yield from payer.address.segments()
    if payer.identifier:
        yield segment("REF", "2U", clean(payer.identifier, 50))
    yield segment("PER", "BL", "EDI SUPPORT", "TE", payer.phone)
    if payer.policy_url:
        yield segment("PER", "IC", "", "UR", payer.policy_url)
    if remittance.payee_names_tax_id:
        yield segment("N1", "PE", clean(payee.name, 60), "FI", payee.tax_id)
    else:
        yield segment("N1", "PE", clean(payee.name, 60), "XX", payee.npi)
    if payee.address is not None:
        yield from payee.address.segments()
    if payee.tax_id and not remittance.payee_names_tax_id:
        yield segment("REF", "TJ", payee.tax_id)


def _financial(remittance: Remittance) -> str:
    paid = amount(remittance.paid_cents)
    payment_date = day(remittance.payment_date)
    if remittance.paid_cents == 0 or remittance.method == "NON":
        return segment("BPR", "H", paid, "C", "NON", *[""] * 11, payment_date)
    if remittance.method != "ACH":
        return segment("BPR", "I", paid, "C", remittance.method, *[""] * 11, payment_date)
    origin = f"1{remittance.payer.tax_id}"
    return segment(
        "BPR",
        "I",
        paid,
        "C",
        "ACH",
        "CCP",
        "01",
        "111000025",
        "DA",
        "12345678",
        origin,
        "",
        "01",
        "111000614",
        "DA",
        "98765432",
        payment_date,
    )


def claim_payment_segments(claim: ClaimPayment) -> Iterator[str]:
    """Yield loop 2100 and its lines."""
    yield segment(
        "CLP",
        clean(claim.control_number, 38),
        claim.status,
        amount(claim.charge_cents),
        amount(claim.paid_cents),
        amount(claim.patient_cents),
        claim.filing_indicator,
        clean(claim.payer_claim_number, 50),
        claim.facility_code,
        claim.frequency,
        "",
        claim.diagnosis_related_group,
    )
    yield from cas_segments(claim.adjustments)
    yield from _claim_names(claim)
    yield from _remark_segments(claim)
    if claim.group_number:
        yield segment("REF", "1L", clean(claim.group_number, 50))
    if claim.original_reference:
        yield segment("REF", "F8", clean(claim.original_reference, 50))
    dates = (
        ("232", claim.statement_from_date),
        ("233", claim.statement_to_date),
        ("036", claim.coverage_end_date),
        ("050", claim.received_date),
    )
    for qualifier, value in dates:
        if value is not None:
            yield segment("DTM", qualifier, day(value))
    if claim.covered_cents is not None:
        yield segment("AMT", "AU", amount(claim.covered_cents))
    if claim.interest_cents is not None:
        yield segment("AMT", "I", amount(claim.interest_cents))
    if claim.covered_days is not None:
        yield segment("QTY", "CA", str(claim.covered_days))
    for line in claim.lines:
        yield from _line_payment(line)


def _claim_names(claim: ClaimPayment) -> Iterator[str]:
    yield person_segment("QC", claim.patient, claim.member_id)
    if claim.subscriber is not None:
        yield person_segment("IL", claim.subscriber, claim.member_id)
    if claim.corrected_member_id:
        yield name_segment(
            "74",
            claim.patient.last_name,
            first_name=claim.patient.first_name,
            is_person=True,
            qualifier="C",
            identifier=claim.corrected_member_id,
        )
    if claim.rendering is not None:
        yield claim.rendering.name_segment("82")
    others = (
        ("TT", claim.crossover_name, claim.crossover_id),
        ("PR", claim.priority_payer_name, claim.priority_payer_id),
    )
    for entity, name, identifier in others:
        if name:
            yield name_segment(entity, name, qualifier="PI", identifier=identifier)


def _remark_segments(claim: ClaimPayment) -> Iterator[str]:
    if claim.covered_days is not None:
        remarks = claim.inpatient_remarks
        later = [""] * 14 + list(remarks[1:5]) if len(remarks) > 1 else []
        # MIA01 is always 0: the TR3 moved the covered days to QTY*CA.
        yield segment("MIA", "0", "", "", "", remarks[0] if remarks else "", *later)
    if claim.remarks:
        yield segment("MOA", "", "", *claim.remarks[:5])


def _line_payment(line: LinePayment) -> Iterator[str]:
    # SVC05 blank means 1, but most payers write it; SVC07 only when units were changed.
    submitted = composite(line.qualifier, line.submitted_code) if line.submitted_code else ""
    yield segment(
        "SVC",
        composite(line.qualifier, line.code, *line.modifiers),
        amount(line.charge_cents),
        amount(line.paid_cents),
        line.revenue_code,
        decimal_text(line.units),
        submitted,
        decimal_text(line.submitted_units),
    )
    if line.service_date is not None:
        yield segment("DTM", "472", day(line.service_date))
    yield from cas_segments(line.adjustments)
    if line.control_number:
        yield segment("REF", "6R", clean(line.control_number, 50))
    if line.policy:
        yield segment("REF", "0K", clean(line.policy, 50))
    if line.allowed_cents is not None:
        yield segment("AMT", "B6", amount(line.allowed_cents))
    for remark in line.remarks:
        yield segment("LQ", "HE", remark)


def provider_adjustment_segments(items: Iterable[ProviderAdjustment]) -> Iterator[str]:
    """Yield PLB segments: one for each provider and fiscal day, six pairs at most in each."""
    ordered = sorted(items, key=lambda item: (item.npi, item.fiscal_date))
    for (npi, fiscal_date), members in groupby(
        ordered, key=lambda item: (item.npi, item.fiscal_date)
    ):
        pairs = list(members)
        for start in range(0, len(pairs), PLB_PAIRS_MAX):
            elements = ["PLB", npi, day(fiscal_date)]
            for item in pairs[start : start + PLB_PAIRS_MAX]:
                reference = composite(item.code, clean(item.reference, 50))
                elements += [reference, amount(item.amount_cents)]
            yield segment(*elements)
