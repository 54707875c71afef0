"""A file as the billing company has it, and what it adds up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

BILLING_COMPANY = "SANDBILL"
CLEARINGHOUSE = "TIDEWATER"


@dataclass(frozen=True, slots=True)
class FileTotals:
    """What the truth says a file holds."""

    claims: int = 0
    charge_cents: int = 0  # 837: sum of CLM02; 835: sum of CLP03
    paid_cents: int = 0  # sum of CLP04
    payment_cents: int = 0  # sum of BPR02
    provider_adjustment_cents: int = 0  # sum of PLB amounts
    transactions: int = 1


@dataclass(frozen=True, slots=True)
class OutFile:
    """One file of one day."""

    name: str
    kind: str  # 837p, 837i, 837d, 835, 999, 277ca, 276, 277, ta1
    text: str
    on_date: date
    totals: FileTotals
