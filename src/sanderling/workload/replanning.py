"""What expires at this capacity, and a re-plan that saves part of it: given out by bulk acts.

The items that would expire and can still be done in time go to whoever has time before their day,
the earliest deadline first, tagged so that they are worked before the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.core.refusal import Refusal
from sanderling.worklists.acting import CannotUndo, NothingToDo, act, undo
from sanderling.worklists.models import BulkAct
from sanderling.worklists.planning import AtRisk, Feasibility, feasibility
from sanderling.workload.people import DESK_ROLES, Hours, Person

TAG: Final = "deadline-first"
_PREFIX: Final = "replan"


class NoPlan(Refusal):
    """There is nothing that a re-plan would save."""


@dataclass(frozen=True, slots=True)
class Replan:
    """Who would do which items, and which are left because nobody has time for them."""

    given: Mapping[int, tuple[int, ...]]  # by person
    left: tuple[int, ...]


def desk_people(people: Sequence[Person]) -> list[Person]:
    """Return those whose day it is to work off items: specialists and coders."""
    return [one for one in people if one.role in DESK_ROLES]


def expiring(people: Sequence[Person], hours: Hours, *, today: date) -> Feasibility | None:
    """Return what expires within two weeks at the people's minutes, None when nobody has any."""
    minutes = minutes_a_day(people, hours, today=today)
    return feasibility(today=today, minutes=minutes) if minutes > 0 else None


def minutes_a_day(people: Sequence[Person], hours: Hours, *, today: date) -> float:
    """Return what the people have on a weekday, on average of the next two weeks."""
    days = [today + timedelta(days=ahead) for ahead in range(14)]
    weekdays = [day for day in days if day.weekday() < 5]  # noqa: PLR2004 - Saturday
    whole = sum(hours.minutes(person.user_id, day) for person in people for day in weekdays)
    return whole / len(weekdays)


def replan(found: Feasibility, people: Sequence[Person], hours: Hours, *, today: date) -> Replan:
    """Give out what would expire and can be saved; pure but for who sees which client."""
    kept = {job.item_id for job in found.choice.kept}
    wanted = sorted(
        (one for one in found.expires if one.item_id in kept),
        key=lambda one: (one.deadline_date, -one.lost_cents, one.item_id),
    )
    return _give(wanted, people, hours, _sees([one.user_id for one in people]), today=today)


def _give(
    wanted: Sequence[AtRisk],
    people: Sequence[Person],
    hours: Hours,
    sees: Mapping[int, set[int]],
    *,
    today: date,
) -> Replan:
    """Give each item to whoever has most time left before its day."""
    used: dict[int, float] = defaultdict(float)
    given: dict[int, list[int]] = defaultdict(list)
    left = []
    for one in wanted:
        days = [
            today + timedelta(days=ahead) for ahead in range((one.deadline_date - today).days + 1)
        ]
        free = [
            (sum(hours.minutes(person.user_id, day) for day in days) - used[person.user_id], person)
            for person in people
            if one.client_id in sees.get(person.user_id, set())
        ]
        best = max(free, key=lambda pair: (pair[0], -pair[1].user_id), default=None)
        if best is None or best[0] < one.minutes:
            left.append(one.item_id)
            continue
        used[best[1].user_id] += one.minutes
        given[best[1].user_id].append(one.item_id)
    return Replan({user_id: tuple(items) for user_id, items in given.items()}, tuple(left))


@transaction.atomic
def apply_replan(plan: Replan, *, user: User, at: datetime, key: str) -> list[BulkAct]:
    """Assign and tag what the plan gives out; the same `key` again does nothing more.

    Raises:
        NoPlan: the plan gives nothing out, or all of it is so already.
    """
    actor = f"user:{user.pk}"
    done = acts_of(user, key)
    if done:
        return done
    items = sorted(item for some in plan.given.values() for item in some)
    if not items:
        raise NoPlan("no re-plan saves anything now")
    steps: list[tuple[str, list[int], dict[str, Any]]] = [
        ("assign", list(some), {"assignee": user_id}) for user_id, some in plan.given.items()
    ]
    steps.append(("tag", items, {"tags": [TAG]}))
    for place, (kind, some, parameters) in enumerate(steps):
        try:
            done.append(
                act(
                    kind, some, parameters,
                    user=user, actor=actor, at=at, key=f"{_PREFIX}:{key}:{place}",
                )
            )  # fmt: skip
        except NothingToDo:
            continue  # theirs already, or tagged already
    if not done:
        raise NoPlan("the re-plan is applied already")
    return done


def acts_of(user: User, key: str = "") -> list[BulkAct]:
    """Return the acts of one re-plan, or (without a key) of this person's latest one."""
    acts = BulkAct.objects.filter(actor=f"user:{user.pk}", key__startswith=f"{_PREFIX}:{key}")
    if not key:
        latest = acts.order_by("-pk").first()
        if latest is None:
            return []
        prefix = latest.key.rpartition(":")[0]
        acts = acts.filter(key__startswith=f"{prefix}:")
    return list(acts.order_by("pk"))


@transaction.atomic
def undo_replan(*, user: User, at: datetime) -> int:
    """Take this person's latest re-plan back; return how many items are as they were.

    Raises:
        CannotUndo: there is none, or it was undone already.
    """
    acts = [one for one in acts_of(user) if one.undone_at is None]
    if not acts:
        raise CannotUndo("there is no re-plan of yours to undo")
    restored = [undo(one, user=user, at=at).restored for one in reversed(acts)]
    return max(restored)


def _sees(user_ids: Sequence[int]) -> dict[int, set[int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id, sanderling_clients_of(u.id) FROM unnest(%s::int[]) AS u (id)",
            [list(user_ids)],
        )
        return {user_id: set(clients or ()) for user_id, clients in cursor.fetchall()}
