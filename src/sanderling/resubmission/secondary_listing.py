"""Claims for a next payer, and what keeps each from going: ready, waiting, or to be asked about.

Which balances are a next payer's is the barriers' to say; here is only judged what stands between
them and a file. Beside the balances of second and third payers that were not billed there are the
refusals of a payer before that call for the next one. One SQL text gives counts, pages and what is
checked again when a claim is sent, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.resubmission.secondary_words import sentence

READY, WAITS, ASKS = "ready", "waits", "asks"
TABS: Final[Mapping[str, str]] = {
    READY: "Can be billed now",
    WAITS: "Waits",
    ASKS: "Needs an answer",
}
_SECOND, _THIRD = 12, 13
# Barriers of the payer before under which it is not through with the claim.
_OPEN_BEFORE: Final = (
    "'pended','corrected_pending','appeal_pending','awaiting_payer','no_response','paid_unposted',"
    "'rejected','not_on_file','awaiting_internal','awaiting_client'"
)
_TELLING_MSP: Final = "'WC','AM','LM','VA','OF'"  # core.resubmission.msp
_OWING: Final = """
SELECT b.claim_id, b.client_id, b.party, b.payer_id, b.balance_cents, b.barrier, b.detail,
       b.due_date, b.since_date, b.deadline_date, b.deadline_rule, false AS is_refusal,
       false AS is_wrong_order
  FROM barriers_barrier b
 WHERE b.party IN (12, 13) AND b.balance_cents > 0
   AND (b.barrier = 'secondary_unbilled' OR b.detail = 'crossover'
        OR b.barrier = 'not_on_file' AND b.detail = 'act')
   AND NOT EXISTS (SELECT FROM claims_submission s
                    WHERE s.claim_id = b.claim_id AND s.sequence = b.party - 10)
   {one}
UNION ALL
SELECT b.claim_id, b.client_id, b.party + 1,
       CASE b.party WHEN 11 THEN c.secondary_payer_id ELSE c.tertiary_payer_id END,
       b.balance_cents, b.barrier, b.detail, NULL, b.since_date, b.deadline_date, b.deadline_rule,
       true, b.category = 'coordination_of_benefits'
  FROM barriers_barrier b JOIN claims_claim c ON c.id = b.claim_id
 WHERE b.party IN (11, 12) AND b.barrier = 'denied' AND b.next_action = 'bill_secondary'
   AND CASE b.party WHEN 11 THEN c.secondary_payer_id ELSE c.tertiary_payer_id END IS NOT NULL
   AND NOT EXISTS (SELECT FROM barriers_barrier o
                    WHERE o.claim_id = b.claim_id AND o.party = b.party + 1)
   AND NOT EXISTS (SELECT FROM claims_submission s
                    WHERE s.claim_id = b.claim_id AND s.sequence = b.party - 9)
   {one}
