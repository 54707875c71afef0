"""Why Medicare is not the first payer (SBR05), as far as the claim tells.

The first payer's kind of insurance decides where it leaves one answer. For an employer's plan it
does not: whether Medicare is second for age, kidney disease or disability follows from facts that
no claim carries (employer's size, whose employment, the coordination period), so a person is asked;
what the patient's age makes likely is offered, never taken.

Source: DOMAIN 5.2; 837 TR3 005010X222A1, SBR05.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

TYPES: Final = {
    "12": "Working aged: employer plan (20 or more employees), patient 65 or over",
    "13": "Kidney disease (ESRD): employer plan in the first 30 months",
    "14": "No-fault or auto insurance",
    "15": "Workers' compensation",
    "16": "Public health service or other federal agency",
    "41": "Black lung",
    "42": "Veterans Affairs",
    "43": "Disabled under 65: employer plan (100 or more employees)",
    "47": "Other liability insurance",
}
MEDICARE_INDICATORS: Final = frozenset({"MA", "MB"})
_BY_INDICATOR: Final = {"WC": "15", "AM": "14", "LM": "47", "VA": "42", "OF": "16"}
_WORKING_AGED, _DISABLED = "12", "43"
_OLD_AGE: Final = 65


@dataclass(frozen=True, slots=True)
class MspAnswer:
    """`known` is the type that follows from the claim; else `likely` may be offered to a person."""

    known: str = ""
    likely: str = ""
    because: str = ""


def msp_type(
    *,
    stated: str,
    first_indicator: str,
    birth_date: date | None,
    service_date: date | None,
) -> MspAnswer:
    """Return why Medicare is not first.

    `stated`: SBR05 of Medicare's coverage in the claim as sent; `first_indicator`: SBR09 of the
    first payer.
    """
    if stated in TYPES:
        return MspAnswer(known=stated, because="the claim as sent says so")
    known = _BY_INDICATOR.get(first_indicator, "")
    if known:
        return MspAnswer(known=known, because="it follows from the first payer's kind of insurance")
    if birth_date is None or service_date is None:
        return MspAnswer()
    years = service_date.year - birth_date.year
    if (service_date.month, service_date.day) < (birth_date.month, birth_date.day):
        years -= 1
    if years >= _OLD_AGE:
        return MspAnswer(likely=_WORKING_AGED, because=f"the patient was {years}")
    return MspAnswer(likely=_DISABLED, because=f"the patient was {years}")
