"""Write 837P, 837I and 837D: the header, the hierarchy and the claim (loops 1000A to 2330B).

Sources: 837 TR3s 005010X222A1 (professional), X223A2 (institutional), X224A2 (dental).
"""

from __future__ import annotations

from collections.abc import Iterator

from sanderling.core.x12.write.adjustments import cas_segments
from sanderling.core.x12.write.claim import (
    BillingGroup,
    Claim,
    ClaimBatch,
    Form,
    OtherPayer,
    check_prior_payers,
)
from sanderling.core.x12.write.envelope import GUIDE_837D, GUIDE_837I, GUIDE_837P, Transaction
from sanderling.core.x12.write.lines_837 import line_segments
from sanderling.core.x12.write.parties import person_segment
from sanderling.core.x12.write.segments import amount, clean, composite, day, day_range, segment

GUIDES = {
    Form.PROFESSIONAL: GUIDE_837P,
    Form.INSTITUTIONAL: GUIDE_837I,
    Form.DENTAL: GUIDE_837D,
}
DIAGNOSES_MAX = 12


def claim_transaction(batch: ClaimBatch, control_number: str) -> Transaction:
    """Write a batch of claims as one 837; raises UnbalancedPriorPayer before anything is sent."""
    for group in batch.groups:
        for claim in group.claims:
            check_prior_payers(claim)
    return Transaction("837", GUIDES[batch.form], control_number, batch_segments(batch))


def batch_segments(batch: ClaimBatch) -> Iterator[str]:
    """Yield the segments between ST and SE."""
    created = batch.created_at
    yield segment(
        "BHT", "0019", "00", clean(batch.reference), f"{created:%Y%m%d}", f"{created:%H%M}", "CH"
    )
    yield batch.submitter.name_segment("41")
    yield batch.submitter.contact_segment()
    yield batch.receiver.name_segment("40")
    level = 0
    for group in batch.groups:
        level += 1
        yield segment("HL", str(level), "", "20", "1")
        yield from _billing_provider(group)
        provider_level = level
        for claim in group.claims:
            level += 1
            has_patient = claim.patient is not None
            yield segment("HL", str(level), str(provider_level), "22", "1" if has_patient else "0")
            yield from _subscriber(claim)
            if claim.patient is not None:
                level += 1
                yield segment("HL", str(level), str(level - 1), "23", "0")
                yield segment("PAT", claim.relationship)
                yield person_segment("QC", claim.patient)
                yield from _address_and_birth(claim)
            yield from claim_segments(claim)


def _billing_provider(group: BillingGroup) -> Iterator[str]:
    provider = group.provider
    if provider.taxonomy:
        yield segment("PRV", "BI", "PXC", provider.taxonomy)
    yield provider.name_segment("85")
    if provider.address is None:
        raise ValueError("a billing provider needs an address")
    yield from provider.address.segments()
    yield segment("REF", "EI", provider.tax_id)
    if group.pay_to is not None:
        yield "NM1*87*2"
        yield from group.pay_to.segments()


def _subscriber(claim: Claim) -> Iterator[str]:
    is_self = claim.patient is None
    yield segment(
        "SBR",
        claim.sequence,
        "18" if is_self else "",
        clean(claim.group_number, 50),
        "",
        claim.insurance_type,
        "",
        "",
        "",
        claim.filing_indicator,
    )
    yield person_segment("IL", claim.subscriber, claim.member_id)
    if is_self:
        yield from _address_and_birth(claim)
    yield claim.payer.name_segment()
    if claim.payer.address is not None:
        yield from claim.payer.address.segments()


def _address_and_birth(claim: Claim) -> Iterator[str]:
    person = claim.patient_person
    if person.address is not None:
        yield from person.address.segments()
    yield person.demographics()


def claim_segments(claim: Claim) -> Iterator[str]:
    """Yield loop 2300 and below for one claim."""
    qualifier = "A" if claim.form is Form.INSTITUTIONAL else "B"
    elements = [
        "CLM",
        clean(claim.control_number, 20),
        amount(claim.charge_cents),
        "",
        "",
        composite(claim.facility_code, qualifier, claim.frequency),
        "" if claim.form is Form.INSTITUTIONAL else "Y",
        claim.assignment,
        claim.benefits_assigned,
        claim.release,
    ]
    if claim.delay_reason:
        elements += [""] * 10 + [claim.delay_reason]
    yield segment(*elements)
    if claim.form is Form.INSTITUTIONAL:
        yield from _institutional_dates(claim)
    if claim.attachment is not None:
        kind, method, number = claim.attachment
        yield segment("PWK", kind, method, "", "", "AC", clean(number, 50))
    if claim.patient_paid_cents and claim.form is not Form.INSTITUTIONAL:
        yield segment("AMT", "F5", amount(claim.patient_paid_cents))
    yield from _references(claim)
    if claim.note:
        yield segment("NTE", "ADD", clean(claim.note, 80))
    yield from _diagnoses(claim)
    yield from _claim_providers(claim)
    for other in claim.other_payers:
        yield from other_payer_segments(other)
    yield from line_segments(claim)


