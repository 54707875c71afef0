"""One correction over many claims: what it makes of each, and who may not have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sanderling.core.barriers.rows import PATIENT
from sanderling.core.resubmission.checks import words_of
from sanderling.core.resubmission.kinds import TITLES, Kind
from sanderling.core.resubmission.rebill import Change, typed_for
from sanderling.resubmission.policy import Policy, needs_of, policy_of
from sanderling.resubmission.preparing import (
    Ready,
    ResubmissionRefused,
    ready_from_typed,
    sources_of,
)
from sanderling.resubmission.sending import change_text
from sanderling.worklists.models import WorkItem

CLAIMS_MAX: Final = 1_000  # at once: each is read out of its original


@dataclass(frozen=True, slots=True)
class Preview:
    """One chosen claim: as it would go out, or why not."""

    claim_id: int
    client: str
    number: str
    payer: str
    ready: Ready | None
    refusal: str  # "" when it can go out
    needs: str  # why it must be approved
    warnings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Return the way it goes, in words."""
        return TITLES[self.ready.kind] if self.ready else ""

    @property
    def changes(self) -> list[str]:
        """Return the corrections as phrases."""
        return [change_text(edit) for edit in self.ready.edits] if self.ready else []


def previews(
    item_ids: Sequence[int], changes: Sequence[Change], *, kind: Kind | None, today: date
) -> list[Preview]:
    """Return what the changes make of the chosen items, in the order of their claims.

    Raises:
        ResubmissionRefused: there are too many, or none.
    """
    items = list(WorkItem.objects.filter(pk__in=list(item_ids)).order_by("claim_id", "party"))
    if not items:
        raise ResubmissionRefused("choose at least one claim on the worklist")
    if len(items) > CLAIMS_MAX:
        raise ResubmissionRefused(f"choose at most {CLAIMS_MAX} claims at once; narrow the list")
    sources = sources_of((one.claim_id, one.party) for one in items if one.party != PATIENT)
    policies: dict[int, Policy] = {}
    found = []
    for item in items:
        policy = policies.setdefault(item.client_id, policy_of(item.client_id))
        source = sources.get((item.claim_id, item.party), "the patient owes it, not a payer")
        if isinstance(source, str):
            found.append(_refused(item, source))
            continue
        typed = typed_for(source.original, changes)
        ready = ready_from_typed(source, kind=kind, typed=typed, today=today)
        found.append(_preview(item, ready, policy, is_concerned=bool(ready.edits)))
    return found


def _preview(item: WorkItem, ready: Ready, policy: Policy, *, is_concerned: bool) -> Preview:
    refusal = words_of(ready.document, ready.errors[0]) if ready.errors else ""
    if not is_concerned:
        refusal = "Nothing in it is changed by this."
    before, after = ready.source.original.charge_cents, ready.document.charge_cents
    return Preview(
        item.claim_id,
        item.client_code,
        item.claim_number,
        item.payer_name,
        ready,
        refusal,
        "" if refusal else needs_of(ready.kind, before, after, policy),
        tuple(words_of(ready.document, one) for one in ready.findings if not one.is_error),
    )


def _refused(item: WorkItem, text: str) -> Preview:
    sentence = f"{text[:1].upper()}{text[1:]}."
    return Preview(
        item.claim_id, item.client_code, item.claim_number, item.payer_name, None, sentence, ""
    )


def files_of(found: Sequence[Preview]) -> int:
    """Return how many files would go out: one for each client, payer, way and partner."""
    keys = {
        (one.ready.source.version.client_id, one.ready.source.version.payer_id, one.ready.kind,
         one.ready.key)
        for one in found
        if one.ready is not None and not one.refusal and not one.needs
    }  # fmt: skip
    return len(keys)
