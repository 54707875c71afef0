"""The act that requests write-offs: of each item all that is owed, for one reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sanderling.claims.models import Claim
from sanderling.followup.content import clean_note
from sanderling.worklists.act_asking import one_by_one
from sanderling.worklists.act_parts import (
    Added,
    Faults,
    InvalidParameters,
    Kind,
    Values,
    Who,
    counted,
)
from sanderling.worklists.targets import Target
from sanderling.writeoffs.actions import TEXT_MAX, LooksCollectible, WriteOffRefused
from sanderling.writeoffs.actions import request_write_off as request
from sanderling.writeoffs.reasons import REASONS

ITEMS_MAX: Final = 200


def _clean(parameters: Mapping[str, Any], _who: Who) -> Values:
    reason = str(parameters.get("reason") or "")
    note = clean_note(str(parameters.get("note") or ""))
    if reason not in REASONS:
        raise InvalidParameters(("reason", "choose why it is written off"))
    if len(note) > TEXT_MAX:
        raise InvalidParameters(("note", f"at most {TEXT_MAX} characters"))
    return {"reason": reason, "note": note}


def _fault(target: Target, _values: Values, _who: Who) -> str:
    if target.is_credit:
        return "is a credit balance: it is refunded, not written off"
    return "has a write-off that waits already" if target.write_off_state else ""


def _add(targets: Sequence[Target], values: Values, who: Who) -> tuple[Added, Faults]:
    """Request each; what looks collectible is left to a person, who confirms it on the claim."""

    def add(claim: Claim, one: Target) -> int:
        try:
            made = request(
                claim=claim,
                party=one.party,
                amount_cents=one.balance_cents,
                reason=values["reason"],
                note=values["note"],
                user=who.user,
                at=who.at,
            )
        except LooksCollectible as refusal:
            why = " ".join(doubt.text for doubt in refusal.warnings)
            raise WriteOffRefused(
                f"it looks collectible, request it on the claim ({why})"
            ) from refusal
        return made.pk

    return one_by_one(targets, "write_off", add)


WRITE_OFF_KINDS: Final[Mapping[str, Kind]] = {
    "write_off": Kind(
        "Request a write-off",
        counted("Requested a write-off of {claims}"),
        clean=_clean,
        fault=_fault,
        add=_add,
        items_max=ITEMS_MAX,
    ),
}
