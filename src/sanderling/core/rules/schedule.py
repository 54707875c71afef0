"""When a rule runs: on events, every so many minutes, each day or week at an hour (UTC)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

MINUTES_MIN: Final = 5
MINUTES_A_DAY: Final = 1440
HOURS: Final = 24
WEEKDAYS: Final = (*("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),)


def next_run_at(trigger: Mapping[str, Any], after: datetime) -> datetime | None:
    """Return the next instant after `after` at which a schedule is due; None for events.

    A time that was missed is made up for once: the caller asks again from the present.
    """
    if trigger["kind"] != "schedule":
        return None
    if trigger["every"] == "minutes":
        step = timedelta(minutes=trigger["minutes"])
        midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + step * ((after - midnight) // step + 1)
    due = after.replace(hour=trigger["hour"], minute=0, second=0, microsecond=0)
    if trigger["every"] == "week":
        due += timedelta(days=(trigger["weekday"] - after.weekday()) % 7)
        return due if due > after else due + timedelta(days=7)
    return due if due > after else due + timedelta(days=1)


def schedule_words(trigger: Mapping[str, Any]) -> str:
    """Return when a schedule runs: every day at 06:00 UTC."""
    if trigger["every"] == "minutes":
        return f"every {trigger['minutes']} minutes"
    day = "every day" if trigger["every"] == "day" else f"every {WEEKDAYS[trigger['weekday']]}"
    return f"{day} at {trigger['hour']:02d}:00 UTC"
