"""Priority: the expected extra dollars of a touch now against later, per minute of work."""

from __future__ import annotations

from sanderling.core.priority.learn import learn
from sanderling.core.priority.parameters import Parameters, Settings, cold_start
from sanderling.core.priority.plan import Constraints, Person, Plan, plan_day
from sanderling.core.priority.value import ITEMS, VALUED, value_items
from sanderling.core.priority.words import sentence, sentences

__all__ = [
    "ITEMS",
    "VALUED",
    "Constraints",
    "Parameters",
    "Person",
    "Plan",
    "Settings",
    "cold_start",
    "learn",
    "plan_day",
    "sentence",
    "sentences",
    "value_items",
]
