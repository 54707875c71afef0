"""Shapes "Where the money is" for its page: titles, shares, a link for each number, the charts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from sanderling.barriers.asking import NONE
from sanderling.barriers.changes import NOTHING, Changes, Flow
from sanderling.barriers.forms import PART_NAMES, Names
from sanderling.barriers.where_money import PASSED, REFUND, WINDOWS, AtRisk, Slice
from sanderling.core.ages import DEFAULT_BUCKETS, bucket_columns, bucket_labels
from sanderling.core.barriers.words import (
    BARRIERS,
    barrier_title,
    category_title,
    cause_text,
    deadline_title,
    team_title,
)

PARTS_SHOWN: Final = 5  # of a barrier; all when one barrier is asked for
PARTS_SHOWN_MAX: Final = 500
CREDIT: Final = "credit_balance"
NEW_TEXT: Final = "New"
CLOSED_TEXT: Final = "Closed"
SLICE_COLUMNS: Final = (
    "barrier",
    "part",
    "part_name",
    "count",
    *bucket_columns(DEFAULT_BUCKETS),
    "total_cents",
    "share",
)
FLOW_COLUMNS: Final = ("from", "to", "cause", "count", "was_cents", "now_cents")
Query = Mapping[str, str]


def part_title(by: str, key: str, names: Names) -> tuple[str, str]:
    """Return what a part is called and its code (empty where the name is all there is)."""
    if by in ("client", "payer"):
        code, name = names.of_part(by, key)
        is_special = by == "payer" and int(key) <= 0
        return name or code, "" if is_special or not name else code
    text = category_title(key) if by == "category" else team_title(key) if key else ""
    return text or "None", ""


def part_value(by: str, key: str, names: Names) -> str:
    """Return how a part stands in an address."""
    return names.of_part(by, key)[0] if by in ("client", "payer") else key or NONE


def table(
    slices: Sequence[Slice], *, by: str, names: Names, query: Query, urls: Mapping[str, str]
) -> dict[str, Any]:
    """Return the table: barriers, the largest first, each with its largest parts, and the totals.

    `query`: what the page was asked, for the links; `urls`: addresses of "claims" and "page".
    """
    owed = sum(one.balance_cents for one in slices if one.balance_cents > 0)
    groups: defaultdict[str, list[Slice]] = defaultdict(list)
    for one in slices:
        groups[one.barrier].append(one)
    shape = _Shape(by=by, names=names, query=query, urls=urls, owed=owed)
    rows = [shape.barrier(name, found) for name, found in groups.items()]
    rows.sort(key=lambda row: (-row["total"]["cents"], _rank(row["name"])))
    debits = [one for one in slices if one.balance_cents > 0]
    surplus = [one for one in slices if one.balance_cents <= 0]
    return {
        "part_name": PART_NAMES.get(by, ""),
        "buckets": bucket_labels(DEFAULT_BUCKETS),
        "rows": [row for row in rows if row["total"]["cents"] > 0],
        "credits": [row for row in rows if row["total"]["cents"] <= 0],
        "owed": shape.sums(debits, {}, sign="debit"),
        "credit_total": shape.sums(surplus, {}, sign="credit"),
        "net_cents": sum(one.balance_cents for one in slices),
        "count": sum(one.count for one in slices),
    }


class _Shape:
    """Makes rows; holds what they have in common."""

    def __init__(
        self, *, by: str, names: Names, query: Query, urls: Mapping[str, str], owed: int
    ) -> None:
        self._by = by
        self._names = names
        self._query = query
        self._urls = urls
        self._owed = owed

    def barrier(self, name: str, slices: list[Slice]) -> dict[str, Any]:
        asked = self._query.get("barrier")
        shown = PARTS_SHOWN_MAX if asked else PARTS_SHOWN
        rest = slices[shown:]
        page = {**self._query, "by": self._by, "barrier": name}
        return {
            "name": name,
            "title": barrier_title(name),
            **self.sums(slices, {"barrier": name}),
            "parts": [self.part(one) for one in slices[:shown]] if self._by else [],
            "more": {
                "count": len(rest),
                "cents": sum(one.balance_cents for one in rest),
                "url": "" if asked else f"{self._urls['page']}?{urlencode(page)}",
            }
            if rest and self._by
            else None,
        }

    def part(self, one: Slice) -> dict[str, Any]:
        title, note = part_title(self._by, one.part, self._names)
        value = part_value(self._by, one.part, self._names)
        given = {"barrier": one.barrier, self._by: value}
        return {"title": title, "note": note, **self.sums([one], given)}

    def sums(self, slices: Iterable[Slice], given: Query, *, sign: str = "") -> dict[str, Any]:
        found = list(slices)
        ages = [sum(cents) for cents in zip(*(one.ages_cents for one in found), strict=True)]
        more = {"sign": sign} if sign else {}
        return {
            "count": sum(one.count for one in found),
            "total": self.cell(sum(one.balance_cents for one in found), {**given, **more}),
            "cells": [
                self.cell(cents, {**given, **more, "bucket": str(number)})
                for number, cents in enumerate(ages or [0] * len(bucket_columns(DEFAULT_BUCKETS)))
            ],
        }

    def cell(self, cents: int, given: Query) -> dict[str, Any]:
        address = f"{self._urls['claims']}?{urlencode({**self._query, **given})}"
        return {
            "cents": cents,
            "share": cents / self._owed if self._owed and cents > 0 else None,
            "url": address if cents else "",
        }


def _rank(barrier: str) -> int:
    order = list(BARRIERS)
    return order.index(barrier) if barrier in order else len(order)


def treemap(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the areas of what is owed, for app.js: barriers, and in each its largest parts."""
    items = []
    for row in shown["rows"]:
        children = [
            {"name": part["title"], "value": part["total"]["cents"], "url": part["total"]["url"]}
            for part in row["parts"]
            if part["total"]["cents"] > 0
        ]
        if children and row["more"] and row["more"]["cents"] > 0:
            more = row["more"]
            children.append(
                {"name": f"{more['count']} more", "value": more["cents"], "url": more["url"]}
            )
        items.append(
            {
                "name": row["title"],
                "value": row["total"]["cents"],
                "url": row["total"]["url"],
                "children": children,
            }
        )
    return {"kind": "treemap", "unit": "cents", "items": items}


