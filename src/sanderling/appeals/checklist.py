"""The evidence of an appeal: what there is, what is missing, and where it was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sanderling.appeals.gathering import Gathered
from sanderling.appeals.models import Appeal, ChecklistMark, Evidence
from sanderling.core.appeals.cases import FoundBy, Item, Need, cases
from sanderling.core.appeals.facts import Fact


@dataclass(frozen=True, slots=True)
class Checked:
    """One piece of evidence as it stands."""

    item: Item
    is_there: bool
    said: str  # where it was found, or why there is none
    documents: tuple[Evidence, ...] = ()
    mark: ChecklistMark | None = None

    @property
    def is_required(self) -> bool:
        """Say whether the packet waits for it, or for a word about it."""
        return self.item.need is Need.REQUIRED

    @property
    def is_missing(self) -> bool:
        """Say whether it is required, not there, and nobody said why."""
        return self.is_required and not self.is_there and self.mark is None


def checklist_of(
    appeal: Appeal,
    found: Gathered,
    facts: Mapping[str, Fact],
    *,
    evidence: Sequence[Evidence],
    marks: Sequence[ChecklistMark],
) -> list[Checked]:
    """Return the checklist of the appeal's case, required pieces first."""
    of_item = {one.item: one for one in marks}
    checked = []
    for item in cases()[appeal.case].items:
        documents = tuple(one for one in evidence if one.item == item.key)
        mark = of_item.get(item.key)
        said = _found(item, appeal, found, facts)
        if documents:
            said = "attached"
        elif mark is not None:
            said = mark.note or "said in the letter"
        is_there = bool(documents) or (mark.is_there if mark else bool(said))
        checked.append(Checked(item, is_there, said, documents, mark))
    return sorted(checked, key=lambda one: not one.is_required)


def _found(item: Item, appeal: Appeal, found: Gathered, facts: Mapping[str, Fact]) -> str:
    """Return where our own facts hold it, an empty text when they do not."""
    if item.found_by is FoundBy.REMITTANCE:
        wanted = found.prior if appeal.case == "coordination_of_benefits" else found.decision
        return "the remittance, in the packet" if wanted is not None else ""
    if item.found_by is FoundBy.PROOF:
        return facts["accepted_date"].said if "accepted_date" in facts else ""
    if item.found_by is FoundBy.CLAIM:
        return facts["authorization_number"].said if "authorization_number" in facts else ""
    if item.found_by is FoundBy.NOTE:
        return facts["call_reference"].said if "call_reference" in facts else ""
    if item.found_by is FoundBy.STATEMENT:
        return facts["modifier_reason"].said if "modifier_reason" in facts else ""
    if item.found_by is FoundBy.CALCULATION:
        return "the lines of the remittance, in the packet" if found.decision else ""
    return ""
