"""Rules ready to copy: what they do, and the form filled in. People are chosen after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Preset:
    """A rule to start from: `initial` fills the form."""

    key: str
    name: str
    why: str
    initial: Mapping[str, Any] = field(default_factory=dict)


def _on(*events: str) -> dict[str, Any]:
    return {"when": "event", "events": list(events)}


def _daily(hour: int) -> dict[str, Any]:
    return {"when": "day", "hour": hour}


PRESETS: Final[tuple[Preset, ...]] = (
    Preset(
        "assign-arrivals",
        "Share out new claims",
        "New items get an owner at once, in turns.",
        {
            **_on("item.arrived"),
            "condition": 'unassigned && party != "patient"',
            "assign_how": "turns",
            "rest_days": 1,
        },
    ),
    Preset(
        "assign-payer",
        "One payer, one person",
        "Who knows a payer's portal and people works its claims.",
        {
            **_daily(6),
            "condition": 'unassigned && payer_type == "medicare"',
            "assign_how": "least",
            "stops_others": True,
        },
    ),
    Preset(
        "broken-promise",
        "Escalate broken promises",
        "A payer promised a payment that did not come: the lead hears of it.",
        {
            **_on("promise.broken"),
            "condition": "balance > 250 && escalation_level < 1",
            "level": 1,
            "reason": "The payer did not keep its promise.",
            "notify_owner": True,
            "notify_roles": ["lead"],
        },
    ),
    Preset(
        "records",
        "Records asked for",
        "The payer waits for records: the client is asked for them at once.",
        {
            **_on("item.arrived", "item.changed"),
            "condition": 'barrier == "pended" && category == "documentation" && open_tasks == 0',
            "question": "The payer asks for the medical records of this claim.",
            "rest_days": 30,
        },
    ),
    Preset(
        "high-dollar",
        "High-dollar untouched for two weeks",
        "Large claims never fall asleep.",
        {
            **_daily(6),
            "condition": 'high_dollar && days_since_touch > 14 && team != "client" && !pended',
            "notify_roles": ["lead"],
            "notify_owner": True,
            "tags": "high-dollar",
        },
    ),
    Preset(
        "deadline",
        "Deadline within ten days",
        "Whoever owns it hears of it once, and it comes to the front of the day.",
        {
            **_daily(5),
            "condition": "days_to_deadline >= 0 && days_to_deadline <= 10 && balance > 0",
            "notify_owner": True,
            "follow_up_days": 1,
            "rest_days": 10,
        },
    ),
    Preset(
        "inquiry",
        "Ask by 276 before anybody calls",
        "An electronic inquiry costs seconds, a call minutes.",
        {
            **_daily(4),
            "condition": 'barrier == "no_response" && touches == 0 && balance < 5000',
            "status_inquiry": True,
            "rest_days": 14,
        },
    ),
    Preset(
        "new-denial-key",
        "New denial of a key account",
        "Worked within one business day.",
        {
            **_on("item.arrived", "item.changed"),
            "condition": 'event_is == "denied" && client_tier == "key"',
            "tags": "key denial",
            "follow_up_days": 1,
            "notify_owner": True,
        },
    ),
    Preset(
        "coding",
        "Coding denials to the coders",
        "Coders look first; the rules below leave the claim alone that day.",
        {
            **_on("item.arrived", "item.changed"),
            "condition": (
                'barrier == "denied" && category in ["coding", "bundling"] && open_tasks == 0'
            ),
            "team": "coding",
            "team_question": "Denied for its coding: does the code stand, or what is right?",
            "rest_days": 30,
            "stops_others": True,
        },
    ),
    Preset(
        "unowned",
        "Overdue without an owner",
        "Nothing lies about for a week because nobody has it.",
        {
            **_daily(5),
            "condition": 'unassigned && days_overdue > 7 && balance > 100 && party != "patient"',
            "assign_how": "least",
        },
    ),
)
PRESET_OF: Final[Mapping[str, Preset]] = {one.key: one for one in PRESETS}
