"""A day's work for each person: in working order, within their minutes, with guarantees.

Greedy by value for each minute, in passes whose order is the rule: what must not wait (a deadline
of a day, a refund, a client's flag), then each client's guaranteed minutes, then all the rest.
Minutes that are left go to what is not worth a touch yet, but due by the usual clock. Items of one
payer that need a call are taken together as far as the payer allows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.core.priority.curves import ASKED_AGAIN_DAYS
from sanderling.core.priority.parameters import NOBODY, Settings
from sanderling.core.priority.value import with_minutes

MUST_DAYS: Final = 1  # a deadline so near comes first (DOMAIN 9.2)
REFUND_DAYS: Final = 15  # of 60: from day 45 on (DOMAIN 9.2)
USUAL: Final = Settings()
_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Person:
    """Who works today. Empty teams, actions or clients: no limit."""

    user_id: int
    minutes: float
    teams: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    client_ids: frozenset[int] = frozenset()

    def may(self, item: _Item) -> bool:
        """Say whether the person can do the item."""
        return (
            (not self.teams or item.team in self.teams)
            and (not self.actions or item.action in self.actions)
            and (not self.client_ids or item.client_id in self.client_ids)
        )


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a plan must heed beside minutes."""

    # client_id: minutes of today that its worthwhile items get at least, if it has them.
    floors: Mapping[int, float] = field(default_factory=dict)
    calls_at_once: int = 10
    is_high_dollar_first: bool = False  # high balances before other items of the same pass
    is_key_client_first: bool = False  # after them those of key clients
    minimum_score: float = 0.0  # cents for each minute below which nothing is planned


@dataclass(frozen=True, slots=True)
class Floor:
    """What a client was promised of the day, and got."""

    client_id: int
    promised_minutes: float
    wanted_minutes: float  # of all its items that are worth a touch
    planned_minutes: float
    is_met: bool  # got what was promised, or there was nobody left who could do more of it


@dataclass(frozen=True, slots=True)
class Plan:
    """`rows`: PLANNED, by person and place. `floors`: the certificate, by client."""

    rows: pl.DataFrame
    floors: tuple[Floor, ...]
    left_minutes: Mapping[int, float]  # by person


PLANNED: Final = {
    "user_id": pl.Int64,
    "place": pl.Int64,
    "item_id": pl.Int64,
    "minutes": pl.Float64,
    "value_cents": pl.Int64,
    "why": pl.String,  # must, floor, value, spare, call (with the one before it)
}


@dataclass(frozen=True, slots=True)
class _Item:
    item_id: int
    client_id: int
    payer_id: int
    team: str
    action: str
    is_call: bool
    value_cents: int
    first_minutes: float
    next_minutes: float
    sequel_minutes: float  # of later work that what it brings is likely to need
    is_must: bool
    is_spare: bool  # due by the usual clock, but not worth a touch yet
    order: int  # what comes first by rule, the greater
    score: float


@dataclass(slots=True)
class _Desk:
    """A person's day while it fills."""

    person: Person
    left: float
    rows: list[tuple[int, float, int, str]] = field(default_factory=list)

    def takes(self, item: _Item, minutes: float) -> bool:
        return self.left + _SLACK >= minutes and self.person.may(item)


