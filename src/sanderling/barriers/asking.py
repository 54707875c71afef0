"""What pages ask of the barriers: for which day, narrowed to what, grouped by what.

Today reads the maintained rows; a past day must be one that is kept (a week end). All reads go
through row-level security, so a user's answer holds the user's clients only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.core.ledger.accounts import Account

NONE: Final = "(none)"  # how an empty category or team stands in an address
PATIENT_PAYER: Final = -1  # as a payer's key: the patient owes
UNKNOWN_PAYER: Final = 0
PAYER_KEY: Final = (
    f"CASE WHEN b.party = {int(Account.PATIENT)} THEN {PATIENT_PAYER}"
    f" ELSE coalesce(b.payer_id, {UNKNOWN_PAYER}) END"
)
# What a barrier's money can be split by: name -> SQL over b. Kept days know no team.
PARTS: Final[Mapping[str, str]] = {
    "payer": PAYER_KEY,
    "client": "b.client_id",
    "category": "b.category",
    "team": "b.team",
}
KEPT_PARTS: Final = ("payer", "client", "category")
# The day a balance's age counts from: the date of service, as on the aging page.
BASIS_DATE: Final = (
    "coalesce(b.service_date,"
    " (SELECT min(e.posted_date) FROM ledger_entry e WHERE e.claim_id = b.claim_id))"
)
AGE_DAYS: Final = f"greatest(%(as_of)s::date - {BASIS_DATE}, 0)"

_TODAY: Final = "barriers_barrier"
# The columns of today's rows that a kept row has, and what stands for the others.
_KEPT: Final = """(
    SELECT claim_id, client_id, party, payer_id, balance_cents, barrier, category,
           '' AS subcategory, '' AS detail, '' AS group_code, '' AS reason_code,
           '' AS remark_code, '' AS status_code, '' AS next_action, '' AS team,
           NULL::date AS since_date, NULL::date AS next_date, NULL::date AS due_date, service_date,
           NULL::date AS deadline_date, '' AS deadline_kind, 0 AS deadline_level,
           '' AS deadline_rule, false AS is_deadline_met, '' AS cause, '[]'::jsonb AS evidence
      FROM barriers_frozen_barrier
     WHERE as_of_date = {day}
)"""


@dataclass(frozen=True, slots=True)
class Question:
    """A day and what to narrow it to; empty text and None narrow nothing."""

    as_of: date
    is_kept: bool = False  # a past day: read what was frozen at its end
    client_id: int | None = None
    payer_key: int | None = None  # PATIENT_PAYER, UNKNOWN_PAYER or a payer's row
    barrier: str = ""
    team: str = ""
    category: str = ""

    def source(self) -> str:
        """Return the relation of the day's rows."""
        return _KEPT.format(day="%(as_of)s") if self.is_kept else _TODAY

    def params(self) -> dict[str, Any]:
        """Return the values behind the names in the conditions."""
        return {
            "as_of": self.as_of,
            "client_id": self.client_id,
            "payer_key": self.payer_key,
            "barrier": self.barrier,
            "team": self.team.replace(NONE, ""),
            "category": self.category.replace(NONE, ""),
        }

    def conditions(self) -> list[str]:
        """Return what rows b must fulfill."""
        return [*self.whose(), *self.what()]

    def whose(self) -> list[str]:
        """Return the conditions on client and payer."""
        found = []
        if self.client_id is not None:
            found.append("b.client_id = %(client_id)s")
        if self.payer_key is not None:
            found.append(f"{PAYER_KEY} = %(payer_key)s")
        return found

    def what(self) -> list[str]:
        """Return the conditions on barrier, team and category."""
        names = ("barrier", "team", "category")
        return [f"b.{name} = %({name})s" for name in names if getattr(self, name)]


def kept_source(name: str) -> str:
    """Return the relation of the rows kept at the day of the parameter `name`."""
    return _KEPT.format(day=f"%({name})s")


def where(conditions: list[str]) -> str:
    """Return the WHERE clause of conditions that all hold, nothing for none."""
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def run(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the statement's rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def kept_days(*, limit: int) -> list[date]:
    """Return the days whose barriers are kept, newest first."""
    rows = run(
        "SELECT as_of_date FROM barriers_week_end ORDER BY as_of_date DESC LIMIT %(limit)s",
        {"limit": limit},
    )
    return [day for (day,) in rows]


def kept_day_before(day: date) -> date | None:
    """Return the newest kept day up to `day`, None when there is none."""
    ((found,),) = run(
        "SELECT max(as_of_date) FROM barriers_week_end WHERE as_of_date <= %(day)s", {"day": day}
    )
    return found if isinstance(found, date) else None


def overdue_rows(as_of: date) -> int:
    """Return how many of today's rows should have been looked at again by now."""
    ((count,),) = run(
        "SELECT count(*) FROM barriers_barrier WHERE recheck_date <= %(as_of)s", {"as_of": as_of}
    )
    return int(count)
