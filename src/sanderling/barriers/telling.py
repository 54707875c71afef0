"""Tells a barrier in words: why the balance is open, and what would change that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sanderling.core.barriers.words import WHAT_CHANGES, barrier_title, category_title


def sentence_of(row: Mapping[str, Any], *, payer_name: str, as_of: date) -> str:
    """Return why the balance is open, in one sentence."""
    category = category_title(str(row["category"]))
    title = barrier_title(str(row["barrier"]))
    return f"{title}: {category.lower()}." if category else f"{title}."


def change_of(row: Mapping[str, Any]) -> str:
    """Return what would change the barrier."""
    return WHAT_CHANGES.get(str(row["barrier"]), "")
