"""Write 999 and TA1: what a receiver says about the syntax of an interchange.

Sources: 999 TR3 005010X231A1; TA1 in appendix C of every 005010 TR3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sanderling.core.x12.write.envelope import GUIDE_999, Transaction
from sanderling.core.x12.write.segments import clean, composite, segment


@dataclass(frozen=True, slots=True)
class ElementFault:
    """IK4: what is wrong with one element."""

    position: int  # IK401-1
    error: str  # IK403
    bad_value: str = ""  # IK404
    component: int | None = None  # IK401-2
    reference: str = ""  # IK402, data element number


@dataclass(frozen=True, slots=True)
class SegmentFault:
    """IK3 with its context: what is wrong with one segment."""

    segment_id: str  # IK301
    position: int  # IK302, counted from ST
    error: str  # IK304
    loop: str = ""  # IK303
    claim_control_number: str = ""  # CTX*CLM01: the business unit
    elements: tuple[ElementFault, ...] = ()


@dataclass(frozen=True, slots=True)
class SetResponse:
    """AK2 to IK5 for one transaction set."""

    set_id: str  # AK201
    control_number: str  # AK202
    guide: str  # AK203
    code: str  # IK501: A, E, R
    faults: tuple[SegmentFault, ...] = ()
    errors: tuple[str, ...] = ()  # IK502


@dataclass(frozen=True, slots=True)
class GroupResponse:
    """AK1 to AK9 for one functional group."""

    functional_id: str  # AK101
    control_number: str  # AK102
    guide: str  # AK103
    sets: tuple[SetResponse, ...]

    @property
    def code(self) -> str:
        """AK901: A all accepted, E accepted with errors, R none accepted, P some."""
        codes = {response.code for response in self.sets}
        if "R" not in codes:
            return "E" if "E" in codes else "A"
        return "R" if codes == {"R"} else "P"


def group_response_transaction(response: GroupResponse, control_number: str) -> Transaction:
    """Write one 999."""
    return Transaction("999", GUIDE_999, control_number, group_response_segments(response))


def group_response_segments(response: GroupResponse) -> Iterator[str]:
    """Yield the segments between ST and SE."""
    yield segment("AK1", response.functional_id, response.control_number, response.guide)
    for answer in response.sets:
        yield segment("AK2", answer.set_id, answer.control_number, answer.guide)
        for fault in answer.faults:
            yield from _fault_segments(fault)
        yield segment("IK5", answer.code, *answer.errors[:5])
    count = len(response.sets)
    accepted = sum(answer.code != "R" for answer in response.sets)
    yield segment("AK9", response.code, str(count), str(count), str(accepted))


def _fault_segments(fault: SegmentFault) -> Iterator[str]:
    yield segment("IK3", fault.segment_id, str(fault.position), fault.loop, fault.error)
    if fault.claim_control_number:
        yield segment("CTX", composite("CLM01", clean(fault.claim_control_number, 35)))
    for element in fault.elements:
        component = "" if element.component is None else str(element.component)
        place = composite(str(element.position), component)
        yield segment("IK4", place, element.reference, element.error, clean(element.bad_value, 99))


def ta1_segment(
    interchange_control_number: int, created_at: datetime, code: str, note: str = "000"
) -> str:
    """Write TA1 for an interchange received; `code` A, E or R, `note` TA105.

    `created_at` is ISA09 and ISA10 of the interchange that is answered.
    """
    return segment(
        "TA1",
        f"{interchange_control_number:09d}",
        f"{created_at:%y%m%d}",
        f"{created_at:%H%M}",
        code,
        note,
    )
