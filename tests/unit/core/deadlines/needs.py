"""Needs and rules for tests, with what a test does not speak of filled in."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from sanderling.core.deadlines.due import NEED_SCHEMA, deadlines
from sanderling.core.deadlines.rules import OVERRIDE_SCHEMA, PAYER_SCHEMA, rules_frame

OVERRIDE_DEFAULTS = {
    "rule_number": 1,
    "level": 0,
    "unit": "calendar_days",
    "clock": "service_to",
    "receipt_rule": "received",
    "weekend_rule": "none",
    "provider_status": "any",
    "source": "contract",
    "confidence": "H",
    "payer_name": "UNH05",
    "client_name": "ACME",
}


def needs(*rows: dict[str, Any]) -> pl.DataFrame:
    full = [
        {name: row.get(name, number if name == "item_id" else None) for name in NEED_SCHEMA}
        for number, row in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=NEED_SCHEMA)


def overrides(*rows: dict[str, Any]) -> pl.DataFrame:
    full = [{name: (OVERRIDE_DEFAULTS | row).get(name) for name in OVERRIDE_SCHEMA} for row in rows]
    return pl.DataFrame(full, schema=OVERRIDE_SCHEMA)


def payers(*rows: dict[str, Any]) -> pl.DataFrame:
    full = [{name: row.get(name) for name in PAYER_SCHEMA} for row in rows]
    return pl.DataFrame(full, schema=PAYER_SCHEMA)


def answer(need: dict[str, Any], rules: pl.DataFrame | None = None) -> dict[str, Any]:
    """Return the one row of `deadlines` for one need."""
    found = deadlines(needs(need), rules_frame() if rules is None else rules)
    assert found.height == 1
    return found.row(0, named=True)


def last_day(need: dict[str, Any], rules: pl.DataFrame | None = None) -> date | None:
    day = answer(need, rules)["deadline_date"]
    assert day is None or isinstance(day, date)
    return day
