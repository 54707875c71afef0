"""Figures in words: a value, what it is of, how it moved."""

from __future__ import annotations

from datetime import date
from typing import Final

from sanderling.core.kpis.definitions import Definition
from sanderling.core.kpis.limits import FEW
from sanderling.web.exporting import dollars

_HUNDRED: Final = 100
NOTHING: Final = "\u2013"


def value_text(one: Definition, value: float | None) -> str:
    """Return a figure as read: 8.2%, 39.7 days, $47.40, 1.86; a dash where there is none."""
    if value is None:
        return NOTHING
    match one.unit:
        case "rate":
            return f"{100 * value:.1f}%"
        case "days":
            return f"{value:,.1f} day{'' if round(value, 1) == 1 else 's'}"
        case "cents":
            return _short_dollars(round(value))
    return f"{value:,.0f}" if one.is_sum else f"{value:,.2f}"


def shown_text(one: Definition, numerator: int, denominator: int) -> str:
    """Return a figure as read; of few outcomes the outcomes themselves, not a share."""
    if one.is_of_counts and 0 < denominator < FEW:
        return f"{numerator} of {denominator}"
    return value_text(one, one.value(numerator, denominator))


def is_few(one: Definition, denominator: int) -> bool:
    """Say whether there are too few outcomes for a share."""
    return one.is_of_counts and 0 < denominator < FEW


def amount_text(unit: str, amount: int) -> str:
    """Return a numerator or denominator as read."""
    if unit == "cents":
        return _short_dollars(amount)
    return f"{amount:,} minutes" if unit == "minutes" else f"{amount:,}"


def of_text(one: Definition, numerator: int, denominator: int) -> str:
    """Return what a figure is made of: "31 of 379", "821 days over 20"."""
    if one.is_sum:
        return ""
    above = amount_text(one.numerator_unit, numerator)
    below = amount_text(one.denominator_unit, denominator)
    if one.numerator_unit == "days":
        return f"{above} days over {below}"
    if one.over == "snapshot" and one.unit == "days":
        return f"{above}; charges of 90 days {below}"
    return f"{above} {'of' if one.unit == 'rate' else 'over'} {below}"


def moved_text(one: Definition, value: float | None, before: float | None) -> tuple[str, str]:
    """Return how a figure moved in words, and whether that is better, worse or "" (neither)."""
    if value is None or before is None:
        return "", ""
    change = value - before
    size = {"rate": f"{abs(100 * change):.1f} points", "days": f"{abs(change):.1f} days"}.get(
        one.unit, value_text(one, abs(change))
    )
    if size in ("0.0 points", "0.0 days") or not change:
        return "as", ""
    word = "up" if change > 0 else "down"
    judged = "" if not one.better else ("better" if word == one.better else "worse")
    return f"{word} {size}", judged


def month_text(day: date) -> str:
    """Return a month as read: Oct 2026."""
    return f"{day:%b %Y}"


def _short_dollars(cents: int) -> str:
    """Return dollars, without cents from a hundred dollars on."""
    sign = "-" if cents < 0 else ""
    if abs(cents) < _HUNDRED * _HUNDRED:
        return f"{sign}${dollars(abs(cents))}"
    return f"{sign}${dollars(round(abs(cents) / _HUNDRED) * _HUNDRED).removesuffix('.00')}"
