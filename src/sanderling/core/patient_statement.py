"""Who gets a patient's statement and where, as the claim was sent.

An 837 names no guarantor. The subscriber answers for himself and for a child; anybody else for
himself. Where the one who answers has no address on the claim, that of the other is taken: the
guides ask for the address of one of the two only.

Source: 837 TR3s, loops 2010BA, 2010CA (NM1, N3, N4) and 2000C PAT01.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sanderling.core.resubmission.document import ClaimDocument, Loop

_CHILD: Final = "19"  # PAT01


@dataclass(frozen=True, slots=True)
class Guarantor:
    """A name and an address; empty texts where the claim does not tell them."""

    last_name: str = ""
    first_name: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""


def guarantor_of(document: ClaimDocument) -> Guarantor:
    """Return who answers for the patient's share."""
    subscriber = document.subscriber.child("2010BA")
    patient = document.patient.child("2010CA") if document.patient else None
    is_child = document.patient is not None and document.patient.value("PAT", place=1) == _CHILD
    first, other = (patient, subscriber) if patient and not is_child else (subscriber, patient)
    name = first.first("NM1") if first else None
    where = next((one for one in (first, other) if one and one.first("N3")), None)
    return Guarantor(
        last_name=name.get(3) if name else "",
        first_name=name.get(4) if name else "",
        address_1=_text(where, "N3", 1),
        address_2=_text(where, "N3", 2),
        city=_text(where, "N4", 1),
        state=_text(where, "N4", 2),
        postal_code=_text(where, "N4", 3),
    )


def _text(loop: Loop | None, tag: str, place: int) -> str:
    return loop.value(tag, place=place) if loop else ""
