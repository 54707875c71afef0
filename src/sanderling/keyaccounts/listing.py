"""The claims behind the numbers of the account page: clocks, cash, touches, appeals."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from sanderling.core.ledger.accounts import Account
from sanderling.core.service_levels import KIND_WORDS
from sanderling.keyaccounts.attainment import DECIDED_SQL, STATE_SQL

ROWS_MAX: Final = 2_000
CLOCK_COLUMNS: Final = (
    *("client", "claim", "kind", "state", "started_at", "due_at", "ended_at", "balance_cents"),
    *("barrier", "owner"),
)
CLAIM_COLUMNS: Final = ("client", "claim", "payer_name", "date", "what", "amount_cents")
STATES: Final = {
    "open": "Running",
    "late": "Late now",
    "warned": "Nearly late",
    "running": "In time so far",
    "met": "Done in time",
    "missed": "Done late",
    "decided": "Decided",
}
_OF_STATE: Final = {
    "open": ("late", "warned", "running"),
    "decided": ("met", "missed", "late"),
}
WHAT: Final = {
    "cash": "Claims that brought cash in",
    "after_touch": "Claims that brought cash in after a touch of ours",
    "touched": "Claims that we touched",
    "appeals": "Claims appealed",
    "resolved": "Balances settled after a touch of ours",
    "resent": "Claims corrected, sent anew or to the next payer",
}
_CLOCKS: Final = f"""
SELECT k.kind, s.state, k.started_at, k.due_at, k.ended_at, k.subject, c.number, i.balance_cents,
       i.barrier, u.name
  FROM agreements_clock k
 CROSS JOIN LATERAL (SELECT {STATE_SQL} AS state, {DECIDED_SQL} AS decided_at) s
  LEFT JOIN claims_claim c ON c.id = k.claim_id
  LEFT JOIN LATERAL (
       SELECT sum(w.balance_cents)::bigint AS balance_cents, min(w.barrier) AS barrier,
              min(w.assignee_id) AS assignee_id
         FROM worklists_work_item w WHERE w.claim_id = k.claim_id AND w.party < 14
          AND (k.party IS NULL OR w.party = k.party)) i ON true
  LEFT JOIN accounts_user u ON u.id = i.assignee_id
 WHERE k.client_id = %(client)s AND k.started_at <= %(at)s AND s.state = ANY (%(states)s)
   AND (%(kind)s = '' OR k.kind = %(kind)s)
   AND (NOT %(decided)s OR s.decided_at BETWEEN %(from)s AND %(at)s)
 ORDER BY k.due_at, k.id LIMIT %(limit)s
"""  # noqa: S608 - text of ours
_TOUCH: Final = "a.user_id IS NOT NULL AND a.channel <> 'internal'"
_CASH: Final = f"""
SELECT c.number, coalesce(p.name, ''), max(l.posted_date), count(*),
       sum(l.amount_cents)::bigint
  FROM ledger_entry l JOIN claims_claim c ON c.id = l.claim_id
  LEFT JOIN payers_payer p ON p.id = c.payer_id
 WHERE l.client_id = %(client)s AND l.posted_date BETWEEN %(from)s AND %(to)s
   AND l.debit = {int(Account.CASH)} AND l.credit BETWEEN 11 AND 13 {{after}}
 GROUP BY c.id, c.number, p.name HAVING sum(l.amount_cents) <> 0
 ORDER BY 5 DESC, 1 LIMIT %(limit)s
"""  # noqa: S608 - text of ours
# As workload.productivity has it: a payment counts for a touch of the 45 days before it.
_AFTER: Final = f"""
   AND EXISTS (SELECT FROM followup_standing_activity a
                WHERE a.claim_id = l.claim_id AND a.activity_date <= l.posted_date
                  AND a.activity_date > l.posted_date - %(days)s AND {_TOUCH})
