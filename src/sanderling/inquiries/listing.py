"""The page of status requests: what is due, waits, was answered, is late, or cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection

from sanderling.core.codes.remarks import status_category_title, status_title
from sanderling.core.inquiries.limits import Limits
from sanderling.inquiries.actions import asked_on
from sanderling.inquiries.due import Due, due_requests, sort_due
from sanderling.inquiries.limits import limits_of_payers
from sanderling.inquiries.queries import PARTIES

TABS: Final[Mapping[str, str]] = {
    "due": "Due",
    "waiting": "Asked, waiting",
    "answered": "Answered",
    "late": "No answer, late",
    "refused": "Cannot be asked",
}
COLUMNS: Final = (
    *("client", "claim", "party", "payer_id", "payer_name", "balance_cents", "state", "asked_at"),
    *("asked_by", "channel", "file", "sent_at", "expected_date", "tries", "answered_date"),
    *("category", "code", "meaning", "paid_cents", "payment_date", "payment_trace"),
    *("payer_claim_number", "reason"),
)
ANSWERED_DAYS: Final = 30
_BLANK: Final[dict[str, Any]] = dict.fromkeys(COLUMNS)

# Of each claim and party the latest request; what is asked again shows as that.
_REQUESTS: Final = """
WITH rules AS MATERIALIZED (
    SELECT * FROM unnest(%(payers)s::int[], %(answer)s::int[]) AS r (payer_id, answer_days)
), latest AS (
    SELECT r.*, f.state AS file_state, f.sent_at, f.fault AS file_fault, f.standing,
           f.sent_at::date + coalesce(rules.answer_days, 3) AS expected_date
      FROM inquiries_status_request r JOIN outbox_file f ON f.id = r.file_id
      LEFT JOIN rules ON rules.payer_id = r.payer_id
     WHERE (r.state <> 'answered' OR r.answered_date >= %(since)s)
       AND (r.state = 'answered' OR r.asked_date >= %(open_since)s)
       AND NOT EXISTS (SELECT FROM inquiries_status_request later
                        WHERE later.claim_id = r.claim_id AND later.party = r.party
                          AND later.id > r.id)
), told AS (
    SELECT latest.*,
           CASE WHEN state = 'answered' THEN 'answered'
                WHEN state IN ('refused', 'failed') OR standing = 'rejected'
                     OR file_state IN ('cancelled', 'failed') THEN 'refused'
                WHEN sent_at IS NULL OR expected_date >= %(today)s THEN 'waiting'
                ELSE 'late' END AS tab
      FROM latest
)
"""
_SUMS: Final = (
    _REQUESTS
    + """
SELECT told.tab, count(*), coalesce(sum(b.balance_cents), 0)::bigint
  FROM told LEFT JOIN ledger_open_balance b USING (claim_id, party) GROUP BY 1
"""
)
_ROWS: Final = (
    _REQUESTS
    + """
SELECT told.id, told.claim_id, k.code, c.number, told.party, p.payer_id, p.name,
       coalesce(b.balance_cents, 0), told.state, told.asked_at, told.asked_by, told.channel,
       told.file_id, told.sent_at, told.expected_date, told.tries, told.answered_date, a.category,
       a.code, a.paid_cents, a.payment_date, a.payment_trace, a.payer_claim_number,
       told.file_state, told.standing, told.fault, told.file_fault, u.name
  FROM told
  JOIN claims_claim c ON c.id = told.claim_id
  JOIN clients_client k ON k.id = told.client_id
  JOIN payers_payer p ON p.id = told.payer_id
  LEFT JOIN ledger_open_balance b ON b.claim_id = told.claim_id AND b.party = told.party
  LEFT JOIN claims_answer a ON a.id = told.answer_id
  LEFT JOIN accounts_user u ON 'user:' || u.id = told.asked_by
 WHERE told.tab = %(tab)s
 ORDER BY coalesce(told.answered_date, told.asked_date) DESC, told.id DESC
 LIMIT %(limit)s OFFSET %(offset)s
