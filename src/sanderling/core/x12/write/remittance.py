"""A remittance as a payer makes it: what the 835 writer needs.

Source: 835 TR3 005010X221A1; balancing in 1.10.2. All amounts are integer cents; an adjustment is
positive when it reduces the payment; a PLB amount is positive when it reduces the payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sanderling.core.x12.write.adjustments import Adjustment, total_cents
from sanderling.core.x12.write.parties import Address, Person, Provider


@dataclass(frozen=True, slots=True)
class LinePayment:
    """One service payment (loop 2110)."""

    code: str  # SVC01-2
    charge_cents: int  # SVC02
    paid_cents: int  # SVC03
    qualifier: str = "HC"  # SVC01-1: HC, AD, NU
    modifiers: tuple[str, ...] = ()
    revenue_code: str = ""  # SVC04
    units: str = "1"  # SVC05, decimal text
    submitted_code: str = ""  # SVC06, when the payer changed the code
    submitted_units: str = ""  # SVC07
    service_date: date | None = None  # DTM*472
    adjustments: tuple[Adjustment, ...] = ()
    control_number: str = ""  # REF*6R
    policy: str = ""  # REF*0K
    allowed_cents: int | None = None  # AMT*B6
    remarks: tuple[str, ...] = ()  # LQ*HE

    @property
    def is_balanced(self) -> bool:
        """SVC03 = SVC02 less the adjustments."""
        return self.paid_cents == self.charge_cents - total_cents(self.adjustments)


@dataclass(frozen=True, slots=True)
class ClaimPayment:
    """One claim payment (loop 2100)."""

    control_number: str  # CLP01
    status: str  # CLP02
    charge_cents: int  # CLP03
    paid_cents: int  # CLP04
    patient_cents: int  # CLP05
    filing_indicator: str  # CLP06
    payer_claim_number: str  # CLP07
    patient: Person
    member_id: str
    facility_code: str = ""  # CLP08
    frequency: str = ""  # CLP09
    diagnosis_related_group: str = ""  # CLP11
    adjustments: tuple[Adjustment, ...] = ()  # claim level
    subscriber: Person | None = None  # NM1*IL, when not the patient
    corrected_member_id: str = ""  # NM1*74
    rendering: Provider | None = None  # NM1*82
    crossover_name: str = ""  # NM1*TT
    crossover_id: str = ""
    priority_payer_name: str = ""  # NM1*PR, corrected priority payer
    priority_payer_id: str = ""
    remarks: tuple[str, ...] = ()  # MOA03 to MOA07
    inpatient_remarks: tuple[str, ...] = ()  # MIA05, MIA20 to MIA23
    covered_days: int | None = None  # QTY*CA, inpatient: brings MIA with it
    original_reference: str = ""  # REF*F8
    group_number: str = ""  # REF*1L
    statement_from_date: date | None = None  # DTM*232
    statement_to_date: date | None = None  # DTM*233
    coverage_end_date: date | None = None  # DTM*036
    received_date: date | None = None  # DTM*050
    covered_cents: int | None = None  # AMT*AU
    interest_cents: int | None = None  # AMT*I
    lines: tuple[LinePayment, ...] = ()

    @property
    def is_balanced(self) -> bool:
        """CLP04 = CLP03 less all adjustments, and each line balances."""
        adjusted = total_cents(self.adjustments)
        adjusted += sum(total_cents(line.adjustments) for line in self.lines)
        lines_balance = all(line.is_balanced for line in self.lines)
        return lines_balance and self.paid_cents == self.charge_cents - adjusted


@dataclass(frozen=True, slots=True)
class ProviderAdjustment:
    """One PLB pair; positive takes money from this payment."""

    npi: str  # PLB01
    fiscal_date: date  # PLB02
    code: str  # PLB03-1
    reference: str  # PLB03-2
    amount_cents: int  # PLB04


@dataclass(frozen=True, slots=True)
class RemittancePayer:
    """The payer of a remittance (loop 1000A)."""

    name: str
    tax_id: str  # TRN03 and BPR10 are "1" and these nine digits
    address: Address
    identifier: str = ""  # REF*2U
    phone: str = "5555550199"
    policy_url: str = ""  # PER*IC*UR


@dataclass(frozen=True, slots=True)
class Remittance:
    """One 835 transaction set: one payment to one payee."""

    payer: RemittancePayer
    payee: Provider  # N1*PE with NPI, REF*TJ with the tax identifier
    trace: str  # TRN02
    production_date: date  # DTM*405
    payment_date: date  # BPR16
    claims: tuple[ClaimPayment, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()
    method: str = "ACH"  # BPR04: ACH or CHK; NON when nothing is paid
    payee_names_tax_id: bool = False  # N103 FI instead of XX
    amount_cents: int | None = None  # BPR02; None for the balanced amount

    @property
    def balanced_cents(self) -> int:
        """What BPR02 must be: claim payments less provider adjustments."""
        paid = sum(claim.paid_cents for claim in self.claims)
        return paid - sum(item.amount_cents for item in self.provider_adjustments)

    @property
    def paid_cents(self) -> int:
        """BPR02 as written."""
        return self.balanced_cents if self.amount_cents is None else self.amount_cents