def risk_table(
    found: Sequence[AtRisk], *, query: Query, claims_url: str, owed_cents: int
) -> dict[str, Any]:
    """Return money at deadline risk: a row a kind, the windows in a row; refunds stand apart."""
    windows = (PASSED, *(str(days) for days in WINDOWS))
    cells = {(one.kind, one.window): one for one in found}

    def cell(kind: str, window: str, count: int, cents: int) -> dict[str, Any]:
        asked = {**query, "window": window, **({"kind": kind} if kind else {}), "sort": "deadline"}
        return {
            "count": count,
            "cents": cents,
            "share": cents / owed_cents if owed_cents > 0 else None,
            "url": f"{claims_url}?{urlencode(asked)}" if count else "",
        }

    def row(kind: str) -> dict[str, Any]:
        return {
            "title": deadline_title(kind),
            "cells": [
                cell(kind, window, one.count, one.balance_cents)
                if (one := cells.get((kind, window)))
                else cell(kind, window, 0, 0)
                for window in windows
            ],
        }

    kinds = sorted({one.kind for one in found}, key=lambda kind: (kind == REFUND, kind))
    lost = [one for one in found if one.kind != REFUND]
    return {
        "windows": ["Passed", *(f"Within {days} days" for days in WINDOWS)],
        "rows": [row(kind) for kind in kinds],
        "total": [
            cell(
                "",
                window,
                sum(one.count for one in lost if one.window == window),
                sum(one.balance_cents for one in lost if one.window == window),
            )
            for window in windows
        ],
        "has_refunds": any(one.kind == REFUND for one in found),
    }


