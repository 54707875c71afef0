"""Shapes a frozen pack for its pages: charts, and addresses behind numbers. The numbers stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from sanderling.core.ages import DEFAULT_BUCKETS, bucket_labels
from sanderling.core.barriers.words import barrier_title
from sanderling.core.reviews.agenda import AGENDA, BY_KEY, Item
from sanderling.core.reviews.bridge import MOVEMENTS
from sanderling.reviews.frame import Block
from sanderling.workload.links import items_url

MOVEMENT_TITLES: Final[Mapping[str, str]] = {
    "charges": "New charges",
    "payments": "Payments",
    "adjustments": "Adjustments",
    "write_offs": "Write-offs",
    "refunds": "Refunds",
    "transfers": "Between parties",
    "taken_over": "Taken over",
}
MOVEMENT_COLUMNS: Final = (
    *("part", "title", "opening_count", "opening_cents"),
    *(f"{name}_cents" for name in MOVEMENTS),
    *("moved_in_cents", "moved_out_cents", "unexplained_cents", "closing_count", "closing_cents"),
)
_CLAIM_COLUMNS: Final = (
    *("client", "claim", "payer", "balance_cents", "barrier", "since", "next_text", "next_date"),
    *("owner", "deadline", "deadline_text", "said_date", "said_by", "said"),
)
# What can be had as a file: name -> (part of the pack, its list, columns).
EXPORTS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "movement": ("movement", "reasons", MOVEMENT_COLUMNS),
    "ages": ("movement", "ages", MOVEMENT_COLUMNS),
    "payers": (
        "payers", "rows",
        ("payer", "payer_name", "total_cents", "over_90_cents", "before_cents", "half_days",
         "most_days"),
    ),
    "stuck": ("stuck", "rows", _CLAIM_COLUMNS),
    "deadlines": ("deadlines", "rows", _CLAIM_COLUMNS),
    "silence": ("silence", "rows", _CLAIM_COLUMNS),
    "clients": (
        "clients", "rows",
        ("client", "name", "is_key", "owed_cents", "change_cents", "over_90_cents",
         "pended_cents", "came_cents", "flags", "flags_late", "requests", "requests_late"),
    ),
    "actions": (
        "actions", "rows",
        ("id", "text", "owner", "due_date", "decided", "state", "claims", "open_cents",
         "paid_cents", "result"),
    ),
}  # fmt: skip


def sections(pack: Mapping[str, Block]) -> list[dict[str, Any]]:
    """Return the points of the agenda with their parts of the pack, in order."""
    return [section(item, pack) for item in AGENDA]


def section(item: Item, pack: Mapping[str, Block]) -> dict[str, Any]:
    """Return one point with its part of the pack, as its template shows it."""
    part = pack.get(item.key, {})
    shape = _SHAPES.get(item.key)
    return {
        "item": item,
        "part": {**part, **(shape(part) if shape and part else {})},
        "template": f"reviews/parts/{item.key}.html",
        "exports": [name for name, (key, _, _) in EXPORTS.items() if key == item.key],
    }


def agenda_of(item: str) -> list[dict[str, Any]]:
    """Return the agenda with what is current and what lies behind."""
    keys = list(BY_KEY)
    place = keys.index(item) if item in BY_KEY else -1
    return [
        {"item": one, "number": at + 1, "is_current": at == place, "is_past": at < place}
        for at, one in enumerate(AGENDA)
    ]


def _scorecard(part: Block) -> Block:
    figures = [{**one, "url": reverse("kpi", args=[one["key"]])} for one in part.get("figures", [])]
    return {"figures": figures}


def _movement(part: Block) -> Block:
    columns = [(name, MOVEMENT_TITLES[name]) for name in MOVEMENTS]
    if not part.get("since"):
        return {"has_bridge": False}
    total = part["total"]
    # Columns in which nothing happened would only make the table wide.
    used = [(name, title) for name, title in columns if _is_used(part["reasons"], name)]
    return {
        "has_bridge": True,
        "columns": [title for _, title in used],
        "tables": [
            {
                "name": name,
                "title": title,
                "rows": [_bridge_row(row, used, name) for row in part[name]],
                "total": _bridge_row(total, used, ""),
            }
            for name, title in (("reasons", "By reason"), ("ages", "By age"))
        ],
        "steps": {
            "kind": "bars",
            "unit": "cents",
            "horizontal": True,
            "categories": [
                "Opening", *(title for _, title in used), "Closing"
            ],
            "series": [
                {
                    "name": "Receivables",
                    "values": [
                        total["opening_cents"],
                        *(total[f"{name}_cents"] for name, _ in used),
                        total["closing_cents"],
                    ],
                }
            ],
        },
        "parts_chart": _before_and_now(
            [row for row in part["reasons"] if row["opening_cents"] > 0 or row["closing_cents"] > 0]
        ),
        "flow": _flow(part["moves"]),
    }  # fmt: skip


def _is_used(rows: Sequence[Block], name: str) -> bool:
    return any(row[f"{name}_cents"] for row in rows)


def _bridge_row(row: Block, used: Sequence[tuple[str, str]], name: str) -> Block:
    moved = row["moved_in_cents"] + row["moved_out_cents"]
    return {
        "title": row.get("title", "All"),
        "opening": row["opening_cents"],
        "cells": [row[f"{one}_cents"] for one, _ in used],
        "moved": moved if name else None,
        "unexplained": row["unexplained_cents"],
        "closing": row["closing_cents"],
        "change": row["closing_cents"] - row["opening_cents"],
        "count": row["closing_count"],
        "url": items_url(barrier=row["part"])
        if name == "reasons" and row["closing_count"] and row["part"] != "patient_responsibility"
        else "",
    }


def _before_and_now(rows: Sequence[Block]) -> Block:
    return {
        "kind": "bars",
        "unit": "cents",
        "horizontal": True,
        "categories": [row["title"] for row in rows],
        "series": [
            {"name": "Before", "values": [max(row["opening_cents"], 0) for row in rows]},
            {"name": "Now", "values": [max(row["closing_cents"], 0) for row in rows]},
        ],
    }


def _flow(moves: Sequence[Block]) -> Block | None:
    shown = [one for one in moves if one["cents"] > 0]
    if not shown:
        return None
    names = {one["was"]: f"was {one['was']}" for one in shown}
    after = {one["now"]: f"now {one['now']}" for one in shown}
    titles = {part: barrier_title(part) for part in {*names, *after}}
    return {
        "kind": "flow",
        "unit": "cents",
        "nodes": [{"id": name, "name": titles[part]} for part, name in names.items()]
        + [{"id": name, "name": titles[part]} for part, name in after.items()],
        "links": [
            {"source": names[one["was"]], "target": after[one["now"]], "value": one["cents"]}
            for one in shown
        ],
    }


def _cash(part: Block) -> Block:
    if not part.get("run"):
        return {}
    past, ahead = part["past"], part["ahead"]
    gap: list[int | None] = [None] * len(past)
    return {
        "chart": {
            "kind": "lines",
            "unit": "cents",
            "categories": [_short(row["week"]) for row in (*past, *ahead)],
            "series": [
                {
                    "name": "Expected",
                    "values": gap + [row["expected_cents"] for row in ahead],
                    "dashed": True,
                },
                {
                    "name": "Came",
                    "values": [row["cents"] for row in past] + [None] * len(ahead),
                    "as": "bars",
                },
            ],
            "band": {
                "name": "Four of five weeks",
                "low": gap + [row["low_cents"] for row in ahead],
                "high": gap + [row["high_cents"] for row in ahead],
            },
        }
    }


def _payers(part: Block) -> Block:
    rows = part["rows"]
    return {
        "chart": {
            "kind": "bars",
            "unit": "cents",
            "stacked": True,
            "horizontal": True,
            "palette": "age",
            "categories": [row["payer_name"] for row in rows],
            "series": [
                {"name": label, "values": [row["buckets"][at] for row in rows]}
                for at, label in enumerate(bucket_labels(DEFAULT_BUCKETS))
            ],
        }
        if rows
        else None,
        "rows": [
            {**row, "url": f"{reverse('aging')}?{urlencode({'payer': row['payer']})}"}
            for row in rows
        ],
    }


def _denials(part: Block) -> Block:
    return {
        "chart": {
            "kind": "bars",
            "unit": "cents",
            "categories": [_short(row["week"]) for row in part["weeks"]],
            "series": [{"name": "Denied", "values": [row["cents"] for row in part["weeks"]]}],
        },
        "pareto": {
            "kind": "bars",
            "unit": "cents",
            "horizontal": True,
            "categories": [row["title"] for row in part["categories"]],
            "series": [
                {"name": "This week", "values": [row["cents"] for row in part["categories"]]},
                {
                    "name": "Usual week",
                    "values": [row["usual_cents"] or 0 for row in part["categories"]],
                },
            ],
        }
        if part["categories"]
        else None,
    }


def _deadlines(part: Block) -> Block:
    sums = [row for row in part["sums"] if row.get("cents_30")]
    return {
        "chart": {
            "kind": "bars",
            "unit": "cents",
            "horizontal": True,
            "stacked": True,
            "palette": "age",
            "categories": [row["title"] for row in sums],
            "series": [
                {
                    "name": title,
                    "values": [
                        row.get(f"cents_{last}", 0) - row.get(f"cents_{first}", 0) for row in sums
                    ],
                }
                for title, first, last in (
                    ("7 days", "0", "7"),
                    ("8 to 14", "7", "14"),
                    ("15 to 30", "14", "30"),
                )
            ],
        }
        if sums
        else None
    }


def _team(part: Block) -> Block:
    owners = [row for row in part["owners"] if row["open_count"]]
    return {
        "chart": {
            "kind": "bars",
            "unit": "count",
            "horizontal": True,
            "categories": [row["title"] for row in owners],
            "series": [
                {"name": "Due", "values": [row["due_count"] for row in owners]},
                {"name": "Late", "values": [row["late_count"] for row in owners]},
            ],
        }
        if owners
        else None,
        "owners": [
            {**row, "url": items_url(owner=row["key"] if row["key"] != "0" else "none")}
            for row in part["owners"]
        ],
    }


def _actions(part: Block) -> Block:
    return {"rows": [{**row, "item_title": BY_KEY[row["item"]].title} for row in part["rows"]]}


def _short(day: str | date) -> str:
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{found:%b} {found.day}"


_SHAPES: Final[Mapping[str, Callable[[Block], Block]]] = {
    "actions": _actions,
    "scorecard": _scorecard,
    "movement": _movement,
    "cash": _cash,
    "payers": _payers,
    "denials": _denials,
    "deadlines": _deadlines,
    "team": _team,
}
