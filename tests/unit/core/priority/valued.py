"""Items for the valuation, and what becomes of them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import polars as pl

from sanderling.core.priority import ITEMS, Parameters, Settings, cold_start, value_items

TODAY = date(2026, 3, 5)


def days(count: int) -> date:
    """Return a day so many days from today."""
    return TODAY + timedelta(days=count)


def item(**more: Any) -> dict[str, Any]:
    """Return a coding denial of $500, ten days old, of which $250 is expected."""
    usual: dict[str, Any] = {
        "item_id": 1, "client_id": 1, "payer_id": 7, "payer_type": "commercial", "party": 11,
        "balance_cents": 50_000, "expected_cents": 25_000, "barrier": "denied",
        "category": "coding", "subcategory": "", "detail": "claim",
        "next_action": "correct_and_rebill", "team": "coding", "since_date": days(-10),
        "next_date": days(-7), "due_date": None, "deadline_date": None, "deadline_kind": "",
        "is_deadline_met": False, "service_date": days(-60), "last_billed_date": days(-50),
        "last_touch_date": None, "last_action": "", "last_outcome": "", "touches": 0,
        "follow_up_date": None, "is_high_dollar": False, "is_key_client": False,
        "is_flagged": False, "escalation_level": 0, "every_days": None, "floor": "",
        "service": "", "service_warn_date": None, "service_due_date": None,
    }  # fmt: skip
    return usual | more


def silent(**more: Any) -> dict[str, Any]:
    """Return a claim sent 9 days ago to a commercial payer that has not answered."""
    return item(
        **{
            "barrier": "awaiting_payer", "category": "", "detail": "accepted",
            "next_action": "wait", "since_date": days(-9), "last_billed_date": days(-9),
            "due_date": days(16), "team": "ar",
        } | more
    )  # fmt: skip


def frame(*items: dict[str, Any]) -> pl.DataFrame:
    """Return items as a frame."""
    return pl.DataFrame(list(items), schema=dict(ITEMS))


def valued(
    *items: dict[str, Any],
    parameters: Parameters | None = None,
    settings: Settings | None = None,
) -> list[dict[str, Any]]:
    """Return the values of items, with their reasons read."""
    rows = value_items(frame(*items), parameters or cold_start(), TODAY, settings)
    return [row | {"reasons": json.loads(row["reasons"])} for row in rows.to_dicts()]


def value_of(one: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the value of one item."""
    return valued(one, **more)[0]


def keys(row: dict[str, Any]) -> list[str]:
    """Return the keys of an item's reasons."""
    return [reason[0] for reason in row["reasons"]]
