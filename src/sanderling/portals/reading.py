"""What a portal showed of a claim, and the note that it makes.

The note has the scenario and the answers that a person would have given (core.followup.scenarios),
so that the barrier, the promise and the next look follow as from a note made by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sanderling.core.codes.carc import carcs, title_of
from sanderling.core.codes.names import CATEGORY_OF_SUBCATEGORY, Category
from sanderling.core.followup import questions as q


class Shown(StrEnum):
    """What the portal says of the claim."""

    IN_PROCESS = "in_process"
    PENDED = "pended"
    APPROVED = "approved"  # to be paid on a day to come
    PAID = "paid"
    PATIENT_SHARE = "patient_share"  # finished, nothing paid, the patient owes it
    DENIED = "denied"
    FORWARDED = "forwarded"


WORDS: Final = {
    Shown.IN_PROCESS: "In process",
    Shown.PENDED: "Pended",
    Shown.APPROVED: "Approved to pay",
    Shown.PAID: "Paid",
    Shown.PATIENT_SHARE: "Patient's share",
    Shown.DENIED: "Denied",
    Shown.FORWARDED: "Forwarded",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A claim's page in a portal. Empty and None: not shown."""

    shown: Shown
    payer_claim_number: str = ""
    received_date: date | None = None
    processed_date: date | None = None
    paid_date: date | None = None
    paid_cents: int | None = None
    allowed_cents: int | None = None
    share_cents: int | None = None
    trace: str = ""
    reason_code: str = ""
    remark_code: str = ""
    explanation: str = ""
    wanted: str = ""
    forwarded_to: str = ""

    def kept(self) -> dict[str, Any]:
        """Return it as JSON has it; days as ISO text, amounts in cents."""
        return {
            key: value.isoformat() if isinstance(value, date) else value
            for key, value in asdict(self).items()
            if value not in (None, "")
        }


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """The form of a note, filled in."""

    scenario: str
    answers: dict[str, str]


def note_of(reading: Reading) -> NoteDraft:
    """Return the note that the reading makes; what is missing for it shows when it is recorded."""
    answers = dict(_answers(reading))
    if reading.shown is Shown.DENIED:
        return NoteDraft("denied", {"result": _category(reading).value, **answers})
    return NoteDraft(_SCENARIOS[reading.shown], answers)


_SCENARIOS: Final = {
    Shown.IN_PROCESS: "in_process",
    Shown.PENDED: "info_requested",
    Shown.APPROVED: "approved",
    Shown.PAID: "paid_not_posted",
    Shown.PATIENT_SHARE: "patient_share",
    Shown.FORWARDED: "forwarded",
}


def _answers(reading: Reading) -> Iterator[tuple[str, str]]:
    texts = {
        q.CLAIM_NUMBER.key: reading.payer_claim_number,
        q.TRACE.key: reading.trace,
        q.REASON.key: reading.reason_code,
        q.REMARK.key: reading.remark_code,
        q.EXPLANATION.key: reading.explanation or _meaning(reading.reason_code),
        q.WANTED.key: reading.wanted,
        q.FORWARDED_TO.key: reading.forwarded_to,
    }
    days = {
        q.RECEIVED.key: reading.received_date,
        q.PROCESSED.key: reading.processed_date,
        q.DENIED.key: reading.processed_date,
        (q.PROMISED if reading.shown is Shown.APPROVED else q.PAID).key: reading.paid_date,
    }
    amounts = {
        (q.PROMISED_AMOUNT if reading.shown is Shown.APPROVED else q.PAID_AMOUNT).key: (
            reading.paid_cents
        ),
        q.ALLOWED.key: reading.allowed_cents,
        q.SHARE.key: reading.share_cents,
    }
    yield from ((key, text) for key, text in texts.items() if text)
    yield from ((key, day.isoformat()) for key, day in days.items() if day)
    yield from (
        (key, f"{cents // 100}.{cents % 100:02d}")
        for key, cents in amounts.items()
        if cents is not None and cents >= 0
    )


def _category(reading: Reading) -> Category:
    """Return what the denial is about; a reason that means no denial of its own is another one."""
    carc = carcs().get(_bare(reading.reason_code))
    if carc is None:
        return Category.OTHER
    found = CATEGORY_OF_SUBCATEGORY[carc.denied_category or carc.category]
    return Category.OTHER if found is Category.PATIENT else found


def _meaning(reason_code: str) -> str:
    return title_of(_bare(reason_code)) if reason_code else ""


def _bare(reason_code: str) -> str:
    """Return a reason without its group: CO-197 is 197."""
    return reason_code.rpartition("-")[2]
