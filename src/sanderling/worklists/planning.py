"""Plans over work items: who does what today, what expires at this capacity, what orders cost.

Derived when asked for, from the items that the asker may see; nothing is stored. What an item is
worth stands on it already (`valuing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.db import connection

from sanderling.accounts.models import User
from sanderling.accounts.roles import PERMISSIONS
from sanderling.core.priority import Constraints, Person, Plan, plan_day
from sanderling.core.priority.feasible import Choice, Job, feasible
from sanderling.core.priority.value import asked
from sanderling.postgres.frames import read_frame
from sanderling.worklists.frames import items_frame
from sanderling.worklists.learning import learned_on

# 40 touches of ten minutes (DOMAIN 12.6).
PERSON_MINUTES: Final = 400.0
WEEK_DAYS: Final = 5
# Each client is promised this part of the minutes that are its share of all worthwhile work.
FLOOR_PART: Final = 0.5
AHEAD_DAYS: Final = 14
# How a lead may order the list; the first is ours.
ORDERS: Final[Mapping[str, str]] = {
    "value": "w.score DESC",
    "oldest": "w.service_date NULLS LAST",
    "largest": "w.balance_cents DESC",
    "age_dollars": "greatest(%(today)s::date - w.service_date, 0) * w.balance_cents DESC"
    " NULLS LAST",
}
ORDER_WORDS: Final[Mapping[str, str]] = {
    "value": "most value for each minute first",
    "oldest": "oldest first",
    "largest": "largest first",
    "age_dollars": "age times dollars first",
}
_DUE: Final = """
       w.work_date <= %(today)s AND NOT (w.is_pended AND w.work_date > %(today)s)
   AND (w.not_before_date IS NULL OR w.not_before_date <= %(today)s)
   AND (%(clients)s::int[] IS NULL OR w.client_id = ANY (%(clients)s))
"""
_IN_ORDER: Final = """
SELECT w.id, w.value_cents, w.effort_minutes,
       sum(w.effort_minutes) OVER (ORDER BY {order}, w.id ROWS UNBOUNDED PRECEDING) AS minutes
  FROM worklists_work_item w WHERE {due}
"""
_DONE: Final = """
SELECT coalesce(sum(value_cents), 0)::bigint, count(*), coalesce(sum(effort_minutes), 0)
  FROM ({in_order}) ordered WHERE minutes <= %(minutes)s
"""
_AT_RISK: Final = """
SELECT w.id, w.claim_id, w.client_id, w.deadline_date, w.effort_minutes,
       coalesce((SELECT (r->1->>'lost_cents')::bigint FROM jsonb_array_elements(w.reasons) r
                  WHERE r->>0 = 'deadline' LIMIT 1), 0) AS lost_cents,
       ordered.minutes
  FROM worklists_work_item w LEFT JOIN ({in_order}) ordered ON ordered.id = w.id
 WHERE w.deadline_date BETWEEN %(today)s AND %(last)s AND NOT w.is_deadline_met
   AND w.deadline_kind <> 'refund'
   AND (%(clients)s::int[] IS NULL OR w.client_id = ANY (%(clients)s))
 ORDER BY w.id
"""
_SPENT: Final = """
SELECT a.client_id, count(*) FROM followup_standing_activity a
 WHERE a.activity_date >= %s AND a.activity_date < %s GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class OrderCost:
    """What a week in another order brings less than in ours."""

    order: str
    minutes: float  # of the team in the week
    value_cents: int  # in our order
    order_cents: int
    items: int  # done in the other order

    @property
    def cost_cents(self) -> int:
        """Return what the order costs; never negative: it may fit the minutes better by chance."""
        return max(self.value_cents - self.order_cents, 0)

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        if self.cost_cents == 0:
            return f"Working {ORDER_WORDS[self.order]} costs nothing this week: all is done anyway."
        return (
            f"Working {ORDER_WORDS[self.order]} would bring in ${self.cost_cents / 100:,.0f} less"
            f" of ${self.value_cents / 100:,.0f} over the next week, at the team's"
            f" {self.minutes / 60:,.0f} hours."
        )


@dataclass(frozen=True, slots=True)
class AtRisk:
    """An item whose deadline is near."""

    item_id: int
    claim_id: int
    client_id: int
    deadline_date: date
    minutes: float
    lost_cents: int
    done_day: int | None  # days from today on which the list's order reaches it; None: never


@dataclass(frozen=True, slots=True)
class Feasibility:
    """What expires at this capacity in the list's order, and what a re-plan saves of it."""

    days: int
    minutes_a_day: float
    at_risk: tuple[AtRisk, ...]
    expires: tuple[AtRisk, ...]
    choice: Choice

    @property
    def expires_cents(self) -> int:
        """Return what is lost in the list's order."""
        return sum(one.lost_cents for one in self.expires)

    @property
    def given_up_cents(self) -> int:
        """Return what is lost even if deadlines come first."""
        return sum(job.loss_cents for job in self.choice.given_up)

    @property
    def saves_cents(self) -> int:
        """Return what working deadlines first saves."""
        return max(self.expires_cents - self.given_up_cents, 0)

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        if not self.expires:
            return f"At this capacity no deadline of the next {self.days} days is missed."
        text = f"${self.expires_cents / 100:,.0f} expires within {self.days} days at this capacity"
        if self.saves_cents == 0:
            return f"{text}; no other order saves any of it."
        return f"{text}; this re-plan saves ${self.saves_cents / 100:,.0f}."