"""
)
_NAMES: Final = (
    *("request", "claim_id", "client", "claim", "party", "payer_id", "payer_name"),
    *("balance_cents", "state", "asked_at", "asked_by", "channel", "file", "sent_at"),
    *("expected_date", "tries", "answered_date", "category", "code", "paid_cents"),
    *("payment_date", "payment_trace", "payer_claim_number", "file_state", "standing", "fault"),
    *("file_fault", "asker"),
)
_OPEN_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Sum:
    """How many there are and what is open on them."""

    count: int = 0
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """The sums of all tabs, and what is due, by tab."""

    sums: Mapping[str, Sum]
    due: Mapping[str, Sequence[tuple[Due, str]]]  # "due" and "refused": the claim, and why not now
    limits: Mapping[int, Limits]


def overview(*, at: datetime) -> Overview:
    """Return what the session may see of all requests, and of what is due."""
    limits = limits_of_payers()
    found = sort_due(due_requests(at.date(), limits), limits, asked_on(at.date()), at=at)
    due = {
        "due": [*((one, "") for one in found.now), *found.waiting],
        "refused": list(found.refused),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, _asked(limits, at.date()))
        sums = {tab: Sum(count, cents) for tab, count, cents in cursor.fetchall()}
    for tab, claims in due.items():
        before = sums.get(tab, Sum())
        cents = sum(one.balance_cents for one, _ in claims)
        sums[tab] = Sum(before.count + len(claims), before.cents + cents)
    return Overview({tab: sums.get(tab, Sum()) for tab in TABS}, due, limits)


def rows_of_tab(
    tab: str, shown: Overview, *, today: date, start: int, limit: int
) -> list[dict[str, Any]]:
    """Return rows of a tab (COLUMNS, claim_id and request beside): what is due first."""
    due = [_due_row(one, why) for one, why in shown.due.get(tab, ())]
    rows = due[start : start + limit]
    if len(rows) < limit:
        rows += _requests(tab, shown, today, max(start - len(due), 0), limit - len(rows))
    return rows


def _requests(
    tab: str, shown: Overview, today: date, start: int, limit: int
) -> list[dict[str, Any]]:
    asked = {**_asked(shown.limits, today), "tab": tab, "limit": limit, "offset": start}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, asked)
        return [_row(dict(zip(_NAMES, row, strict=True)), today) for row in cursor.fetchall()]


def _asked(limits: Mapping[int, Limits], today: date) -> dict[str, Any]:
    return {
        "today": today,
        "since": today - timedelta(days=ANSWERED_DAYS),
        "open_since": today - timedelta(days=_OPEN_DAYS),
        "payers": list(limits),
        "answer": [one.answer_days for one in limits.values()],
    }


def _row(row: dict[str, Any], today: date) -> dict[str, Any]:
    category, code = row["category"] or "", row["code"] or ""
    meaning = ": ".join(filter(None, (status_category_title(category), status_title(code))))
    return _BLANK | {
        **row,
        "party": PARTIES[row["party"]],
        "asked_by": row["asker"] or ("a rule" if row["asked_by"] == "rule" else "the schedule"),
        "file_id": row["file"],
        "file": f"SL{row['file']:09d}.276",
        "category": category,
        "code": code,
        "meaning": meaning,
        "reason": _reason(row, meaning, today),
    }


def _reason(row: Mapping[str, Any], meaning: str, today: date) -> str:
    """Return why there is no answer, in words; empty where there is one."""
    said = {
        "answered": "",
        "refused": f"The payer cannot answer it ({meaning or 'error'}); ask by portal or call",
        "failed": row["fault"] or f"The payer's system could not answer ({meaning}); asked again",
    }.get(row["state"])
    return _of_file(row, today) if said is None else said


def _of_file(row: Mapping[str, Any], today: date) -> str:
    """Return what keeps the answer, from where the file is."""
    if row["standing"] == "rejected":
        return "The file was turned away; see the exchange"
    stopped = {
        "cancelled": "The file was cancelled; it is asked again",
        "failed": "The file was not delivered; see the exchange",
    }.get(row["file_state"])
    if stopped:
        return stopped
    if row["sent_at"] is None:
        return "Waits to go out"
    if row["expected_date"] < today:
        return "No answer yet; it is asked again, or ask by portal or call"
    return ""


def _due_row(one: Due, why: str) -> dict[str, Any]:
    asked_by = {"schedule": "the schedule", "rule": "a rule"}.get(one.asked_by, "a colleague")
    return _BLANK | {
        "claim_id": one.claim_id,
        "client": one.client,
        "claim": one.claim,
        "party": PARTIES[one.party],
        "payer_id": one.payer,
        "payer_name": one.payer_name,
        "balance_cents": one.balance_cents,
        "state": "due",
        "asked_by": asked_by,
        "tries": one.tries,
        "category": "",
        "code": "",
        "meaning": "",
        "reason": f"{why[:1].upper()}{why[1:]}",
    }
