"""Shapes scorecards for pages, exports and paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from sanderling.core.kpis.definitions import Definition
from sanderling.core.kpis.frames import Period
from sanderling.kpis.page import spark
from sanderling.kpis.reporting import figure_columns, figures
from sanderling.kpis.scores import Card, Cards, whole
from sanderling.kpis.words import is_few, month_text, of_text, shown_text, value_text

WHO: Final = {
    "payer": "Payers", "client": "Clients", "provider": "Providers", "team": "Teams",
}  # fmt: skip
CARDS_SHOWN: Final = 200
_VOLUME: Final = {"payer": "charges", "client": "charges", "provider": "charges"}


def usual_sort(found: Cards) -> str:
    """Return by which figure cards are ranked when nobody says: by volume."""
    return _VOLUME.get(found.who, found.figures[0].key)


def ranked(found: Cards, sort: str) -> list[Card]:
    """Return the cards ranked by a figure, the worst first; volumes the largest first."""
    one = next((one for one in found.figures if one.key == sort), None)
    if one is None:
        return ranked(found, usual_sort(found))

    def place(card: Card) -> tuple[bool, float, str]:
        value = one.value(*card.sums[one.key])
        if value is None:
            return True, 0.0, str(card.id)
        is_high_first = one.is_sum or one.better != "up"
        return False, -value if is_high_first else value, str(card.id)

    return sorted(found.cards, key=place)


def rows(
    found: Cards, names: Mapping[Any, str], *, sort: str, days: Mapping[int, tuple[int, int]]
) -> list[dict[str, Any]]:
    """Return the ranked cards as lines of the table."""
    return [
        {
            "rank": rank,
            "id": card.id,
            "name": names.get(card.id, str(card.id)),
            "cells": [cell(one, card) for one in found.figures],
            "days": days.get(card.id) if found.who == "payer" else None,
        }
        for rank, card in enumerate(ranked(found, sort)[:CARDS_SHOWN], start=1)
    ]


def cell(one: Definition, card: Card) -> dict[str, Any]:
    """Return a figure of a card: in words, what it is of, and what changed."""
    above, below = card.sums[one.key]
    change = card.changes.get(one.key)
    return {
        "key": one.key,
        "title": one.title,
        "value": shown_text(one, above, below) if one.is_sum or below else "",
        "of": _made_of(one, above, below),
        "changed": changed_text(one, card) if change else "",
    }


def _made_of(one: Definition, above: int, below: int) -> str:
    if is_few(one, below):
        return "too few for a share"
    return of_text(one, above, below) if below else ""


def changed_text(one: Definition, card: Card) -> str:
    """Return in words how the latest month is unlike those before."""
    change = card.changes[one.key]
    way = "up" if change.is_up else "down"
    return (
        f"{way} to {value_text(one, change.value)} in the last month, from"
        f" {value_text(one, change.mean)} on the mean"
    )


def heads(found: Cards, query: Mapping[str, str], sort: str) -> list[dict[str, Any]]:
    """Return the columns with the addresses that rank by them."""
    return [
        {
            "title": one.title,
            "about": f"{one.numerator}, over {one.denominator}",
            "url": f"?{urlencode({**query, 'sort': one.key})}",
            "is_sorted": one.key == sort,
        }
        for one in found.figures
    ]


def total_cells(found: Cards) -> list[str]:
    """Return the figures over all cards."""
    sums = whole(found)
    return [
        shown_text(one, *sums[one.key]) if one.is_sum or sums[one.key][1] else ""
        for one in found.figures
    ]


def changes(found: Cards, names: Mapping[Any, str]) -> list[dict[str, str]]:
    """Return what changed by more than two standard deviations, in words."""
    return [
        {
            "name": names.get(card.id, str(card.id)),
            "title": one.title,
            "text": changed_text(one, card),
            "judged": ""
            if not one.better
            else "better"
            if card.changes[one.key].is_up == (one.better == "up")
            else "worse",
        }
        for card in found.cards
        for one in found.figures
        if one.key in card.changes
    ]


def columns(found: Cards) -> tuple[str, ...]:
    """Return the columns of an export."""
    days = ("pay_days_median", "pay_days_p90") if found.who == "payer" else ()
    return ("rank", found.who, "name", *days, *figure_columns(found.figures), "changed")


def export_rows(
    found: Cards,
    names: Mapping[Any, str],
    codes: Mapping[Any, str],
    *,
    sort: str,
    days: Mapping[int, tuple[int, int]],
) -> list[dict[str, Any]]:
    """Return the ranked cards as rows of an export."""
    shown = []
    for rank, card in enumerate(ranked(found, sort), start=1):
        median, high = days.get(card.id, (None, None)) if found.who == "payer" else (None, None)
        shown.append({
            "rank": rank, found.who: codes.get(card.id, str(card.id)),
            "name": names.get(card.id, str(card.id)), "pay_days_median": median,
            "pay_days_p90": high, **figures(card.sums, found.figures),
            "changed": " ".join(sorted(card.changes)),
        })  # fmt: skip
    return shown


def lines(found: Cards, card: Card, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one card as a table of its figures, beside those of all."""
    sums = whole(found)
    return [
        {
            **cell(one, card),
            "all": shown_text(one, *sums[one.key]) if one.is_sum or sums[one.key][1] else "",
            "spark": spark(card.by_month(one)),
            "url": f"{reverse('kpi', args=[one.key])}?{urlencode(query)}",
        }
        for one in found.figures
    ]


def period_text(period: Period) -> str:
    """Return the months of cards in words."""
    first, last = month_text(period.from_date), month_text(period.to_date)
    return first if first == last else f"{first} to {last}"


def paper(
    *,
    title: str,
    found: Cards,
    shown: Sequence[Mapping[str, Any]],
    days: tuple[int, int] | None,
    why: Sequence[Mapping[str, Any]],
    clients: Sequence[Mapping[str, Any]],
    heads_of_clients: Sequence[str],
) -> dict[str, Any]:
    """Return what the printed card says."""
    return {
        "title": title,
        "period": period_text(found.period),
        "figures": [
            {name: str(row[name]) for name in ("title", "value", "of", "all", "changed")}
            for row in shown
        ],
        "days": list(days) if days else None,
        "reasons": [dict(row) for row in why],
        "heads": list(heads_of_clients),
        "clients": [
            {"name": row["name"], "values": [one["value"] for one in row["cells"]]}
            for row in clients
        ],
    }
