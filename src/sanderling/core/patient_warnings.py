"""What a person must know before a patient is billed for what a payer refused.

Source: DOMAIN 11.4 (No Surprises Act, limiting charge, advance notices, self-pay estimates).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

# The patient owes the share computed on the qualifying amount only.
NO_SURPRISES: Final = frozenset(
    {
        *("N830", "N884", "N885"),
        *(f"N{number}" for number in range(859, 871)),
        *(f"N{number}" for number in range(876, 880)),
    }
)
_LIMITING_CHARGE: Final = "N771"
_NOT_NECESSARY: Final = "PR-50"
_COVERAGE: Final = frozenset({"PR-26", "PR-27", "PR-31", "PR-22", "PR-177", "PR-200"})
_ESTIMATE_CENTS: Final = 400_00
_PENDING: Final = {
    "appeal_pending": "An appeal was sent and has no decision yet.",
    "corrected_pending": "A corrected claim was sent and has no decision yet.",
}


def warnings_of(
    *, codes: Collection[str], remarks: Collection[str], payer_type: str, barrier: str
) -> tuple[str, ...]:
    """Return what speaks against billing the patient, in sentences without patient data.

    `codes`: by which the payer left it to the patient (PR-204); `remarks`: of its remittances.
    """
    found = [_PENDING[barrier]] if barrier in _PENDING else []
    flags = sorted(NO_SURPRISES.intersection(remarks))
    if flags:
        found.append(
            f"The No Surprises Act applies ({', '.join(flags)}): the patient owes only the share "
            "computed on the qualifying payment amount."
        )
    if _LIMITING_CHARGE in remarks:
        found.append("The payer names a limiting charge (N771): no more may be collected.")
    if payer_type == "medicare" and _NOT_NECESSARY in codes:
        found.append(
            "Medicare denied it as not necessary (PR-50): the patient owes it only with a signed "
            "advance notice (ABN)."
        )
    if payer_type == "medicaid":
        found.append(
            "The payer is a Medicaid plan: the patient owes only what the plan leaves to him."
        )
    if _COVERAGE.intersection(codes):
        found.append("Refused for coverage: verify first whether another payer covers the day.")
    return tuple(found)


def self_pay_warning(cents: int) -> str:
    """Return what to know before a balance that no payer decided becomes self-pay."""
    text = "No payer has decided it: show that there was no coverage on the day of service."
    if cents >= _ESTIMATE_CENTS:
        text += " A bill of $400 or more over the good-faith estimate can be disputed."
    return text
