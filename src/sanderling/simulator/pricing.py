"""What a contract allows for the lines of a claim, and what a payer's system makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sanderling.core.x12.write.claim import Claim, ClaimLine, Form
from sanderling.simulator.identifiers import share_of

PERCENT_OUTPATIENT = 0.50  # lines without a rate
PERCENT_INPATIENT = 0.45
SURGERY_STEPS = (1.0, 0.5, 0.5)
SURGERY_CODES = frozenset({"29881", "29876", "29827", "27447"})


@dataclass(frozen=True, slots=True)
class Price:
    """What one line is worth under the contract."""

    rate_cents: int  # before multiple-procedure reduction, never above the charge
    allowed_cents: int  # after it


def price_lines(claim: Claim, rates: dict[str, int]) -> tuple[Price, ...]:
    """Price each line: rate times units, never above the charge, then surgery steps by rank."""
    is_inpatient = claim.form is Form.INSTITUTIONAL and claim.facility_code == "11"
    percent = PERCENT_INPATIENT if is_inpatient else PERCENT_OUTPATIENT
    bases = [_rate(line, rates, percent) for line in claim.lines]
    surgical = [index for index, line in enumerate(claim.lines) if line.code in SURGERY_CODES]
    surgical.sort(key=lambda index: (-bases[index], index))
    allowed = list(bases)
    for step, index in enumerate(surgical):
        factor = SURGERY_STEPS[min(step, len(SURGERY_STEPS) - 1)]
        allowed[index] = share_of(bases[index], factor)
    return tuple(Price(base, final) for base, final in zip(bases, allowed, strict=True))


def _rate(line: ClaimLine, rates: dict[str, int], percent: float) -> int:
    rate = rates.get(line.code)
    if rate is None:
        return share_of(line.charge_cents, percent)
    return min(int(rate * Decimal(line.units)), line.charge_cents)
