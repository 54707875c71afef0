"""The product's way in the closed-loop benchmark: core.priority, fed with what the office has seen.

Learns once a week from the touches and answers so far, values every open item each day, and plans
the day of one person with the minutes there are. The plan is made longer than the day, so that what
takes less time than expected does not leave minutes over.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from bench.closed_loop_policies import Seen, SeenTouch
from sanderling.core.priority import (
    ITEMS,
    Constraints,
    Parameters,
    Person,
    Settings,
    cold_start,
    learn,
    plan_day,
    value_items,
)
from sanderling.core.priority.learn import RESPONSES, TOUCHES
from sanderling.core.priority.load import with_load
from sanderling.simulator.parameters import load_parameters
from sanderling.simulator.shift import Order
from sanderling.simulator.visible import Item

LEARN_DAYS = 7
LONGER = 4.0  # plan of a day against the day


class Sanderling:
    """Values and plans as the product does."""

    def __init__(self, floors: dict[int, float] | None = None) -> None:
        self._learned_date: date | None = None
        self._parameters: Parameters = cold_start()
        # Payers say how many claims they take in one call.
        limit = int(load_parameters().effort["claims_per_call_max"])
        self._settings = Settings(calls_at_once=limit)
        self._constraints = Constraints(floors=floors or {}, calls_at_once=limit)

    def __call__(self, items: list[Item], seen: Seen, minutes: float, day: date) -> list[Order]:
        """Order by the plan of the day."""
        if not items:
            return []
        frame = items_frame(items)
        if self._learned_date is None or (day - self._learned_date).days >= LEARN_DAYS:
            self._learn(frame, seen, minutes, day)
        values = value_items(frame, self._parameters, day, self._settings)
        valued = frame.hstack(values.drop("item_id"))
        people = [Person(1, minutes * LONGER)]
        plan = plan_day(valued, people, self._constraints, day, self._parameters.minutes)
        rows = plan.rows.select("place", "item_id").join(
            valued.select("item_id", "action", "channel"), on="item_id", how="left"
        )
        return [
            Order(number, action, channel)
            for number, action, channel in rows.sort("place")
            .select("item_id", "action", "channel")
            .iter_rows()
        ]

    def _learn(self, frame: pl.DataFrame, seen: Seen, minutes: float, day: date) -> None:
        self._learned_date = day
        self._parameters = learn(touches_frame(seen), responses_frame(seen), day)
        values = value_items(frame, self._parameters, day, self._settings)
        self._settings = with_load(self._settings, frame, values, day, minutes)


def items_frame(items: list[Item]) -> pl.DataFrame:
    """Write items as the valuation takes them."""
    columns = {name: [getattr(item, name) for item in items] for name in ITEMS}
    return pl.DataFrame(columns, schema=dict(ITEMS))


def touches_frame(seen: Seen) -> pl.DataFrame:
    """Write touches as learning takes them."""
    return pl.DataFrame(
        [_touch_row(touch) for touch in seen.touches], schema=dict(TOUCHES), orient="row"
    )


def _touch_row(touch: SeenTouch) -> tuple[object, ...]:
    item = touch.item
    of_touch = {
        "touch_date": touch.on_date,
        "action": touch.action,
        "channel": touch.channel,
        "outcome": touch.outcome,
        "minutes": touch.minutes,
        "paid_cents_within_days": touch.paid_cents,
        "days_to_payment": touch.days_to_payment,
        "is_decided": touch.is_decided,
    }
    return tuple(of_touch[name] if name in of_touch else getattr(item, name) for name in TOUCHES)


def responses_frame(seen: Seen) -> pl.DataFrame:
    """Write what was sent, and answered, as learning takes it."""
    rows = [tuple(getattr(response, name) for name in RESPONSES) for response in seen.responses]
    return pl.DataFrame(rows, schema=dict(RESPONSES), orient="row")