def _institutional_dates(claim: Claim) -> Iterator[str]:
    facts = claim.institutional
    if facts is None:
        return
    if facts.discharge_hour:
        yield segment("DTP", "096", "TM", facts.discharge_hour)
    period = day_range(facts.statement_from_date, facts.statement_to_date)
    yield segment("DTP", "434", "RD8", period)
    if facts.admitted_at is not None:
        yield segment("DTP", "435", "DT", f"{facts.admitted_at:%Y%m%d%H%M}")
    yield segment("CL1", facts.admission_type, facts.admission_source, facts.patient_status)


def _references(claim: Claim) -> Iterator[str]:
    # Dental puts F8 before 9F; the guides fix no order among REF of one loop, readers must not.
    pairs = (
        ("9F", claim.referral),
        ("G1", claim.authorization),
        ("F8", claim.original_reference),
        ("D9", claim.clearinghouse_trace),
        ("EA", "" if claim.form is Form.DENTAL else claim.medical_record),
    )
    for qualifier, value in pairs:
        if value:
            yield segment("REF", qualifier, clean(value, 50))


def _diagnoses(claim: Claim) -> Iterator[str]:
    if claim.form is Form.INSTITUTIONAL:
        yield from _institutional_codes(claim)
        return
    codes = claim.diagnoses[:DIAGNOSES_MAX]
    pairs = [("ABK" if place == 0 else "ABF", code) for place, code in enumerate(codes)]
    if pairs:
        yield segment("HI", *(composite(qualifier, code) for qualifier, code in pairs))


def _institutional_codes(claim: Claim) -> Iterator[str]:
    facts = claim.institutional
    if facts is None:
        return
    yield segment("HI", composite("ABK", claim.diagnoses[0]))
    if facts.admitting_diagnosis:
        yield segment("HI", composite("ABJ", facts.admitting_diagnosis))
    if facts.reason_for_visit:
        yield segment("HI", composite("APR", facts.reason_for_visit))
    if facts.diagnosis_related_group:
        yield segment("HI", composite("DR", facts.diagnosis_related_group))
    for start in range(1, len(claim.diagnoses), DIAGNOSES_MAX):
        chunk = claim.diagnoses[start : start + DIAGNOSES_MAX]
        yield segment("HI", *(composite("ABF", code) for code in chunk))
    if facts.value_codes:
        values = (composite("BE", code, "", "", amount(cents)) for code, cents in facts.value_codes)
        yield segment("HI", *values)
    if facts.condition_codes:
        yield segment("HI", *(composite("BG", code) for code in facts.condition_codes))


def _claim_providers(claim: Claim) -> Iterator[str]:
    facts = claim.institutional
    if facts is not None and facts.attending is not None:
        yield facts.attending.name_segment("71")
        if facts.attending.taxonomy:
            yield segment("PRV", "AT", "PXC", facts.attending.taxonomy)
    if claim.referring is not None and claim.form is not Form.INSTITUTIONAL:
        yield claim.referring.name_segment("DN")
    if claim.rendering is not None:
        yield claim.rendering.name_segment("82")
        if claim.rendering.taxonomy and claim.form is not Form.INSTITUTIONAL:
            yield segment("PRV", "PE", "PXC", claim.rendering.taxonomy)
    if claim.facility is not None:
        yield claim.facility.name_segment("77")
        if claim.facility.address is not None:
            yield from claim.facility.address.segments()
    if claim.referring is not None and claim.form is Form.INSTITUTIONAL:
        yield claim.referring.name_segment("DN")


def other_payer_segments(other: OtherPayer) -> Iterator[str]:
    """Yield loops 2320, 2330A and 2330B for one other payer."""
    yield segment(
        "SBR",
        other.sequence,
        other.relationship,
        clean(other.group_number, 50),
        "",
        other.insurance_type,
        "",
        "",
        "",
        other.filing_indicator,
    )
    yield from cas_segments(other.adjustments)
    amounts = (
        ("D", other.paid_cents),
        ("A8", other.non_covered_cents),
        ("EAF", other.patient_cents),
    )
    for qualifier, cents in amounts:
        if cents is not None:
            yield segment("AMT", qualifier, amount(cents))
    yield "OI***Y***Y"
    if other.remarks:
        yield segment("MOA", "", "", *other.remarks[:5])
    yield person_segment("IL", other.subscriber, other.member_id)
    if other.subscriber.address is not None:
        yield from other.subscriber.address.segments()
    yield other.payer.name_segment()
    if other.adjudicated_date is not None:
        yield segment("DTP", "573", "D8", day(other.adjudicated_date))
    if other.payer_claim_number:
        yield segment("REF", "F8", clean(other.payer_claim_number, 50))
