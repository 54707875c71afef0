"""What a payer decides about one claim, as data; money in integer cents."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sanderling.core.x12.write.remittance import ClaimPayment
from sanderling.simulator.reasons import Reason


class Outcome(StrEnum):
    """What becomes of a claim that reached a payer."""

    PAID = "paid"  # wholly, or zero to the patient
    PARTIAL = "partial"  # some lines denied
    DENIED = "denied"
    DUPLICATE = "duplicate"
    PENDED = "pended"  # waits for something; answered late or never
    SILENT = "silent"  # accepted, never answered
    LOST = "lost"  # never reached the payer's system
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class RuledPayment:
    """A claim payment and the 1-based claim line each of its lines is about."""

    payment: ClaimPayment
    line_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShortLine:
    """A line whose allowed amount is not what the contract says."""

    line_number: int
    expected_cents: int
    allowed_cents: int
    cause: str  # a planted problem, random, overpaid, payer_reduction


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision: nothing to say (silent), or claim payments in the order they are written."""

    outcome: Outcome
    payments: tuple[RuledPayment, ...] = ()
    category: str = ""  # of the denial
    denied_cents: int = 0
    reason: str = ""  # group, CARC and remarks of the denial, for the truth
    short_lines: tuple[ShortLine, ...] = ()
    crosses_to: str = ""  # payer code the claim is forwarded to
    planted: tuple[str, ...] = ()  # planted problems that decided it
    denial: Reason | None = None  # as it stands on the remittance
    reduction: str = ""  # group and CARC of a reduction that leaves a balance
    quirks: tuple[str, ...] = ()  # odd ways of saying it, for the truth
    denied_line: int = 0  # the one line denied, from 1; 0 when the whole claim is
