"""Which way a claim is sent again: as a first one (1), replacement (7), void (8), or not at all.

What the payer said goes before what is usual; what would be turned away is refused with the words
in which the payer would say so, and with what to do instead.

Source: DOMAIN 1.5 (frequency rules), 3.3; remark codes N142, N380, N779, N798, MA130; claim status
codes 495, 787, 799; CMS Claims Processing Manual chapter 34 (reopenings) for Medicare Part B.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from sanderling.core.resubmission.document import ClaimDocument, Loop, segment
from sanderling.core.resubmission.order import added


class Kind(StrEnum):
    """How a claim is sent again."""

    FIRST = "first"  # as if for the first time: the payer has nothing it could replace
    REPLACEMENT = "replacement"
    VOID = "void"


TITLES: Final[Mapping[Kind, str]] = {
    Kind.FIRST: "Send again as a new claim",
    Kind.REPLACEMENT: "Replace the claim",
    Kind.VOID: "Void the claim",
}
FREQUENCIES: Final[Mapping[Kind, str]] = {Kind.REPLACEMENT: "7", Kind.VOID: "8"}
MEDICARE: Final = "medicare"
_NEW_CLAIM: Final = frozenset({"N142", "MA130", "N517"})
_NEW_CLAIM_STATUS: Final = "787"
_REPLACE: Final = "N380"
_REPLACE_STATUS: Final = "799"
_VOID_FIRST: Final = "N798"
_CORRECTING: Final = frozenset({"6", "7", "8"})
_MISROUTED_REASON: Final = "109"
_MISROUTED: Final = frozenset({"N104", "N105", "N418"})


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a claim with one payer, as far as it decides how to send it again."""

    form: str  # 837P, 837I, 837D
    payer_type: str = ""  # medicare, medicaid, commercial, ...
    is_rejected: bool = False  # the newest version was turned away before it was decided
    is_not_on_file: bool = False  # the payer says that it has no such claim
    is_decided: bool = False  # the newest version that the payer took has been paid or denied
    is_voided: bool = False  # the newest version was a void
    payer_claim_number: str = ""  # of the newest decision: after an adjustment the new one
    remarks: frozenset[str] = field(default_factory=frozenset)  # of the newest decision
    reasons: frozenset[str] = field(default_factory=frozenset)  # CARCs of the newest decision
    statuses: frozenset[str] = field(default_factory=frozenset)  # codes of the newest answers
    frequency: str = "1"  # of the newest version

    @property
    def is_misrouted(self) -> bool:
        """Whether the payer says that the claim belongs to another one (CARC 109)."""
        return _MISROUTED_REASON in self.reasons or bool(_MISROUTED & self.remarks)


@dataclass(frozen=True, slots=True)
class Choice:
    """The way that fits, why, and why others do not: `refused` has the sentence for each."""

    kind: Kind | None  # None: it cannot be sent again now
    why: str
    refused: Mapping[Kind, str]


def choose(history: History) -> Choice:
    """Return how the claim is to be sent again."""
    refused = {kind: text for kind in Kind if (text := refusal(kind, history))}
    kind, why = _preferred(history)
    if kind is not None and kind in refused:
        return Choice(None, refused[kind], refused)
    return Choice(kind, why, refused)


def _preferred(history: History) -> tuple[Kind | None, str]:
    new_claim = sorted(_NEW_CLAIM & history.remarks)
    if _NEW_CLAIM_STATUS in history.statuses and _REPLACE not in history.remarks:
        new_claim.append(f"status {_NEW_CLAIM_STATUS}")
    if history.is_rejected:
        return (
            Kind.FIRST,
            "It was rejected before the payer decided it: nothing is there to replace.",
        )
    if history.is_misrouted and history.is_decided:
        return Kind.FIRST, "It belongs to another payer (109): there it is a new claim."
    if _VOID_FIRST in history.remarks:
        return Kind.VOID, "The payer wants the original voided, and then a new claim (N798)."
    if new_claim:
        return Kind.FIRST, f"The payer asks for a new claim, not a replacement ({new_claim[0]})."
    if history.is_decided:
        if _REPLACE in history.remarks or _REPLACE_STATUS in history.statuses:
            return Kind.REPLACEMENT, "The payer asks for a replacement, not a new claim (N380)."
        return Kind.REPLACEMENT, "The payer has decided it: a replacement corrects that decision."
    if history.is_not_on_file:
        return Kind.FIRST, "The payer has no such claim: it is sent as if for the first time."
    return None, "The payer has it and has not decided: a second claim would be a duplicate."


