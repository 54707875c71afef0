"""Puts the value of a touch on work items."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import connection

_REVALUE: Final = """
UPDATE worklists_work_item
   SET value_cents = balance_cents, effort_minutes = 10, score = balance_cents / 10.0,
       valued_date = %(today)s
 WHERE (%(all)s OR claim_id = ANY (%(claims)s))
"""


def revalue(claim_ids: list[int] | None, *, today: date) -> None:
    """Value the items of these claims (None: of all) anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            _REVALUE, {"all": claim_ids is None, "claims": claim_ids or [], "today": today}
        )
