"""What is due in minutes, day by day, against the minutes that people have.

An item is due on the day from which it may be worked (`work_date`, not before `not_before_date`),
today at the earliest; what falls on a day without work waits for the next business day. Patients'
shares are worked by other people and are left out, as in the view "Due today".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db import connection

from sanderling.core.barriers.rows import PATIENT
from sanderling.core.deadlines.days import is_business_day, next_business_day
from sanderling.workload.people import Hours, Person

DAYS: Final = 10  # business days after today
# The day of an item w, as the view "Due today" has it.
WORK_DAY: Final = "greatest(%(today)s::date, w.work_date, w.not_before_date)"
OPEN: Final = f"w.party <> {int(PATIENT)}"
_DUE: Final = f"""
SELECT w.assignee_id, w.team, {WORK_DAY} AS day, count(*), sum(w.effort_minutes)::float8,
       sum(w.balance_cents)::bigint
  FROM worklists_work_item w
 WHERE {OPEN} AND w.work_date <= %(last)s
   AND (w.not_before_date IS NULL OR w.not_before_date <= %(last)s)
 GROUP BY 1, 2, 3
"""  # noqa: S608 - text of ours


@dataclass(frozen=True, slots=True)
class Due:
    """Items of one person (None: nobody's) and team that are due on one day."""

    user_id: int | None
    team: str
    day: date
    count: int
    minutes: float
    balance_cents: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of a row: what is due, what there is time for, what waits at its end."""

    day: date
    count: int
    due_minutes: float
    capacity_minutes: int
    waiting_minutes: float  # at the end of the day, when each day's work is done as it comes

    @property
    def over_minutes(self) -> float:
        """Due less capacity of this day alone; negative: time to spare."""
        return self.due_minutes - self.capacity_minutes


@dataclass(frozen=True, slots=True)
class Row:
    """A person, a team, or all: the cells of each day and their sums."""

    key: str
    title: str
    cells: tuple[Cell, ...]
    balance_cents: int

    @property
    def count(self) -> int:
        """Items that are due within the days shown."""
        return sum(cell.count for cell in self.cells)

    @property
    def due_minutes(self) -> float:
        """Minutes that are due within the days shown."""
        return sum(cell.due_minutes for cell in self.cells)

    @property
    def capacity_minutes(self) -> int:
        """Minutes that there are within the days shown."""
        return sum(cell.capacity_minutes for cell in self.cells)

    @property
    def over_minutes(self) -> float:
        """What stays undone at the end of the days shown (0: all gets done)."""
        return self.cells[-1].waiting_minutes if self.cells else 0.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """Days across, people and teams down.

    `unowned`: what nobody owns. `others`: what is owned by people who may not log in any more.
    """

    days: tuple[date, ...]
    people: tuple[Row, ...]
    teams: tuple[Row, ...]
    unowned: Row
    others: Row
    total: Row


def business_days(today: date, count: int = DAYS) -> tuple[date, ...]:
    """Return today and the next `count` business days."""
    days = [today]
    while len(days) <= count:
        days.append(next_business_day(days[-1] + timedelta(days=1)))
    return tuple(days)


def due_items(today: date, last: date) -> list[Due]:
    """Return what is due until `last`, by person, team and day."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"today": today, "last": last})
        return [Due(*row) for row in cursor.fetchall()]


def capacity(
    due: Iterable[Due], people: Sequence[Person], hours: Hours, days: Sequence[date]
) -> Capacity:
    """Lay what is due over the days, against what people have; pure.

    The rows of people, of nobody and of others sum to the total.
    """
    of_person: dict[int | None, list[Due]] = defaultdict(list)
    for one in due:
        of_person[one.user_id].append(one)
    known = {person.user_id for person in people} | {None}
    others = [one for user_id, some in of_person.items() if user_id not in known for one in some]
    rows = tuple(
        _row(
            str(person.user_id),
            person.name,
            of_person[person.user_id],
            [hours.minutes(person.user_id, day) for day in days],
            days,
        )
        for person in people
    )
    teams = []
    for team in sorted({person.team for person in people}):
        members = [person for person in people if person.team == team]
        teams.append(
            _row(
                team,
                team,
                [one for person in members for one in of_person[person.user_id]],
                [sum(hours.minutes(p.user_id, day) for p in members) for day in days],
                days,
            )
        )
    all_minutes = [sum(hours.minutes(p.user_id, day) for p in people) for day in days]
    everything = [one for some in of_person.values() for one in some]
    return Capacity(
        days=tuple(days),
        people=rows,
        teams=tuple(teams),
        unowned=_row("none", "Nobody's", of_person[None], [0] * len(days), days),
        others=_row("others", "Of people who left", others, [0] * len(days), days),
        total=_row("all", "All", everything, all_minutes, days),
    )


def _row(
    key: str, title: str, due: Sequence[Due], minutes: Sequence[int], days: Sequence[date]
) -> Row:
    counts: dict[date, int] = defaultdict(int)
    sums: dict[date, float] = defaultdict(float)
    for one in due:
        day = _working_day(one.day, days)
        counts[day] += one.count
        sums[day] += one.minutes
    cells = []
    waiting = 0.0
    for day, capacity_minutes in zip(days, minutes, strict=True):
        waiting = max(0.0, waiting + sums[day] - capacity_minutes)
        cells.append(Cell(day, counts[day], sums[day], capacity_minutes, waiting))
    return Row(key, title, tuple(cells), sum(one.balance_cents for one in due))


def _working_day(day: date, days: Sequence[date]) -> date:
    """Return the day of the row on which work that is due on `day` is done."""
    if day == days[0] or is_business_day(day):
        return day
    return next_business_day(day)
