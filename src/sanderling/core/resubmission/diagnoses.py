"""The diagnoses of a claim in their order: the principal, then the others, as pointers count them.

Professional and dental claims have them in one HI; institutional ones have the principal in an HI
of its own and up to 24 others in HIs of 12, each with whether it was present on admission (-9).
Codes that are neither (admitting, external cause, reason for the visit) are other places.

Source: 837 TR3s, loop 2300 HI; BK and BF are the qualifiers of ICD-9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sanderling.core.resubmission.document import ClaimDocument, Loop, Segment
from sanderling.core.resubmission.order import added
from sanderling.core.resubmission.places import Place

_PRINCIPAL: Final = ("ABK", "BK")
_OTHER: Final = ("ABF", "BF")
_PRESENT: Final = 9  # component of present on admission
_IN_SEGMENT_MAX: Final = 12
MOST: Final = {"837P": 12, "837D": 4, "837I": 25}
_SPARE: Final = 2  # empty places that a form shows after those in use

Slot = tuple[str, ...]  # the components of one code


def slots_of(document: ClaimDocument) -> list[Slot]:
    """Return the components of each diagnosis code, the principal first."""
    principal: list[Slot] = []
    others: list[Slot] = []
    for one in document.claim.every("HI"):
        for place in range(1, len(one.elements)):
            parts = one.components(place)
            if parts and parts[0] in _PRINCIPAL:
                principal.append(parts)
            elif parts and parts[0] in _OTHER:
                others.append(parts)
    return [*principal, *others]


def diagnosis_codes(document: ClaimDocument) -> list[str]:
    """Return the codes in the order in which pointers count them."""
    return [slot[1] if len(slot) > 1 else "" for slot in slots_of(document)]


def diagnosis_slots(document: ClaimDocument) -> int:
    """Return how many places a form shows: those in use and a few more."""
    return min(len(slots_of(document)) + _SPARE, MOST[document.kind])


def diagnosis_place(number: int) -> Place:
    """Return where the code of one diagnosis is read; `with_diagnoses` changes them together."""
    return Place(lambda document: _part(document, number, 2), _keep)


def present_place(number: int) -> Place:
    """Return where present on admission is read of one diagnosis."""
    return Place(lambda document: _part(document, number, _PRESENT), _keep)


def _keep(document: ClaimDocument, _value: str) -> ClaimDocument:
    return document


def _part(document: ClaimDocument, number: int, component: int) -> str:
    slots = slots_of(document)
    slot = slots[number - 1] if number <= len(slots) else ()
    return slot[component - 1] if component <= len(slot) else ""


def with_diagnoses(
    document: ClaimDocument, codes: Mapping[int, str], present: Mapping[int, str]
) -> ClaimDocument:
    """Return the document with some diagnoses changed, taken out ("") or added.

    Those behind one that is taken out move up, and the pointers of the lines with them; a pointer
    to one that is gone goes.
    """
    slots = slots_of(document)
    icd9 = any(slot[0] in {"BK", "BF"} for slot in slots)
    changed: dict[int, Slot] = dict(enumerate(slots, start=1))
    for number, code in sorted(codes.items()):
        changed[number] = _put(changed.get(number, ("",)), 2, code) if code else ()
    for number, value in present.items():
        if changed.get(number):
            changed[number] = _put(changed[number], _PRESENT, value)
    kept = [number for number in sorted(changed) if len(changed[number]) > 1]
    names = ("BK", "BF") if icd9 else ("ABK", "ABF")
    ordered = [
        (names[0] if place == 0 else names[1], *changed[number][1:])
        for place, number in enumerate(kept)
    ]
    after = replace(document, claim=_written(document, ordered))
    moved = {str(old): str(new) for new, old in enumerate(kept, start=1)}
    return (
        after
        if all(old == new for old, new in moved.items()) and len(kept) >= len(slots)
        else after.with_lines(lambda _, line: _repointed(line, moved))
    )


def _put(slot: Slot, component: int, value: str) -> Slot:
    parts = [*slot, *[""] * (component - len(slot))]
    parts[component - 1] = value
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts) or ("",)


def _written(document: ClaimDocument, slots: list[Slot]) -> Loop:
    claim = document.claim
    own = [one for one in claim.every("HI") if one.get(1, 1) in (*_PRINCIPAL, *_OTHER)]
    if document.kind == "837I":
        rest = slots[1:]
        groups = [slots[:1]] + [
            rest[start : start + _IN_SEGMENT_MAX] for start in range(0, len(rest), _IN_SEGMENT_MAX)
        ]
    else:
        groups = [slots[:_IN_SEGMENT_MAX]]
    made = []
    for group in groups:
        one = Segment(("HI",))
        for place, slot in enumerate(group, start=1):
            one = one.put_composite(place, *slot)
        if group:
            made.append(one)
    for old, new in zip(own, made, strict=False):
        claim = claim.with_segment(old, new)
    for old in own[len(made) :]:
        claim = claim.with_segment(old, None)
    for new in made[len(own) :]:
        claim = added(claim, new)
    return claim


def _repointed(line: Loop, moved: Mapping[str, str]) -> Loop:
    for tag, place in (("SV1", 7), ("SV3", 11)):
        service = line.first(tag)
        pointers = service.components(place) if service else ()
        if service and pointers:
            kept = [moved[pointer] for pointer in pointers if pointer in moved]
            line = line.with_segment(service, service.put_composite(place, *kept))
    return line
