"""Systemic problems planted in the world, for the product to find. Each is named in the truth.

A world without a recipe has the three of `plant_problems`. A recipe (`recipes.py`) brings its own:
each with a name, a scope and dice of its own, so that claims outside the scope fare as they would
without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sanderling.core.x12.write.claim import Claim, ClaimLine
from sanderling.simulator.identifiers import dice_for, share_of

# What a problem does, and the family of symptoms by which it can be found.
FAMILIES = {
    "denial_spike": "denial",
    "eligibility_trouble": "denial",
    "payer_edit": "denial",  # a payer's edit changed: codes are denied by one reason
    "eligibility_denials": "denial",  # a client no longer checks coverage
    "authorization_denials": "denial",  # a payer wants an authorization for more codes
    "provider_enrollment": "denial",  # a new provider is not on file
    "documentation_holds": "documentation_hold",  # denied until records come
    "documentation_pends": "documentation_hold",  # pended until records come
    "rejection_spike": "rejection",  # front end, after a change at clearinghouse, payer or client
    "slow_payment": "slow_payment",
    "missing_remittances": "missing_remittance",
    "unbilled_secondaries": "unbilled_secondary",  # crossover stops, nobody bills
    "old_fee_schedule": "underpayment",
    "fee_schedule": "underpayment",  # an old schedule loaded: every code by a factor of its own
    "wrong_fee_year": "underpayment",  # a renewed contract is not loaded
    "fee_cut": "underpayment",  # a percentage on some codes
    "wrong_steps": "underpayment",  # the multiple-procedure step is cut once more
    "modifier_cut": "underpayment",  # visits with modifier 25 at a share
    "class_rate": "underpayment",  # physicians paid as nurse practitioners
    "units_cut": "underpayment",  # one unit paid where several were billed
    "overpayment": "overpayment",
}
DENIALS = frozenset(
    {
        "denial_spike", "eligibility_trouble", "payer_edit", "eligibility_denials",
        "authorization_denials", "provider_enrollment", "documentation_holds",
    }
)  # fmt: skip
ELIGIBILITY_SHARE = 0.23  # of denials (domain reference 12.3)


@dataclass(frozen=True, slots=True)
class PlantedProblem:
    """One systemic problem: who, what, from when until when (excluded), how strong."""

    kind: str  # of FAMILIES
    payer: str  # payer code; empty for all
    client: str  # client code; empty for all
    codes: tuple[str, ...]  # procedure codes; empty for all
    from_date: date
    until_date: date
    strength: float  # share of claims touched, multiplier, or factor of price or days
    carc: str = ""
    name: str = ""  # of a problem of a recipe; has dice of its own
    group: str = "CO"  # CAS01 of the denial
    remarks: tuple[str, ...] = ()
    category: str = "coding"  # of the denial
    modifiers: tuple[str, ...] = ()  # a line must carry one of them
    providers: tuple[str, ...] = ()  # NPIs of those who render
    places: tuple[str, ...] = ()  # place of service, or first two digits of the type of bill
    groups: tuple[str, ...] = ()  # group numbers of the plan, first characters
    by_service: bool = False  # window counts from the day of service, not of receipt
    whole: bool = False  # the denial takes the whole claim
    spread: float = 0.0  # price factors differ by code by up to this much
    seed: int = 0

    @property
    def label(self) -> str:
        """Name in the truth."""
        return self.name or self.kind

    def touches(self, payer: str, client: str, code: str, day: date) -> bool:
        """Tell whether a line of this kind on this day falls under the problem."""
        return (
            self.from_date <= day < self.until_date
            and self.payer in ("", payer)
            and self.client in ("", client)
            and (not self.codes or code in self.codes)
        )

    def lines_of(self, claim: Claim, payer: str, client: str, received: date) -> list[int]:
        """Answer the places (from 1) of the lines of a claim that fall under the problem."""
        day = claim.service_date if self.by_service else received
        if self.payer not in ("", payer) or self.client not in ("", client):
            return []
        if not self.from_date <= day < self.until_date or not self._fits(claim):
            return []
        return [number for number, line in enumerate(claim.lines, start=1) if self.fits_line(line)]

    def _fits(self, claim: Claim) -> bool:
        provider = claim.rendering.npi if claim.rendering else ""
        return (
            (not self.providers or provider in self.providers)
            and (not self.places or claim.facility_code in self.places)
            and (not self.groups or claim.group_number.startswith(self.groups))
        )

    def fits_line(self, line: ClaimLine) -> bool:
        """Tell whether code and modifiers of a line fall under the problem."""
        has_modifier = not self.modifiers or any(item in self.modifiers for item in line.modifiers)
        return has_modifier and (not self.codes or line.code in self.codes)

    def strikes(self, *parts: object) -> bool:
        """Throw the problem's own dice for one claim: is it touched?"""
        return dice_for(self.seed, self.name, *parts).random() < self.strength

    def factor_of(self, code: str) -> float:
        """Answer the factor of the price of a code."""
        if not self.spread:
            return self.strength
        mark = dice_for(self.seed, self.name, "factor", code).random()
        return round(self.strength + self.spread * (mark - 0.5), 4)


