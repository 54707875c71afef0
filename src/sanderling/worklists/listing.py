"""The items that a question asks for: a page of them, how many there are, and their groups."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from sanderling.worklists.asking import Question
from sanderling.worklists.built_in import SOON
from sanderling.worklists.sorting import after, order_by, place_columns, token_of

PAGE_ROWS: Final = 50
GROUPS_SHOWN: Final = 100
EXPORT_MAX: Final = 200_000
MINUTES_MAX: Final = 120  # more is said in hours
_COLUMNS: Final = (
    *("id", "claim_id", "party", "client_id", "payer_id", "client_code", "claim_number"),
    *("patient_name", "payer_name", "plan", "rendering_npi", "rendering_name", "location"),
    *("service_date", "first_billed_date", "charge_cents", "balance_cents", "barrier", "category"),
    "variance_cents",
    *("subcategory", "detail", "group_code", "reason_code", "remark_code", "status_code"),
    *("next_action", "team", "since_date", "next_date", "due_date", "deadline_date"),
    *("deadline_kind", "deadline_level", "is_deadline_met", "cause", "assignee_id"),
    *("follow_up_date", "work_date", "is_pended", "escalation_level", "is_flagged", "tags"),
    *("project_id", "touches", "last_touch_date", "last_touch_user_id", "last_outcome"),
    *("promise_date", "promise_state", "open_tasks", "write_off_state", "is_high_dollar"),
    *("is_key_client", "value_cents", "effort_minutes", "score", "not_before_date", "reasons"),
    *("valued_date", "arrived_at", "changed_at"),
)
_SELECT: Final = ", ".join(f"w.{name}" for name in _COLUMNS)
Row = dict[str, Any]
# What rows are brought together by: SQL of the key, and columns that are the same in a group.
_GROUP_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "payer": ("w.payer_id",),
    "issue": ("w.payer_id", "w.barrier", "w.category", "w.reason_code"),
    "patient": ("w.client_id", "w.patient_name"),
    "provider": ("w.rendering_npi",),
}
_SUMS: Final = f"""
       min(w.id) AS first_id, count(*) AS items, sum(w.balance_cents)::bigint AS cents,
       sum(w.effort_minutes) AS minutes, count(*) FILTER (WHERE {SOON}) AS soon
"""
_LIVE: Final = f"""
SELECT {_SUMS} FROM worklists_work_item w WHERE {{conditions}} GROUP BY {{keys}}
"""  # noqa: S608 - text of ours
# Of clients whose items have not changed since they were counted, the counts; of others the items.
# One statement sees one state: a change and its note, or neither.
_KEPT: Final = f"""
SELECT min(first_id) AS first_id, sum(items)::bigint AS items, sum(cents)::bigint AS cents,
       sum(minutes) AS minutes, sum(soon)::bigint AS soon
  FROM (
    SELECT nullif(t.payer_id, 0) AS payer_id, t.first_id, t.items, t.balance_cents AS cents,
           t.minutes, t.soon
      FROM worklists_payer_tally t
     WHERE t.view = %(view)s AND t.client_id = ANY (ARRAY(SELECT id FROM counted))
     UNION ALL
    SELECT w.payer_id, {_SUMS}
      FROM worklists_work_item w
     WHERE {{conditions}}
       AND w.client_id = ANY (ARRAY(
           SELECT unnest(%(clients)s::int[]) EXCEPT SELECT id FROM counted))
     GROUP BY w.payer_id
  ) s GROUP BY payer_id
