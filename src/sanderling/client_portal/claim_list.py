"""The claims that a user's clients have: which, in which order, where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.client_portal.words import STANDS, stands
from sanderling.flags.words import COLORS, FOR_CLIENT

TABS: Final[Mapping[str, str]] = {
    "open": "Insurers owe",
    "client": "Waits for you",
    "patient": "Patients owe",
    "settled": "Settled",
    "all": "All",
}
ORDERS: Final[Mapping[str, str]] = {
    "balance": "owed_cents DESC, c.id DESC",
    "age": "c.service_from_date ASC NULLS LAST, c.id",
    "newest": "c.service_from_date DESC NULLS LAST, c.id DESC",
    "payer": "payer_name, owed_cents DESC, c.id",
    "number": "c.number, c.id",
}
ORDER_NAMES: Final[Mapping[str, str]] = {
    "balance": "Largest first",
    "age": "Oldest service first",
    "newest": "Newest service first",
    "payer": "By payer",
    "number": "By number",
}
COLUMNS: Final = (
    *("claim", "patient", "payer_name", "service_date", "charge_cents", "insurers_cents"),
    *("patient_cents", "stands", "age_days", "flag"),
)
_CONDITIONS: Final[Mapping[str, str]] = {
    "open": "o.insurers_cents <> 0",
    "client": "o.barriers && ARRAY['awaiting_client']",
    "patient": "o.patient_cents <> 0",
    "settled": "o.claim_id IS NULL",
    "all": "true",
}
_FROM: Final = """
  FROM claims_claim c
  JOIN clients_client k ON k.id = c.client_id
  LEFT JOIN payers_payer p ON p.id = c.payer_id
  LEFT JOIN LATERAL (
       SELECT b.claim_id,
              coalesce(sum(b.balance_cents) FILTER (WHERE b.party < 14), 0)::bigint
                  AS insurers_cents,
              coalesce(sum(b.balance_cents) FILTER (WHERE b.party = 14), 0)::bigint
                  AS patient_cents,
              array_agg(b.barrier ORDER BY b.party) AS barriers
         FROM barriers_barrier b WHERE b.claim_id = c.id GROUP BY b.claim_id) o ON true
  LEFT JOIN flags_flag f ON f.claim_id = c.id AND f.state NOT IN ('closed', 'withdrawn')
"""
_ROWS: Final = """
SELECT c.id AS claim_id, k.code AS client, c.number AS claim,
       concat_ws(', ', nullif(c.patient_last_name, ''), nullif(c.patient_first_name, ''))
           AS patient,
       coalesce(p.name, '') AS payer_name, c.service_from_date AS service_date, c.charge_cents,
       coalesce(o.insurers_cents, 0) AS insurers_cents,
       coalesce(o.patient_cents, 0) AS patient_cents,
       coalesce(o.insurers_cents, 0) + coalesce(o.patient_cents, 0) AS owed_cents,
       coalesce(o.barriers, '{}') AS barriers,
       greatest(%(today)s::date - c.service_from_date, 0) AS age_days,
       f.id AS flag_id, f.state AS flag_state
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which claims: a tab, a barrier, a client (of someone with several), words of a search."""

    today: date
    tab: str = "open"
    barrier: str = ""
    client: str = ""
    order: str = "balance"
    words: str = ""

    def where(self) -> str:
        """Return the condition; values are parameters."""
        found = ["c.has_facts", _CONDITIONS[self.tab]]
        if self.barrier:
            found.append("o.barriers && ARRAY[%(barrier)s]")
        if self.client:
            found.append("k.code = %(client)s")
        if self.words:
            found.append(
                "(lower(c.number) LIKE %(like)s OR lower(c.patient_last_name) LIKE %(like)s"
                " OR lower(c.member_id) = %(words)s)"
            )
        return " AND ".join(found)

    def params(self) -> dict[str, Any]:
        """Return the parameters of `where`."""
        words = self.words.lower()
        escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return {
            "today": self.today,
            "barrier": self.barrier,
            "client": self.client,
            "words": words,
            "like": f"{escaped}%",
        }


@dataclass(frozen=True, slots=True)
class Size:
    """How many claims, and what insurers and patients owe of them."""

    count: int
    insurers_cents: int
    patient_cents: int


def size_of(asked: Asked) -> Size:
    """Return how long the list is and what it comes to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(o.insurers_cents), 0)::bigint,"
            f" coalesce(sum(o.patient_cents), 0)::bigint {_FROM} WHERE {asked.where()}",
            asked.params(),
        )
        return Size(*map(int, cursor.fetchone()))


def claims_of(asked: Asked, *, limit: int | None, offset: int = 0) -> list[dict[str, Any]]:
    """Return rows of the list; `limit` None: all."""
    cut = "" if limit is None else f" LIMIT {int(limit)} OFFSET {int(offset)}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_ROWS} {_FROM} WHERE {asked.where()} ORDER BY {ORDERS[asked.order]}{cut}",
            asked.params(),
        )
        names = [column.name for column in cursor.description or ()]
        return [_worded(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _worded(row: dict[str, Any]) -> dict[str, Any]:
    known = [name for name in STANDS if name in row["barriers"]]
    return {
        **row,
        "stands": "; ".join(stands(name) for name in known) or "Settled",
        "is_waiting_for_client": "awaiting_client" in row["barriers"],
        "flag": FOR_CLIENT.get(row["flag_state"] or "", ""),
        "flag_color": COLORS.get(row["flag_state"] or "", "secondary"),
    }