"""
_JUDGED: Final = f"""
SELECT o.*, before.party AS before_party, before.payer_id AS before_payer_id,
       before.barrier AS before_barrier, before.balance_cents AS before_cents,
       before.next_action AS before_action,
       CASE
         WHEN o.detail = 'crossover' AND o.barrier = 'awaiting_payer' THEN 'crossover'
         WHEN before.barrier IN ({_OPEN_BEFORE}) THEN 'before_open'
         WHEN o.detail = 'crossover' AND NOT coalesce(a.goes_now, false) THEN 'crossover_late'
         WHEN NOT o.is_refusal AND before.barrier = 'denied' AND NOT coalesce(a.goes_now, false)
              AND before.next_action NOT IN ('bill_secondary', 'write_off') THEN 'before_refused'
         WHEN o.is_wrong_order THEN 'wrong_order'
         WHEN coalesce(a.supplied, '{{}}') = '{{}}' AND NOT EXISTS (
              SELECT FROM claims_coverage v
               WHERE v.claim_id = o.claim_id AND v.sequence = o.party - 10
                 AND v.member_id <> '' AND v.payer_code <> '') THEN 'coverage'
         WHEN coalesce(a.msp_type, '') = ''
              AND (p.type = 'medicare' OR EXISTS (
                   SELECT FROM claims_coverage v
                    WHERE v.claim_id = o.claim_id AND v.sequence = o.party - 10
                      AND v.filing_indicator IN ('MA', 'MB')))
              AND NOT EXISTS (
                   SELECT FROM claims_coverage v
                    WHERE v.claim_id = o.claim_id
                      AND (v.sequence = 1 AND v.filing_indicator IN ({_TELLING_MSP})
                           OR v.sequence = o.party - 10 AND v.msp_type <> '')) THEN 'msp'
         ELSE ''
       END AS reason
  FROM owing o
  LEFT JOIN payers_payer p ON p.id = o.payer_id
  LEFT JOIN resubmission_secondary_answer a ON a.claim_id = o.claim_id AND a.party = o.party
  LEFT JOIN LATERAL (
       SELECT l.party, l.payer_id, l.barrier, l.balance_cents, l.next_action
         FROM barriers_barrier l
        WHERE l.claim_id = o.claim_id AND l.party < o.party AND l.balance_cents > 0
          AND NOT (o.is_refusal AND l.party = o.party - 1)
        ORDER BY l.barrier NOT IN ({_OPEN_BEFORE}), l.party LIMIT 1) before ON true
 WHERE NOT EXISTS (SELECT FROM resubmission_secondary_claim s
                    WHERE s.claim_id = o.claim_id AND s.party = o.party AND s.state = 'sent')
"""  # noqa: S608 - texts of ours only
_TAB: Final = """
CASE WHEN reason = '' THEN 'ready'
     WHEN reason IN ('crossover', 'before_open', 'before_refused') THEN 'waits'
     ELSE 'asks' END
"""
_FILTER: Final = """
 (%(client)s::int IS NULL OR client_id = %(client)s)
 AND (%(payer)s::int IS NULL OR coalesce(payer_id, 0) = %(payer)s)
"""
_COUNTS: Final = (
    f"SELECT {_TAB}, count(*), coalesce(sum(balance_cents), 0)::bigint"  # noqa: S608 - ours
    f"  FROM judged WHERE {_FILTER} GROUP BY 1"
)
_ROWS: Final = """
SELECT j.claim_id, j.party, j.client_id, k.code AS client, c.number AS claim, c.kind,
       c.patient_last_name, c.patient_first_name, c.service_from_date AS service_date,
       j.payer_id, coalesce(p.name, '') AS payer_name, coalesce(p.type, '') AS payer_type,
       coalesce(f.name, '') AS first_payer_name, coalesce(w.name, f.name, '') AS before_name,
       j.balance_cents, j.reason, j.due_date, j.since_date, j.deadline_date, j.deadline_rule,
       j.before_barrier, j.before_cents, j.before_action, j.is_refusal,
       EXISTS (SELECT FROM remits_remark r WHERE r.claim_id = j.claim_id
                  AND r.code IN ('N192', 'N781', 'N782', 'N783'))
         OR EXISTS (SELECT FROM remits_adjustment x
                     WHERE x.claim_id = j.claim_id AND x.reason_code = '303') AS is_qmb
  FROM (SELECT * FROM judged
         WHERE {which}
         ORDER BY coalesce(deadline_date, 'infinity'), balance_cents DESC, claim_id, party
         LIMIT %(limit)s OFFSET %(offset)s) j
  JOIN claims_claim c ON c.id = j.claim_id
  JOIN clients_client k ON k.id = j.client_id
  LEFT JOIN payers_payer p ON p.id = j.payer_id
  LEFT JOIN payers_payer f ON f.id = CASE j.party WHEN 12 THEN c.payer_id
                                                  ELSE c.secondary_payer_id END
  LEFT JOIN payers_payer w ON w.id = j.before_payer_id
 ORDER BY coalesce(j.deadline_date, 'infinity'), j.balance_cents DESC, j.claim_id, j.party
