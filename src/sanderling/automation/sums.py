"""Alerts that count items: for each client, told to its leads, and for each owner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from sanderling.automation.raising import NewAlert, People
from sanderling.core.deadlines.days import is_business_day
from sanderling.web.templatetags.sanderling import money

Limits = Mapping[str, int]


def rows_of(statement: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Return a statement's rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or {})
        return list(cursor.fetchall())


def worklist_address(**asked: object) -> str:
    """Return the worklist with these filters; a client or payer, given by id, goes by its code."""
    for name, table, column in (
        ("client", "clients_client", "code"),
        ("payer", "payers_payer", "payer_id"),
    ):
        key = asked.get(name)
        if isinstance(key, int):
            asked[name] = names_of(table, column).get(key, "")
    return f"{reverse('worklist')}?{urlencode({'view': 'all', **asked}, doseq=True)}"


def claims_text(count: int) -> str:
    """Return 1 claim, 14 claims."""
    return "1 claim" if count == 1 else f"{count:,} claims"


def business_days_ago(day: date, count: int) -> date:
    """Return the day `count` business days before `day`."""
    while count > 0:
        day -= timedelta(days=1)
        count -= is_business_day(day)
    return day


def names_of(table: str, column: str) -> dict[int, str]:
    """Return the names of a small table's rows; both are names of ours."""
    return dict(rows_of(f"SELECT id, {column} FROM {table}"))  # noqa: S608 - as said


# Sums of items: for each client (its leads) and for each owner (of the clients that he sees).

_SUMS: Final = """
SELECT w.client_id, w.client_code, w.assignee_id, count(*), sum(w.balance_cents),
       bool_or({urgent})
  FROM worklists_work_item w
 WHERE w.party <> 14 AND w.balance_cents > 0 AND ({condition})
 GROUP BY 1, 2, 3 ORDER BY 1, 3
"""  # 14: the patient's share is worked by others


def sums(
    people: People,
    kind: str,
    condition: str,
    text: str,
    *,
    urgent: str = "false",
    owners: bool = True,
    filters: Mapping[str, object] | None = None,
    days: Mapping[str, date] | None = None,
) -> list[NewAlert]:
    """Return an alert for each client and each owner with items under the condition.

    `text` has {claims} and {amount}; `urgent` says of which item it is urgent, as SQL over w.
    """
    of_client: dict[int, list[tuple[Any, ...]]] = {}
    of_owner: dict[int, list[tuple[Any, ...]]] = {}
    statement = _SUMS.format(condition=condition, urgent=urgent)
    for row in rows_of(statement, days):
        of_client.setdefault(row[0], []).append(row)
        if row[2] is not None and row[0] in people.clients_of(row[2]):
            of_owner.setdefault(row[2], []).append(row)
    asked = dict(filters or {})
    found = []
    for client_id, rows in of_client.items():
        leads = people.leads_of({client_id})
        url = worklist_address(client=client_id, **asked)
        code = rows[0][1]
        said = f"{code}: {text}"
        found.append(_sum(kind, f"client:{client_id}", said, rows, leads, url, client_id))
    for user_id, rows in of_owner.items() if owners else ():
        url = worklist_address(owner=user_id, **asked)
        found.append(_sum(kind, f"owner:{user_id}", f"Yours: {text}", rows, (user_id,), url, None))
    return [one for one in found if one.user_ids]


def _sum(
    kind: str,
    scope: str,
    text: str,
    rows: list[tuple[Any, ...]],
    user_ids: tuple[int, ...],
    url: str,
    client_id: int | None,
) -> NewAlert:
    count, cents = sum(row[3] for row in rows), sum(int(row[4]) for row in rows)
    return NewAlert(
        kind,
        f"{kind}:{scope}",
        text.format(claims=claims_text(count), amount=money(cents)),
        user_ids,
        client_id=client_id,
        items=count,
        amount_cents=cents,
        url=url,
        is_urgent=any(row[5] for row in rows),
    )


def deadline_risk(people: People, limits: Limits, today: date) -> list[NewAlert]:
    """Return deadlines that come soon and are not met."""
    days = limits["days"]
    return sums(
        people,
        "deadline_risk",
        "NOT w.is_deadline_met AND w.deadline_date BETWEEN %(today)s AND %(until)s",
        f"{{claims}}, {{amount}}: deadline within {days} days",
        urgent="w.deadline_date <= %(soon)s",
        filters={"within": days},
        days={
            "today": today,
            "until": today + timedelta(days=days),
            "soon": today + timedelta(days=limits["urgent_days"]),
        },
    )


# Clients with an agreement have clocks of their own, of which keyaccounts tells.
_LATE: Final = """
NOT EXISTS (SELECT FROM agreements_agreement o WHERE o.client_id = w.client_id) AND (
(w.barrier = 'denied' AND (w.last_touch_date IS NULL OR w.last_touch_date < w.since_date)
 AND w.since_date < CASE WHEN w.is_key_client THEN %(denial_key)s ELSE %(denial)s END)
OR (w.barrier = 'rejected' AND (w.last_touch_date IS NULL OR w.last_touch_date < w.since_date)
 AND w.since_date < CASE WHEN w.is_key_client THEN %(rejection_key)s ELSE %(rejection)s END)
OR (w.barrier = 'no_response' AND w.is_high_dollar
 AND coalesce(w.last_touch_date, w.since_date)
     < CASE WHEN w.is_key_client THEN %(silent_key)s ELSE %(silent)s END))
"""


def sla(people: People, limits: Limits, today: date) -> list[NewAlert]:
    """Return what nobody worked within the standard (DOMAIN 9.9)."""
    business = ("denial", "denial_key", "rejection", "rejection_key")
    days = {name: business_days_ago(today, limits[f"{name}_days"]) for name in business}
    days |= {
        name: today - timedelta(days=limits[f"{name}_days"]) for name in ("silent", "silent_key")
    }
    return sums(
        people,
        "sla",
        _LATE,
        "{claims}, {amount}: not worked within the standard",
        urgent="w.is_key_client",
        filters={"barrier": ["denied", "rejected", "no_response"]},
        days=days,
    )


def broken_promise(people: People, _limits: Limits, _today: date) -> list[NewAlert]:
    """Return promises of payers that were not kept."""
    return sums(
        people,
        "broken_promise",
        "w.promise_state = 'broken'",
        "{claims}, {amount}: the promised payment did not come",
        filters={"view": "broken"},
    )


def unowned_overdue(people: People, limits: Limits, today: date) -> list[NewAlert]:
    """Return what is late and belongs to nobody."""
    return sums(
        people,
        "unowned_overdue",
        "w.assignee_id IS NULL AND w.work_date < %(before)s AND NOT w.is_pended"
        " AND (w.not_before_date IS NULL OR w.not_before_date <= %(today)s)",
        f"{{claims}}, {{amount}}: without an owner, over {limits['days']} days late",
        owners=False,
        filters={"view": "unassigned"},
        days={"today": today, "before": today - timedelta(days=limits["days"])},
    )
