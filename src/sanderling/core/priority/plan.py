"""A day's work for each person: in working order, within their minutes, with guarantees.

Greedy by value for each minute, in three passes whose order is the rule: what must not wait (a
deadline of a day, a refund, a client's flag), then each client's guaranteed minutes, then all the
rest. Items of one payer that need a call are taken together as far as the payer allows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.core.priority.value import with_minutes

MUST_DAYS: Final = 1  # a deadline so near comes first (DOMAIN 9.2)
REFUND_DAYS: Final = 15  # of 60: from day 45 on (DOMAIN 9.2)


@dataclass(frozen=True, slots=True)
class Person:
    """Who works today. Empty teams, actions or clients: no limit."""

    user_id: int
    minutes: float
    teams: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    client_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a plan must heed beside minutes."""

    # client_id: share of all minutes that its worthwhile items get at least, of the day.
    floors: Mapping[int, float] = field(default_factory=dict)
    calls_at_once: int = 10
    is_high_dollar_first: bool = False  # high balances before other items of the same pass
    minimum_score: float = 0.0  # cents for each minute below which nothing is planned


@dataclass(frozen=True, slots=True)
class Floor:
    """What a client was promised and got: minutes of the day."""

    client_id: int
    promised_minutes: float
    wanted_minutes: float  # of its items that are worth a touch
    planned_minutes: float

    @property
    def is_met(self) -> bool:
        """Say whether it got what it was promised, or all that it had."""
        return self.planned_minutes + 1e-6 >= min(self.promised_minutes, self.wanted_minutes)


@dataclass(frozen=True, slots=True)
class Plan:
    """`rows`: user_id, place, item_id, minutes, value_cents, why. `floors`: the certificate."""

    rows: pl.DataFrame
    floors: tuple[Floor, ...]
    left_minutes: Mapping[int, float]


PLANNED: Final = {
    "user_id": pl.Int64,
    "place": pl.Int64,
    "item_id": pl.Int64,
    "minutes": pl.Float64,
    "value_cents": pl.Int64,
    "why": pl.String,  # must, floor, value, call (with the one before)
}
WORK: Final = (
    "item_id", "client_id", "payer_id", "team", "action", "channel", "value_cents", "score",
    "first_minutes", "next_minutes", "is_must", "is_high_dollar",
)  # fmt: skip


@dataclass(slots=True)
class _Desk:
    """A person's day while it fills."""

    person: Person
    left: float
    rows: list[tuple[int, float, int, str]] = field(default_factory=list)

    def may(self, team: str, action: str, client_id: int) -> bool:
        who = self.person
        return (
            (not who.teams or team in who.teams)
            and (not who.actions or action in who.actions)
            and (not who.client_ids or client_id in who.client_ids)
        )


def plan_day(
    valued: pl.DataFrame,
    people: Sequence[Person],
    constraints: Constraints,
    as_of: date,
    minutes: pl.DataFrame,
) -> Plan:
    """Return what each person does today.

    `valued`: rows of value.ITEMS and value.VALUED side by side, one for each item; `minutes` as in
    Parameters. Items that are not worth a touch yet are left out unless they must not wait.
    """
    work = _work(valued, minutes, constraints, as_of)
    desks = [_Desk(person, person.minutes) for person in sorted(people, key=lambda p: p.user_id)]
    taken: set[int] = set()
    rows = work.to_dicts()
    mates = _mates(rows)
    spent: dict[int, float] = defaultdict(float)
    promised = {
        client: share * sum(desk.person.minutes for desk in desks)
        for client, share in constraints.floors.items()
    }

    def take(candidates: Iterable[dict[str, object]], why: str, limit: int | None = None) -> None:
        for row in candidates:
            if row["item_id"] in taken:
                continue
            if limit is not None and spent[limit] >= promised[limit]:
                return
            _place(row, why, desks, taken, spent, mates, constraints)

    take((row for row in rows if row["is_must"]), "must")
    for client in sorted(promised):
        take((row for row in rows if row["client_id"] == client), "floor", client)
    take(rows, "value")
    return _plan(desks, work, promised, spent)


