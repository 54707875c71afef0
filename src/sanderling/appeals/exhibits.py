"""The exhibit of timely filing, as a document of a packet."""

from __future__ import annotations

from sanderling.appeals.gathering import Gathered
from sanderling.appeals.pages import Enclosed


def exhibit_of(found: Gathered) -> Enclosed | None:
    """Return the exhibit of the claim; None while `proofs` has none for it."""
    return None