@dataclass(frozen=True, slots=True)
class Renewal:
    """A contract renewed: from a day of service every rate times a factor of its own."""

    payer: str
    from_date: date
    factor: float
    spread: float = 0.0  # factors differ by code by up to this much

    def factor_of(self, code: str) -> float:
        """Answer the factor of the rate of a code."""
        mark = dice_for("renewal", self.payer, self.from_date, code).random()
        return round(self.factor + self.spread * (mark - 0.5), 4)


@dataclass(frozen=True, slots=True)
class Struck:
    """One claim or line that a problem of a recipe has touched, for the truth."""

    problem: str
    client: str
    claim: str
    line: int  # from 1; 0 the whole claim
    payer: str
    code: str
    provider: str
    received_date: date  # by the payer; for front ends the day they looked
    service_date: date
    seen_date: date  # the billing company has the file that shows it
    charge_cents: int
    expected_cents: int  # by contract
    variance_cents: int = 0  # allowed less expected, of wrong prices


def renewed(
    rates: dict[str, int], payer: str, renewals: tuple[Renewal, ...], service_date: date
) -> dict[str, int]:
    """Answer the rates in force on a day of service."""
    for renewal in renewals:
        if renewal.payer == payer and service_date >= renewal.from_date:
            rates = {
                code: share_of(cents, renewal.factor_of(code)) for code, cents in rates.items()
            }
    return rates


def of_kind(problems: tuple[PlantedProblem, ...], *kinds: str) -> Iterator[PlantedProblem]:
    """Answer the problems of some kinds."""
    return (problem for problem in problems if problem.kind in kinds)


def plant_problems(start_date: date, days: int) -> tuple[PlantedProblem, ...]:
    """Plant the problems of a world without a recipe; dates are relative to its length.

    Kinds after the domain reference 12.3: a payer's edit change, one client with poor eligibility
    checks, an old fee schedule loaded for some weeks (0.94 of contract).
    """
    end_date = start_date + timedelta(days=days)
    return (
        PlantedProblem(
            "denial_spike",
            "BLH07",
            "",
            ("20610", "93306", "99214"),
            start_date + timedelta(days=days * 55 // 100),
            end_date,
            0.45,
            "4",
        ),
        PlantedProblem("eligibility_trouble", "", "PINE", (), start_date, end_date, 2.6, "27"),
        PlantedProblem(
            "old_fee_schedule",
            "UNH05",
            "",
            ("99203", "99212", "99213", "99214", "99396"),
            start_date + timedelta(days=days * 30 // 100),
            start_date + timedelta(days=days * 30 // 100 + 70),
            0.94,
        ),
    )
