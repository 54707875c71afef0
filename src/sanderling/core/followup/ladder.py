"""The ladder of escalation: who is asked next when a touch does not help. Source: DOMAIN 9.7."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rung:
    """One level: who, and when a claim gets there as a rule."""

    level: int
    title: str
    when: str


LADDER: Final = (
    Rung(0, "AR specialist", "The usual way."),
    Rung(1, "Lead", "After two touches that did not help, or on day 45."),
    Rung(2, "Payer's supervisor or claims resolution unit", "The lead's call did not help."),
    Rung(
        3,
        "Payer's provider relations, or a project of many claims",
        "The payer's supervisor did not help, or 20 and more claims have the same trouble.",
    ),
    Rung(
        4,
        "Client and contract manager: letter",
        "A breach of the contract or of prompt pay.",
    ),
    Rung(
        5,
        "Regulator",
        "Complaint to the state, CMS, Medicaid agency or Department of Labor.",
    ),
    Rung(6, "Arbitration or legal action", "Nothing else is left."),
)
LEVEL_MAX: Final = LADDER[-1].level


def level_title(level: int) -> str:
    """Return "Level 2: Payer's supervisor or claims resolution unit"."""
    return f"Level {level}: {LADDER[level].title}"
