"""The people whose work a lead sees: who they are, and how long they work on which day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.audit.actions import record_event
from sanderling.core.deadlines.days import is_business_day
from sanderling.workload.models import DAY_MINUTES_MAX, DayOff, InvalidHours, WorkHours

USUAL_MINUTES: Final = (400, 400, 400, 400, 400, 0, 0)
DAYS_OFF_MAX: Final = 366
# Those who see a client of the asker's: the sub-select on clients is under row-level security.
_PEOPLE: Final = """
SELECT u.id, u.name, u.role, u.teams
  FROM accounts_user u
 WHERE u.is_active AND (
       EXISTS (SELECT FROM worklists_work_item w WHERE w.assignee_id = u.id)
    OR (u.role = ANY (%(roles)s) AND (
           u.sees_all_clients
           OR EXISTS (SELECT FROM accounts_client_assignment a JOIN clients_client k
                          ON k.id = a.client_id WHERE a.user_id = u.id))))
 ORDER BY lower(u.name), u.id
"""
# Whose day it is to work off items; others are shown when they have some.
DESK_ROLES: Final = (Role.SPECIALIST.value, Role.CODER.value)
_TEAM_OF_ROLE: Final = {
    Role.SPECIALIST.value: "ar",
    Role.CODER.value: "coding",
    Role.ACCOUNT_MANAGER.value: "client",
    Role.LEAD.value: "management",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works items."""

    user_id: int
    name: str
    role: str
    teams: tuple[str, ...]

    @property
    def team(self) -> str:
        """The team that the person's minutes count for: the first one set, else the role's."""
        return self.teams[0] if self.teams else _TEAM_OF_ROLE.get(self.role, "ar")


@dataclass(frozen=True, slots=True)
class Hours:
    """How long people work: by person and weekday, less days off and holidays."""

    weekly: Mapping[int, Sequence[int]]
    off: Mapping[int, Sequence[tuple[date, date]]]

    def minutes(self, user_id: int, day: date) -> int:
        """Return the minutes of a person on a day; none on days off and federal holidays."""
        weekly = self.weekly.get(user_id, USUAL_MINUTES)
        if any(first <= day <= last for first, last in self.off.get(user_id, ())):
            return 0
        is_holiday = day.weekday() < 5 and not is_business_day(day)  # noqa: PLR2004 - Saturday
        return 0 if is_holiday else weekly[day.weekday()]


def people() -> list[Person]:
    """Return those who work items of clients that the session sees, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {"roles": list(DESK_ROLES)})
        return [Person(pk, name, role, tuple(teams)) for pk, name, role, teams in cursor.fetchall()]


def hours(user_ids: Sequence[int]) -> Hours:
    """Return the hours of these people."""
    off: dict[int, list[tuple[date, date]]] = {}
    for one in DayOff.objects.filter(user_id__in=user_ids).order_by("from_date"):
        off.setdefault(one.user_id, []).append((one.from_date, one.to_date))
    weekly = dict(WorkHours.objects.filter(user_id__in=user_ids).values_list("user_id", "minutes"))
    return Hours(weekly, off)


@transaction.atomic
def set_hours(*, user: User, minutes: Sequence[int], at: datetime) -> None:
    """Set how long a person works on each day of the week, Monday first.

    Raises:
        InvalidHours: not seven numbers of minutes of a day.
    """
    if len(minutes) != len(USUAL_MINUTES) or not all(0 <= m <= DAY_MINUTES_MAX for m in minutes):
        raise InvalidHours("write the minutes of each day of the week, 0 to 1440")
    WorkHours.objects.update_or_create(user=user, defaults={"minutes": list(minutes)})
    record_event(
        action="work_hours.set",
        at=at,
        subject=("user", user.pk),
        detail={"minutes": list(minutes)},
    )


@transaction.atomic
def add_days_off(*, user: User, from_date: date, to_date: date, at: datetime) -> None:
    """Note days on which a person does not work; the same again changes nothing.

    Raises:
        InvalidHours: the last day is before the first, or a year after it.
    """
    if not 0 <= (to_date - from_date).days <= DAYS_OFF_MAX:
        raise InvalidHours("choose a last day from the first on, within a year")
    _, is_new = DayOff.objects.get_or_create(user=user, from_date=from_date, to_date=to_date)
    if is_new:
        _tell("day_off.add", user.pk, from_date, to_date, at)


@transaction.atomic
def remove_days_off(*, day_off: DayOff, at: datetime) -> None:
    """Take days off back."""
    day_off.delete()
    _tell("day_off.remove", day_off.user_id, day_off.from_date, day_off.to_date, at)


def _tell(action: str, user_id: int, from_date: date, to_date: date, at: datetime) -> None:
    record_event(
        action=action,
        at=at,
        subject=("user", user_id),
        detail={"from": from_date.isoformat(), "to": to_date.isoformat()},
    )
