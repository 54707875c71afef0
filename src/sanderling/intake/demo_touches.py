"""What the people of a demonstration wrote: notes for each reason that a balance is open.

Pure tables. In answers `{received}` stands for a day soon after the claim was billed, `{balance}`
for what is open; days like `4d` count back from the note, `+5` ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Touch:
    """One way a call or letter went."""

    scenario: str
    minutes: int
    answers: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""  # empty: the scenario's own


_IN_PROCESS: Final = Touch(
    "in_process", 5, {"received_date": "{received}", "expected_date": "+12"}, "portal"
)
_IN_PROCESS_CALL: Final = Touch(
    "in_process", 11, {"received_date": "{received}", "needed": "nothing", "expected_date": "+10"}
)
PROMISE: Final = Touch(
    "approved",
    9,
    {"received_date": "{received}", "promised_date": "+6", "promised_cents": "{balance}"},
)
_RECORDS: Final = Touch(
    "info_requested",
    13,
    {"wanted": "office notes of the visit", "send_to": "fax 555-0142", "reopens": "yes"},
)
_MEDICAL: Final = Touch("in_review", 8, {"result": "medical", "expected_date": "+14"})
_NOBODY: Final = Touch("no_answer", 4, {"result": "no_answer"})
_HOLD: Final = Touch("no_answer", 31, {"result": "hold", "held_minutes": "30"})
_COB: Final = Touch(
    "patient_must_act", 10, {"member_must": "say which coverage is first", "reopens": "no"}
)
_NOT_ON_FILE: Final = Touch(
    "not_on_file", 7, {"member_verified": "yes", "eligible": "yes", "payer_id_right": "yes"}
)
_SENT_AGAIN: Final = Touch("claim_sent", 6, {"result": "new", "sent_date": "today"})
_SECONDARY: Final = Touch("claim_sent", 8, {"result": "secondary", "sent_date": "today"})
_CORRECTED: Final = Touch(
    "claim_sent", 16, {"result": "corrected", "changed": "modifier 25 added to the visit"}
)
_APPEAL: Final = Touch(
    "records_sent",
    34,
    {"result": "appeal", "documents": "letter, record of the visit", "sent_to": "fax 555-0177"},
)
_RECORDS_SENT: Final = Touch(
    "records_sent",
    12,
    {"result": "records", "documents": "record of the visit", "sent_to": "fax 555-0142"},
)
_REPROCESS: Final = Touch(
    "reprocess", 15, {"promised_date": "+15", "why_reprocessed": "denied in error"}
)
_PAID: Final = Touch(
    "paid_not_posted", 9, {"trace": "EFT 00417733", "paid_date": "6d", "paid_cents": "{balance}"}
)

# By barrier; the first touch of a kind is the first told.
TOUCHES: Final[Mapping[str, tuple[Touch, ...]]] = {
    "awaiting_payer": (
        *(_IN_PROCESS, PROMISE, _IN_PROCESS_CALL, _MEDICAL, _NOBODY, _IN_PROCESS, _RECORDS),
        *(_IN_PROCESS_CALL, _COB, PROMISE, _HOLD),
    ),
    "no_response": (_NOBODY, _NOT_ON_FILE, _IN_PROCESS_CALL, _HOLD),
    "denied": (_NOBODY, _CORRECTED, _HOLD, _APPEAL, _REPROCESS, _RECORDS_SENT),
    "not_on_file": (_SENT_AGAIN, _NOT_ON_FILE),
    "secondary_unbilled": (_SECONDARY,),
    "paid_unposted": (_PAID,),
    "pended": (_RECORDS_SENT,),
}
# About what was paid a few days later.
PAID_AFTER: Final = (PROMISE, _MEDICAL, _NOBODY, _IN_PROCESS_CALL)
REPRESENTATIVES: Final = ("Dana", "Luis", "Priya", "Tom", "Keisha", "Marek")
REMARKS: Final = (
    "",
    "",
    "Called the provider line; the member line knows less.",
    "",
    "Same trouble as last week with this plan.",
)
