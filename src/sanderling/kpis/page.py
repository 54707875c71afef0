"""Shapes key figures for their pages: tiles, trends with limits, tables and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from sanderling.core.kpis.definitions import DEFINITIONS, GROUPS, Definition
from sanderling.core.kpis.frames import add_months
from sanderling.core.kpis.limits import BASELINE_MIN, Limits, Point, control_limits
from sanderling.kpis.asking import Question, Row, Sums, total
from sanderling.kpis.words import (
    is_few,
    month_text,
    moved_text,
    of_text,
    shown_text,
    value_text,
)

TILES: Final = (
    *("days_in_ar", "over_90_rate", "net_collection_rate", "cash_to_net_revenue_rate"),
    *("denial_rate", "denial_dollar_rate", "overturn_rate", "denial_rework_rate"),
    *("first_pass_rate", "acceptance_rate", "bill_to_pay_days", "secondary_capture_rate"),
)
TREND_MONTHS: Final = 13
CHART_MONTHS: Final = 25
SPARK_WIDTH: Final = 120
SPARK_HEIGHT: Final = 28
SPARK_EDGE: Final = 3
FIGURE_COLUMNS: Final = (
    *("kpi", "title", "unit", "value", "numerator", "numerator_unit", "denominator"),
    *("denominator_unit", "before", "benchmark", "source"),
)
MONTH_COLUMNS: Final = (
    *("month", "to_date", "value", "numerator", "denominator", "low", "center", "high", "note"),
)
CHART_UNITS: Final = {"rate": "rate", "days": "days", "cents": "cents", "count": "count"}


def series(found: Sequence[Row], question: Question) -> dict[date, Sums]:
    """Return the sums of each month of the question; of months without anything, nothing."""
    nothing: Sums = {one.key: (0, 0) for one in question.definitions}
    months: dict[date, Sums] = {one.from_date: nothing for one in question.periods}
    for start in months:
        whole = total(row for row in found if row.period.from_date == start)
        months[start] = whole or nothing
    return months


def figure(
    one: Definition, months: Mapping[date, Sums], query: Mapping[str, str]
) -> dict[str, Any]:
    """Return a figure of the last of `months` as a tile or a line of a table shows it."""
    starts = list(months)
    above, below = months[starts[-1]][one.key]
    values = [one.value(*months[start][one.key]) for start in starts]
    before = values[-2] if len(values) > 1 else None
    moved, judged = moved_text(one, values[-1], before)
    few = is_few(one, below)
    return {
        "definition": one,
        "url": f"{reverse('kpi', args=[one.key])}?{urlencode(query)}",
        "value": shown_text(one, above, below),
        "is_few": few,
        "of": _made_of(one, above, below, few=few),
        "moved": "" if few else moved,
        "judged": "" if few else judged,
        "before": value_text(one, before),
        "before_month": month_text(starts[-2]) if len(starts) > 1 else "",
        "spark": spark(values),
        "is_known": one.is_sum or below != 0 or above != 0,
    }


def _made_of(one: Definition, above: int, below: int, *, few: bool) -> str:
    if few:
        return "too few for a share"
    words = of_text(one, above, below)
    return f"nothing to divide by: {words}" if words and below <= 0 else words


def spark(values: Sequence[float | None]) -> str:
    """Return the points of a small line of values, as SVG has them; gaps are passed over."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    low, high = min(v for _, v in known), max(v for _, v in known)
    span, wide = (high - low) or 1.0, max(len(values) - 1, 1)
    room = SPARK_HEIGHT - 2 * SPARK_EDGE
    return " ".join(
        f"{place * SPARK_WIDTH / wide:.1f},{SPARK_EDGE + room * (1 - (value - low) / span):.1f}"
        for place, value in known
    )


