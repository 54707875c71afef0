"""Shapes the queue and the flow for their page and exports: words, links, charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sanderling.core.barriers.words import barrier_title
from sanderling.workload.flow import Week
from sanderling.workload.links import NOBODY, items_url
from sanderling.workload.queue import Health, Oldest, Sum

HEALTH_COLUMNS: Final = (
    "part",
    *("open_count", "open_cents", "due_count", "due_cents", "late_count", "late_cents"),
    *("unowned_count", "unowned_cents", "unowned_due_count", "unowned_due_cents"),
    *("untouched_count", "untouched_cents", "due_minutes", "late_days_max"),
)
FLOW_COLUMNS: Final = (
    "week_from",
    "came",
    "left",
    "net",
    "came_cents",
    "left_cents",
    "paid_cents",
    "open_at_end",
)
LATE_COLUMNS: Final = ("late_from_days", "late_to_days", "count", "balance_cents")
OLDEST_COLUMNS: Final = (
    *("client", "claim", "payer_name", "barrier", "since_date", "days", "balance_cents", "owner"),
)
# What each number of a row is behind: filters of the worklist.
_CELLS: Final[Mapping[str, Mapping[str, object]]] = {
    "open": {},
    "due": {"late_min": 0},
    "late": {"late_min": 1},
    "unowned": {"owner": NOBODY},
    "unowned_due": {"owner": NOBODY, "late_min": 0},
    "untouched": {"touches_max": 0},
}


def health_row(
    row: Health, *, by: str, filters: Mapping[str, str], payers: Mapping[str, str]
) -> dict[str, Any]:
    """Return a row of the table; `payers`: payer ids by row key."""
    key = _filter_of(row, by=by, payers=payers)
    shown: dict[str, Any] = {
        "title": _title(row, by=by),
        "due_minutes": row.due_minutes,
        "late_days_max": row.late_days_max,
    }
    for name, more in _CELLS.items():
        one: Sum = getattr(row, name)
        # An owner's row is not also nobody's.
        asked = {**filters, **key, **more}
        shown[name] = {
            "count": one.count,
            "cents": one.cents,
            "url": items_url(**asked) if one.count else "",
        }
    return shown


def _title(row: Health, *, by: str) -> str:
    if by == "barrier":
        return barrier_title(row.key)
    if by == "payer":
        return row.title or "Unknown payer"
    return row.title or "Nobody"


def _filter_of(row: Health, *, by: str, payers: Mapping[str, str]) -> dict[str, object]:
    if not by:
        return {}
    if by == "payer":
        return {"payer": payers.get(row.key, "none")}
    if by == "owner":
        return {"owner": NOBODY if row.key == "0" else row.key}
    return {by: row.key}


def late_rows(
    buckets: Sequence[tuple[int, int | None, Sum]], filters: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return what is due by days late."""
    return [
        {
            "title": _late_title(first, last),
            "count": one.count,
            "cents": one.cents,
            "url": items_url(**filters, late_min=first, late_max=last) if one.count else "",
        }
        for first, last, one in buckets
    ]


def _late_title(first: int, last: int | None) -> str:
    if last == 0:
        return "Due today"
    return f"Over {first - 1} days late" if last is None else f"{first} to {last} days late"


def late_chart(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the bars of the days late."""
    return {
        "kind": "bars",
        "unit": "cents",
        "horizontal": True,
        "categories": [row["title"] for row in rows],
        "series": [{"name": "Balance", "values": [row["cents"] for row in rows]}],
        "links": [row["url"] for row in rows],
    }


def flow_chart(weeks: Sequence[Week]) -> dict[str, Any]:
    """Return the bars of what came and what left, by week."""
    return {
        "kind": "bars",
        "unit": "count",
        "categories": [f"{week.from_date:%b} {week.from_date.day}" for week in weeks],
        "series": [
            {"name": "Came", "values": [week.came for week in weeks]},
            {"name": "Left", "values": [week.left for week in weeks]},
        ],
    }


def flow_rows(weeks: Sequence[Week]) -> list[dict[str, Any]]:
    """Return the weeks as rows of an export."""
    return [
        {
            "week_from": week.from_date,
            "came": week.came,
            "left": week.left,
            "net": week.net,
            "came_cents": week.came_cents,
            "left_cents": week.left_cents,
            "paid_cents": week.paid_cents,
            "open_at_end": week.open_at_end,
        }
        for week in weeks
    ]


def late_export(buckets: Sequence[tuple[int, int | None, Sum]]) -> list[dict[str, Any]]:
    """Return what is due by days late as rows of an export; the last bucket has no last day."""
    return [
        {
            "late_from_days": first,
            "late_to_days": last,
            "count": one.count,
            "balance_cents": one.cents,
        }
        for first, last, one in buckets
    ]


def oldest_export(items: Sequence[Oldest]) -> list[dict[str, Any]]:
    """Return the items that wait longest for a first touch as rows of an export."""
    return [{name: getattr(one, name) for name in OLDEST_COLUMNS} for one in items]


def health_rows(rows: Sequence[Health], *, by: str) -> list[dict[str, Any]]:
    """Return the table as rows of an export."""
    found = []
    for row in rows:
        one: dict[str, Any] = {
            "part": row.key if by == "barrier" else _title(row, by=by),
            "due_minutes": round(row.due_minutes),
            "late_days_max": row.late_days_max,
        }
        for name in _CELLS:
            sums: Sum = getattr(row, name)
            one |= {f"{name}_count": sums.count, f"{name}_cents": sums.cents}
        found.append(one)
    return found