"""  # noqa: S608 - text of ours
_COUNTED: Final = """
    counted AS MATERIALIZED (
        SELECT d.client_id AS id FROM worklists_tally_day d
         WHERE d.client_id = ANY (%(clients)s) AND d.for_date = %(today)s
           AND NOT EXISTS (SELECT FROM worklists_stale_tally s WHERE s.client_id = d.client_id)
    )
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How many items a list has, and what they are worth; `is_more`: counting was broken off."""

    count: int
    balance_cents: int
    minutes: float
    is_more: bool = False

    @property
    def hours(self) -> str:
        """Return the minutes of work in words: 40 minutes, 6 hours."""
        if self.minutes < MINUTES_MAX:
            return f"{self.minutes:,.0f} minutes"
        return f"{self.minutes / 60:,.0f} hours"


@dataclass(frozen=True, slots=True)
class Group:
    """Items brought together: how many, how much, how many minutes; one of them stands for all."""

    first: Row
    count: int
    balance_cents: int
    minutes: float
    deadline_count: int


def page_of(
    question: Question, *, limit: int = PAGE_ROWS, token: str = ""
) -> tuple[list[Row], str]:
    """Return rows from the place `token` on, and the place of the next page, empty on the last."""
    conditions = question.conditions()
    params = question.params() | {"limit": limit + 1}
    place = after(token, question.sort) if token else None
    if place is not None:
        conditions.append(place[0])
        params |= place[1]
    # The ids first: where no index has the order, one with all that is asked is read, not the rows.
    statement = f"""
        SELECT {_SELECT}, {place_columns(question.sort)}::text
          FROM worklists_work_item w
         WHERE w.id = ANY (ARRAY(SELECT w.id FROM worklists_work_item w
                                  WHERE {" AND ".join(conditions)}
                                  ORDER BY {order_by(question.sort)} LIMIT %(limit)s))
         ORDER BY {order_by(question.sort)}
    """  # noqa: S608 - parts are ours; what comes from outside are parameters
    found = _run(statement, params)
    rows = [_row(values[:-1]) for values in found[:limit]]
    if len(found) <= limit:
        return rows, ""
    return rows, token_of(_json(found[limit - 1][-1]), rows[-1]["id"])


def size_of(question: Question, *, limit: int | None = None) -> Size:
    """Return how long the list is in all; `limit`: stop counting there."""
    inner = f"""
        SELECT w.balance_cents, w.effort_minutes FROM worklists_work_item w
         WHERE {" AND ".join(question.conditions())}
    """  # noqa: S608 - as above
    if limit is not None:
        inner += " LIMIT %(limit)s"
    statement = f"""
        SELECT count(*), coalesce(sum(i.balance_cents), 0)::bigint,
               coalesce(sum(i.effort_minutes), 0)
          FROM ({inner}) i
    """  # noqa: S608 - as above
    params = question.params() | {"limit": None if limit is None else limit + 1}
    ((count, cents, minutes),) = _run(statement, params)
    return Size(count, cents, minutes, is_more=limit is not None and count > limit)


def ids_of(question: Question, *, limit: int) -> list[int]:
    """Return the ids of all items of the list in its order, at most `limit` of them."""
    statement = f"""
        SELECT w.id FROM worklists_work_item w WHERE {" AND ".join(question.conditions())}
         ORDER BY {order_by(question.sort)} LIMIT %(limit)s
    """  # noqa: S608 - as above
    return [pk for (pk,) in _run(statement, question.params() | {"limit": limit})]


def groups_of(question: Question, *, limit: int = GROUPS_SHOWN) -> tuple[list[Group], int]:
    """Return the groups with the most money, and how many there are in all."""
    keys, conditions = ", ".join(_GROUP_KEYS[question.group]), " AND ".join(question.conditions())
    is_plain = question.scope == "all" and not question.category and not question.is_narrowed
    source = _KEPT if question.group == "payer" and is_plain else _LIVE
    statement = f"""
        WITH {_COUNTED}, grouped AS MATERIALIZED ({source.format(conditions=conditions, keys=keys)})
        SELECT {_SELECT}, g.items, g.cents, g.minutes, g.soon, (SELECT count(*) FROM grouped)
          FROM (SELECT * FROM grouped ORDER BY abs(cents) DESC, first_id LIMIT %(limit)s) g
          JOIN worklists_work_item w ON w.id = g.first_id
         ORDER BY abs(g.cents) DESC, g.first_id
    """  # noqa: S608 - as above
    found = _run(statement, question.params() | {"limit": limit, "view": question.view.name})
    groups = [Group(_row(values[:-5]), *values[-5:-1]) for values in found]
    return groups, found[0][-1] if found else 0


def item(item_id: int) -> Row | None:
    """Return one item, None when there is none that the session may see."""
    statement = f"SELECT {_SELECT} FROM worklists_work_item w WHERE w.id = %(id)s"  # noqa: S608
    found = _run(statement, {"id": item_id})
    return _row(found[0]) if found else None


def _row(values: tuple[Any, ...]) -> Row:
    row = dict(zip(_COLUMNS, values, strict=True))
    if isinstance(row["reasons"], str):
        row["reasons"] = _json(row["reasons"])
    return row


def _json(text: str) -> Any:  # noqa: ANN401 - what JSON holds
    return json.loads(text)


def _run(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
