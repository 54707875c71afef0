"""A deadline as a bar: how much of the time is used up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

SOON_DAYS: Final = 14


def deadline_bar(row: Mapping[str, Any], today: date) -> dict[str, Any] | None:
    """Return the bar of a deadline in hundredths of its width: what is used up, and the days left.

    None without a deadline.
    """
    deadline, start = row["deadline"], row["deadline_from"]
    if deadline is None:
        return None
    left = (deadline - today).days
    used = 100.0
    if start is not None:
        used = 100.0 * (today - start).days / (deadline - start).days
    state = "over" if left < 0 else "soon" if left <= SOON_DAYS else "far"
    if row["is_deadline_met"]:
        state = "met"
    return {
        "left": left,
        "days_over": -left,
        "used": f"{min(100.0, max(0.0, used)):.1f}",
        "mark": f"{min(99.0, max(0.0, used)):.1f}",
        "state": state,
        "start": start,
    }
