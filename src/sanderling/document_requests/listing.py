"""Lists of requests, and how well each client answers (K36)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection

TABS: Final[Mapping[str, str]] = {
    "open": "Waiting",
    "late": "Late",
    "answered": "Answered",
    "withdrawn": "Withdrawn",
}
ROWS_MAX: Final = 500
FILL_DAYS: Final = 90
FILL_MIN: Final = 10  # a share of fewer documents says nothing
COLUMNS: Final = (
    *("request", "client", "state", "claims", "documents", "received", "none", "wanted"),
    *("open_cents", "asked_by", "asked_at", "due_date", "days", "deadline_date", "last_step"),
)
FILL_COLUMNS: Final = (
    *("client", "client_name", "documents", "received", "none", "wanted", "fill_rate"),
    *("answer_days", "waiting_claims", "waiting_cents", "receivable_cents", "waiting_days"),
)
_FILL_NAMES: Final = tuple(name for name in FILL_COLUMNS if name != "fill_rate")
_ROWS: Final = """
SELECT r.id, k.code, r.state,
       n.claims, n.documents, n.received, n.none, n.wanted, coalesce(w.cents, 0)::bigint,
       coalesce(u.name, r.actor), r.asked_at, r.due_date,
       coalesce(r.closed_at::date, %(today)s) - r.asked_at::date, w.deadline_date,
       coalesce((SELECT s.step FROM document_requests_step s
                  WHERE s.request_id = r.id ORDER BY s.at DESC, s.id DESC LIMIT 1), '')
  FROM document_requests_request r
  JOIN clients_client k ON k.id = r.client_id
  LEFT JOIN accounts_user u ON u.id = r.asked_by_id
  CROSS JOIN LATERAL (
       SELECT count(DISTINCT i.claim_id) AS claims, count(*) AS documents,
              count(*) FILTER (WHERE i.state = 'received') AS received,
              count(*) FILTER (WHERE i.state = 'none') AS none,
              count(*) FILTER (WHERE i.state = 'wanted') AS wanted
         FROM document_requests_item i WHERE i.request_id = r.id) n
  LEFT JOIN LATERAL (
       SELECT sum(w.balance_cents) FILTER (WHERE w.balance_cents > 0) AS cents,
              min(w.deadline_date) FILTER (WHERE NOT w.is_deadline_met
                                             AND w.deadline_date >= %(today)s) AS deadline_date
         FROM worklists_work_item w
        WHERE (w.claim_id, w.party) IN (
              SELECT i.claim_id, i.party FROM document_requests_item i
               WHERE i.request_id = r.id AND i.state = 'wanted')) w ON true
 WHERE (%(client)s = '' OR k.code = %(client)s)
   AND CASE %(tab)s WHEN 'late' THEN r.state = 'open' AND r.due_date < %(today)s
                    ELSE r.state = %(tab)s END
 ORDER BY CASE WHEN r.state = 'open' THEN r.due_date END, r.id DESC
 LIMIT %(most)s
"""
_COUNTS: Final = """
SELECT count(*) FILTER (WHERE state = 'open'),
       count(*) FILTER (WHERE state = 'open' AND due_date < %(today)s),
       count(*) FILTER (WHERE state = 'answered'),
       count(*) FILTER (WHERE state = 'withdrawn')
  FROM document_requests_request r JOIN clients_client k ON k.id = r.client_id
 WHERE %(client)s = '' OR k.code = %(client)s
"""
# K36 is what waits for the client of what is owed, and for how long (DOMAIN 7).
_FILL: Final = """
SELECT k.code, k.name, coalesce(n.documents, 0), coalesce(n.received, 0), coalesce(n.none, 0),
       coalesce(n.wanted, 0), n.answer_days, coalesce(w.claims, 0), coalesce(w.cents, 0)::bigint,
       coalesce(w.all_cents, 0)::bigint, w.days
  FROM clients_client k
  LEFT JOIN (
       SELECT i.client_id, count(*) AS documents,
              count(*) FILTER (WHERE i.state = 'received') AS received,
              count(*) FILTER (WHERE i.state = 'none') AS none,
              count(*) FILTER (WHERE i.state = 'wanted') AS wanted,
              percentile_cont(0.5) WITHIN GROUP (
                  ORDER BY extract(epoch FROM i.answered_at - r.asked_at) / 86400
              ) FILTER (WHERE i.state IN ('received', 'none')) AS answer_days
         FROM document_requests_item i JOIN document_requests_request r ON r.id = i.request_id
        WHERE i.state <> 'withdrawn' AND r.asked_at >= %(since)s
        GROUP BY i.client_id) n ON n.client_id = k.id
  LEFT JOIN (
       SELECT client_id, count(*) FILTER (WHERE barrier = 'awaiting_client') AS claims,
              sum(balance_cents) FILTER (WHERE barrier = 'awaiting_client') AS cents,
              sum(balance_cents) AS all_cents,
              avg(%(today)s - since_date) FILTER (WHERE barrier = 'awaiting_client') AS days
         FROM worklists_work_item WHERE balance_cents > 0 GROUP BY client_id) w
    ON w.client_id = k.id
 WHERE n.documents > 0 OR w.claims > 0
 ORDER BY coalesce(w.cents, 0) DESC, k.code
"""


@dataclass(frozen=True, slots=True)
class Fill:
    """How a client answers: documents asked for in the last FILL_DAYS days, and what waits."""

    client: str
    client_name: str
    documents: int
    received: int
    none: int
    wanted: int
    answer_days: float | None  # the median, of those that are answered
    waiting_claims: int
    waiting_cents: int
    receivable_cents: int
    waiting_days: float | None  # the average since they wait

    @property
    def fill_rate(self) -> float | None:
        """Return received of asked for; None where too few were asked for to say."""
        return self.received / self.documents if self.documents >= FILL_MIN else None

    @property
    def waiting_share(self) -> float | None:
        """Return what waits for the client, of what is owed (K36)."""
        return self.waiting_cents / self.receivable_cents if self.receivable_cents else None


def rows_of(tab: str, *, client: str, today: date) -> list[dict[str, Any]]:
    """Return the requests of a tab, of one client or (empty) all that may be seen."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"tab": tab, "client": client, "today": today, "most": ROWS_MAX})
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def counts_of(*, client: str, today: date) -> dict[str, int]:
    """Return how many requests each tab has."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"client": client, "today": today})
        return dict(zip(TABS, cursor.fetchone(), strict=True))


def fill_of(*, at: datetime) -> list[Fill]:
    """Return how each client answers; those of whom nothing was asked and nothing waits are not."""
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"since": at - timedelta(days=FILL_DAYS), "today": at.date()})
        found = [dict(zip(_FILL_NAMES, row, strict=True)) for row in cursor.fetchall()]
    return [
        Fill(
            **{
                **one,
                "answer_days": _number(one["answer_days"]),
                "waiting_days": _number(one["waiting_days"]),
            }
        )
        for one in found
    ]


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def fill_rows(found: list[Fill]) -> list[dict[str, Any]]:
    """Return the same as rows of an export."""
    return [{name: getattr(one, name) for name in FILL_COLUMNS} for one in found]
