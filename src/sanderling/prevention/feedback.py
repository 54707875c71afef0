"""What a coding or intake team is told: the preventable denials of its kind, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.db import connection

from sanderling.core.barriers.words import category_title
from sanderling.core.codes.carc import carcs, title_of
from sanderling.core.codes.meaning import rarcs
from sanderling.core.codes.names import STEP_TITLES

DAYS: Final = 91  # thirteen weeks, compared with the thirteen before
WEEKS: Final = 13
ROWS_MAX: Final = 25
EXAMPLES: Final = 3
TEAMS: Final = ("coding", "intake", "authorization", "billing", "credentialing")
# Kinds of denial whose cause lies with the team, whoever works the denial.
CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "coding": ("coding", "bundling", "medical_necessity"),
    "intake": ("eligibility", "coordination_of_benefits", "patient"),
    "authorization": ("authorization",),
    "billing": ("missing_information", "duplicate", "timely_filing"),
    "credentialing": ("provider",),
}
BYS: Final = {
    "code": "Procedure",
    "provider": "Rendering provider",
    "client": "Client",
}
_BY: Final = {
    "code": "d.procedure",
    "provider": "coalesce(nullif(d.rendering_npi, ''), c.rendering_npi)",
    "client": "k.code",
}
COLUMNS: Final = (
    *("by", "category", "group_code", "reason_code", "remark_code", "reason", "count"),
    *("count_before", "denied_cents", "what_to_do"),
)
# By denial line of first decisions; what answers a claim sent twice counts in no rate.
_TOP: Final = """
SELECT {by}, d.category, d.group_code, d.reason_code, d.remark_code,
       count(*) FILTER (WHERE d.received_date > %(from)s),
       count(*) FILTER (WHERE d.received_date <= %(from)s),
       coalesce(sum(d.denied_cents) FILTER (WHERE d.received_date > %(from)s), 0)::bigint,
       (array_agg(d.claim_id ORDER BY d.denied_cents DESC, d.claim_id)
           FILTER (WHERE d.received_date > %(from)s))[1:%(examples)s],
       array_agg((d.received_date - %(from)s - 1) / 7) FILTER (WHERE d.received_date > %(from)s)
  FROM barriers_denial d JOIN claims_claim c ON c.id = d.claim_id
  JOIN clients_client k ON k.id = d.client_id
 WHERE d.is_initial AND NOT d.is_duplicate AND d.preventable IN ('Y', 'P')
   AND d.category = ANY (%(categories)s)
   AND d.received_date > %(before)s AND d.received_date <= %(today)s
   AND (%(client)s = '' OR k.code = %(client)s)
 GROUP BY 1, 2, 3, 4, 5 HAVING count(*) FILTER (WHERE d.received_date > %(from)s) > 0
 ORDER BY 8 DESC, 6 DESC, 1, 4 LIMIT %(rows)s
"""
_EXAMPLES: Final = """
SELECT c.id, c.number, k.code FROM claims_claim c JOIN clients_client k ON k.id = c.client_id
 WHERE c.id = ANY (%s)
"""
_TOTAL: Final = """
SELECT count(*) FILTER (WHERE d.received_date > %(from)s),
       count(*) FILTER (WHERE d.received_date <= %(from)s),
       coalesce(sum(d.denied_cents) FILTER (WHERE d.received_date > %(from)s), 0)::bigint,
       coalesce(sum(d.denied_cents) FILTER (WHERE d.received_date <= %(from)s), 0)::bigint
  FROM barriers_denial d JOIN clients_client k ON k.id = d.client_id
 WHERE d.is_initial AND NOT d.is_duplicate AND d.preventable IN ('Y', 'P')
   AND d.category = ANY (%(categories)s)
   AND d.received_date > %(before)s AND d.received_date <= %(today)s
   AND (%(client)s = '' OR k.code = %(client)s)
"""
Row = dict[str, Any]


def top_denials(team: str, *, by: str, client: str, today: date) -> list[Row]:
    """Return the dearest groups of preventable denials of a team's kinds, with three examples."""
    params = _params(team, client, today) | {"rows": ROWS_MAX, "examples": EXAMPLES}
    with connection.cursor() as cursor:
        cursor.execute(_TOP.format(by=_BY[by]), params)
        found = cursor.fetchall()
        examples = sorted({pk for row in found for pk in row[8] or []})
        cursor.execute(_EXAMPLES, [examples])
        claims = {pk: {"claim": number, "client": code} for pk, number, code in cursor.fetchall()}
    return [
        {
            "by": value,
            "category": category,
            "category_text": category_title(category),
            "group_code": group,
            "reason_code": reason,
            "remark_code": remark,
            "reason": title_of(reason),
            "remark": rarcs()[remark].title if remark in rarcs() else "",
            "count": count,
            "count_before": before,
            "denied_cents": cents,
            "examples": [claims[pk] for pk in ids or [] if pk in claims],
            "weeks": _weeks(places or []),
            "what_to_do": what_to_do(reason, remark),
        }
        for value, category, group, reason, remark, count, before, cents, ids, places in found
    ]


def _params(team: str, client: str, today: date) -> dict[str, Any]:
    first = today - timedelta(days=DAYS)
    return {
        "categories": list(CATEGORIES[team]),
        "client": client,
        "today": today,
        "from": first,
        "before": first - timedelta(days=DAYS),
    }


def totals(team: str, *, client: str, today: date) -> Row:
    """Return counts and cents of the last thirteen weeks and of those before."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTAL, _params(team, client, today))
        names = ("count", "count_before", "denied_cents", "denied_cents_before")
        return dict(zip(names, cursor.fetchone(), strict=True))


def _weeks(places: Sequence[int]) -> list[int]:
    return [places.count(week) for week in range(WEEKS)]


def what_to_do(reason: str, remark: str) -> str:
    """Say what the tables of codes advise, in a sentence or two."""
    said = []
    if remark in rarcs() and rarcs()[remark].fix:
        said.append(rarcs()[remark].fix)
    known = carcs().get(reason)
    if known is not None and known.notes:
        said.append(known.notes)
    if known is not None and not said:
        steps = [STEP_TITLES[step] for step in known.action.split(">") if step in STEP_TITLES]
        said.append(", then ".join(steps))
    return ". ".join(text.rstrip(".") for text in said if text)


def trend_chart(rows: Sequence[Row], *, today: date) -> Row:
    """Return the bars of the weeks: all rows together, as the table lists them."""
    first = today - timedelta(days=DAYS - 1)
    days = [first + timedelta(weeks=week) for week in range(WEEKS)]
    return {
        "kind": "bars",
        "unit": "count",
        "categories": [f"{day:%b} {day.day}" for day in days],
        "series": [
            {
                "name": "Preventable denials listed below",
                "values": [sum(row["weeks"][week] for row in rows) for week in range(WEEKS)],
            }
        ],
    }