"""
_ACTS: Final = """
SELECT c.number, coalesce(p.name, ''), max(a.activity_date), count(*),
       coalesce((SELECT sum(b.balance_cents) FROM barriers_barrier b
                  WHERE b.claim_id = c.id AND b.party < 14), 0)::bigint
  FROM followup_standing_activity a JOIN claims_claim c ON c.id = a.claim_id
  LEFT JOIN payers_payer p ON p.id = c.payer_id
 WHERE a.client_id = %(client)s AND a.activity_date BETWEEN %(from)s AND %(to)s AND {acts}
 GROUP BY c.id, c.number, p.name ORDER BY 3 DESC, 1 LIMIT %(limit)s
"""
# As workload.productivity has it: what left the worklist within so many days of a touch.
_SETTLED: Final = """
SELECT c.number, coalesce(p.name, ''), max((w.left_at AT TIME ZONE 'UTC')::date), count(*),
       sum(w.balance_cents)::bigint
  FROM worklists_departure w JOIN claims_claim c ON c.id = w.claim_id
  LEFT JOIN payers_payer p ON p.id = w.payer_id
 WHERE w.client_id = %(client)s AND w.left_at >= %(from)s::date AND w.left_at < %(to)s::date + 1
   AND w.party <> 14 AND w.last_touch_user_id IS NOT NULL
   AND w.last_touch_date > (w.left_at AT TIME ZONE 'UTC')::date - %(days)s
 GROUP BY c.id, c.number, p.name ORDER BY 3 DESC, 1 LIMIT %(limit)s
"""
_OF_ACTS: Final = {
    "touched": _TOUCH,
    "appeals": "a.action = 'appeal' AND a.outcome = 'sent'",
    "resent": "a.action IN ('resubmit', 'correct_and_rebill', 'bill_secondary')"
    " AND a.outcome = 'sent'",
}


def clock_rows(
    client_id: int, code: str, *, kind: str, state: str, since: datetime, at: datetime
) -> list[dict[str, Any]]:
    """Return clocks of a client, the first due first; at most ROWS_MAX.

    `state`: a key of STATES; what was done or decided, since `since`.
    """
    states = _OF_STATE.get(state, (state,))
    is_decided = state in ("met", "missed", "decided")
    params: dict[str, Any] = {
        "client": client_id, "at": at, "from": since, "states": list(states), "kind": kind,
        "decided": is_decided, "limit": ROWS_MAX,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CLOCKS, params)
        found = cursor.fetchall()
    return [
        {
            "client": code,
            "claim": number or "",
            "subject": "" if number else subject.replace(":", " "),
            "kind": row_kind,
            "kind_text": KIND_WORDS[row_kind],
            "state": row_state,
            "state_text": STATES[row_state],
            "started_at": started_at,
            "due_at": due,
            "ended_at": ended_at,
            "balance_cents": balance,
            "barrier": barrier or "",
            "owner": owner or "",
        }
        for row_kind, row_state, started_at, due, ended_at, subject, number, balance, barrier, owner
        in found
    ]  # fmt: skip


def claim_rows(
    client_id: int, code: str, *, what: str, from_date: date, to_date: date, credit_days: int
) -> list[dict[str, Any]]:
    """Return the claims behind a number (a key of WHAT) of some days; at most ROWS_MAX."""
    if what == "resolved":
        statement = _SETTLED
    elif what in _OF_ACTS:
        statement = _ACTS.format(acts=_OF_ACTS[what])
    else:
        statement = _CASH.format(after=_AFTER if what == "after_touch" else "")
    params: dict[str, Any] = {
        "client": client_id, "from": from_date, "to": to_date, "limit": ROWS_MAX,
        "days": credit_days,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found = cursor.fetchall()
    words = ("payment", "payments") if what in ("cash", "after_touch") else ("time", "times")
    return [
        {
            "client": code, "claim": number, "payer_name": payer, "date": day,
            "what": f"{count} {words[0] if count == 1 else words[1]}", "amount_cents": cents,
        }
        for number, payer, day, count, cents in found
    ]  # fmt: skip
