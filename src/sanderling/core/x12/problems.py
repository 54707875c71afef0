"""What a reader found wrong, as values: a person can find the place and knows what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How far a deviation reaches."""

    WARNING = "warning"  # read and posted; the sender should hear of it
    CLAIM = "claim"  # this claim payment or claim cannot be posted as it stands; the rest can
    REFUSED = "refused"  # the transaction set (or interchange, or file) is not taken


@dataclass(frozen=True, slots=True)
class Problem:
    """One deviation at one place.

    `message` says what was found and what to do; it never repeats patient data (element values
    of names, birth dates, member ids), only codes, counts and amounts.
    """

    code: str  # stable name, snake_case: "segment_count_differs", "claim_out_of_balance", ...
    severity: Severity
    message: str
    segment: str = ""  # segment identifier: "CLP"
    position: int = 0  # number of the segment in the file, the first ISA is 1; 0: the whole file
    loop: str = ""  # "2100"
    element: str = ""  # "CLP03", "SVC01-2"
    claim_index: int = -1  # the claim it stands in, -1: none
