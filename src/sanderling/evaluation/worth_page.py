"""The page of what contracts are worth: rows, their words, and the comparison with other payers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from sanderling.clients.models import Client
from sanderling.core.contracts.worth import GROUPS, Costs, with_reference, yields
from sanderling.evaluation.reading import year_of
from sanderling.payers.models import Payer

CHARTED: Final = 12
APART: Final = 0.02  # lines of a chart that are nearer hide each other's words
FEW_LINES: Final = 30  # below, no rate is shown
COLUMNS: Final = (
    "client", "payer_id", "payer", "lines", "denied_lines", "charge_cents", "allowed_cents",
    "compared_cents", "reference_cents", "yield_rate", "others_yield_rate", "denied_cents",
    "denied_reference_cents", "days", "delay_cents", "touches", "touch_cents", "leakage_cents",
    "net_cents", "net_yield_rate",
)  # fmt: skip
BY: Final = {"payer": "Payers", "contract": "Clients and payers"}


@dataclass(frozen=True)
class Worth:
    """What the page shows."""

    rows: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    total: dict[str, Any] | None
    schedule: str

    @property
    def chart(self) -> dict[str, Any] | None:
        """Return the yields beside the reference and the mean, the most allowed first."""
        shown = [row for row in self.rows if not row["is_few"] and row["yield_rate"] is not None]
        if not shown or self.total is None:
            return None
        shown = shown[:CHARTED]
        levels = [{"value": 1.0, "text": "Reference"}]
        if abs((self.total["yield_rate"] or 1.0) - 1.0) >= APART:  # else one line for both
            levels.append({"value": self.total["yield_rate"], "text": "All"})
        return {
            "kind": "bars",
            "unit": "rate",
            "categories": [
                f"{row['client']} {row['payer']}" if row["client"] else row["payer"]
                for row in shown
            ],
            "series": [
                {"name": "Yield", "values": [row["yield_rate"] for row in shown]},
                {"name": "Net yield", "values": [row["net_yield_rate"] for row in shown]},
            ],
            "levels": levels,
            "links": [row["address"] for row in shown],
        }


def worth_of(
    client_ids: Collection[int], payer: Payer | None, costs: Costs, *, by: str, today: date
) -> Worth:
    """Return the yields of a year, by payer or by client and payer, and by code group.

    Raises:
        MirrorMissing: there is no mirror yet.
    """
    year = year_of(client_ids, today=today)
    lines = with_reference(year.lines)
    keys = ("payer_id",) if by == "payer" else ("client_id", "payer_id")
    rows = yields(lines, year.touches, year.leakage, costs, keys).to_dicts()
    names = {one.pk: one for one in Payer.objects.all()}
    codes = {one.pk: one.code for one in Client.objects.all()}
    for row in rows:
        known = names.get(row["payer_id"])
        row["payer"] = known.name if known else "Payer not known"
        row["payer_key"] = row["payer_id"]
        row["payer_id"] = known.payer_id if known else ""
        row["client"] = codes.get(row.get("client_id") or 0, "")
        row["address"] = _address(row)
        _compare(row, rows)
        row["is_few"] = row["compared_lines"] < FEW_LINES
    chosen = lines if payer is None else lines.filter(payer_id=payer.pk)
    groups = yields(chosen, year.touches.clear(), year.leakage.clear(), costs, ("group",))
    kept = [row | {"title": GROUPS[row["group"]]} for row in groups.to_dicts()]
    for row in kept:
        row["is_few"] = row["compared_lines"] < FEW_LINES
    shown = [row for row in rows if payer is None or row["payer_key"] == payer.pk]
    return Worth(shown, kept, _total(rows) if rows else None, year.schedule)


def _address(row: dict[str, Any]) -> str:
    """Return where the lines of a row are listed; `what` is added to it."""
    asked = {"payer": row["payer_id"] or "-"} | ({"client": row["client"]} if row["client"] else {})
    return f"{reverse('contract-value-lines')}?{urlencode(asked)}"


def _compare(row: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Add the yield of all other payers of the same client (or of all clients)."""
    others = [
        one for one in rows if one is not row and one.get("client_id") == row.get("client_id")
    ]
    reference = sum(one["reference_cents"] for one in others)
    allowed = sum(one["compared_cents"] for one in others)
    row["others_yield_rate"] = allowed / reference if reference else None


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    added = (
        "lines", "denied_lines", "charge_cents", "allowed_cents", "compared_cents",
        "reference_cents", "denied_cents", "denied_reference_cents", "delay_cents", "touches",
        "touch_cents", "leakage_cents", "net_cents",
    )  # fmt: skip
    total = {name: sum(row[name] for row in rows) for name in added}
    whole = total["reference_cents"] + total["denied_reference_cents"]
    reference = total["reference_cents"]
    total["yield_rate"] = total["compared_cents"] / reference if reference else None
    total["net_yield_rate"] = total["net_cents"] / whole if whole else None
    return total
