"""Loops 2320, 2330 and 2430: what prior payers decided, as segments and read back.

Source: 837 TR3s 005010X222A1, 005010X223A2 and 005010X224A2, loops 2320 to 2430.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from sanderling.core.resubmission.cob import LinePart, PriorDecision, Reduction, packed
from sanderling.core.resubmission.document import Loop, Segment, segment
from sanderling.core.x12.write.segments import amount, decimal_text

# What SVD03 may be called by: a payer that answers by another one is told by the line's own code.
_QUALIFIERS: Final = {
    "837P": frozenset({"ER", "HC", "HP", "IV", "WK"}),
    "837I": frozenset({"ER", "HC", "HP", "IV", "WK"}),
    "837D": frozenset({"AD", "ER"}),
}
_SERVICES: Final = {"837P": ("SV1", 1), "837I": ("SV2", 2), "837D": ("SV3", 1)}
_MODIFIERS_MAX: Final = 4
_MOA_ELEMENTS: Final = 9
_MIA_ELEMENTS: Final = 24


def day(value: date) -> str:
    """Write a day as D8."""
    return f"{value:%Y%m%d}"


def cas_segments(reductions: Sequence[Reduction]) -> tuple[Segment, ...]:
    """Return the reductions as CAS."""
    return tuple(
        segment(
            "CAS",
            members[0].group,
            *(
                element
                for one in members
                for element in (one.reason, amount(one.amount_cents), decimal_text(one.quantity))
            ),
        )
        for members in packed(reductions)
    )


def claim_amounts(prior: PriorDecision) -> tuple[Segment, ...]:
    """Return CAS and AMT of loop 2320, between SBR and OI."""
    if prior.non_covered_cents is not None:
        return (segment("AMT", "A8", amount(prior.non_covered_cents)),)
    remaining = prior.remaining_cents
    segments = [*cas_segments(prior.reductions), segment("AMT", "D", amount(prior.paid_cents))]
    if remaining is not None and remaining >= 0:
        segments.append(segment("AMT", "EAF", amount(remaining)))
    return tuple(segments)


def adjudication(prior: PriorDecision, kind: str) -> tuple[Segment, ...]:
    """Return MIA and MOA of loop 2320, after OI; only the 837I has a MIA."""
    segments = []
    if prior.mia and kind == "837I":
        segments.append(segment("MIA", *prior.mia[:_MIA_ELEMENTS]))
    if prior.moa:
        segments.append(segment("MOA", *prior.moa[:_MOA_ELEMENTS]))
    return tuple(one for one in segments if len(one.elements) > 1)


def line_loop(part: LinePart, *, payer_id: str, kind: str, line: Loop) -> Loop:
    """Return loop 2430; `line` is the loop 2400 it stands in, `payer_id` NM109 of loop 2330B."""
    service = segment("SVD", payer_id, amount(part.paid_cents))
    service = service.put_composite(3, *_procedure(part, kind, line))
    if kind == "837I":
        service = service.put(4, part.revenue_code)
    service = service.put(5, decimal_text(part.units))
    if part.bundled_line is not None:
        service = service.put(6, str(part.bundled_line))
    segments = [
        service,
        *cas_segments(part.reductions),
        segment("DTP", "573", "D8", day(part.decided_date)),
    ]
    if part.remaining_cents >= 0:
        segments.append(segment("AMT", "EAF", amount(part.remaining_cents)))
    return Loop("2430", tuple(segments))


def _procedure(part: LinePart, kind: str, line: Loop) -> tuple[str, ...]:
    if part.procedure and part.qualifier in _QUALIFIERS[kind]:
        return (part.qualifier, part.procedure, *part.modifiers[:_MODIFIERS_MAX])
    tag, place = _SERVICES[kind]
    sent = line.first(tag)
    return sent.components(place)[: 2 + _MODIFIERS_MAX] if sent else ()
