"""The scenarios of a touch: what each asks, what it becomes, what comes next and when.

A scenario has one result, or several among which its first question chooses. A result's action and
outcome make the activity, from which the barrier follows (`core.barriers.work`); its disposition,
default days and next action are DOMAIN 9.3, its needed answers DOMAIN 9.4. Days that differ from
the table say why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sanderling.core.codes.names import Category, NextAction
from sanderling.core.followup import questions as q
from sanderling.core.followup.questions import Question


class Need(StrEnum):
    """When an answer must be given."""

    NEVER = "never"
    ALWAYS = "always"
    ON_CALL = "on_call"  # a person was spoken to


@dataclass(frozen=True, slots=True)
class Ask:
    """A question of a scenario; `results`: asked for these results only, empty for all."""

    question: Question
    need: Need = Need.NEVER
    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a touch comes to."""

    disposition: str  # DOMAIN 9.3
    status: str  # as the narrative says it
    action: str  # of the activity: what was done
    outcome: str  # of the activity: what came of it
    next_action: str
    days: int | None  # until the next look; None: none is set
    is_avoidable: bool = False  # it told us nothing we had to act on: too early, or paid already


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way a touch can go."""

    key: str
    title: str
    results: Mapping[str, Result]  # by the value that chooses it; "" where there is one only
    asks: tuple[Ask, ...]
    minutes: int  # by default (DOMAIN 9.2: status 6, denial 15, appeal 35, records 12)
    channel: str = "call"
    chooser: Question | None = None  # asks which result
    is_promise: bool = False  # a promised date makes a promise

    @property
    def questions(self) -> dict[str, Question]:
        """Return every question that it may ask, by key, the chooser first."""
        found = {self.chooser.key: self.chooser} if self.chooser else {}
        return found | {ask.question.key: ask.question for ask in self.asks}


_IN_PROCESS, _PROMISED, _PAID, _DENIED = "in_process", "promised", "paid", "denied"
_PENDED, _SENT, _NO_ANSWER, _OTHER = "pended", "sent", "no_answer", "other"
_STATUS: Final = NextAction.CHECK_STATUS.value

_WHO: Final = (Ask(q.REPRESENTATIVE, Need.ON_CALL), Ask(q.REFERENCE, Need.ON_CALL))
_END: Final = (Ask(q.REMARKS),)


def _must(question: Question, *results: str) -> Ask:
    return Ask(question, Need.ALWAYS, results)


def _may(question: Question, *results: str) -> Ask:
    return Ask(question, Need.NEVER, results)


def _one(
    disposition: str,
    status: str,
    outcome: str,
    next_action: NextAction,
    days: int | None,
    *,
    action: str = _STATUS,
    is_avoidable: bool = False,
) -> Result:
    return Result(
        disposition, status, action, outcome, next_action.value, days, is_avoidable=is_avoidable
    )


def _chooser(label: str, sentence: str, results: Mapping[str, str]) -> Question:
    return Question("result", label, q.Kind.CHOICE, sentence, choices=tuple(results.items()))


# Denials: disposition DEN-xx, words, and the first step of the path (DOMAIN 3.2, 9.3).
_DENIALS: Final = {
    Category.ELIGIBILITY: ("EL", "eligibility or termed", NextAction.VERIFY_ELIGIBILITY),
    Category.COORDINATION_OF_BENEFITS: ("CB", "other coverage first", NextAction.BILL_SECONDARY),
    Category.AUTHORIZATION: ("AU", "authorization or referral", NextAction.OBTAIN_AUTHORIZATION),
    Category.TIMELY_FILING: ("TF", "timely filing", NextAction.APPEAL),
    Category.DUPLICATE: ("DU", "duplicate", NextAction.CALL_PAYER),
    Category.CODING: ("CO", "coding or modifier", NextAction.CORRECT_AND_REBILL),
    Category.BUNDLING: ("BU", "bundled", NextAction.CORRECT_AND_REBILL),
    Category.MEDICAL_NECESSITY: ("MN", "medical necessity", NextAction.APPEAL),
    Category.NON_COVERED: ("NC", "not covered", NextAction.TRANSFER_TO_PATIENT),
    Category.BENEFIT_LIMIT: ("BM", "benefit used up", NextAction.TRANSFER_TO_PATIENT),
    Category.DOCUMENTATION: ("DC", "records not sent", NextAction.SEND_RECORDS),
    Category.MISSING_INFORMATION: ("MI", "information missing", NextAction.CORRECT_AND_REBILL),
    Category.PROVIDER: ("PR", "provider, network or enrollment", NextAction.ESCALATE),
    Category.CONTRACTUAL: ("CT", "contract or capitation", NextAction.DISPUTE_UNDERPAYMENT),
    Category.OTHER: ("OT", "another reason", NextAction.CALL_PAYER),
}
_DENIED_FOR: Final = {name.value: words for name, (_, words, _) in _DENIALS.items()}
_DENIED_RESULTS: Final = {
    name.value: Result(
        f"DEN-{code}", f"denied, {words}", _STATUS, _DENIED, next_action.value, days=3
    )
    for name, (code, words, next_action) in _DENIALS.items()
}

SCENARIOS: Final[tuple[Scenario, ...]] = (
    Scenario(
        "in_process",
        "In process",
        {
            "": _one(
                "RCVD",
                "received and in process",
                _IN_PROCESS,
                NextAction.CHECK_STATUS,
                14,
                is_avoidable=True,
            )
        },
        (
            *_WHO,
            _must(q.RECEIVED),
            *map(_may, (q.CLAIM_NUMBER, q.EXPECTED, q.NEEDED)),
            *_END,
        ),
        minutes=6,
    ),
    Scenario(
        "not_on_file",
        "Not on file",
        {"": _one("NCOF", "no claim on file", "not_on_file", NextAction.RESUBMIT, 7)},
        (
            *_WHO,
            _must(q.MEMBER_VERIFIED),
            _must(q.ELIGIBLE),
            *map(_may, (q.PAYER_ID_RIGHT, q.FILING_LIMIT, q.SEND_TO)),
            *_END,
        ),
        minutes=6,
    ),
    Scenario(
        "forwarded",
        "Forwarded to another payer",
        {"": _one("XOVER", "forwarded to another payer", _IN_PROCESS, NextAction.CHECK_STATUS, 30)},
        (
            *_WHO,
            _must(q.FORWARDED_TO),
            *map(_may, (q.FORWARDED, q.RECEIVED, q.CLAIM_NUMBER)),
            *_END,
        ),
        minutes=6,
    ),
    Scenario(
        "approved",
        "Approved to pay",
        {"": _one("APPRV", "approved to pay", _PROMISED, NextAction.WAIT, 10)},
        (
            *_WHO,
            _must(q.PROMISED),
            _may(q.PROMISED_AMOUNT),
            *map(_may, (q.PROCESSED, q.RECEIVED, q.CLAIM_NUMBER, q.SHARE)),
            *_END,
        ),
        minutes=6,
        is_promise=True,
    ),
    Scenario(
        "paid_not_posted",
        "Paid, not posted",
        {"": _one("PAIDNP", "paid", _PAID, NextAction.FIND_PAYMENT, 5, is_avoidable=True)},
        (
            *_WHO,
            *map(_must, (q.TRACE, q.PAID, q.PAID_AMOUNT)),
            *map(_may, (q.ALLOWED, q.SHARE, q.CASHED, q.PAID_TO, q.CLAIM_NUMBER)),
            *_END,
        ),
        minutes=6,
    ),
    Scenario(
        "patient_share",
        "Applied to deductible or patient's share",
        {
            "": _one(
                "DED",
                "processed to the patient's share",
                _PAID,
                NextAction.FIND_PAYMENT,
                1,
                is_avoidable=True,
            )
        },
        (
            *_WHO,
            _must(q.PROCESSED),
            _must(q.SHARE),
            *map(_may, (q.ALLOWED, q.CLAIM_NUMBER)),
            *_END,
        ),
        minutes=6,
    ),
    Scenario(
        "denied",
        "Denied",
        _DENIED_RESULTS,
        (
            *_WHO,
            _must(q.REASON),
            _may(q.REMARK),
            _must(q.EXPLANATION),
            *map(_may, (q.DENIED, q.CLAIM_NUMBER, q.APPEAL_DEADLINE, q.SEND_TO)),
            *_END,
        ),
        minutes=15,
        chooser=_chooser(
            "Denied for", "{}", {name.value: row[1] for name, row in _DENIALS.items()}
        ),
    ),
    Scenario(
        "info_requested",
        "Pended: records or information requested",
        # What is asked for goes out within two business days (DOMAIN 9.3), so it is due then; the
        # table's 15 days are for the look after sending.
        {"": _one("INFOREQ", "pended, records requested", _PENDED, NextAction.SEND_RECORDS, 2)},
        (
            *_WHO,
            _must(q.WANTED),
            *map(_may, (q.WANTED_FROM, q.SEND_TO, q.DEADLINE, q.LETTER, q.REOPENS)),
            _may(q.CLAIM_NUMBER),
            *_END,
        ),
        minutes=12,
    ),
    Scenario(
        "patient_must_act",
        "Pended: COB, patient must act",
        {
            "": _one(
                "COBPT",
                "pended until the patient updates the payer",
                _PENDED,
                NextAction.VERIFY_ELIGIBILITY,
                10,
            )
        },
        (
            *_WHO,
            _must(q.MEMBER_MUST),
            *map(_may, (q.PRIMARY_PER_PAYER, q.COB_UPDATED, q.REOPENS, q.DEADLINE)),
            _may(q.CLAIM_NUMBER),
            *_END,
        ),
        minutes=10,
    ),
    Scenario(
        "in_review",
        "Pended: payer reviews",
        {
            name: _one(f"PEND-{code}", f"pended, {words}", _PENDED, NextAction.CHECK_STATUS, 14)
            for name, code, words in (
                ("medical", "MR", "medical review"),
                ("provider", "PROV", "provider file"),
                ("eligibility", "ELIG", "eligibility review"),
            )
        },
        (*_WHO, *map(_may, (q.REVIEWER, q.EXPECTED, q.NEEDED, q.CLAIM_NUMBER)), *_END),
        minutes=6,
        chooser=_chooser(
            "Pended for",
            "{}",
            {
                "medical": "medical review",
                "provider": "provider file",
                "eligibility": "eligibility review",
            },
        ),
    ),
    Scenario(
        "appeal_status",
        "Appeal: in review or decided",
        {
            "review": _one(
                "APLREV",
                "appeal in review",
                _IN_PROCESS,
                NextAction.CHECK_STATUS,
                14,
                is_avoidable=True,
            ),
            "upheld": _one("APLUPH", "denial upheld", _DENIED, NextAction.APPEAL, 5),
            "won": _one("APLWON", "appeal won", _PROMISED, NextAction.WAIT, 5),
            "part": _one("APLPART", "appeal won in part", _PROMISED, NextAction.APPEAL, 5),
        },
        (
            *_WHO,
            _may(q.LEVEL),
            _may(q.RECEIVED, "review"),
            _may(q.EXPECTED, "review"),
            _may(q.REVIEWER, "review"),
            _must(q.DECIDED, "upheld", "won", "part"),
            _must(q.EXPLANATION, "upheld", "part"),
            _may(q.APPEAL_DEADLINE, "upheld", "part"),
            _may(q.PROMISED, "won", "part"),
            _may(q.PROMISED_AMOUNT, "won", "part"),
            _may(q.CLAIM_NUMBER),
            *_END,
        ),
        minutes=10,
        chooser=_chooser(
            "The appeal is",
            "{}",
            {"review": "in review", "upheld": "denied", "won": "won", "part": "won in part"},
        ),
        is_promise=True,
    ),
    Scenario(
        "claim_sent",
        "Corrected or new claim sent",
        {
            name: _one(code, words, _SENT, NextAction.CHECK_STATUS, days, action=action)
            for name, code, words, days, action in (
                ("corrected", "CORR", "corrected claim sent", 25, "correct_and_rebill"),
                ("new", "NEWC", "claim sent again", 3, "resubmit"),
                ("secondary", "SECBILL", "secondary billed", 35, "bill_secondary"),
            )
        },
        (
            _must(q.CHANGED, "corrected"),
            _may(q.CHANGED, "new"),
            *map(_may, (q.SENT, q.SENT_TO, q.TRACKING, q.CLAIM_NUMBER)),
            *_END,
        ),
        minutes=12,
        channel="electronic",
        chooser=_chooser(
            "Sent was",
            "{}",
            {
                "corrected": "a corrected claim",
                "new": "the claim again",
                "secondary": "the claim to the secondary",
            },
        ),
    ),
    Scenario(
        "records_sent",
        "Records, appeal or dispute sent",
        {
            name: _one(code, words, _SENT, NextAction.CHECK_STATUS, days, action=action)
            for name, code, words, days, action in (
                ("records", "INFOSENT", "records sent", 10, "send_records"),
                # DOMAIN 9.3: confirm receipt after 10 days; a lost appeal is not noticed at 35.
                ("appeal", "APLSENT-1", "appeal sent, level 1", 10, "appeal"),
                ("appeal2", "APLSENT-2", "appeal sent, level 2", 10, "appeal"),
                ("dispute", "UNDPAY", "payment disputed", 30, "dispute_underpayment"),
            )
        },
        (
            _must(q.DOCUMENTS),
            _must(q.SENT_TO),
            *map(_may, (q.SENT, q.TRACKING, q.CLAIM_NUMBER)),
            *_END,
        ),
        minutes=20,
        channel="fax",
        chooser=_chooser(
            "Sent were",
            "{}",
            {
                "records": "records",
                "appeal": "an appeal",
                "appeal2": "an appeal, level 2",
                "dispute": "a dispute of the payment",
            },
        ),
    ),
    Scenario(
        "offset",
        "Offset or recouped",
        {"": _one("OFFSET", "paid, but kept for another claim", _PAID, NextAction.FIND_PAYMENT, 7)},
        (
            *_WHO,
            _must(q.OFFSET_CLAIM),
            *map(_may, (q.OFFSET_AMOUNT, q.OFFSET_LEFT, q.LETTER, q.TRACE, q.PAID)),
            *map(_may, (q.DISPUTE_BY, q.CLAIM_NUMBER)),
            *_END,
        ),
        minutes=10,
    ),
    Scenario(
        "reprocess",
        "Payer processes it again",
        {"": _one("REPROC", "the payer processes it again", _PROMISED, NextAction.WAIT, 20)},
        (
            Ask(q.REPRESENTATIVE, Need.ON_CALL),
            _must(q.REFERENCE),
            _must(q.PROMISED),
            *map(_may, (q.PROMISED_AMOUNT, q.WHY_REPROCESSED, q.CLAIM_NUMBER)),
            *_END,
        ),
        minutes=10,
        is_promise=True,
    ),
    Scenario(
        "no_answer",
        "Nobody reached",
        {
            name: _one(code, words, _NO_ANSWER, NextAction.CALL_PAYER, 2, action="call_payer")
            for name, code, words in (
                ("no_answer", "NOANS", "no answer"),
                ("message", "LMVM", "left a message"),
                ("hold", "HOLD>30", "gave up on hold"),
            )
        },
        (*map(_may, (q.HELD_MINUTES, q.TRIED)), *_END),
        minutes=3,
        chooser=_chooser(
            "How",
            "{}",
            {"no_answer": "no answer", "message": "left a message", "hold": "gave up on hold"},
        ),
    ),
    Scenario(
        "portal_down",
        "Portal down",
        {"": _one("PORTDN", "the portal was down", _NO_ANSWER, NextAction.CHECK_STATUS, 1)},
        (_may(q.TRIED), *_END),
        minutes=2,
        channel="portal",
    ),
    Scenario(
        "note",
        "Free note",
        {"": _one("NOTE", "", _OTHER, NextAction.WAIT, None, action=NextAction.WAIT.value)},
        (_must(q.REMARKS),),
        minutes=2,
        channel="internal",
    ),
)
BY_KEY: Final[Mapping[str, Scenario]] = MappingProxyType({one.key: one for one in SCENARIOS})

CHANNELS: Final[Mapping[str, str]] = {
    "call": "Call",
    "portal": "Portal",
    "electronic": "Electronic",
    "fax": "Fax",
    "mail": "Mail",
    "internal": "Internal",
}

# The scenarios most likely to come of a touch, best first; the others follow in their own order.
_LIKELY: Final[Mapping[str, tuple[str, ...]]] = {
    "awaiting_payer": ("in_process", "approved", "paid_not_posted", "denied", "not_on_file"),
    "no_response": ("in_process", "not_on_file", "paid_not_posted", "denied", "approved"),
    "rejected": ("claim_sent", "not_on_file", "in_process", "note"),
    "not_on_file": ("claim_sent", "not_on_file", "in_process"),
    "pended": ("records_sent", "info_requested", "in_review", "patient_must_act", "in_process"),
    "denied": ("claim_sent", "records_sent", "reprocess", "denied", "info_requested"),
    "underpaid": ("records_sent", "reprocess", "denied", "claim_sent"),
    "secondary_unbilled": ("claim_sent", "forwarded", "in_process"),
    "corrected_pending": ("in_process", "approved", "denied", "paid_not_posted", "not_on_file"),
    "appeal_pending": ("appeal_status", "in_process", "approved", "not_on_file"),
    "awaiting_client": ("records_sent", "claim_sent", "note"),
    "awaiting_internal": ("claim_sent", "note", "in_process"),
    "paid_unposted": ("paid_not_posted", "offset", "patient_share", "approved"),
    "patient_responsibility": ("note", "patient_share", "denied"),
    "credit_balance": ("offset", "note"),
    "unexplained": ("in_process", "paid_not_posted", "denied", "reprocess", "note"),
}


def suggested(barrier: str) -> tuple[Scenario, ...]:
    """Return all scenarios, those that fit the barrier first."""
    likely = _LIKELY.get(barrier, ())
    first = [BY_KEY[key] for key in likely]
    return (*first, *(one for one in SCENARIOS if one.key not in likely))


def asked(scenario: Scenario, result: str) -> tuple[Ask, ...]:
    """Return what the scenario asks when it comes to this result."""
    return tuple(ask for ask in scenario.asks if not ask.results or result in ask.results)


def is_needed(ask: Ask, channel: str) -> bool:
    """Say whether the question must be answered when the touch went this way."""
    return ask.need is Need.ALWAYS or (ask.need is Need.ON_CALL and channel == "call")
