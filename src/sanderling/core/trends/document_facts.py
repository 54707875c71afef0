"""Facts of a claim before it goes out: the same that edit rules read off claims as sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import Final

from sanderling.core.resubmission.document import ClaimDocument, Loop
from sanderling.core.resubmission.fields import fields_of
from sanderling.core.trends.edits import Condition

# Segment, place and first component of the procedure, by kind of claim.
_SERVICE: Final = {"837P": ("SV1", 1), "837I": ("SV2", 2), "837D": ("SV3", 1)}
_CODE: Final = 1  # component after the qualifier
_MODIFIERS: Final = slice(2, 6)


def facts_of_document(
    document: ClaimDocument, *, client_id: int, payer_id: int | None, plan: str, location: str,
    provider: str,
) -> frozenset[Condition]:  # fmt: skip
    """Return (field, value) of all facts of a claim (`core.trends.edits.FACTS`).

    Args:
        document: the claim as it would go out.
        client_id: of the claim.
        payer_id: to whom it goes; None: not known.
        plan: of the claim, as it was told last; also `location`.
        location: where it was served.
        provider: the rendering NPI where the document names none.
    """
    said = {field.path: field.value(document) for field in fields_of(document)}
    rendering = said.get("rendering.npi", "")
    diagnosis = said.get("diagnosis.1", "").replace(".", "")
    plain = {
        "form": document.kind[-1],
        "plan": plan,
        "location": location,
        "provider": rendering or provider,
        "place_of_service": document.clm.get(5, 1),
        "diagnosis": diagnosis,
        "diagnosis_group": diagnosis[:3],
        "payer": str(payer_id or 0),
        "client": str(client_id),
    }
    lacks = {
        "authorization": not said.get("authorization"),
        "group": not (said.get("group_number") or said.get("group_name")),
        "member": not said.get("member_id"),
        "rendering": not rendering,
    }
    return frozenset(
        {
            *((name, value) for name, value in plain.items() if value),
            *(("missing", name) for name, is_missing in lacks.items() if is_missing),
            *_of_lines(document),
        }
    )


def _of_lines(document: ClaimDocument) -> set[Condition]:
    lines = [line for loop in document.lines if (line := _service(document.kind, loop))[0]]
    found: set[Condition] = set()
    for code, modifiers in lines:
        found.add(("procedure", code))
        found |= {("procedure_modifier", f"{code} {modifier}") for modifier in modifiers}
        if not modifiers:
            found.add(("procedure_bare", code))
    codes = sorted({code for code, _ in lines})
    return found | {("procedures", f"{first} {other}") for first, other in combinations(codes, 2)}


def _service(kind: str, line: Loop) -> tuple[str, Sequence[str]]:
    """Return procedure and modifiers of a line."""
    tag, place = _SERVICE[kind]
    segment = line.first(tag)
    parts = segment.components(place) if segment is not None else ()
    code = parts[_CODE] if len(parts) > _CODE else ""
    return code, [one for one in parts[_MODIFIERS] if one]


def holds(conditions: Collection[Condition], facts: Collection[Condition]) -> bool:
    """Say whether all conditions of a rule are among the facts; a rule of none holds nothing."""
    return bool(conditions) and set(conditions) <= set(facts)
