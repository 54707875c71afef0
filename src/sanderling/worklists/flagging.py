"""Puts what clients flagged at the head of the worklist while an answer is ours to give."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import connection

from sanderling.core.priority.value import FLAGGED_SCORE

# A day that somebody set gives way, as it does when the payer says something new.
_ON: Final = """
UPDATE worklists_work_item
   SET is_flagged = true, is_pended = false, not_before_date = NULL,
       follow_up_date = CASE WHEN work_date > %(today)s THEN %(today)s ELSE follow_up_date END,
       score = score + %(lift)s, reasons = '[["flagged", {}]]'::jsonb || reasons
 WHERE claim_id = %(claim)s AND NOT is_flagged
"""
_OFF: Final = """
UPDATE worklists_work_item
   SET is_flagged = false,
       score = CASE WHEN score >= %(lift)s THEN score - %(lift)s ELSE score END,
       reasons = coalesce((SELECT jsonb_agg(one) FROM jsonb_array_elements(reasons) one
                            WHERE one ->> 0 <> 'flagged'), '[]')
 WHERE claim_id = %(claim)s AND is_flagged
"""


def mark_flagged(claim_id: int, *, is_flagged: bool, today: date) -> None:
    """Mark the claim's items, or take the mark off; doing it again changes nothing.

    What is marked is due at once and before all else, as `core.priority.value` has it at night.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _ON if is_flagged else _OFF,
            {"claim": claim_id, "today": today, "lift": FLAGGED_SCORE},
        )
