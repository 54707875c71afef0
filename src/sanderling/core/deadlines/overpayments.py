"""The 60-day rule: when an overpayment of Medicare must be reported and returned.

Source: 42 CFR 401.305(a) and (b), as in force since 2025-01-01; DOMAIN 11.3 and B3 row 7.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

RETURN_DAYS: Final = 60
SUSPENSION_DAYS_MAX: Final = 180


def return_by_date(
    *,
    identified_date: date,
    investigation_started_date: date | None = None,
    investigation_ended_date: date | None = None,
) -> date:
    """Return the last day to report and return an overpayment.

    A timely investigation of related overpayments stops the 60 days until it ends, at most until
    180 days after the overpayment was identified; the days used before it began stay used. An
    investigation without an end is taken to last as long as it may. One begun after the 60 days
    stops nothing.

    Raises:
        ValueError: the investigation begins before the overpayment was identified, or ends before
            it begins.
    """
    due = identified_date + timedelta(days=RETURN_DAYS)
    if investigation_started_date is None or investigation_started_date > due:
        return due
    used_days = (investigation_started_date - identified_date).days
    longest = identified_date + timedelta(days=SUSPENSION_DAYS_MAX)
    ended = investigation_ended_date or longest
    if used_days < 0 or ended < investigation_started_date:
        raise ValueError("an investigation cannot begin before its reason or end before its start")
    return min(ended, longest) + timedelta(days=RETURN_DAYS - used_days)
