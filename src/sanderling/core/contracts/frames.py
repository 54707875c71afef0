"""The frames of contract pricing: grain, columns, units.

Money is whole cents. A day is a date; `from_date` and `to_date` are both included, null means
without limit. Text is "" when there is none, never null. Modifiers are joined by ":" in the order
billed. Frames may have more columns than named here; they are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

# One line to price. All lines of a claim stand in one frame: the ranks of multiple procedures and
# the methods of hospitals look at the claim as a whole.
LINES: Final[Schema] = {
    "line_id": pl.Int64,  # the caller's own key, unique
    "claim_id": pl.Int64,
    "contract_id": pl.Int64,  # the contract version in force; null: none, the line is unpriced
    "kind": pl.String,  # P, I, D
    "procedure": pl.String,
    "modifiers": pl.String,
    "revenue_code": pl.String,
    "place_of_service": pl.String,  # kind I: the first two digits of the type of bill
    "is_facility": pl.Boolean,  # null: by place of service (FACILITY_PLACES)
    "units": pl.Float64,  # anesthesia: minutes; four decimals count; null or 0: one
    "charge_cents": pl.Int64,
    "service_date": pl.Date,
    "provider_class": pl.String,  # "" (physician), np, pa, cns, csw, lmft, mhc
    "diagnosis": pl.String,  # principal
    "drg": pl.String,
    "days": pl.Int64,  # covered days of an inpatient stay; null: not known
    "discharge_status": pl.String,  # two digits; "" when not known
    "claim_charge_cents": pl.Int64,  # of the whole claim; null: the sum of the lines in the frame
}

# What a fee schedule of a contract version says. The most specific row counts: code with modifier
# and place, code with modifier, code with place, code; then the row with the latest `from_date`.
RATES: Final[Schema] = {
    "contract_id": pl.Int64,
    "code": pl.String,  # procedure or, for lines without a rate of their procedure, revenue code
    "modifier": pl.String,  # "": any
    "place_of_service": pl.String,  # "": any
    "allowed_cents": pl.Int64,  # for one unit
    "from_date": pl.Date,
    "to_date": pl.Date,
}

# The answer, one row for each line, in the order of the lines.
PRICED: Final[Schema] = {
    "line_id": pl.Int64,
    "expected_cents": pl.Int64,  # what the payer should allow; null: unpriced
    "rate_cents": pl.Int64,  # for one unit, before every factor; null: the method has no rate
    "method": pl.String,  # one of METHODS
    "term": pl.String,  # which rule, in words; stable, so that rows can be grouped by it
    "rank": pl.Int64,  # among the multiple procedures of the claim and day; null: not ranked
    "confidence": pl.String,  # high, medium, low, none (unpriced)
    "flags": pl.String,  # of FLAGS, joined by ":"
}

METHODS: Final = {
    "rate": "the contract's fee schedule",
    "reference": "a percentage or conversion factor of a reference schedule",
    "anesthesia": "base units and time",
    "percent_of_charge": "a percentage of the charge",
    "per_diem": "a rate for each day",
    "case_rate": "one rate for the case",
    "drg": "base rate by the weight of the group",
    "stop_loss": "a percentage of the charge above a threshold",
    "carve_out": "a rule of its own for these codes",
    "capitation": "paid by the month",
    "not_covered": "not covered by the contract",
    "unpriced": "no term applies",
}
FLAGS: Final = {
    "CHARGE_BELOW_CONTRACT": "the charge is lower than the contract's price",
    "LESSER_OF": "limited to the charge",
    "CAPITATED": "paid by the month: no payment per claim is right",
    "MULTIPLE_PROCEDURE": "reduced as a second or later procedure of the day",
    "BY_REPORT": "a modifier that payers price by report",
    "MEDICARE_DEFAULT": "a factor that the contract does not state; Medicare's was used",
    "NOT_STATED": "a modifier or provider class that the contract says nothing about",
    "INCLUDED": "included in the price of the claim's other lines",
    "OUTLIER": "stop-loss or outlier applies",
    "TRANSFER": "priced by the day because the patient was transferred",
}

# Reference schedules. Relative value units as Medicare publishes them, one row for each code and
# modifier ("", 26, TC, 53). Indicators are Medicare's own: "" when the file has none.
RVUS: Final[Schema] = {
    "schedule": pl.String,  # its name, as the terms call it
    "code": pl.String,
    "modifier": pl.String,
    "work": pl.Decimal(12, 4),
    "practice_nonfacility": pl.Decimal(12, 4),
    "practice_facility": pl.Decimal(12, 4),
    "malpractice": pl.Decimal(12, 4),
    "multiple_procedure": pl.String,  # 0, 2 surgery, 3 endoscopy, 4 imaging, 5 therapy, 6, 7, 9
    "bilateral": pl.String,  # 0 and 2: no 150 %; 1: 150 %; 3: each side in full
    "assistant": pl.String,  # 0 with documents, 1 never, 2 allowed, 9
    "co_surgeon": pl.String,
    "endoscopic_base": pl.String,  # the code of the base scope
    "pre_operative": pl.Decimal(12, 4),  # shares of the global price, for 54, 55, 56, 78
    "intra_operative": pl.Decimal(12, 4),
    "post_operative": pl.Decimal(12, 4),
    "anesthesia_base": pl.Decimal(12, 4),  # base units; 0: no anesthesia code
    "from_date": pl.Date,
    "to_date": pl.Date,
}
GPCIS: Final[Schema] = {
    "schedule": pl.String,
    "locality": pl.String,
    "work": pl.Decimal(12, 4),
    "practice": pl.Decimal(12, 4),
    "malpractice": pl.Decimal(12, 4),
    "from_date": pl.Date,
    "to_date": pl.Date,
}
CONVERSION_FACTORS: Final[Schema] = {
    "schedule": pl.String,
    "kind": pl.String,  # "" for relative value units, "anesthesia" for base and time units
    "factor": pl.Decimal(12, 4),  # dollars for one unit
    "from_date": pl.Date,
    "to_date": pl.Date,
}
# A reference that lists prices: laboratory, equipment, drugs (ASP, AWP), ambulatory surgery.
FEES: Final[Schema] = {
    "schedule": pl.String,
    "locality": pl.String,  # "": everywhere
    "code": pl.String,
    "modifier": pl.String,  # "": any
    "amount_cents": pl.Int64,
    "from_date": pl.Date,
    "to_date": pl.Date,
}


def empty(schema: Schema) -> pl.DataFrame:
    """Return a frame without rows."""
    return pl.DataFrame(schema=dict(schema))


@dataclass(frozen=True)
class References:
    """The reference schedules that terms may name, all of them together."""

    rvus: pl.DataFrame = field(default_factory=lambda: empty(RVUS))
    gpcis: pl.DataFrame = field(default_factory=lambda: empty(GPCIS))
    conversion_factors: pl.DataFrame = field(default_factory=lambda: empty(CONVERSION_FACTORS))
    fees: pl.DataFrame = field(default_factory=lambda: empty(FEES))


# DOMAIN 6.2: where the practice expense of a facility counts.
FACILITY_PLACES: Final = frozenset(
    ("02", "19", "21", "22", "23", "24", "26", "31", "34", "41", "42", "51", "52", "53", "56", "61")
)
# Types of bill of an inpatient stay: hospital, swing bed, nursing, and their like.
INPATIENT_BILLS: Final = frozenset(("11", "18", "21", "41", "65", "66", "86"))
