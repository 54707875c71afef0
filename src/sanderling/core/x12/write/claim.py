"""A claim as sent: what the 837P, 837I and 837D writers need, and what a payer adjudicates.

One type serves first claims, corrected claims (frequency 7 with `original_reference`), voids (8)
and secondary or tertiary claims (`other_payers` with what each prior payer decided).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.parties import Address, Payer, Person, Provider, TradingPartner


class Form(StrEnum):
    """Which guide a claim is written in."""

    PROFESSIONAL = "P"
    INSTITUTIONAL = "I"
    DENTAL = "D"


class Frequency(StrEnum):
    """CLM05-3. A replacement or void names the payer's number of the latest finalized claim."""

    ORIGINAL = "1"
    REPLACEMENT = "7"
    VOID = "8"


class MissingOriginalReference(ValueError):
    """A replacement or void without the payer's claim number (REF*F8)."""


class UnbalancedPriorPayer(ValueError):
    """A prior payer's paid amount and adjustments do not add up to the charge."""


@dataclass(frozen=True, slots=True)
class LineAdjudication:
    """Loop 2430: what one prior payer decided for one line."""

    payer_id: str  # SVD01, equal to the payer identifier of the loop 2330B
    paid_cents: int  # SVD02
    adjudicated_date: date  # DTP*573
    code: str  # SVD03-2, the code the payer adjudicated
    adjustments: tuple[Adjustment, ...] = ()
    modifiers: tuple[str, ...] = ()
    units: str = "1"  # SVD05, decimal text
    bundled_line: int | None = None  # SVD06
    patient_cents: int | None = None  # AMT*EAF, remaining patient liability