def refusal(kind: Kind, history: History) -> str:
    """Return why the claim cannot be sent so, and what to do instead; "" when it can."""
    if kind is Kind.FIRST:
        return _first_refused(history)
    if history.is_rejected:
        return "It was rejected before the payer decided it; send it again as a new claim."
    if _is_medicare_part_b(history):
        return (
            "Medicare Part B and DME take no replacements or voids; ask the contractor for a "
            "clerical error reopening by phone or portal within a year, or appeal."
        )
    if not history.is_decided:
        return (
            "The payer has not decided the claim yet and would turn this away (N779); "
            "wait for the remittance, or check the status."
        )
    if not history.payer_claim_number:
        return "The payer's claim number is not known; ask for it, then enter it."
    if history.is_voided:
        return "The claim is void already; send it as a new claim."
    return ""


def _first_refused(history: History) -> str:
    says_new = _NEW_CLAIM & history.remarks or _NEW_CLAIM_STATUS in history.statuses
    if history.is_rejected or history.is_not_on_file or history.is_voided or says_new:
        return ""
    if history.is_misrouted and history.is_decided:
        return ""
    if history.is_decided and _is_medicare_part_b(history):
        return (
            "Medicare has decided the claim and a new one would be a duplicate (OA-18); ask for a "
            "clerical error reopening by phone or portal within a year, or appeal."
        )
    if history.is_decided:
        return "The payer has decided it and a new claim would be a duplicate (OA-18); replace it."
    return (
        "The payer has the claim and has not decided it; a second one would be a duplicate "
        "(OA-18). Check the status first."
    )


def _is_medicare_part_b(history: History) -> bool:
    return history.payer_type == MEDICARE and history.form != "837I"


def purpose_of(kind: Kind) -> str:
    """Return what a file of such claims is for (outbox.models.Purpose)."""
    return {Kind.FIRST: "resubmission", Kind.REPLACEMENT: "corrected", Kind.VOID: "void"}[kind]


def as_kind(
    document: ClaimDocument, kind: Kind, history: History, *, typed_number: str | None = None
) -> ClaimDocument:
    """Return the claim with the frequency and reference of its kind.

    `typed_number` is the payer's claim number when a person gave it; else it is the newest known.

    A rejected replacement goes out again as a replacement. What the clearinghouse called the
    version before (REF*D9) is not said of this one.
    """
    frequency = FREQUENCIES.get(kind, "")
    number = history.payer_claim_number or document.original_reference
    if typed_number is not None:
        number = typed_number
    if kind is Kind.FIRST:
        keeps = history.is_rejected and document.frequency not in {"", "1"}
        frequency = document.frequency if keeps else "1"
        number = document.original_reference if frequency in _CORRECTING else ""
    after = document.with_clm(5, frequency, 3)
    after = replace(after, claim=_without(after, "D9"))
    return with_reference(after, number)


def with_reference(document: ClaimDocument, number: str) -> ClaimDocument:
    """Return the claim with this payer's claim number (REF*F8), or without any."""
    if document.original_reference == number:
        return document
    claim = _without(document, "F8")
    return replace(document, claim=added(claim, segment("REF", "F8", number)) if number else claim)


def _without(document: ClaimDocument, qualifier: str) -> Loop:
    claim = document.claim
    for one in list(claim.every("REF", qualifier)):
        claim = claim.with_segment(one, None)
    return claim
