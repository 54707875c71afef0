"""Tells a barrier in words: why the balance is open, and what would change that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sanderling.core.barriers.sentences import sentence
from sanderling.core.barriers.words import WHAT_CHANGES, barrier_title


def sentence_of(row: Mapping[str, Any], *, payer_name: str, as_of: date) -> str:
    """Return why the balance is open, in one sentence; for a week end kept, the barrier's title."""
    if row.get("since_date") is None:
        return f"{barrier_title(str(row['barrier']))}."
    return sentence(row, payer_name=payer_name, as_of=as_of)


def change_of(row: Mapping[str, Any]) -> str:
    """Return what would change the barrier."""
    return WHAT_CHANGES.get(str(row["barrier"]), "")
