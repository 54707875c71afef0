"""Shapes "At a glance" for its page: titles, small trend lines, links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from sanderling.barriers.asking import NONE
from sanderling.barriers.forms import PART_NAMES, Names
from sanderling.barriers.glance import (
    TOP,
    WEEK_DAYS,
    WEEKS,
    Denials,
    Scope,
    Trend,
    Watched,
    providers_of,
)
from sanderling.barriers.where_page import part_title, part_value
from sanderling.core.barriers.words import category_title

DENIAL_PART_NAMES: Final = {
    "category": "Category",
    "payer": PART_NAMES["payer"],
    "procedure": "Procedure",
    "provider": "Rendering provider",
}
CHART_SERIES: Final = 6
WIDTH, HEIGHT = 100, 24
GLANCE_COLUMNS: Final = ("part", "key", "name", "count", "denied_cents", "standing_cents", "weeks")
Query = Mapping[str, str]
# What the watched barriers are called, and how the list behind each is asked for.
WATCHED_QUERIES: Final[Mapping[str, Query]] = {
    "secondary_unbilled": {"barrier": "secondary_unbilled"},
    "pended": {"barrier": "pended"},
    "documentation": {"category": "documentation"},
    "authorization": {"category": "authorization"},
    "underpaid": {"barrier": "underpaid"},
    "unexplained": {"barrier": "unexplained"},
    "credit_balance": {"barrier": "credit_balance"},
}


def spark(values: Sequence[int]) -> dict[str, str]:
    """Return a small line as points of an SVG of 100 by 24, and its values in words."""
    top = max((abs(value) for value in values), default=0) or 1
    step = WIDTH / max(1, len(values) - 1)
    points = " ".join(
        f"{step * number:.1f},{HEIGHT - 2 - (HEIGHT - 4) * abs(value) / top:.1f}"
        for number, value in enumerate(values)
    )
    return {"points": points, "text": ", ".join(str(value) for value in values)}


def denial_tables(
    found: Denials, *, names: Names, query: Query, denials_url: str
) -> list[dict[str, Any]]:
    """Return a table for each part: its largest rows, and how many there are in all."""
    return [
        {
            "part": part,
            "title": title,
            "rows": [
                {
                    **_named(part, trend, names, providers),
                    "count": trend.count,
                    "cents": trend.cents,
                    "standing_cents": trend.standing_cents,
                    "share": trend.cents / found.total.cents if found.total.cents else None,
                    "spark": spark(trend.counts),
                    "url": f"{denials_url}?"
                    + urlencode({**query, part: _value(part, trend.key, names)}),
                }
                for trend in found.parts[part][:TOP]
            ],
            "more": max(0, len(found.parts[part]) - TOP),
        }
        for part, title in DENIAL_PART_NAMES.items()
        for providers in [providers_of(found.parts["provider"][:TOP]) if part == "provider" else {}]
    ]


def _named(part: str, trend: Trend, names: Names, providers: Mapping[str, str]) -> dict[str, str]:
    if part == "payer":
        title, note = part_title("payer", trend.key, names)
    elif part == "category":
        title, note = category_title(trend.key) or "None", ""
    elif part == "provider" and trend.key in providers:
        title, note = providers[trend.key], trend.key
    else:
        title, note = trend.key or ("Whole claim" if part == "procedure" else "Not known"), ""
    return {"title": title, "note": note}


def _value(part: str, key: str, names: Names) -> str:
    return part_value("payer", key, names) if part == "payer" else key or NONE


def weekly_chart(found: Denials, scope: Scope) -> dict[str, Any]:
    """Return the denied dollars of 13 weeks by category, for app.js; small categories together."""
    categories = found.parts["category"]
    series = [
        {"name": category_title(trend.key) or "None", "values": trend.amounts_cents}
        for trend in categories[:CHART_SERIES]
    ]
    rest = categories[CHART_SERIES:]
    if rest:
        sums = [sum(week) for week in zip(*(trend.amounts_cents for trend in rest), strict=True)]
        series.append({"name": "Others", "values": sums})
    ends = [scope.as_of - timedelta(days=WEEK_DAYS * back) for back in reversed(range(WEEKS))]
    return {
        "kind": "bars",
        "unit": "cents",
        "stacked": True,
        "categories": [f"{day:%m-%d}" for day in ends],
        "series": series,
    }


def watched_cards(
    found: Mapping[str, Watched], *, as_of: date, query: Query, claims_url: str
) -> dict[str, dict[str, Any]]:
    """Return by name what a card shows: count, dollars, oldest, trend, the list's address."""
    return {
        name: {
            "count": one.count,
            "cents": one.cents,
            "oldest_date": one.oldest_date,
            "oldest_days": (as_of - one.oldest_date).days if one.oldest_date else None,
            "spark": spark(one.amounts_cents),
            "first_day": one.days[0] if one.days else None,
            "has_trend": len(one.days) > 1,
            **_change(one, as_of),
            "url": f"{claims_url}?{urlencode({**query, **WATCHED_QUERIES[name]})}",
        }
        for name, one in found.items()
    }


def _change(one: Watched, as_of: date) -> dict[str, Any]:
    """Return how much more is open than at the newest kept day at least a week ago."""
    before = [
        (day, cents)
        for day, cents in zip(one.days, one.amounts_cents, strict=True)
        if (as_of - day).days >= WEEK_DAYS
    ]
    if not before:
        return {"since": None, "change_cents": 0}
    day, cents = before[-1]
    return {"since": day, "change_cents": one.cents - cents}


def denial_rows(found: Denials, *, names: Names) -> list[dict[str, Any]]:
    """Return all parts as rows of an export; `weeks` are counts, oldest first."""
    providers = providers_of(found.parts["provider"])
    return [
        {
            "part": part,
            "key": part_value("payer", trend.key, names) if part == "payer" else trend.key,
            "name": _named(part, trend, names, providers)["title"],
            "count": trend.count,
            "denied_cents": trend.cents,
            "standing_cents": trend.standing_cents,
            "weeks": trend.counts,
        }
        for part in DENIAL_PART_NAMES
        for trend in found.parts[part]
    ]