class _Day:
    """All desks, and what is taken already."""

    def __init__(
        self, items: list[_Item], people: Sequence[Person], constraints: Constraints
    ) -> None:
        self.desks = [_Desk(one, one.minutes) for one in sorted(people, key=lambda p: p.user_id)]
        self.spent: dict[int, float] = defaultdict(float)
        self._taken: set[int] = set()
        self._calls_at_once = constraints.calls_at_once
        self._price = _price(items, sum(one.minutes for one in people))
        self._of_payer: dict[int, list[_Item]] = defaultdict(list)
        for item in items:
            if item.is_call and item.payer_id != NOBODY:
                self._of_payer[item.payer_id].append(item)

    def take(self, items: Iterable[_Item], why: str, floor: float | None = None) -> None:
        """Give items out in their order; with a floor until the client has so many minutes."""
        for item in items:
            if floor is not None and self.spent[item.client_id] + _SLACK >= floor:
                return
            if item.item_id not in self._taken:
                self._place(item, why)

    def could_do_more(self, items: Iterable[_Item]) -> bool:
        """Say whether an item is left that somebody has the time and skill for."""
        return any(
            desk.takes(item, item.first_minutes)
            for item in items
            if item.item_id not in self._taken
            for desk in self.desks
        )

    def _place(self, item: _Item, why: str) -> None:
        able = [desk for desk in self.desks if desk.takes(item, item.first_minutes)]
        if not able:
            return
        desk = max(able, key=lambda one: (one.left, -one.person.user_id))
        self._give(desk, item, item.first_minutes, why)
        if not item.is_call:
            return
        on_call = 1
        for mate in self._of_payer.get(item.payer_id, []):
            if on_call >= self._calls_at_once:
                return
            whole = mate.next_minutes + mate.sequel_minutes
            is_worth = mate.is_must or mate.value_cents >= whole * self._price
            is_free = is_worth and mate.item_id not in self._taken
            if is_free and desk.takes(mate, mate.next_minutes):
                self._give(desk, mate, mate.next_minutes, "call")
                on_call += 1

    def _give(self, desk: _Desk, item: _Item, minutes: float, why: str) -> None:
        desk.left -= minutes
        desk.rows.append((item.item_id, minutes, item.value_cents, why))
        self._taken.add(item.item_id)
        self.spent[item.client_id] += minutes


def plan_day(
    valued: pl.DataFrame,
    people: Sequence[Person],
    constraints: Constraints,
    as_of: date,
    minutes: pl.DataFrame,
) -> Plan:
    """Return what each person does today.

    `valued`: the columns of value.ITEMS and value.VALUED side by side, a row for each item;
    `minutes` as in Parameters. What is not worth a touch yet is left out unless it must not wait.
    """
    whole = sum(person.minutes for person in people)
    work = _work(valued, minutes, constraints, as_of)
    wanted: dict[int, float] = dict(
        work.filter(~pl.col("is_spare"))
        .group_by("client_id")
        .agg(pl.col("next_minutes").sum())
        .rows()
    )
    items, spare = (
        _bundled([_Item(*row) for row in _reachable(part, whole).rows()], constraints.calls_at_once)
        for part in (work.filter(~pl.col("is_spare")), work.filter("is_spare"))
    )
    day = _Day(items, people, constraints)
    day.take((item for item in items if item.is_must), "must")
    of_client: dict[int, list[_Item]] = defaultdict(list)
    for item in items:
        of_client[item.client_id].append(item)
    for client_id, promised in sorted(constraints.floors.items()):
        day.take(of_client[client_id], "floor", promised)
    # Before the rest fills the day: whoever is short now had nothing more, or nobody for it.
    short = {
        client_id: day.spent[client_id] + _SLACK < promised
        and day.could_do_more(of_client[client_id])
        for client_id, promised in constraints.floors.items()
    }
    day.take(items, "value")
    day.take(spare, "spare")
    floors = tuple(
        Floor(client, promised, wanted.get(client, 0.0), day.spent[client], not short[client])
        for client, promised in sorted(constraints.floors.items())
    )
    return _plan(day, floors)


