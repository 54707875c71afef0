"""A report as PDF: its frozen numbers as text, and charts drawn from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sanderling.documents import render, render_pictures
from sanderling.reports.letterhead import Letterhead, letterhead
from sanderling.reports.models import Report
from sanderling.reports.words import (
    figure_text,
    moved_text,
    number_text,
    of_text,
    period_text,
    short_text,
    stamp_text,
    ticks_of,
)

RIGHT: Final = ("cents", "count", "rate", "days")
WIDE: Final = ("title", "why", "group", "payer", "barrier", "finding", "action", "what", "kind")
LABEL_MAX: Final = 34
Json = Mapping[str, Any]


def pdf_of(report: Report) -> bytes:
    """Return the report on paper under the letterhead of the installation."""
    brand = letterhead()
    files = {"logo": brand.logo} if brand.logo else None
    return render("reports/report", paper(report, brand), files)


def pictures_of(report: Report) -> list[bytes]:
    """Return the pages of the report as PNG pictures."""
    brand = letterhead()
    files = {"logo": brand.logo} if brand.logo else None
    return render_pictures("reports/report", paper(report, brand), files)


def paper(report: Report, brand: Letterhead) -> dict[str, Any]:
    """Return what the template reads: everything as text, and charts as numbers."""
    numbers = report.numbers
    return {
        "brand": {"name": brand.name, "lines": brand.lines, "color": brand.color},
        "kind": "Report",
        "foot": f"{brand.name or 'Sanderling'} \u00b7 confidential",
        "title": report.title,
        "client": f"{numbers['client_name']} ({numbers['client']})",
        "period": period_text(report.from_date, report.to_date),
        "provider": report.provider,
        "stamp": stamp_text(report),
        "note": report.note,
        "blocks": [_block(one) for one in numbers["blocks"]],
    }


def _block(block: Json) -> dict[str, Any]:
    tables = {one["key"]: one for one in block["tables"]}
    return {
        "title": block["title"],
        "about": block["about"],
        "notes": block["notes"],
        "figures": [
            {
                "label": one["label"], "value": figure_text(one), "of": of_text(one),
                "moved": moved_text(one),
            }
            for one in block["figures"]
        ],
        "tables": [_table(one) for one in block["tables"]],
        "charts": [chart_data(one, tables[one["table"]]) for one in block["charts"]],
    }  # fmt: skip


def _table(table: Json) -> dict[str, Any]:
    columns = table["columns"]
    return {
        "title": table["title"],
        "empty": table["empty"],
        "heads": [one["label"] for one in columns],
        "aligns": ["right" if one["unit"] in RIGHT else "left" for one in columns],
        "widths": [_width(one) for one in columns],
        "rows": [_cells(one, columns) for one in table["rows"]],
        "total": _cells(table["total"], columns) if table["total"] else [],
    }


def _width(column: Json) -> int:
    """Return how much of the room a column takes; 0: what it needs."""
    return {"why": 3}.get(column["key"], 2 if column["key"] in WIDE else 0)


def _cells(row: Json, columns: Sequence[Json]) -> list[str]:
    return [number_text(one["unit"], row["cells"].get(one["key"])) for one in columns]


def chart_data(chart: Json, table: Json) -> dict[str, Any]:
    """Return a chart as numbers with its labels and the levels of its axis."""
    units = {one["key"]: (one["label"], one["unit"]) for one in table["columns"]}
    rows = table["rows"]
    unit = units[chart["series"][0]][1]
    series = [
        {
            "name": units[key][0],
            "values": [row["cells"].get(key) for row in rows],
            "texts": [short_text(unit, row["cells"].get(key) or 0) for row in rows],
        }
        for key in chart["series"]
    ]
    values = [one for each in series for one in each["values"] if one is not None]
    return {
        "title": chart["title"],
        "kind": chart["kind"],
        "labels": [_label(row["cells"].get(chart["x"])) for row in rows],
        "series": series,
        "ticks": ticks_of(unit, values),
    }


def _label(value: object) -> str:
    text = str(value)
    return text if len(text) <= LABEL_MAX else f"{text[: LABEL_MAX - 1]}\u2026"
