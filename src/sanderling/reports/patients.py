"""Whether a report names claims: what does goes into no mail, and looks at it are recorded."""

from __future__ import annotations

from typing import Any, Final

# Blocks whose rows are single claims, whatever their cells say.
OF_CLAIMS: Final = frozenset({"top_claims", "underpayments"})


def names_claims(numbers: dict[str, Any]) -> bool:
    """Say whether a row of the report's numbers is one claim."""
    blocks = numbers.get("blocks", [])
    return any(block.get("kind") in OF_CLAIMS or _has_claim(block) for block in blocks)


def _has_claim(part: object) -> bool:
    """Say whether anything within names a claim by `claim` or `claim_id`."""
    if isinstance(part, dict):
        return bool({"claim", "claim_id"} & set(part)) or any(map(_has_claim, part.values()))
    return isinstance(part, list) and any(map(_has_claim, part))
