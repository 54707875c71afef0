"""Decisions about several write-offs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sanderling.accounts.models import User
from sanderling.core.refusal import Refusal
from sanderling.writeoffs.actions import LooksCollectible, decide


def decide_all(
    ids: Iterable[int], *, approves: bool, note: str, user: User, at: datetime
) -> tuple[int, int, list[str]]:
    """Decide each; one that is refused stops no other, and what looks collectible is left alone.

    Return how many were decided, their cents, and a sentence for each refused.
    """
    done = cents = 0
    refused = []
    for write_off_id in sorted(set(ids)):
        try:
            found = decide(write_off_id, approves=approves, note=note, user=user, at=at)
        except LooksCollectible:
            refused.append(f"Write-off {write_off_id} looks collectible: open it and decide there.")
        except Refusal as refusal:
            refused.append(f"Write-off {write_off_id}: {refusal}.")
        else:
            done += 1
            cents += found.amount_cents
    return done, cents, refused
