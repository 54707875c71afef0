"""Adjustments (CAS), shared by the 835 and by the prior payers of the 837."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sanderling.core.x12.write.segments import amount, segment

TRIPLETS_MAX = 6  # CAS holds six reason/amount/quantity triplets


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One reduction of a charge: charge minus adjustments is what was paid."""

    group: str  # CAS01: CO, PR, OA, PI
    code: str  # CARC
    amount_cents: int  # positive reduces the payment
    quantity: int | None = None  # units denied or cut

    def reversed(self) -> Adjustment:
        """The same adjustment with opposite sign, for a reversal."""
        quantity = None if self.quantity is None else -self.quantity
        return Adjustment(self.group, self.code, -self.amount_cents, quantity)


def cas_segments(adjustments: Iterable[Adjustment]) -> Iterator[str]:
    """Yield CAS segments: one a group, more when a group has over six reasons."""
    groups: dict[str, list[Adjustment]] = {}
    for adjustment in adjustments:
        groups.setdefault(adjustment.group, []).append(adjustment)
    for group, members in groups.items():
        for start in range(0, len(members), TRIPLETS_MAX):
            elements = ["CAS", group]
            for member in members[start : start + TRIPLETS_MAX]:
                quantity = "" if member.quantity is None else str(member.quantity)
                elements += (member.code, amount(member.amount_cents), quantity)
            yield segment(*elements)


def total_cents(adjustments: Iterable[Adjustment]) -> int:
    """Sum of the amounts."""
    return sum(adjustment.amount_cents for adjustment in adjustments)
