"""Numbers of reports as they are read: on pages, on paper, on the axes of charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sanderling.reports.models import Report
from sanderling.reports.shapes import FEW
from sanderling.web.exporting import dollars

NOTHING: Final = "\u2013"
TICKS: Final = 4
_MONTH_DAYS_MIN: Final = 27


def number_text(unit: str, value: object) -> str:
    """Return a value of a unit as read: $1,234.56, 12.3%, 40.2 days, 1,234, 2026-03-05."""
    if value is None or value == "":
        return NOTHING if unit != "text" else ""
    if unit == "cents" and isinstance(value, int | float):
        cents = round(value)
        return f"{'-' if cents < 0 else ''}${dollars(abs(cents))}"
    if unit == "rate" and isinstance(value, int | float):
        return f"{100 * value:.1f}%"
    if unit == "days" and isinstance(value, int | float):
        return f"{value:,.1f} days"
    if unit == "count" and isinstance(value, int | float):
        return f"{value:,.0f}"
    return str(value)


def figure_text(figure: Mapping[str, Any]) -> str:
    """Return a figure as read; a share of few outcomes as the outcomes."""
    if is_few(figure):
        return f"{figure['of'][0]:,} of {figure['of'][1]:,}"
    return number_text(figure["unit"], figure["value"])


def is_few(figure: Mapping[str, Any]) -> bool:
    """Say whether there are too few outcomes for a share."""
    of = figure["of"]
    units = figure.get("of_units", ["cents", "cents"])
    return bool(figure["unit"] == "rate" and of and units == ["count", "count"] and 0 < of[1] < FEW)


def of_text(figure: Mapping[str, Any]) -> str:
    """Return what a figure is of: "31 of 379", "$1,200.00 of $9,400.00"."""
    if not figure["of"] or not figure["of"][1] or is_few(figure):
        return ""
    above, below = figure["of"]
    units = figure.get("of_units", ["cents", "cents"])
    if units[0] == "days":
        return f"{above:,} days over {below:,}"
    told = [number_text(unit, value) for unit, value in zip(units, (above, below), strict=True)]
    return f"{told[0]} {'of' if figure['unit'] == 'rate' else 'over'} {told[1]}"


def moved_text(figure: Mapping[str, Any]) -> str:
    """Return what a figure was in the period before."""
    before, of = figure["before"], figure.get("before_of")
    if before is None:
        return ""
    if of and is_few({**figure, "of": of}):
        return f"before: {of[0]:,} of {of[1]:,}"
    return f"before: {number_text(figure['unit'], before)}"


def short_text(unit: str, value: int) -> str:
    """Return a value for the axis of a chart: $1.2M, $40k, 12."""
    if unit != "cents":
        return f"{value:,}"
    amount, sign = abs(value) / 100, "-" if value < 0 else ""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if amount >= size:
            return f"{sign}${amount / size:.1f}".removesuffix(".0") + letter
    return f"{sign}${amount:,.0f}"


def ticks_of(unit: str, values: Sequence[int]) -> list[dict[str, Any]]:
    """Return the levels of an axis that the values need, from the lowest."""
    low, high = min([0, *values]), max([0, *values])
    step = _step(high - low)
    found = range(low // step * step, max(high, 1) + step, step)
    return [{"value": one, "text": short_text(unit, one)} for one in found]


def _step(span: int) -> int:
    """Return 1, 2 or 5 times a power of ten that divides a span into five parts at most."""
    size = 1
    while True:
        for part in (1, 2, 5):
            if part * size * TICKS >= span:
                return part * size
        size *= 10


def period_text(from_date: date, to_date: date) -> str:
    """Return the days as read: March 2026, or 2026-03-02 to 2026-03-08."""
    is_month = (
        from_date.day == 1
        and from_date.month == to_date.month
        and (to_date - from_date).days >= _MONTH_DAYS_MIN
        and (to_date.toordinal() + 1 == _next_month(from_date).toordinal())
    )
    if is_month:
        return f"{from_date:%B %Y}"
    return f"{from_date.isoformat()} to {to_date.isoformat()}"


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def stamp_text(report: Report) -> str:
    """Return since when the numbers stand, and what they are."""
    return (
        f"As known at the end of {report.as_of_date.isoformat()}. Report {report.pk or 'preview'},"
        f" numbers {report.numbers_hash[:12]}."
    )