@dataclass(frozen=True, slots=True)
class OtherPayer:
    """Loop 2320 with 2330A and 2330B: another coverage of the patient.

    `paid_cents` is None when that payer has not decided (a secondary named on a primary claim).
    """

    sequence: str  # SBR01: P, S, T
    payer: Payer
    subscriber: Person
    member_id: str
    filing_indicator: str  # SBR09
    relationship: str = "18"  # SBR02
    group_number: str = ""  # SBR03
    insurance_type: str = ""  # SBR05
    paid_cents: int | None = None  # AMT*D
    patient_cents: int | None = None  # AMT*EAF
    non_covered_cents: int | None = None  # AMT*A8
    adjustments: tuple[Adjustment, ...] = ()  # claim level only
    adjudicated_date: date | None = None  # DTP*573, when no line carries it
    payer_claim_number: str = ""  # REF*F8
    remarks: tuple[str, ...] = ()  # MOA03 to MOA07


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One service line (loop 2400)."""

    code: str  # CPT, HCPCS or CDT; may be empty on institutional lines
    charge_cents: int
    service_date: date
    control_number: str = ""  # REF*6R
    units: str = "1"  # decimal text
    unit: str = "UN"  # UN, MJ (minutes), DA (days)
    modifiers: tuple[str, ...] = ()
    pointers: tuple[int, ...] = (1,)  # professional
    revenue_code: str = ""  # institutional
    place_of_service: str = ""  # when other than the claim's
    service_end_date: date | None = None
    authorization: str = ""  # REF*G1
    tooth: str = ""  # dental, TOO02
    surfaces: tuple[str, ...] = ()  # dental, TOO03
    adjudications: tuple[LineAdjudication, ...] = ()


@dataclass(frozen=True, slots=True)
class InstitutionalFacts:
    """What only the 837I carries."""

    statement_from_date: date  # DTP*434
    statement_to_date: date
    admission_type: str = "3"  # CL101
    admission_source: str = "1"  # CL102
    patient_status: str = "01"  # CL103
    admitted_at: datetime | None = None  # DTP*435, inpatient
    discharge_hour: str = ""  # DTP*096, HHMM
    admitting_diagnosis: str = ""  # HI*ABJ
    reason_for_visit: str = ""  # HI*APR
    diagnosis_related_group: str = ""  # HI*DR
    condition_codes: tuple[str, ...] = ()  # HI*BG
    value_codes: tuple[tuple[str, int], ...] = ()  # HI*BE, code and cents
    attending: Provider | None = None  # loop 2310A


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim to one payer."""

    control_number: str  # CLM01, 20 characters at most
    form: Form
    payer: Payer  # destination, loop 2010BB
    sequence: str  # SBR01 of the destination payer
    subscriber: Person  # loop 2010BA
    member_id: str
    filing_indicator: str  # SBR09
    facility_code: str  # CLM05-1: place of service, or two digits of the type of bill
    diagnoses: tuple[str, ...]  # ICD-10 without point, principal first
    lines: tuple[ClaimLine, ...]
    frequency: Frequency = Frequency.ORIGINAL
    original_reference: str = ""  # REF*F8
    relationship: str = "18"  # of the patient to the subscriber; 18 is self
    patient: Person | None = None  # loop 2010CA, when not the subscriber
    group_number: str = ""
    insurance_type: str = ""  # SBR05, Medicare secondary only
    assignment: str = "A"  # CLM07
    benefits_assigned: str = "Y"  # CLM08
    release: str = "Y"  # CLM09
    delay_reason: str = ""  # CLM20
    patient_paid_cents: int = 0  # AMT*F5
    referral: str = ""  # REF*9F
    authorization: str = ""  # REF*G1
    clearinghouse_trace: str = ""  # REF*D9
    medical_record: str = ""  # REF*EA
    attachment: tuple[str, str, str] | None = None  # PWK01, PWK02, PWK06
    note: str = ""  # NTE*ADD
    rendering: Provider | None = None  # loop 2310B
    referring: Provider | None = None  # loop 2310A
    facility: Provider | None = None  # loop 2310C
    institutional: InstitutionalFacts | None = None
    other_payers: tuple[OtherPayer, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what every payer would reject."""
        if self.frequency is not Frequency.ORIGINAL and not self.original_reference:
            raise MissingOriginalReference(self.frequency.value)
        if self.form is Form.INSTITUTIONAL and self.institutional is None:
            raise ValueError("an institutional claim needs its institutional facts")
        if not self.lines:
            raise ValueError("a claim needs a service line")

    @property
    def charge_cents(self) -> int:
        """CLM02, the sum of the lines."""
        return sum(line.charge_cents for line in self.lines)

    @property
    def patient_person(self) -> Person:
        """The patient, who may be the subscriber."""
        return self.patient or self.subscriber

    @property
    def service_date(self) -> date:
        """The earliest day of service."""
        return min(line.service_date for line in self.lines)


@dataclass(frozen=True, slots=True)
class BillingGroup:
    """The claims of one billing provider in a batch (loop 2000A)."""

    provider: Provider
    claims: tuple[Claim, ...]
    pay_to: Address | None = None


@dataclass(frozen=True, slots=True)
class ClaimBatch:
    """One 837 transaction set; all claims have the same form."""

    reference: str  # BHT03, comes back in the 277CA
    created_at: datetime  # BHT04, BHT05
    submitter: TradingPartner
    receiver: TradingPartner
    groups: tuple[BillingGroup, ...]
    form: Form


def check_prior_payers(claim: Claim) -> None:
    """Refuse a secondary claim whose prior payers do not account for each charge.

    Raises UnbalancedPriorPayer. Source: 837 TR3 1.4.1.1 "Coordination of benefits: balancing".
    """
    for other in claim.other_payers:
        if other.paid_cents is None:
            continue
        adjusted = sum(item.amount_cents for item in other.adjustments)
        for line in claim.lines:
            for decision in line.adjudications:
                if decision.payer_id != other.payer.identifier:
                    continue
                reduction = sum(item.amount_cents for item in decision.adjustments)
                adjusted += reduction
                if line.charge_cents != decision.paid_cents + reduction:
                    raise UnbalancedPriorPayer(other.payer.identifier)
        if claim.charge_cents != other.paid_cents + adjusted:
            raise UnbalancedPriorPayer(other.payer.identifier)
