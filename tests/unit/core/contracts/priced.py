"""Short ways to lines, rates and prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from sanderling.core.contracts.frames import LINES, RATES, References
from sanderling.core.contracts.price import price
from sanderling.core.contracts.terms import Terms
from sanderling.core.contracts.terms_toml import parse_terms

DAY = date(2026, 3, 5)

_LINE: dict[str, Any] = {
    "claim_id": 1, "contract_id": 1, "kind": "P", "procedure": "99213", "modifiers": "",
    "revenue_code": "", "place_of_service": "11", "is_facility": None, "units": 1.0,
    "charge_cents": 10_000_000, "service_date": DAY, "provider_class": "", "diagnosis": "",
    "drg": "", "days": None, "discharge_status": "", "claim_charge_cents": None,
}  # fmt: skip


def lines(*told: Mapping[str, Any]) -> pl.DataFrame:
    rows = [_LINE | {"line_id": number, **row} for number, row in enumerate(told, 1)]
    return pl.DataFrame(rows, schema=dict(LINES))


def rates(cents: Mapping[str, int], **more: Any) -> pl.DataFrame:
    """Rates by code, or `code-modifier`, or `code-modifier-place`."""
    rows = []
    for selector, allowed in cents.items():
        code, modifier, place, *_ = [*selector.split("-"), "", ""]
        rows.append({
            "contract_id": 1, "code": code, "modifier": modifier, "place_of_service": place,
            "allowed_cents": allowed, "from_date": None, "to_date": None, **more,
        })  # fmt: skip
    return pl.DataFrame(rows, schema=dict(RATES))


def priced(
    told: Sequence[Mapping[str, Any]],
    cents: Mapping[str, int],
    terms: str = "",
    references: References | None = None,
) -> pl.DataFrame:
    said: dict[int, Terms] = {1: parse_terms(terms)}
    return price(lines(*told), rates(cents), said, references)


def expected(
    told: Sequence[Mapping[str, Any]],
    cents: Mapping[str, int],
    terms: str = "",
    references: References | None = None,
) -> list[int | None]:
    return priced(told, cents, terms, references)["expected_cents"].to_list()
