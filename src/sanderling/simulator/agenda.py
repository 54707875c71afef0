"""What happens on which day, in the order it was arranged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

Action = Callable[[date], None]


class Agenda:
    """Actions by day. An action may arrange others, for the same day too."""

    def __init__(self) -> None:
        self._days: dict[date, list[Action]] = {}

    def at(self, day: date, action: Action) -> None:
        """Arrange an action."""
        self._days.setdefault(day, []).append(action)

    def run(self, day: date) -> None:
        """Do what is arranged for a day."""
        actions = self._days.get(day, [])
        index = 0
        while index < len(actions):
            actions[index](day)
            index += 1
        self._days.pop(day, None)
