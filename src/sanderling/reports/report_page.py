"""Shapes a report's frozen numbers for its page: texts, a link for each number, charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from sanderling.claims.models import Claim
from sanderling.reports.models import Report
from sanderling.reports.rendering import RIGHT, chart_data
from sanderling.reports.words import figure_text, is_few, moved_text, number_text, of_text

Json = Mapping[str, Any]
# What is behind the measures of a block's rows.
DENOMINATOR: Final = "denominator"


def body(report: Report, *, is_linked: bool = True) -> list[dict[str, Any]]:
    """Return the blocks as the page shows them; `is_linked`: numbers lead to their claims."""
    shape = _Shape(report, is_linked=is_linked)
    return [shape.block(place, one) for place, one in enumerate(report.numbers["blocks"])]


class _Shape:
    """Makes blocks; knows which of them have rows, and the addresses of claims."""

    def __init__(self, report: Report, *, is_linked: bool) -> None:
        self._report = report
        self._is_linked = is_linked
        self._places = (
            set(report.behind.filter(row_count__gt=0).values_list("place", flat=True))
            if is_linked
            else set()
        )
        self._claims = _claim_urls(report) if is_linked else {}

    def block(self, place: int, block: Json) -> dict[str, Any]:
        charts = {one["table"]: one for one in block["charts"]}
        return {
            "place": place,
            "kind": block["kind"],
            "title": block["title"],
            "about": block["about"],
            "notes": block["notes"],
            "figures": [self._figure(place, one) for one in block["figures"]],
            "tables": [self._table(place, one, charts.get(one["key"])) for one in block["tables"]],
        }

    def _figure(self, place: int, one: Json) -> dict[str, Any]:
        return {
            "label": one["label"],
            "value": figure_text(one),
            "of": of_text(one),
            "moved": moved_text(one),
            "about": one["about"],
            "is_few": is_few(one),
            "url": self._behind(place, one["where"], one["measure"], one["value"]),
        }

    def _table(self, place: int, table: Json, chart: Json | None) -> dict[str, Any]:
        columns = table["columns"]
        rows = [self._cells(place, one, columns) for one in table["rows"]]
        links = [next((cell["url"] for cell in row if cell["url"]), "") for row in rows]
        return {
            "chart": {
                "id": f"chart-{place}-{chart['key']}",
                "title": chart["title"],
                "options": options(chart, table, links),
            }
            if chart and rows
            else None,
            "key": table["key"],
            "title": table["title"],
            "empty": table["empty"],
            "columns": [
                {"label": one["label"], "kind": "money" if one["unit"] in RIGHT else "text"}
                for one in columns
            ],
            "rows": rows,
            "total": self._cells(place, table["total"], columns) if table["total"] else [],
        }

    def _cells(self, place: int, row: Json, columns: Sequence[Json]) -> list[dict[str, Any]]:
        page = self._page(row["link"]) if self._is_linked else ""
        found = []
        for number, one in enumerate(columns):
            value = row["cells"].get(one["key"])
            where = None
            if one["measure"] and row["where"] is not None:
                where = {**row["where"], **one["where"]}
            url = self._behind(place, where, one["measure"], value)
            is_number = one["unit"] in RIGHT
            if page and (number == 0 or (is_number and not url and one["unit"] == "cents")):
                url = page
            found.append({
                "text": number_text(one["unit"], value),
                "kind": "money" if is_number else "text",
                "is_negative": is_number and isinstance(value, int | float) and value < 0,
                "url": url,
            })  # fmt: skip
        return found

    def _behind(self, place: int, where: Json | None, measure: str, value: object) -> str:
        if where is None or not measure or not value or place not in self._places:
            return ""
        told = {key: str(one) for key, one in where.items()} | {"measure": measure}
        address = reverse("report-behind", args=[self._report.pk, place])
        return f"{address}?{urlencode(told)}"

    def _page(self, link: Json | None) -> str:
        """Return the address of a page of the product that a row leads to."""
        if link is None:
            return ""
        match link["page"]:
            case "claim-page":
                return self._claims.get(link["claim_id"], "")
            case "aging" | "aging-claims":
                return f"{reverse(link['page'])}?{urlencode(link['query'])}"
            case page:
                return reverse(page, args=[link["id"]])


def _claim_urls(report: Report) -> dict[int, str]:
    ids = {
        row["link"]["claim_id"]
        for block in report.numbers["blocks"]
        for table in block["tables"]
        for row in table["rows"]
        if row["link"] and row["link"]["page"] == "claim-page"
    }
    found = Claim.objects.filter(pk__in=ids).values_list("pk", "client__code", "number")
    return {pk: reverse("claim", args=[code, number]) for pk, code, number in found}


def options(chart: Json, table: Json, links: Sequence[str]) -> dict[str, Any]:
    """Return a chart as web/app.js draws it: the same numbers as on paper."""
    data = chart_data(chart, table)
    found: dict[str, Any] = {
        "kind": "lines" if chart["kind"] in ("lines", "band") else "bars",
        "unit": _unit(chart, table),
        "horizontal": chart["kind"] == "bars",
        "categories": data["labels"],
        "links": list(links),
    }
    if chart["kind"] == "band":
        middle, low, high = data["series"]
        found["series"] = [{"name": middle["name"], "values": middle["values"]}]
        found["band"] = {"name": "Four of five", "low": low["values"], "high": high["values"]}
    else:
        found["series"] = [{"name": one["name"], "values": one["values"]} for one in data["series"]]
    return found


def _unit(chart: Json, table: Json) -> str:
    units: dict[str, str] = {one["key"]: one["unit"] for one in table["columns"]}
    return units[chart["series"][0]]
