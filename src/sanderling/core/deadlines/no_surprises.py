"""The days of a dispute under the No Surprises Act (out-of-network claims that it protects).

All spans are business days; federal holidays are none. Source: DOMAIN B3 row 5, 45 CFR 149.510.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sanderling.core.deadlines.days import add_business_days

NEGOTIATION_START_DAYS: Final = 30
NEGOTIATION_DAYS: Final = 30
DISPUTE_START_DAYS: Final = 4


@dataclass(frozen=True, slots=True)
class DisputeDays:
    """The last day to open negotiation, the day it ends, the last day to start arbitration."""

    negotiation_start_by_date: date
    negotiation_end_date: date
    dispute_start_by_date: date


def dispute_days(
    *, initial_payment_date: date, negotiation_started_date: date | None = None
) -> DisputeDays:
    """Return the days of a dispute about a first payment or denial.

    While negotiation has not been opened, the later two are those of opening it on the last day.
    """
    start_by = add_business_days(initial_payment_date, NEGOTIATION_START_DAYS)
    end = add_business_days(negotiation_started_date or start_by, NEGOTIATION_DAYS)
    return DisputeDays(start_by, end, add_business_days(end, DISPUTE_START_DAYS))