def changes_table(found: Changes, *, as_of: date, query: Query, claims_url: str) -> dict[str, Any]:
    """Return what changed in words, by kind of change, and how the sums follow from each other."""
    shown = [_flow(flow, found.since, query, claims_url) for flow in found.flows]
    largest = max((abs(row["cents"]) for row in shown), default=0)
    for row in shown:
        row["largest_cents"] = largest
    kinds = {
        name: [row for row in shown if row["kind"] == name]
        for name in ("moved", "new", "closed", "stayed")
    }
    return {
        "since": found.since,
        "as_of": as_of,
        "groups": [
            {
                "kind": name,
                "title": title,
                "rows": kinds[name],
                "count": sum(row["count"] for row in kinds[name]),
                "cents": sum(row["cents"] for row in kinds[name]),
            }
            for name, title in (
                ("moved", "Moved to another barrier"),
                ("new", NEW_TEXT),
                ("closed", CLOSED_TEXT),
                ("stayed", "Stayed"),
            )
        ],
        "closed": found.closed,
        "was_cents": found.total("was_cents"),
        "now_cents": found.total("now_cents"),
        "new_cents": sum(row["cents"] for row in kinds["new"]),
        "closed_cents": sum(row["cents"] for row in kinds["closed"]),
        "changed_cents": sum(
            flow.now_cents - flow.was_cents
            for flow in found.flows
            if NOTHING not in (flow.was, flow.now)
        ),
    }


def _flow(flow: Flow, since: date, query: Query, claims_url: str) -> dict[str, Any]:
    kind = "moved"
    if flow.is_stay:
        kind = "stayed"
    elif flow.was == NOTHING:
        kind = "new"
    elif flow.now == NOTHING:
        kind = "closed"
    asked = {**query, "since": since.isoformat(), "was": flow.was, "now": flow.now}
    if flow.cause:
        asked["cause"] = flow.cause
    return {
        "kind": kind,
        "was": barrier_title(flow.was) if flow.was else NEW_TEXT,
        "now": barrier_title(flow.now) if flow.now else CLOSED_TEXT,
        "cause": cause_text(flow.cause) if flow.cause else "",
        "count": flow.count,
        "cents": flow.was_cents if kind == "closed" else flow.now_cents,
        "url": f"{claims_url}?{urlencode(asked)}",
    }


def sankey(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flows that are changes, for app.js; what stayed would drown them."""
    links: defaultdict[tuple[str, str], int] = defaultdict(int)
    for group in shown["groups"]:
        if group["kind"] == "stayed":
            continue
        for row in group["rows"]:
            if row["cents"] > 0:
                links[row["was"], row["now"]] += row["cents"]
    return {
        "kind": "flow",
        "unit": "cents",
        "nodes": [
            *({"id": f"was {name}", "name": name} for name in dict.fromkeys(a for a, _ in links)),
            *({"id": f"now {name}", "name": name} for name in dict.fromkeys(b for _, b in links)),
        ],
        "links": [
            {"source": f"was {was}", "target": f"now {now}", "value": cents}
            for (was, now), cents in links.items()
        ],
    }


def slice_rows(slices: Sequence[Slice], *, by: str, names: Names) -> list[dict[str, Any]]:
    """Return the slices as rows of an export; `share` is of what is owed, none for credits."""
    owed = sum(one.balance_cents for one in slices if one.balance_cents > 0)
    return [
        {
            "barrier": one.barrier,
            "part": part_value(by, one.part, names) if by else "",
            "part_name": part_title(by, one.part, names)[0] if by else "",
            "count": one.count,
            **dict(zip(bucket_columns(DEFAULT_BUCKETS), one.ages_cents, strict=True)),
            "total_cents": one.balance_cents,
            "share": round(one.balance_cents / owed, 6) if one.balance_cents > 0 else None,
        }
        for one in slices
    ]


def flow_rows(found: Changes) -> list[dict[str, Any]]:
    """Return the flows as rows of an export; an empty `from` is new, an empty `to` closed."""
    return [
        {
            "from": flow.was,
            "to": flow.now,
            "cause": flow.cause,
            "count": flow.count,
            "was_cents": flow.was_cents,
            "now_cents": flow.now_cents,
        }
        for flow in found.flows
    ]
