"""The agenda of a weekly review: what is talked about, in which order, for how long.

Source: DOMAIN 9.10 (45 to 60 minutes). The keys name the parts of a pack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Item:
    """One point of the agenda."""

    key: str
    title: str
    minutes: int
    question: str  # what the meeting is to answer


AGENDA: Final = (
    Item("actions", "Actions from last time", 5, "What was done, and what did it bring?"),
    Item("scorecard", "Scorecard", 3, "Which figure is off, and whose is it?"),
    Item("movement", "Movement of receivables", 5, "What moved, and why?"),
    Item("cash", "Cash against forecast", 3, "Did the cash come that was expected?"),
    Item("payers", "Payers over 90 days", 4, "Which payer do we take up next, and how?"),
    Item("stuck", "Stuck claims", 6, "Who does what about each, by when?"),
    Item("denials", "New denials", 4, "What can be kept from happening again?"),
    Item("deadlines", "Deadlines of 30 days", 4, "What do we save first?"),
    Item("silence", "No answer, broken promises", 3, "Whom do we call to account?"),
    Item("underpayments", "Underpayments", 2, "What do we dispute next?"),
    Item("appeals", "Appeals", 3, "What goes out, what do we learn from what was decided?"),
    Item("clients", "Clients", 4, "What do we need from clients, what do key accounts need?"),
    Item("credits", "Credits and refunds", 2, "Does a clock run out?"),
    Item("write_offs", "Write-offs", 2, "What do we give up?"),
    Item("issues", "Issues and prevention", 4, "What began, what was fixed, what is proven?"),
    Item("team", "Team and work", 3, "Who has too much, and what is late?"),
    Item("decisions", "Decisions", 3, "Is everything decided written down, with owner and day?"),
)
BY_KEY: Final = {item.key: item for item in AGENDA}
MINUTES: Final = sum(item.minutes for item in AGENDA)


def next_key(key: str) -> str:
    """Return the point after this one, "" after the last.

    Raises:
        KeyError: there is no such point.
    """
    keys = list(BY_KEY)
    place = _place(key) + 1
    return keys[place] if place < len(keys) else ""


def previous_key(key: str) -> str:
    """Return the point before this one, "" before the first.

    Raises:
        KeyError: there is no such point.
    """
    place = _place(key) - 1
    return list(BY_KEY)[place] if place >= 0 else ""


def _place(key: str) -> int:
    return list(BY_KEY).index(BY_KEY[key].key)