def grouped(months: Mapping[date, Sums], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return all figures by their groups, the tiles left out."""
    there = next(iter(months.values()))
    return [
        {
            "title": group,
            "rows": [
                figure(one, months, query)
                for one in DEFINITIONS
                if one.group == group and one.key not in TILES and one.key in there
            ],
        }
        for group in GROUPS
    ]


def figure_rows(
    months: Mapping[date, Sums], definitions: Sequence[Definition]
) -> list[dict[str, Any]]:
    """Return all figures as rows of an export."""
    starts = list(months)
    rows = []
    for one in definitions:
        above, below = months[starts[-1]][one.key]
        before = one.value(*months[starts[-2]][one.key]) if len(starts) > 1 else None
        rows.append({
            "kpi": one.key, "title": one.title, "unit": one.unit, "value": one.value(above, below),
            "numerator": above, "denominator": below, "before": before,
            "numerator_unit": one.numerator_unit, "denominator_unit": one.denominator_unit,
            "benchmark": one.benchmark, "source": one.source,
        })  # fmt: skip
    return rows


def judged_series(one: Definition, months: Mapping[date, Sums], goes_on: date | None) -> Limits:
    """Return the control limits; the month that goes on is not judged by a part of it."""
    points = [
        Point(*sums[one.key], None if start == goes_on else one.value(*sums[one.key]))
        for start, sums in months.items()
    ]
    return control_limits(points, is_of_counts=one.is_of_counts)


def month_rows(
    one: Definition, months: Mapping[date, Sums], limits: Limits, query: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the months as the table beside the chart shows them, the latest first."""
    rows = []
    for (start, sums), judged in zip(months.items(), limits.points, strict=True):
        above, below = sums[one.key]
        asked = {**query, "month": f"{start:%Y-%m}"}
        rows.append({
            "month": month_text(start),
            "value": shown_text(one, above, below),
            "of": of_text(one, above, below),
            "low": value_text(one, judged.low) if judged.low is not None else "",
            "high": value_text(one, judged.high) if judged.high is not None else "",
            "why": judged.why,
            "url": claims_url(one, asked) if one.is_sum or below or above else "",
        })  # fmt: skip
    return rows[::-1]


def claims_url(one: Definition, query: Mapping[str, str]) -> str:
    """Return the address of the claims behind a figure."""
    return f"{reverse('kpi-claims', args=[one.key])}?{urlencode(query)}"


def chart(one: Definition, months: Mapping[date, Sums], limits: Limits) -> dict[str, Any]:
    """Return the trend: values, the band of what is usual, its mean, the benchmark."""
    values = [one.value(*sums[one.key]) for sums in months.values()]
    outside = [
        value if judged.why else None for value, judged in zip(values, limits.points, strict=True)
    ]
    drawn: dict[str, Any] = {
        "kind": "lines",
        "unit": CHART_UNITS[one.unit],
        "categories": [month_text(start) for start in months],
        "series": [{"name": one.title, "values": values}],
        "levels": [],
    }
    if any(value is not None for value in outside):
        drawn["series"].append({"name": "Unusual", "as": "points", "values": outside})
    if limits.center is not None:
        drawn["levels"].append({"value": limits.center, "text": "Mean"})
        drawn["band"] = {
            "name": "Usual",
            "low": [one_month.low for one_month in limits.points],
            "high": [one_month.high for one_month in limits.points],
        }
    if one.target is not None:
        drawn["levels"].append({"value": one.target, "text": "Benchmark"})
    return drawn


def month_export(
    one: Definition, question: Question, months: Mapping[date, Sums], limits: Limits
) -> list[dict[str, Any]]:
    """Return the months as rows of an export."""
    return [
        {
            "month": f"{period.from_date:%Y-%m}", "to_date": period.to_date,
            "value": one.value(*sums[one.key]), "numerator": sums[one.key][0],
            "denominator": sums[one.key][1], "low": judged.low, "center": limits.center,
            "high": judged.high, "note": judged.why,
        }
        for period, sums, judged in zip(
            question.periods, months.values(), limits.points, strict=True
        )
    ]  # fmt: skip


def limits_text(one: Definition, limits: Limits) -> str:
    """Return in words how the limits were drawn, or why there are none."""
    if limits.center is None:
        return f"No limits yet: {limits.baseline} months to judge by, {BASELINE_MIN} are needed."
    how = (
        "a p'-chart: three standard deviations of chance in each month's own count, widened by how"
        " much months differ beyond it"
        if one.is_of_counts
        else "an XmR chart: the mean and 2.66 times the mean change from month to month"
    )
    return (
        f"Limits from {limits.baseline} months by {how}. A month outside them, or the eighth in a"
        " row on one side of the mean, is unusual."
    )


def group_rows(
    one: Definition, found: Sequence[Row], names: Mapping[Any, str]
) -> list[dict[str, Any]]:
    """Return a figure by group, the largest denominators first."""
    rows = []
    for row in found:
        above, below = row.sums[one.key]
        if above or below:
            rows.append({
                "id": row.group[0], "name": names.get(row.group[0], str(row.group[0])),
                "value": shown_text(one, above, below), "of": of_text(one, above, below),
                "raw": one.value(above, below), "numerator": above, "denominator": below,
            })  # fmt: skip
    return sorted(rows, key=lambda row: (-row["denominator"], -row["numerator"], row["name"]))


def going_on(question: Question) -> date | None:
    """Return the last month when it is not over."""
    last = question.periods[-1]
    is_over = (add_months(last.from_date, 1) - last.to_date).days == 1
    return None if is_over else last.from_date
