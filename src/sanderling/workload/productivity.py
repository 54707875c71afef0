"""What people's work brought, by measures that say how they are counted.

A touch is something recorded that a person did about a claim with somebody outside: internal notes
and what was taken back are none. Each payment counts for one touch, the latest before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.core.ledger.accounts import Account
from sanderling.workload.narrowing import Narrow

USUAL_MINUTES: Final = 10  # of a touch without minutes of its own (DOMAIN 12.6)
CREDIT_DAYS: Final = 45  # a payment so long after a touch is no longer its work
FEW: Final = 20  # touches; a rate over fewer says little
# It told us nothing that we had to act on.
AVOIDABLE_OUTCOMES: Final = ("in_process", "no_answer")
_CASH: Final = int(Account.CASH)
_TOUCH: Final = "a.user_id IS NOT NULL AND a.channel <> 'internal'"
# The touch that a payment `l` is credited to: the latest before it.
CREDITED_TOUCH: Final = f"""
    SELECT a.user_id FROM followup_standing_activity a
     WHERE a.claim_id = l.claim_id AND a.activity_date <= l.posted_date
       AND a.activity_date > l.posted_date - %(days)s AND {_TOUCH}
     ORDER BY a.activity_date DESC, a.id DESC LIMIT 1
"""  # noqa: S608 - text of ours
PAID_BY_INSURERS: Final = (
    f"l.debit = {_CASH} AND l.credit BETWEEN 11 AND 13 AND l.claim_id IS NOT NULL"
)
_TOUCHES: Final = f"""
SELECT a.user_id, count(*), count(DISTINCT a.claim_id),
       count(*) FILTER (WHERE coalesce(n.is_avoidable, a.outcome = ANY (%(avoidable)s))),
       sum(CASE WHEN n.minutes > 0 THEN n.minutes ELSE %(usual)s END)::float8,
       count(*) FILTER (WHERE n.minutes > 0)
  FROM followup_standing_activity a LEFT JOIN followup_note n ON n.activity_id = a.id
  {{join}}
 WHERE a.activity_date BETWEEN %(from)s AND %(to)s AND {_TOUCH} {{narrow}}
 GROUP BY 1
"""  # noqa: S608 - text of ours
# A payment's reversal counts against the same touch: it is the latest before the reversal, too, or
# its own; sums of entries, so that a correction does not count twice.
_PAID: Final = f"""
SELECT t.user_id, sum(l.amount_cents)::bigint, count(DISTINCT l.claim_id)
  FROM ledger_entry l
  CROSS JOIN LATERAL ({CREDITED_TOUCH}) t
  {{join}}
 WHERE l.posted_date BETWEEN %(from)s AND %(to)s AND {PAID_BY_INSURERS} {{narrow}}
 GROUP BY 1
"""  # noqa: S608 - as above
_RESOLVED: Final = """
SELECT w.last_touch_user_id, count(*), sum(w.balance_cents)::bigint
  FROM worklists_departure w
 WHERE w.left_at >= %(from)s::date AND w.left_at < %(to)s::date + 1 AND w.party <> 14
   AND w.last_touch_user_id IS NOT NULL
   AND w.last_touch_date > (w.left_at AT TIME ZONE 'UTC')::date - %(days)s {narrow}
 GROUP BY 1
"""
_PROMISES: Final = """
SELECT a.user_id, count(*) FILTER (WHERE e.state = 'kept'), count(*)
  FROM followup_promise_outcome e
  JOIN followup_promise p ON p.id = e.promise_id
  JOIN followup_standing_activity a ON a.id = p.activity_id
  {join}
 WHERE e.decided_date BETWEEN %(from)s AND %(to)s AND e.state IN ('kept', 'broken')
   AND a.user_id IS NOT NULL {narrow}
 GROUP BY 1
