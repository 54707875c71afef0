"""The payers of the simulated world and how each behaves.

Shares, rejection and denial rates: domain reference 12.2 (estimates); lags 12.4. Behavior that
trips up software (delimiters, missing references, wrong statuses) is spread over the payers.
"""

from __future__ import annotations

from dataclasses import dataclass

from sanderling.core.x12.write.parties import Address, Payer
from sanderling.core.x12.write.remittance import RemittancePayer
from sanderling.core.x12.write.segments import Delimiters

USUAL = Delimiters()
NEWLINES = Delimiters(segment="\n")
PIPES = Delimiters(element="|", component=">", repetition="!", segment="~")
READABLE = Delimiters(line_end="\n")


@dataclass(frozen=True, slots=True)
class PayerProfile:
    """One payer: identity, rules a client is told, and hidden behavior."""

    code: str  # EDI identifier
    name: str
    kind: str  # type of `payers import`
    filing: str  # SBR09 and CLP06; institutional Medicare becomes MA
    tax_id: str
    share: float  # of primary claims, percent
    timely_days: int
    corrected_days: int
    appeal_days: int
    response_days: int
    price_factor: float  # allowed as a multiple of the catalog price
    lag_mean_days: float
    lag_floor_days: int
    pay_weekday: int  # Monday is 0
    rejection_rate: float
    denial_rate: float
    coinsurance: float
    copay_cents: int
    deductible_rate: float
    secondary_rate: float  # share of its members with a further coverage
    sequestration: float = 0.0
    pays_secondary: float = 0.0  # share of the patient part paid as secondary
    takes_replacements: bool = True
    crosses_over: bool = False
    denied_status: str = "1"  # CLP02 on a whole denial: 1 or 4
    sends_line_control: bool = True
    acknowledges_with_number: bool = True  # REF*1K in the 277CA
    pends_on_remittance: bool = False  # OA-133 first, reversal and decision later
    repeats_contractual: bool = False  # as secondary: CO-45 again instead of within OA-23
    delimiters: Delimiters = USUAL
    is_dental: bool = False
    is_secondary_only: bool = False

    @property
    def on_claim(self) -> Payer:
        """The payer as a claim names it."""
        return Payer(self.name, self.code)

    @property
    def on_remittance(self) -> RemittancePayer:
        """The payer as its 835 names itself."""
        return RemittancePayer(
            name=self.name,
            tax_id=self.tax_id,
            address=Address("PO BOX 1000", "COLUMBUS", "OH", "432150001"),
            identifier=self.code,
        )

    def filing_for(self, *, institutional: bool) -> str:
        """Claim filing indicator; Medicare has one for each part."""
        return "MA" if institutional and self.filing == "MB" else self.filing


