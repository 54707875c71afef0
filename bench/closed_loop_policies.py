"""Policies of the closed-loop benchmark: who decides which claim is touched next.

A policy gets the items the office can see (`visible.Item`), what was seen to come of earlier
touches (`Seen`), and the minutes of the day; it answers orders, first things first. It may order
as much as it likes: what does not fit into the day's minutes is not done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from sanderling.simulator.shift import Order
from sanderling.simulator.visible import Item

IDLE = frozenset({"wait", "transfer_to_patient", "refund"})
CALLED = frozenset({"check_status", "call_payer"})
CHECKS_BEFORE_CALL = 2
LEARN_DAYS = 7
DECIDED_DAYS = 60  # what brought nothing by then is taken to bring nothing


@dataclass(slots=True)
class SeenTouch:
    """One touch, and what the office has seen come of it by now."""

    item: Item
    on_date: date
    action: str
    channel: str
    outcome: str
    minutes: float
    paid_cents: int = 0  # posted on the item since, up to its next touch
    days_to_payment: int | None = None
    is_decided: bool = False  # the payer has answered since


@dataclass(slots=True)
class SeenResponse:
    """One thing sent to a payer, and when it answered."""

    payer_id: int
    payer_type: str
    action: str  # "claim" for a claim as first sent
    sent_date: date
    answered_date: date | None = None
    censored_date: date | None = None  # watched until then: we acted ourselves


@dataclass(slots=True)
class Seen:
    """History for learning: only what files and people have said."""

    touches: list[SeenTouch] = field(default_factory=list)
    responses: list[SeenResponse] = field(default_factory=list)


Policy = Callable[[list[Item], Seen, float, date], list[Order]]


def due(items: list[Item], day: date) -> list[Item]:
    """Answer what is to be worked by the usual clock."""
    return [item for item in items if item.next_date <= day and item.next_action not in IDLE]


def order_of(item: Item) -> Order:
    """Do what is next by the item's barrier, by the cheapest channel; the third time by phone."""
    is_third = item.next_action == "check_status" and item.touches >= CHECKS_BEFORE_CALL
    return Order(item.item_id, item.next_action, "call" if is_third else "")


def fifo(items: list[Item], _seen: Seen, _minutes: float, day: date) -> list[Order]:
    """Oldest service first."""
    rows = sorted(due(items, day), key=lambda item: (item.service_date, item.item_id))
    return [order_of(item) for item in rows]


def largest(items: list[Item], _seen: Seen, _minutes: float, day: date) -> list[Order]:
    """Largest balance first."""
    rows = sorted(due(items, day), key=lambda item: (-item.balance_cents, item.item_id))
    return [order_of(item) for item in rows]


def age_dollars(items: list[Item], _seen: Seen, _minutes: float, day: date) -> list[Order]:
    """Days since service times balance, largest first."""

    def key(item: Item) -> tuple[int, int]:
        return -item.balance_cents * ((day - item.service_date).days + 1), item.item_id

    return [order_of(item) for item in sorted(due(items, day), key=key)]


def payer_batched(items: list[Item], _seen: Seen, _minutes: float, day: date) -> list[Order]:
    """The payer with most dollars first, its claims by balance; what needs asking is one call."""
    groups: dict[int, list[Item]] = defaultdict(list)
    for item in due(items, day):
        groups[item.payer_id].append(item)
    by_dollars = sorted(
        groups.values(),
        key=lambda rows: (-sum(row.balance_cents for row in rows), rows[0].payer_id),
    )
    orders = []
    for rows in by_dollars:
        rows.sort(key=lambda item: (-item.balance_cents, item.item_id))
        called = [item for item in rows if item.next_action in CALLED]
        orders += [Order(item.item_id, item.next_action, "call") for item in called]
        orders += [order_of(item) for item in rows if item.next_action not in CALLED]
    return orders


class Myopic:
    """Expected cents for each minute by learned rates; neither deadlines nor timing."""

    prior = 5.0

    def __init__(self) -> None:
        self._day: date | None = None
        self._rates: dict[tuple[str, str, str], tuple[float, float]] = {}
        self._minutes: dict[str, tuple[float, int]] = {}

    def __call__(self, items: list[Item], seen: Seen, _minutes: float, day: date) -> list[Order]:
        """Order by the learned value of a minute."""
        if self._day is None or (day - self._day).days >= LEARN_DAYS:
            self._learn(seen, day)
            self._day = day
        rows = sorted(due(items, day), key=lambda item: (-self._score(item), item.item_id))
        return [order_of(item) for item in rows]

    def _learn(self, seen: Seen, day: date) -> None:
        sums: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        minutes: dict[str, list[float]] = defaultdict(list)
        for touch in seen.touches:
            minutes[touch.action].append(touch.minutes)
            if (day - touch.on_date).days < DECIDED_DAYS and not touch.paid_cents:
                continue  # not decided
            item = touch.item
            share = min(touch.paid_cents / max(item.expected_cents, 1), 1.0)
            for key in self._keys(item):
                sums[key][0] += share
                sums[key][1] += 1
        self._rates = {key: (paid, count) for key, (paid, count) in sums.items()}
        self._minutes = {key: (sum(rows), len(rows)) for key, rows in minutes.items()}

    @staticmethod
    def _keys(item: Item) -> tuple[tuple[str, str, str], ...]:
        return (
            ("", "", ""),
            (item.barrier, "", ""),
            (item.barrier, item.category, ""),
            (item.barrier, item.category, str(item.payer_id)),
        )

    def _score(self, item: Item) -> float:
        rate = 0.3
        for key in self._keys(item):
            paid, count = self._rates.get(key, (0.0, 0.0))
            rate = (paid + self.prior * rate) / (count + self.prior)
        total, count = self._minutes.get(item.next_action, (0.0, 0))
        return rate * item.expected_cents / ((total + 30.0) / (count + 3))


def nobody(_items: list[Item], _seen: Seen, _minutes: float, _day: date) -> list[Order]:
    """Touch nothing: what comes in all the same."""
    return []


HEURISTICS: dict[str, Policy] = {
    "oldest first": fifo,
    "largest first": largest,
    "age x dollars": age_dollars,
    "payer batched": payer_batched,
}
NAMES = (*HEURISTICS, "myopic value", "sanderling")


def make_policy(name: str) -> Policy:
    """Make a policy by its name; each run needs its own."""
    if name == "sanderling":
        from bench.closed_loop_ours import Sanderling

        return Sanderling()
    return Myopic() if name == "myopic value" else {**HEURISTICS, "nobody": nobody}[name]
