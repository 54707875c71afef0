"""What a contract says beside its rates: factors, limits, methods of hospitals, and their order.

`None` means that the contract does not say: see `effective_steps` for what holds then. Factors and
shares are exact decimals with at most six places; money is whole cents. Read from
TOML by `terms_toml.parse_terms`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from sanderling.core.contracts.codesets import NO_CODES, CodeSet

# The steps of a line's price, in Medicare's order (DOMAIN 6.3).
STEPS: Final = (
    "rate",  # base price of one unit, by the most specific rule
    "component",  # 26, TC
    "bilateral",  # 50
    "co_surgeon",  # 62
    "assistant",  # 80, 81, 82, AS
    "np_pa",  # who rendered it: NP, PA, CNS; CSW, LMFT, MHC
    "modifiers",  # 22, 52 to 56, 66, 78, CO, CQ
    "multiple_procedure",  # surgery, endoscopy, imaging, therapy
    "units",
    "lesser_of_charge",
)

# Medicare's values, where the contract states none (DOMAIN 6.3).
BILATERAL: Final = Decimal("1.5")
ASSISTANT: Final = Decimal("0.16")
CO_SURGEON: Final = Decimal("0.625")
NP_PA: Final = Decimal("0.85")
SOCIAL_WORKER: Final = Decimal("0.75")
SURGERY_STEPS: Final = (Decimal(1), Decimal("0.5"))
TOLERANCE_CENTS: Final = 100
TOLERANCE_RATE: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class MultipleProcedure:
    """Second and later procedures of a claim and day; the last step counts for all that follow."""

    steps: tuple[Decimal, ...] = SURGERY_STEPS
    codes: CodeSet = NO_CODES  # none: those that the reference schedule marks (indicator 2)
    exempt: CodeSet = NO_CODES  # add-on codes: never reduced, never counted


@dataclass(frozen=True, slots=True)
class EndoscopyFamily:
    """Scopes of one family: the highest in full, of the others what exceeds the base scope."""

    base: str
    codes: CodeSet


@dataclass(frozen=True, slots=True)
class ComponentReduction:
    """Second and later services of a day: the factor of the technical and professional part."""

    codes: CodeSet = NO_CODES
    technical: Decimal = Decimal(1)
    professional: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Therapy:
    """Therapy: the practice expense of all units but the first of the day is reduced."""

    codes: CodeSet = NO_CODES
    practice_expense_factor: Decimal = Decimal("0.5")
    practice_expense_share: Decimal | None = None  # of the rate; None: by the reference schedule


@dataclass(frozen=True, slots=True)
class PercentOfReference:
    """These codes are paid by a reference schedule: a percentage, or a factor for one unit."""

    schedule: str
    percent: Decimal = Decimal(1)
    conversion_factor: Decimal | None = None  # dollars; in place of the schedule's own
    codes: CodeSet = NO_CODES  # none: all codes
    year: int | None = None  # None: the schedule of the service date
    locality: str = ""


@dataclass(frozen=True, slots=True)
class CarveOut:
    """A rule of its own for these codes or revenue codes, outside of every other rule."""

    name: str
    codes: CodeSet = NO_CODES
    revenue_codes: CodeSet = NO_CODES
    cents: int | None = None  # for one unit
    percent_of_charge: Decimal | None = None
    not_covered: bool = False
    above_cents: int = 0  # only lines charged more than this (implants)


@dataclass(frozen=True, slots=True)
class Escalator:
    """From this day on, rates of the fee schedule are higher (or lower) by this share."""

    date: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class PerDiem:
    """A rate for each day, for stays with one of these revenue codes; none: any other stay."""

    cents: int
    revenue_codes: CodeSet = NO_CODES
    from_day: int = 1


@dataclass(frozen=True, slots=True)
class CaseRate:
    """One rate for the whole case, found by revenue code, procedure or group; none: any case."""

    name: str
    cents: int
    revenue_codes: CodeSet = NO_CODES
    codes: CodeSet = NO_CODES
    drgs: CodeSet = NO_CODES


@dataclass(frozen=True, slots=True)
class Drg:
    """Weight and geometric mean length of stay of a diagnosis-related group."""

    weight: Decimal
    mean_days: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StopLoss:
    """Above a threshold of charges: all charges (first dollar) or those above it (second)."""

    threshold_cents: int
    percent_of_charge: Decimal
    is_first_dollar: bool = True


@dataclass(frozen=True, slots=True)
class Outlier:
    """A share of what the stay cost above its price and a fixed loss."""

    fixed_loss_cents: int
    cost_to_charge: Decimal
    share: Decimal = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Institutional:
    """How a stay, or an outpatient visit, of a hospital is paid."""

    percent_of_charge: Decimal | None = None
    per_diem_cents: int | None = None
    per_diems: tuple[PerDiem, ...] = ()
    case_rate_cents: int | None = None
    case_rates: tuple[CaseRate, ...] = ()
    drg_base_cents: int | None = None
    drgs: dict[str, Drg] = field(default_factory=dict)
    transfer_statuses: tuple[str, ...] = ()  # discharge statuses paid by the day
    stop_loss: StopLoss | None = None
    outlier: Outlier | None = None


@dataclass(frozen=True, slots=True)
class Anesthesia:
    """Base units and time, by a factor for one unit (DOMAIN 6.2)."""

    conversion_factor: Decimal | None = None  # dollars; None: the schedule's
    schedule: str = ""  # of the base units
    minutes_per_unit: int = 15


@dataclass(frozen=True)
class Terms:
    """All terms of one contract version."""

    lesser_of: str = "none"  # line, claim, none
    percent_of_charge: Decimal | None = None
    default_rule: str = ""  # percent_of_charge, not_covered, unpriced; "": the first, if stated
    sequestration: Decimal = Decimal(0)  # of the payer's payment; never of what it allows
    bilateral: Decimal | None = None
    np_pa: Decimal | None = None
    social_worker: Decimal | None = None
    assistant: Decimal | None = None
    assistant_np_pa: Decimal | None = None  # AS; None: assistant by np_pa
    co_surgeon: Decimal | None = None
    professional: Decimal | None = None  # 26, where the fee schedule has no rate with 26
    technical: Decimal | None = None  # TC
    modifiers: dict[str, Decimal] = field(default_factory=dict)  # any other: its factor
    tolerance_cents: int = TOLERANCE_CENTS
    tolerance_rate: Decimal = TOLERANCE_RATE
    order: tuple[str, ...] = ()  # () : STEPS
    multiple_procedure: MultipleProcedure | None = None
    endoscopy: tuple[EndoscopyFamily, ...] = ()
    imaging: ComponentReduction | None = None
    cardiology: ComponentReduction | None = None
    ophthalmology: ComponentReduction | None = None
    therapy: Therapy | None = None
    inpatient: Institutional | None = None
    outpatient: Institutional | None = None
    capitation: CodeSet = NO_CODES
    carve_outs: tuple[CarveOut, ...] = ()
    percent_of_reference: tuple[PercentOfReference, ...] = ()
    escalators: tuple[Escalator, ...] = ()
    anesthesia: Anesthesia | None = None
    indicators: str = ""  # the reference schedule whose indicators hold beside these terms

    def stated(self, step: str) -> bool:
        """Tell whether the contract states a value for this step."""
        told = {
            "rate": True,
            "component": self.professional is not None or self.technical is not None,
            "bilateral": self.bilateral is not None,
            "co_surgeon": self.co_surgeon is not None,
            "assistant": self.assistant is not None or self.assistant_np_pa is not None,
            "np_pa": self.np_pa is not None or self.social_worker is not None,
            "modifiers": bool(self.modifiers),
            "multiple_procedure": self.reduces_later_procedures,
            "units": True,
            "lesser_of_charge": self.lesser_of != "none",
        }
        return told[step]

    @property
    def reduces_later_procedures(self) -> bool:
        """Tell whether any rule looks at the other lines of the day."""
        reductions = (self.multiple_procedure, self.imaging, self.cardiology, self.ophthalmology)
        return any(reductions) or self.therapy is not None or bool(self.endoscopy)


def effective_steps(terms: Terms) -> tuple[str, ...]:
    """Return the steps that are done, in order.

    Without `order`: all of STEPS, with Medicare's value where the contract states none. With it:
    the steps named; a step that is not named but has a value comes after the step that precedes it
    in STEPS. Units are counted before anything is compared with the charge of the line, and the
    price of a unit comes first.
    """
    if not terms.order:
        return STEPS
    steps = [step for step in terms.order if step != "rate"]
    if "units" not in steps:
        place = steps.index("lesser_of_charge") if "lesser_of_charge" in steps else len(steps)
        steps.insert(place, "units")
    for step in STEPS:
        if step != "rate" and step not in steps and terms.stated(step):
            steps.insert(_place(steps, step), step)
    return ("rate", *steps)


def _place(steps: list[str], step: str) -> int:
    before = STEPS[: STEPS.index(step)]
    places = [steps.index(name) + 1 for name in before if name in steps]
    return max(places, default=0) if step != "lesser_of_charge" else len(steps)
