"""The act that hands balances to patients: of each item the patient's share of what is owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sanderling.claims.models import Claim
from sanderling.followup.content import clean_note
from sanderling.transfers.actions import TEXT_MAX, TransferRefused, request_transfer
from sanderling.transfers.share import judged
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

ITEMS_MAX: Final = 200


def _clean(parameters: Mapping[str, Any], _who: Who) -> Values:
    note = clean_note(str(parameters.get("note") or ""))
    if len(note) > TEXT_MAX:
        raise InvalidParameters(("note", f"at most {TEXT_MAX} characters"))
    return {"note": note}


def _fault(target: Target, _values: Values, _who: Who) -> str:
    if target.is_credit:
        return "is a credit balance: it is refunded"
    return "is the patient's already" if target.is_patients else ""


def _add(targets: Sequence[Target], values: Values, who: Who) -> tuple[Added, Faults]:
    """Request each; what something speaks against is left to a person, on the claim."""
    share = judged([(one.claim_id, one.party) for one in targets])

    def add(claim: Claim, one: Target) -> int:
        found = share[(one.claim_id, one.party)]
        if found.refusal:
            raise TransferRefused(found.refusal)
        if found.warnings:
            raise TransferRefused(f"move it on the claim: {' '.join(found.warnings)}")
        if who.user is None:
            raise TransferRefused("a person must ask for it")
        made = request_transfer(
            claim=claim,
            party=one.party,
            amount_cents=found.due_cents,
            note=values["note"],
            user=who.user,
            at=who.at,
        )
        return made.pk

    return one_by_one(targets, "transfer", add)


TRANSFER_KINDS: Final[Mapping[str, Kind]] = {
    "transfer": Kind(
        "Transfer to patient",
        counted("Asked to transfer the patient's share of {claims}"),
        clean=_clean,
        fault=_fault,
        add=_add,
        items_max=ITEMS_MAX,
    ),
}
