"""One account in the world: its true ledger, and how it stands with each of its payers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sanderling.core.x12.write.claim import Claim
from sanderling.simulator.accounts import Account
from sanderling.simulator.activities import Activity
from sanderling.simulator.billing import PriorDecision
from sanderling.simulator.book import Book
from sanderling.simulator.reasons import FrontEndReason
from sanderling.simulator.ruling import Ruling


class Stage(StrEnum):
    """How far a claim has come with one payer."""

    UNBILLED = "unbilled"
    SENT = "sent"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    FINAL = "final"  # a remittance was received
    REVERSED = "reversed"  # taken back, correction to come


@dataclass(frozen=True, slots=True)
class ToldStatus:
    """What a 277 said about a claim."""

    category: str  # STC01-1
    code: str  # STC01-2
    received_date: date
    status_date: date  # STC02


@dataclass(slots=True)
class Track:
    """How one account stands with the payer of one rank."""

    stage: Stage = Stage.UNBILLED
    sent_dates: list[date] = field(default_factory=list)
    original_sent_date: date | None = None  # the latest that was not a known duplicate
    accepted_date: date | None = None
    payer_claim_number: str = ""
    rejection: FrontEndReason | None = None
    rejected_by: str = ""  # ta1, 999, clearinghouse, payer
    ruling: Ruling | None = None  # the latest that was received
    posted_date: date | None = None
    payment_date: date | None = None  # BPR16 of the remittance that was posted last
    held_date: date | None = None  # a claim payment that does not balance came in
    hidden: str = ""  # silent, lost, pended, missing_remit: what only the payer knows
    crossover_date: date | None = None
    is_unknown_coverage: bool = False  # known only because the claim was forwarded there
    is_correction_open: bool = False
    is_correction_rejected: bool = False
    is_sent_twice: bool = False  # the same claim again, by an office that did not look
    is_duplicate_answered: bool = False  # OA-18 received for a claim sent twice
    latest_status: ToldStatus | None = None
    activity: Activity | None = None  # of people, newer than the payer's last word
    submission: Submission | None = None  # the one the latest decision is about
    decision: PriorDecision | None = None
    unseen_payment: tuple[str, date, int] | None = None  # trace, day, cents of a lost remittance

    def payer_spoke(self, day: date) -> None:
        """Set aside what people noted before this word of the payer."""
        if self.activity is not None and self.activity.on_date < day:
            self.activity = None


@dataclass(slots=True)
class Episode:
    """One account with ledger and tracks."""

    account: Account
    book: Book
    tracks: list[Track]
    is_voided: bool = False
    is_followed_up: bool = False  # people work its denial other than by sending it again
    noise: list[str] = field(default_factory=list)  # data faults put into its files


@dataclass(frozen=True, slots=True)
class Submission:
    """One claim on its way to a payer."""

    episode: Episode
    rank: int
    claim: Claim
    sent_date: date
    trace: str
    batch_reference: str = ""
    is_crossover: bool = False
    attempt: int = 1
    is_correction: bool = False
    is_duplicate: bool = False
