"""Systemic problems planted in the world, for the product to find. Each is named in the truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class PlantedProblem:
    """One systemic problem: who, what, from when until when (excluded), how strong."""

    kind: str  # denial_spike, eligibility_trouble, old_fee_schedule
    payer: str  # payer code; empty for all
    client: str  # client code; empty for all
    codes: tuple[str, ...]  # procedure codes; empty for all
    from_date: date
    until_date: date
    strength: float  # share of claims denied, multiplier, or price factor
    carc: str = ""

    def touches(self, payer: str, client: str, code: str, day: date) -> bool:
        """Tell whether a line of this kind on this day falls under the problem."""
        return (
            self.from_date <= day < self.until_date
            and self.payer in ("", payer)
            and self.client in ("", client)
            and (not self.codes or code in self.codes)
        )


def plant_problems(start_date: date, days: int) -> tuple[PlantedProblem, ...]:
    """Plant the problems of a world; dates are relative to its length.

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