def people_of(user_ids: Sequence[int] | None = None) -> list[Person]:
    """Return those who work claims, with their minutes and clients."""
    roles = [role for role, permissions in PERMISSIONS.items() if "claims.work" in permissions]
    users = User.objects.filter(is_active=True, role__in=roles).order_by("pk")
    if user_ids is None:
        users = users.filter(role__in=["specialist", "coder"])
    else:
        users = users.filter(pk__in=list(user_ids))
    return [
        Person(
            user.pk,
            PERSON_MINUTES,
            client_ids=frozenset()
            if user.sees_all_clients
            else frozenset(one.client_id for one in user.assignments.all()),
        )
        for user in users.prefetch_related("assignments")
    ]


def cost_of_order(
    order: str, *, today: date, minutes: float, client_ids: Sequence[int] | None = None
) -> OrderCost:
    """Return what a week in this order (ORDERS) costs; `minutes`: of the team in a day."""
    week = minutes * WEEK_DAYS
    ours, _, _ = _done("value", today, week, client_ids)
    theirs, items, _ = _done(order, today, week, client_ids)
    return OrderCost(order, week, ours, theirs, items)


def _done(
    order: str, today: date, minutes: float, client_ids: Sequence[int] | None
) -> tuple[int, int, float]:
    query = _DONE.format(in_order=_IN_ORDER.format(order=ORDERS[order], due=_DUE))
    with connection.cursor() as cursor:
        cursor.execute(query, _asked(today, client_ids, minutes=minutes))
        cents, items, used = cursor.fetchone()
    return int(cents), int(items), float(used)


def _asked(today: date, client_ids: Sequence[int] | None, **more: object) -> dict[str, Any]:
    return {
        "today": today,
        "clients": None if client_ids is None else list(client_ids),
        **more,
    }


def feasibility(
    *,
    today: date,
    minutes: float,
    client_ids: Sequence[int] | None = None,
    order: str = "value",
    days: int = AHEAD_DAYS,
) -> Feasibility:
    """Return what expires within `days` at so many minutes a working day, and what can be saved."""
    query = _AT_RISK.format(in_order=_IN_ORDER.format(order=ORDERS[order], due=_DUE))
    with connection.cursor() as cursor:
        cursor.execute(
            query, _asked(today, client_ids, last=today + timedelta(days=days), minutes=minutes)
        )
        rows = cursor.fetchall()
    by_day = [
        minutes if (today + timedelta(days=day)).weekday() < WEEK_DAYS else 0.0
        for day in range(days + 1)
    ]
    at_risk = tuple(
        AtRisk(item_id, claim_id, client_id, deadline, float(own), int(lost), _day(done, by_day))
        for item_id, claim_id, client_id, deadline, own, lost, done in rows
        if lost > 0
    )
    expires = tuple(
        one
        for one in at_risk
        if one.done_day is None or one.done_day > (one.deadline_date - today).days
    )
    jobs = [
        Job(one.item_id, (one.deadline_date - today).days, one.minutes, one.lost_cents)
        for one in at_risk
    ]
    return Feasibility(days, minutes, at_risk, expires, feasible(jobs, by_day))


def _day(minutes: float | None, by_day: Sequence[float]) -> int | None:
    """Return on which day so many minutes of work are done, None: not within those days."""
    if minutes is None:
        return None
    left = float(minutes)
    for day, there_are in enumerate(by_day):
        left -= there_are
        if left <= 0 and there_are > 0:
            return day
    return None


def day_plan(
    *,
    today: date,
    people: Sequence[Person] | None = None,
    constraints: Constraints | None = None,
) -> Plan:
    """Return today's plan for these people (None: all who work claims), with floors for clients.

    Without constraints each client is promised, over the week, half of its share of all worthwhile
    minutes; what it got on the days before counts.
    """
    people = people_of() if people is None else people
    learned = learned_on(today)
    rows = _valued(today)
    if constraints is None:
        constraints = Constraints(
            floors=_floors(rows, people, today), calls_at_once=learned.settings.calls_at_once
        )
    return plan_day(rows, people, constraints, today, learned.parameters.minutes)


def _valued(today: date) -> pl.DataFrame:
    """Return the items that are due, as ITEMS and VALUED side by side."""
    learned = learned_on(today)
    due = (
        "w.work_date <= %s AND NOT (w.is_pended AND w.work_date > %s)"
        " AND (w.value_cents > 0 OR w.is_flagged OR w.deadline_kind = 'refund')"
    )
    items = items_frame(learned.parameters, due, [today, today])
    values = read_frame(
        "SELECT w.id, w.value_cents, w.effort_minutes, w.score, w.not_before_date"  # noqa: S608
        f" FROM worklists_work_item w WHERE {due}",
        {
            "item_id": pl.Int64,
            "value_cents": pl.Int64,
            "effort_minutes": pl.Float64,
            "score": pl.Float64,
            "not_before_date": pl.Date,
        },
        [today, today],
    )
    return items.join(values, on="item_id", maintain_order="left").with_columns(action=asked())


def _floors(rows: pl.DataFrame, people: Sequence[Person], today: date) -> dict[int, float]:
    """Return minutes promised to each client today: of the week, less what it has had."""
    monday = today - timedelta(days=today.weekday())
    whole = sum(person.minutes for person in people)
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, [monday, today])
        had = {client_id: count * 10.0 for client_id, count in cursor.fetchall()}
    work = dict(
        rows.filter(pl.col("value_cents") > 0)
        .group_by("client_id")
        .agg(pl.col("effort_minutes").sum())
        .rows()
    )
    total = sum(work.values())
    if total <= 0:
        return {}
    passed = min(today.weekday() + 1, WEEK_DAYS)
    return {
        client_id: max(FLOOR_PART * whole * passed * minutes / total - had.get(client_id, 0.0), 0.0)
        for client_id, minutes in work.items()
    }