def _work(
    valued: pl.DataFrame, minutes: pl.DataFrame, constraints: Constraints, as_of: date
) -> pl.DataFrame:
    """Return what may be planned, in order: the columns of _Item."""
    today = pl.lit(as_of)
    is_near = (
        pl.col("deadline_date").is_between(today, today + timedelta(days=MUST_DAYS))
        & ~pl.col("is_deadline_met")
        & (pl.col("deadline_kind") != "refund")
        # No deadline makes a touch worth it that costs more than it can save.
        & (pl.col("value_cents") >= pl.col("effort_minutes") * USUAL.minute_cents)
    )
    is_refund = (pl.col("deadline_kind") == "refund") & (
        pl.col("deadline_date") <= today + timedelta(days=REFUND_DAYS)
    )
    must = (is_near | is_refund | pl.col("is_flagged")).fill_null(value=False)
    waits = (pl.col("not_before_date") > today).fill_null(value=False)
    is_worth = (pl.col("value_cents") > 0) & (pl.col("score") >= constraints.minimum_score)
    # Not again what was worked on a short while ago.
    rested = pl.col("last_touch_date") <= today - timedelta(days=ASKED_AGAIN_DAYS)
    is_due = (pl.col("next_date") <= today) & rested.fill_null(value=True)
    is_spare = waits & is_due.fill_null(value=False) & ~must
    return (
        with_minutes(
            valued.drop("channel", strict=False).with_columns(pl.col("payer_id").fill_null(NOBODY)),
            minutes,
        )
        .with_columns(
            is_must=must,
            is_spare=is_spare,
            is_call=pl.col("channel") == "call",
            # As the score was made; none where a rule has lifted it.
            sequel_minutes=pl.when(pl.col("score") > 0)
            .then(pl.col("value_cents") / pl.col("score") - pl.col("effort_minutes"))
            .otherwise(0.0)
            .clip(lower_bound=0.0),
        )
        .with_columns(
            order=pl.col("is_must") * 4
            + (pl.lit(constraints.is_high_dollar_first) & pl.col("is_high_dollar")) * 2
            + (pl.lit(constraints.is_key_client_first) & pl.col("is_key_client")) * 1
        )
        .filter(pl.col("is_must") | ((~waits | pl.col("is_spare")) & is_worth))
        .sort(["order", "score", "item_id"], descending=[True, True, False])
        .select(_Item.__slots__)
    )


def _bundled(items: list[_Item], calls_at_once: int) -> list[_Item]:
    """Return the items in order, those that need a call by what the best call they are in brings.

    A call is as good as its best items make it: of those of one payer, best first, as many as make
    the most of a minute, hold included. What is left over makes further calls.
    """
    rest = [item for item in items if not item.is_call or item.payer_id == NOBODY]
    of_payer: dict[int, list[_Item]] = defaultdict(list)
    for item in items:
        if item.is_call and item.payer_id != NOBODY:
            of_payer[item.payer_id].append(item)
    for calls in of_payer.values():
        calls.sort(
            key=lambda one: (
                -one.value_cents / max(one.next_minutes + one.sequel_minutes, 0.1),
                one.item_id,
            )
        )
        while calls:
            count, score = _best_call(calls[:calls_at_once])
            rest += [replace(item, score=score) for item in calls[:count]]
            del calls[:count]
    return sorted(rest, key=lambda one: (-one.order, -one.score, -one.value_cents, one.item_id))


def _best_call(calls: list[_Item]) -> tuple[int, float]:
    """Return how many of these make the best call, and its value for each minute."""
    cents, minutes = 0, max(calls[0].first_minutes - calls[0].next_minutes, 0.0)
    best = (1, 0.0)
    for count, item in enumerate(calls, start=1):
        cents += item.value_cents
        minutes += item.next_minutes + item.sequel_minutes
        score = cents / max(minutes, 0.1)
        if score > best[1]:
            best = (count, score)
    return best


def _price(items: list[_Item], minutes: float) -> float:
    """Return what the last minute of the day brings; nothing where all fits."""
    seen: set[int] = set()
    for item in items:
        goes_on = item.is_call and item.payer_id in seen
        minutes -= item.next_minutes if goes_on else item.first_minutes
        if item.is_call:
            seen.add(item.payer_id)
        if minutes < 0:
            return item.score
    return 0.0


def _reachable(work: pl.DataFrame, minutes: float) -> pl.DataFrame:
    """Leave out what no plan can reach: behind a whole day's work of its client and kind."""
    before = pl.col("next_minutes").cum_sum().over("client_id", "team", "action")
    return work.filter(pl.col("is_must") | (before - pl.col("next_minutes") <= minutes))


def _plan(day: _Day, floors: tuple[Floor, ...]) -> Plan:
    rows = [
        (desk.person.user_id, place, *row)
        for desk in day.desks
        for place, row in enumerate(desk.rows, start=1)
    ]
    return Plan(
        rows=pl.DataFrame(rows, schema=PLANNED, orient="row"),
        floors=floors,
        left_minutes={desk.person.user_id: desk.left for desk in day.desks},
    )