"""
# A person's name is known to whoever sees a claim that he worked on.
_NAMES: Final = "SELECT id, name, role FROM accounts_user WHERE id = ANY (%s)"


@dataclass(frozen=True, slots=True)
class Work:
    """One person's work in a span of days."""

    user_id: int
    name: str
    role: str
    touches: int
    claims: int
    avoidable: int
    minutes: float
    timed: int  # touches whose minutes were recorded
    cash_cents: int
    paid_claims: int
    resolved: int
    resolved_cents: int
    promises_kept: int
    promises_ended: int

    @property
    def hours(self) -> float:
        """The minutes as hours."""
        return self.minutes / 60

    @property
    def productive_rate(self) -> float | None:
        """Touches that told us something, of all; None for none."""
        return 1 - self.avoidable / self.touches if self.touches else None

    @property
    def cash_an_hour_cents(self) -> int | None:
        """What insurance paid after the person's touches, for each hour of them."""
        return round(self.cash_cents * 60 / self.minutes) if self.minutes else None

    @property
    def kept_rate(self) -> float | None:
        """Promises that were kept, of those that ended; None for none."""
        return self.promises_kept / self.promises_ended if self.promises_ended else None

    @property
    def is_few(self) -> bool:
        """Say whether there are too few touches for rates to say much."""
        return self.touches < FEW


def work_of_people(narrow: Narrow, *, from_date: date, to_date: date) -> list[Work]:
    """Return the work of everybody who did some on visible claims, by name."""
    found: dict[int, dict[str, Any]] = {}

    def add(statement: str, names: tuple[str, ...], alias: str) -> None:
        for user_id, *values in _run(statement, narrow, from_date, to_date, alias):
            found.setdefault(user_id, {}).update(zip(names, values, strict=True))

    add(_TOUCHES, ("touches", "claims", "avoidable", "minutes", "timed"), "a")
    add(_PAID, ("cash_cents", "paid_claims"), "l")
    add(_RESOLVED, ("resolved", "resolved_cents"), "w")
    add(_PROMISES, ("promises_kept", "promises_ended"), "p")
    names = (
        *("touches", "claims", "avoidable", "minutes", "timed", "cash_cents", "paid_claims"),
        *("resolved", "resolved_cents", "promises_kept", "promises_ended"),
    )
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, [list(found)])
        people = cursor.fetchall()
    rows = [
        Work(user_id, name, role, **{key: found[user_id].get(key, 0) for key in names})
        for user_id, name, role in people
    ]
    return sorted(rows, key=lambda row: (row.name.lower(), row.user_id))


def cash_of_nobody(narrow: Narrow, *, from_date: date, to_date: date) -> tuple[int, int]:
    """Return what insurance paid in all, and what of it followed no touch: (all, by itself)."""
    condition, join = _narrowed(narrow, "l")
    statement = f"""
        SELECT coalesce(sum(l.amount_cents), 0)::bigint FROM ledger_entry l {join}
         WHERE l.posted_date BETWEEN %(from)s AND %(to)s AND {PAID_BY_INSURERS} {condition}
    """  # noqa: S608 - text of ours; what comes from outside are parameters
    with connection.cursor() as cursor:
        cursor.execute(statement, narrow.params() | {"from": from_date, "to": to_date})
        (whole,) = cursor.fetchone()
    credited = sum(cents for _, cents, _ in _run(_PAID, narrow, from_date, to_date, "l"))
    return int(whole), int(whole - credited)


def _run(
    statement: str, narrow: Narrow, from_date: date, to_date: date, alias: str
) -> list[tuple[Any, ...]]:
    condition, join = _narrowed(narrow, alias)
    params = narrow.params() | {
        "from": from_date,
        "to": to_date,
        "days": CREDIT_DAYS,
        "usual": USUAL_MINUTES,
        "avoidable": list(AVOIDABLE_OUTCOMES),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement.format(narrow=condition, join=join), params)
        return list(cursor.fetchall())


def _narrowed(narrow: Narrow, alias: str) -> tuple[str, str]:
    """Return the conditions, and the join that they need: a payer stands on the claim."""
    if alias == "w":
        return narrow.sql(), ""
    parts, join = [], ""
    if narrow.client_id is not None:
        parts.append(f"AND {alias}.client_id = %(narrow_client)s")
    if narrow.payer_id is not None:
        join = f"JOIN claims_claim c ON c.id = {alias}.claim_id"
        parts.append(
            "AND %(narrow_payer)s IN (c.payer_id, c.secondary_payer_id, c.tertiary_payer_id)"
        )
    return " ".join(parts), join
