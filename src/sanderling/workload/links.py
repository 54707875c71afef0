"""Addresses of the worklist behind a number: every number clicks through to its items."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

NOBODY = "none"


def items_url(**asked: object) -> str:
    """Return the worklist's page of what insurers owe, narrowed by these filters (None: not)."""
    query = {name: value for name, value in asked.items() if value not in (None, "")}
    return f"{reverse('worklist')}?{urlencode({'view': 'all', 'insurers': 1} | query)}"


def owner_of(user_id: int | None) -> str:
    """Return how the worklist's filter names an owner."""
    return NOBODY if user_id is None else str(user_id)


def day_filters(day: date, until: date, today: date) -> dict[str, int]:
    """Return the filters of what is due from a day to another: days late, negative to come."""
    return {"late_min": (today - until).days, "late_max": (today - day).days}