"""
COLUMNS: Final = (
    "client",
    "claim",
    "patient",
    "responsibility",
    "payer_name",
    "first_payer_name",
    "service_date",
    "balance_cents",
    "state",
    "reason",
    "sentence",
    "until_date",
    "deadline_date",
    "is_qmb",
)
EXPORT_ROWS_MAX: Final = 100_000
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """To one client, one payer; None: all."""

    client_id: int | None = None
    payer_id: int | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """How many there are and what they come to."""

    count: int = 0
    cents: int = 0


def counts(narrowed: Narrowed) -> dict[str, Sum]:
    """Return count and dollars of each tab."""
    rows = _run(_COUNTS, _parameters(narrowed))
    found = {tab: Sum(count, cents) for tab, count, cents in rows}
    return {tab: found.get(tab, Sum()) for tab in TABS}


def listed(
    tab: str, narrowed: Narrowed, *, today: date, offset: int = 0, limit: int = EXPORT_ROWS_MAX
) -> list[Row]:
    """Return the claims of a tab, the first to run out of time first."""
    which = f"{_FILTER} AND {_TAB} = %(tab)s"
    parameters = _parameters(narrowed) | {"tab": tab, "limit": limit, "offset": offset}
    return _told(_ROWS.format(which=which), parameters, today=today)


def rows_of(keys: Iterable[tuple[int, int]], *, today: date) -> dict[tuple[int, int], Row]:
    """Return the rows of these claims and parties that wait for anything, by claim and party."""
    wanted = list(keys)
    claims = sorted({claim_id for claim_id, _ in wanted})
    parameters: dict[str, Any] = {"claims": claims, "limit": len(claims) * 2 + 1, "offset": 0}
    found = _told(
        _ROWS.format(which="true"), parameters, today=today, one="AND b.claim_id = ANY(%(claims)s)"
    )
    rows = {(row["claim_id"], row["party"]): row for row in found}
    return {key: rows[key] for key in wanted if key in rows}


def payers_listed(narrowed: Narrowed) -> list[tuple[int, str]]:
    """Return the next payers of what is listed, by name, for a choice."""
    query = """
    SELECT DISTINCT coalesce(p.id, 0), coalesce(p.name, '(unknown)')
      FROM judged j LEFT JOIN payers_payer p ON p.id = j.payer_id
     WHERE (%(client)s::int IS NULL OR client_id = %(client)s) ORDER BY 2
    """
    return [(int(pk), str(name)) for pk, name in _run(query, _parameters(narrowed))]


def _parameters(narrowed: Narrowed) -> dict[str, Any]:
    return {"client": narrowed.client_id, "payer": narrowed.payer_id}


def _with(query: str, one: str = "") -> str:
    owing = _OWING.format(one=one)
    return f"WITH owing AS ({owing}), judged AS ({_JUDGED}) {query}"


def _run(query: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_with(query), parameters)
        return list(cursor.fetchall())


def _told(query: str, parameters: Mapping[str, Any], *, today: date, one: str = "") -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_with(query, one), parameters)
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    return [_finished(row, today) for row in rows]


def _finished(row: Row, today: date) -> Row:
    reason = row["reason"]
    state = READY if not reason else WAITS if reason in _WAITING else ASKS
    last, first = row["patient_last_name"], row["patient_first_name"]
    return {
        **row,
        "patient": f"{last}, {first}".strip(", "),
        "responsibility": "secondary" if row["party"] == _SECOND else "tertiary",
        "state": state,
        "sentence": sentence(row),
        "until_date": row["due_date"] if reason == "crossover" else None,
        "days_left": (row["deadline_date"] - today).days if row["deadline_date"] else None,
    }


_WAITING: Final = frozenset({"crossover", "before_open", "before_refused"})