MEDICARE = PayerProfile(
    code="MCR01", name="LAKES MEDICARE CONTRACTOR", kind="medicare", filing="MB",
    tax_id="311000001", share=20, timely_days=365, corrected_days=365, appeal_days=120,
    response_days=21, price_factor=1.0, lag_mean_days=15, lag_floor_days=13, pay_weekday=2,
    rejection_rate=0.02, denial_rate=0.06, coinsurance=0.20, copay_cents=0, deductible_rate=0.06,
    secondary_rate=0.80, sequestration=0.02, takes_replacements=False, crosses_over=True,
)  # fmt: skip
ADVANTAGE = PayerProfile(
    code="MADV2", name="SUNRISE ADVANTAGE PLAN", kind="medicare_advantage", filing="16",
    tax_id="311000002", share=17, timely_days=365, corrected_days=180, appeal_days=60,
    response_days=30, price_factor=1.0, lag_mean_days=17, lag_floor_days=5, pay_weekday=4,
    rejection_rate=0.025, denial_rate=0.12, coinsurance=0.0, copay_cents=2500, deductible_rate=0.02,
    secondary_rate=0.08, sequestration=0.02, denied_status="4", delimiters=READABLE,
)  # fmt: skip
MEDICAID = PayerProfile(
    code="MCD03", name="STATE MEDICAID PROGRAM", kind="medicaid", filing="MC",
    tax_id="311000003", share=6, timely_days=365, corrected_days=365, appeal_days=90,
    response_days=30, price_factor=0.70, lag_mean_days=16, lag_floor_days=6, pay_weekday=1,
    rejection_rate=0.04, denial_rate=0.17, coinsurance=0.0, copay_cents=0, deductible_rate=0.0,
    secondary_rate=0.0, pays_secondary=0.45, denied_status="4", sends_line_control=False,
    delimiters=NEWLINES,
)  # fmt: skip
MANAGED_MEDICAID = PayerProfile(
    code="MCO04", name="COMMUNITY CARE PARTNERS", kind="medicaid", filing="HM",
    tax_id="311000004", share=12, timely_days=180, corrected_days=180, appeal_days=60,
    response_days=30, price_factor=0.74, lag_mean_days=20, lag_floor_days=5, pay_weekday=3,
    rejection_rate=0.035, denial_rate=0.16, coinsurance=0.0, copay_cents=300, deductible_rate=0.0,
    secondary_rate=0.0, pays_secondary=0.5, pends_on_remittance=True,
)  # fmt: skip
NATIONAL = PayerProfile(
    code="UNH05", name="UNION NATIONAL HEALTH", kind="commercial", filing="CI",
    tax_id="311000005", share=16, timely_days=90, corrected_days=365, appeal_days=180,
    response_days=25, price_factor=1.30, lag_mean_days=12, lag_floor_days=3, pay_weekday=0,
    rejection_rate=0.025, denial_rate=0.085, coinsurance=0.15, copay_cents=3000,
    deductible_rate=0.12, secondary_rate=0.08, pays_secondary=0.7,
)  # fmt: skip
GRANITE = PayerProfile(
    code="GRM06", name="GRANITE MUTUAL HEALTH", kind="commercial", filing="12",
    tax_id="311000006", share=10, timely_days=180, corrected_days=180, appeal_days=180,
    response_days=25, price_factor=1.42, lag_mean_days=13, lag_floor_days=3, pay_weekday=3,
    rejection_rate=0.03, denial_rate=0.10, coinsurance=0.20, copay_cents=0, deductible_rate=0.15,
    secondary_rate=0.08, pays_secondary=0.7, delimiters=PIPES,
)  # fmt: skip
BLUE = PayerProfile(
    code="BLH07", name="BLUE HARBOR OF OHIO", kind="bcbs", filing="BL",
    tax_id="311000007", share=14, timely_days=180, corrected_days=365, appeal_days=180,
    response_days=30, price_factor=1.25, lag_mean_days=13, lag_floor_days=4, pay_weekday=2,
    rejection_rate=0.025, denial_rate=0.075, coinsurance=0.15, copay_cents=2500,
    deductible_rate=0.12, secondary_rate=0.08, pays_secondary=0.75,
)  # fmt: skip
TRIDENT = PayerProfile(
    code="TRI08", name="TRIDENT MILITARY HEALTH", kind="tricare", filing="CH",
    tax_id="311000008", share=3, timely_days=365, corrected_days=365, appeal_days=90,
    response_days=30, price_factor=1.0, lag_mean_days=24, lag_floor_days=8, pay_weekday=1,
    rejection_rate=0.035, denial_rate=0.10, coinsurance=0.10, copay_cents=0, deductible_rate=0.03,
    secondary_rate=0.05, pays_secondary=0.8,
)  # fmt: skip
KEYSTONE = PayerProfile(
    code="KWC09", name="KEYSTONE WORK INJURY FUND", kind="workers_comp", filing="WC",
    tax_id="311000009", share=2, timely_days=365, corrected_days=180, appeal_days=90,
    response_days=45, price_factor=1.4, lag_mean_days=38, lag_floor_days=15, pay_weekday=4,
    rejection_rate=0.06, denial_rate=0.15, coinsurance=0.0, copay_cents=0, deductible_rate=0.0,
    secondary_rate=0.0, denied_status="4", sends_line_control=False,
    acknowledges_with_number=False,
)  # fmt: skip
SUPPLEMENT = PayerProfile(
    code="SSL10", name="SENIOR SUPPLEMENT LIFE", kind="commercial", filing="CI",
    tax_id="311000010", share=0, timely_days=365, corrected_days=365, appeal_days=180,
    response_days=30, price_factor=1.0, lag_mean_days=18, lag_floor_days=6, pay_weekday=0,
    rejection_rate=0.02, denial_rate=0.04, coinsurance=0.0, copay_cents=0, deductible_rate=0.0,
    secondary_rate=0.0, pays_secondary=0.95, is_secondary_only=True,
)  # fmt: skip
PROVIDENT = PayerProfile(
    code="PSC11", name="PROVIDENT SECOND COVER", kind="commercial", filing="CI",
    tax_id="311000011", share=0, timely_days=180, corrected_days=180, appeal_days=180,
    response_days=35, price_factor=1.1, lag_mean_days=22, lag_floor_days=6, pay_weekday=4,
    rejection_rate=0.03, denial_rate=0.06, coinsurance=0.0, copay_cents=0, deductible_rate=0.0,
    secondary_rate=0.0, pays_secondary=0.7, repeats_contractual=True, is_secondary_only=True,
)  # fmt: skip
DENTAL = PayerProfile(
    code="BDP12", name="BRIGHT DENTAL PLAN", kind="commercial", filing="CI",
    tax_id="311000012", share=0, timely_days=365, corrected_days=180, appeal_days=180,
    response_days=25, price_factor=0.85, lag_mean_days=11, lag_floor_days=3, pay_weekday=1,
    rejection_rate=0.03, denial_rate=0.08, coinsurance=0.20, copay_cents=0, deductible_rate=0.10,
    secondary_rate=0.0, is_dental=True,
)  # fmt: skip

PAYERS = (
    MEDICARE, ADVANTAGE, MEDICAID, MANAGED_MEDICAID, NATIONAL, GRANITE, BLUE, TRIDENT, KEYSTONE,
    SUPPLEMENT, PROVIDENT, DENTAL,
)  # fmt: skip
BY_CODE = {payer.code: payer for payer in PAYERS}
