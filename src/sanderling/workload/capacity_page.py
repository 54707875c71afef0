"""Shapes capacity for its page and its export: words, links, the chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.urls import reverse

from sanderling.core.barriers.words import team_title
from sanderling.core.deadlines.days import next_business_day
from sanderling.worklists.models import WorkItem
from sanderling.worklists.planning import Feasibility
from sanderling.workload.capacity import Capacity, Cell, Row
from sanderling.workload.links import day_filters, items_url, owner_of
from sanderling.workload.people import Person
from sanderling.workload.replanning import Replan

COLUMNS: Final = (
    "person",
    "team",
    "day",
    "count",
    "due_minutes",
    "capacity_minutes",
    "over_minutes",
    "waiting_minutes",
)
TEAM_COLUMNS: Final = ("team", *COLUMNS[2:])
EXPIRING_COLUMNS: Final = (
    *("client", "claim", "payer_name", "deadline_date", "minutes", "lost_cents", "saver"),
)
TIGHT: Final = 0.9  # of the capacity: hardly any time to spare


def people_rows(found: Capacity, people: Sequence[Person], today: date) -> list[dict[str, Any]]:
    """Return the table of people: a row each, and one for what nobody owns."""
    shown = []
    for row, person in zip(found.people, people, strict=True):
        shown.append(
            {
                **_row(row, today, owner=owner_of(person.user_id)),
                "user_id": person.user_id,
                "note": f"{person.role.replace('_', ' ')}, {team_title(person.team).lower()}",
            }
        )
    return shown


def other_row(
    row: Row, today: date, *, owner: str | None = None, is_linked: bool = True
) -> dict[str, Any]:
    """Return the row of what nobody owns, of people who left, or of all."""
    return _row(row, today, owner=owner, is_linked=is_linked)


def team_rows(found: Capacity, today: date) -> list[dict[str, Any]]:
    """Return the table of teams; a team has no filter of its own behind its numbers."""
    return [
        {**_row(row, today, owner=None, is_linked=False), "title": team_title(row.key)}
        for row in found.teams
    ]


def chart(found: Capacity) -> dict[str, Any]:
    """Return the bars of each day: minutes due and minutes there are."""
    cells = found.total.cells
    return {
        "kind": "bars",
        "unit": "count",
        "categories": [day_text(cell.day, found.days[0]) for cell in cells],
        "series": [
            {"name": "Minutes due", "values": [round(cell.due_minutes) for cell in cells]},
            {"name": "Minutes there are", "values": [cell.capacity_minutes for cell in cells]},
        ],
    }


def day_text(day: date, today: date) -> str:
    """Return Today, or Mon 30."""
    return "Today" if day == today else f"{day:%a} {day.day}"


def expiring_rows(
    found: Feasibility, plan: Replan, names: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return the items that expire at this capacity, the dearest first, and who would save them."""
    savers = {item: names[user] for user, items in plan.given.items() for item in items}
    items = WorkItem.objects.in_bulk([one.item_id for one in found.expires])
    shown = []
    for one in sorted(found.expires, key=lambda risk: (-risk.lost_cents, risk.item_id)):
        item = items.get(one.item_id)
        if item is None:
            continue
        shown.append(
            {
                "url": reverse("work-item", args=[item.pk]),
                "claim": item.claim_number,
                "client": item.client_code,
                "payer_name": item.payer_name,
                "deadline_date": one.deadline_date,
                "lost_cents": one.lost_cents,
                "minutes": one.minutes,
                "saver": savers.get(one.item_id, ""),
            }
        )
    return shown


def export_rows(found: Capacity, people: Sequence[Person]) -> Iterator[dict[str, Any]]:
    """Yield a row for each person and day, what nobody owns last."""
    for row, team in [
        *zip(found.people, (person.team for person in people), strict=True),
        (found.unowned, ""),
        (found.others, ""),
    ]:
        for cell in row.cells:
            yield {"person": row.title, "team": team, **_exported(cell)}


def team_export(found: Capacity) -> list[dict[str, Any]]:
    """Return a row for each team and day."""
    return [{"team": row.key, **_exported(cell)} for row in found.teams for cell in row.cells]


def expiring_export(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of `expiring_rows` as rows of an export."""
    return [
        {**{name: row[name] for name in EXPIRING_COLUMNS}, "minutes": round(row["minutes"])}
        for row in rows
    ]


def _exported(cell: Cell) -> dict[str, Any]:
    return {
        "day": cell.day,
        "count": cell.count,
        "due_minutes": round(cell.due_minutes),
        "capacity_minutes": cell.capacity_minutes,
        "over_minutes": round(cell.over_minutes),
        "waiting_minutes": round(cell.waiting_minutes),
    }


def _row(row: Row, today: date, *, owner: str | None, is_linked: bool = True) -> dict[str, Any]:
    days = [cell.day for cell in row.cells]
    return {
        "key": row.key,
        "title": row.title,
        "cells": [
            _cell(cell, today, owner if is_linked else None, is_linked=is_linked)
            for cell in row.cells
        ],
        "count": row.count,
        "due_minutes": row.due_minutes,
        "capacity_minutes": row.capacity_minutes,
        "over_minutes": row.over_minutes,
        "balance_cents": row.balance_cents,
        "url": items_url(owner=owner, **_until(days, today)) if is_linked else "",
    }


def _until(days: Sequence[date], today: date) -> dict[str, int]:
    return {"late_min": (today - days[-1]).days}


def _cell(cell: Cell, today: date, owner: str | None, *, is_linked: bool) -> dict[str, Any]:
    """Return a day of a row; its number's items are those of the days without work before it."""
    first = _first_day_of(cell.day, today)
    filters = day_filters(first, cell.day, today)
    if cell.day == today:
        filters = {"late_min": 0}
    return {
        "count": cell.count,
        "due_minutes": cell.due_minutes,
        "capacity_minutes": cell.capacity_minutes,
        "over_minutes": cell.over_minutes,
        "color": _color(cell),
        "url": items_url(owner=owner, **filters) if is_linked and cell.count else "",
    }


def _first_day_of(day: date, today: date) -> date:
    """Return the first day whose work waits for `day`: the one after the business day before."""
    first = day
    while first - timedelta(days=1) > today and next_business_day(first - timedelta(days=1)) == day:
        first -= timedelta(days=1)
    return first


def _color(cell: Cell) -> str:
    if cell.due_minutes > cell.capacity_minutes:
        return "red"
    return "yellow" if cell.due_minutes > TIGHT * cell.capacity_minutes else ""
