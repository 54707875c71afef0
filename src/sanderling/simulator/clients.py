"""The clients: practices and a hospital, their providers, and what they charge and are owed."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from sanderling.core.x12.write.claim import Form
from sanderling.core.x12.write.parties import Address, Provider
from sanderling.simulator.catalog import (
    CITIES,
    FIRST_NAMES_F,
    FIRST_NAMES_M,
    LAST_NAMES,
    SPECIALTIES,
    STREETS,
    Procedure,
    Specialty,
)
from sanderling.simulator.identifiers import npi, share_of
from sanderling.simulator.parameters import load_parameters
from sanderling.simulator.payers import PAYERS, PayerProfile


@dataclass(frozen=True, slots=True)
class Department:
    """One line of a client's business: a billing provider, a form and a specialty."""

    billing: Provider
    specialty: Specialty
    form: Form
    weight: float
    rendering: tuple[Provider, ...]
    place_of_service: str = "11"  # or the first two digits of the type of bill


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """Who is billed for."""

    code: str
    name: str
    tier: str
    share: float  # of all claims, percent
    follow_up_days: int
    high_dollar_cents: int
    departments: tuple[Department, ...]
    numbering: str  # format of the patient control number, from a running number
    eligibility_trouble: float = 1.0  # multiplies eligibility denials
    charges: dict[str, int] = field(default_factory=dict)  # cents by code

    @property
    def npis(self) -> tuple[str, ...]:
        """All NPIs it bills under, without repeats."""
        return tuple(dict.fromkeys(part.billing.npi for part in self.departments))

    @property
    def tins(self) -> tuple[str, ...]:
        """All tax identifiers it bills under, without repeats."""
        return tuple(dict.fromkeys(part.billing.tax_id for part in self.departments))


@dataclass(frozen=True, slots=True)
class _Plan:
    code: str
    name: str
    tier: str
    share: float
    numbering: str
    parts: tuple[tuple[str, Form, float, str], ...]  # specialty, form, weight, facility code
    tax_ids: int = 1
    trouble: float = 1.0


_P, _I, _D = Form.PROFESSIONAL, Form.INSTITUTIONAL, Form.DENTAL
_PLANS = (
    _Plan("MAPLE", "MAPLE FAMILY CLINIC", "standard", 14, "MF{0:06d}", (("family", _P, 1, "11"),)),
    _Plan("RIVER", "RIVERBEND CARDIOLOGY", "standard", 9, "RC-{0:07d}",
          (("cardiology", _P, 1, "11"),)),
    _Plan("SUMMIT", "SUMMIT ORTHOPEDIC GROUP", "key", 22, "SOG{0:08d}A",
          (("orthopedics", _P, 0.85, "11"), ("therapy", _P, 0.15, "11")), tax_ids=2),
    _Plan("LAKES", "LAKESHORE REGIONAL HOSPITAL", "key", 26, "LRH2026{0:011d}",
          (("outpatient", _I, 0.55, "13"), ("inpatient", _I, 0.08, "11"),
           ("cardiology", _P, 0.17, "22"), ("family", _P, 0.20, "22")), tax_ids=2),
    _Plan("PINE", "PINE STREET COUNSELING", "standard", 8, "{0:07d}",
          (("behavioral", _P, 1, "11"),), trouble=2.6),
    _Plan("CEDAR", "CEDAR IMAGING PARTNERS", "standard", 10, "CI{0:06d}",
          (("imaging", _P, 1, "11"),)),
    _Plan("WILLOW", "WILLOW PHYSICAL THERAPY", "standard", 7, "0{0:06d}WPT",
          (("therapy", _P, 1, "11"),)),
    _Plan("ASPEN", "ASPEN DENTAL CARE", "standard", 4, "AD{0:06d}", (("dental", _D, 1, "11"),)),
)  # fmt: skip


def make_clients(dice: Random) -> tuple[ClientProfile, ...]:
    """Make the clients with their providers and price lists."""
    return tuple(_make_client(plan, index, dice) for index, plan in enumerate(_PLANS))


def _make_client(plan: _Plan, index: int, dice: Random) -> ClientProfile:
    departments = []
    charges: dict[str, int] = {}
    for place, (name, form, weight, facility) in enumerate(plan.parts):
        specialty = SPECIALTIES[name]
        number = 100 + index * 10 + place
        billing = Provider(
            name=plan.name if place == 0 else f"{plan.name} {name.upper()}",
            npi=npi(23_450_000 + number * 37),
            tax_id=f"31{4_000_000 + index * 1000 + min(place, plan.tax_ids - 1):07d}",
            taxonomy=specialty.taxonomy,
            address=make_address(dice),
        )
        people = tuple(_make_clinician(specialty, number, seat, dice) for seat in range(4))
        departments.append(Department(billing, specialty, form, weight, people, facility))
        for procedure in (*specialty.primary, *specialty.further):
            key = charge_key(procedure)
            spread = 0.9 + 0.2 * dice.random()
            cents = share_of(procedure.price_cents, specialty.charge_ratio * spread)
            charges[key] = round(cents, -2) or 100
    return ClientProfile(
        code=plan.code,
        name=plan.name,
        tier=plan.tier,
        share=plan.share,
        follow_up_days=7 if plan.tier == "key" else 14,
        high_dollar_cents=500_000 if plan.tier == "key" else 100_000,
        departments=tuple(departments),
        numbering=plan.numbering,
        eligibility_trouble=plan.trouble,
        charges=charges,
    )


def charge_key(procedure: Procedure) -> str:
    """Name a price: the code, or the revenue code when a line has none."""
    return procedure.code or f"REV{procedure.revenue_code}"


def _make_clinician(specialty: Specialty, number: int, seat: int, dice: Random) -> Provider:
    share = load_parameters().choices["clinician_is_female"]
    first_names = FIRST_NAMES_F if dice.random() < share else FIRST_NAMES_M
    return Provider(
        name=dice.choice(LAST_NAMES),
        first_name=dice.choice(first_names),
        npi=npi(45_670_000 + number * 41 + seat),
        # An institution's taxonomy does not fit a person.
        taxonomy="208M00000X" if specialty.taxonomy == "282N00000X" else specialty.taxonomy,
    )


def make_address(dice: Random) -> Address:
    """Make an address with a nine-digit postal code."""
    city, state, postal_code = dice.choice(CITIES)
    street = f"{dice.randrange(1, 9900)} {dice.choice(STREETS)}"
    return Address(street, city, state, f"{postal_code}{dice.randrange(1, 9999):04d}")


def contract_rates(client: ClientProfile, payer: PayerProfile) -> dict[str, int]:
    """Make the agreed price of each code, in cents; hospital lines without code have none."""
    rates: dict[str, int] = {}
    for part in client.departments:
        for procedure in (*part.specialty.primary, *part.specialty.further):
            if procedure.code:
                rates[procedure.code] = share_of(procedure.price_cents, payer.price_factor)
    return rates


def payers_of(client: ClientProfile) -> tuple[PayerProfile, ...]:
    """The payers a client deals with: the dental plan with the dentist only, and the reverse."""
    is_dental = client.departments[0].form is Form.DENTAL
    if is_dental:
        return tuple(
            payer for payer in PAYERS if payer.is_dental or payer.code in {"GRM06", "MCO04"}
        )
    return tuple(payer for payer in PAYERS if not payer.is_dental)