def _work(
    valued: pl.DataFrame, minutes: pl.DataFrame, constraints: Constraints, as_of: date
) -> pl.DataFrame:
    today = pl.lit(as_of)
    is_near = (
        pl.col("deadline_date").is_between(today, today + timedelta(days=MUST_DAYS))
        & ~pl.col("is_deadline_met")
        & (pl.col("deadline_kind") != "refund")
        & (pl.col("value_cents") > 0)
    )
    is_refund = (pl.col("deadline_kind") == "refund") & (
        pl.col("deadline_date") <= today + timedelta(days=REFUND_DAYS)
    )
    must = (is_near | is_refund | pl.col("is_flagged")).fill_null(value=False)
    waits = pl.col("not_before_date").is_not_null() & (pl.col("not_before_date") > today)
    return (
        with_minutes(valued.drop("channel"), minutes)
        .with_columns(is_must=must)
        .filter(
            pl.col("is_must")
            | (~waits & (pl.col("value_cents") > 0))
            & (pl.col("score") >= constraints.minimum_score)
        )
        .with_columns(first=pl.lit(constraints.is_high_dollar_first) & pl.col("is_high_dollar"))
        .sort(
            ["is_must", "first", "score", "item_id"],
            descending=[True, True, True, False],
        )
        .select(WORK)
    )


def _mates(rows: list[dict[str, object]]) -> dict[object, list[dict[str, object]]]:
    found: dict[object, list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        if row["channel"] == "call" and row["payer_id"]:
            found[row["payer_id"]].append(row)
    return found


def _place(
    row: dict[str, object],
    why: str,
    desks: list[_Desk],
    taken: set[int],
    spent: dict[int, float],
    mates: dict[object, list[dict[str, object]]],
    constraints: Constraints,
) -> None:
    """Give an item, and what one call settles with it, to whoever has most time left for it."""
    cost = float(row["first_minutes"])  # type: ignore[arg-type]
    able = [
        desk
        for desk in desks
        if desk.left + 1e-9 >= cost
        and desk.may(str(row["team"]), str(row["action"]), int(str(row["client_id"])))
    ]
    if not able:
        return
    desk = max(able, key=lambda d: (d.left, -d.person.user_id))
    _give(desk, row, cost, why, taken, spent)
    if row["channel"] != "call" or not row["payer_id"]:
        return
    more = 1
    for mate in mates[row["payer_id"]]:
        cost = float(mate["next_minutes"])  # type: ignore[arg-type]
        if more >= constraints.calls_at_once or desk.left + 1e-9 < cost:
            return
        if mate["item_id"] in taken:
            continue
        if desk.may(str(mate["team"]), str(mate["action"]), int(str(mate["client_id"]))):
            _give(desk, mate, cost, "call", taken, spent)
            more += 1


def _give(
    desk: _Desk,
    row: dict[str, object],
    cost: float,
    why: str,
    taken: set[int],
    spent: dict[int, float],
) -> None:
    desk.left -= cost
    desk.rows.append((int(str(row["item_id"])), cost, int(str(row["value_cents"])), why))
    taken.add(int(str(row["item_id"])))
    spent[int(str(row["client_id"]))] += cost


def _plan(
    desks: list[_Desk],
    work: pl.DataFrame,
    promised: Mapping[int, float],
    spent: Mapping[int, float],
) -> Plan:
    wanted = dict(work.group_by("client_id").agg(pl.col("next_minutes").sum()).rows())
    return Plan(
        rows=pl.DataFrame(
            [
                (desk.person.user_id, place, *row)
                for desk in desks
                for place, row in enumerate(desk.rows, start=1)
            ],
            schema=PLANNED,
            orient="row",
        ),
        floors=tuple(
            Floor(client, minutes, wanted.get(client, 0.0), spent.get(client, 0.0))
            for client, minutes in sorted(promised.items())
        ),
        left_minutes={desk.person.user_id: desk.left for desk in desks},
    )
