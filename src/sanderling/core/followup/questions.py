"""The questions a note asks, and how their answers are read and told.

An answer is a text, a day or cents. Each question says in `sentence` how its answer stands in the
narrative, so that every answer is told, and in the same words every time. Source: DOMAIN 9.4, 9.5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sanderling.core.followup.days import read_day

Answer = str | int | date

TEXT_CHARACTERS_MAX: Final = 200
REMARKS_CHARACTERS_MAX: Final = 1_000  # DOMAIN 9.4
AMOUNT_CENTS_MAX: Final = 10**11

_MONEY: Final = re.compile(r"\$?\s*(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?")
_CODE: Final = re.compile(r"(?:(CO|PR|OA|PI|CR)[\s-]*)?([A-Z]?\d{1,3})")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Kind(StrEnum):
    """What an answer is."""

    TEXT = "text"
    LONG = "long"  # several lines
    CODE = "code"  # an adjustment reason: 197 or CO-197
    PAST_DAY = "past_day"
    COMING_DAY = "coming_day"
    MONEY = "money"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Question:
    """One question: `key` names it in forms and records; amounts' keys end in `_cents`."""

    key: str
    label: str
    kind: Kind
    sentence: str  # the answer stands for {}
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""


class BadAnswer(ValueError):
    """The answer cannot be read; the text says what to write instead."""


def read_answer(question: Question, text: str, *, today: date) -> Answer | None:
    """Return the answer that `text` means, None for an empty one.

    Raises:
        BadAnswer: it means nothing of the question's kind.
    """
    text = clean(text, lines=question.kind is Kind.LONG)
    if not text:
        return None
    if question.kind is Kind.CHOICE:
        return _choice(question, text)
    if question.kind is Kind.MONEY:
        return _cents(text)
    if question.kind is Kind.CODE:
        return _code(text)
    if question.kind in (Kind.PAST_DAY, Kind.COMING_DAY):
        return _day(text, today=today, is_past=question.kind is Kind.PAST_DAY)
    limit = REMARKS_CHARACTERS_MAX if question.kind is Kind.LONG else TEXT_CHARACTERS_MAX
    if len(text) > limit:
        raise BadAnswer(f"is longer than {limit} characters; shorten it")
    return text


def clean(text: str, *, lines: bool = False) -> str:
    """Return the text without control characters and needless blanks, on one line or with lines."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not lines:
        return " ".join(text.split())
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()


def _choice(question: Question, text: str) -> str:
    for value, title in question.choices:
        if text.lower() in (value, title.lower()):
            return value
    raise BadAnswer("is none of the choices; choose one")


def _cents(text: str) -> int:
    found = _MONEY.fullmatch(text)
    if found is None:
        raise BadAnswer("must be an amount like 1,234.56")
    cents = int(found[1].replace(",", "")) * 100 + int((found[2] or "0").ljust(2, "0"))
    if cents > AMOUNT_CENTS_MAX:
        raise BadAnswer("is too large an amount; correct it")
    return cents


def _code(text: str) -> str:
    found = _CODE.fullmatch(text.upper())
    if found is None:
        raise BadAnswer("must be a reason code like 197 or CO-197")
    return f"{found[1]}-{found[2]}" if found[1] else found[2]


def _day(text: str, *, today: date, is_past: bool) -> date:
    day = read_day(text, today=today, is_past=is_past)
    if day is None:
        example = "3/5 or 2026-03-05" if is_past else "+7, 2w, mon or 2026-03-05"
        raise BadAnswer(f"must be a day like {example}")
    if is_past and day > today:
        raise BadAnswer("is a day to come; it must have been")
    if not is_past and day < today:
        raise BadAnswer("is past; it must be today or later")
    return day


def told(question: Question, answer: Answer) -> str:
    """Return the answer as the narrative writes it."""
    if isinstance(answer, date):
        return answer.isoformat()
    if isinstance(answer, int):
        return f"${answer // 100:,}.{answer % 100:02d}"
    return dict(question.choices).get(answer, answer)


_YES_NO: Final = (("yes", "yes"), ("no", "no"))


def _text(key: str, label: str, sentence: str, hint: str = "") -> Question:
    return Question(key, label, Kind.TEXT, sentence, hint=hint)


def _past(key: str, label: str, sentence: str) -> Question:
    return Question(key, label, Kind.PAST_DAY, sentence)


def _coming(key: str, label: str, sentence: str) -> Question:
    return Question(key, label, Kind.COMING_DAY, sentence)


def _yes(key: str, label: str, sentence: str) -> Question:
    return Question(key, label, Kind.CHOICE, sentence, choices=_YES_NO)


def _money(key: str, label: str, sentence: str) -> Question:
    return Question(key, label, Kind.MONEY, sentence)


REPRESENTATIVE: Final = _text("representative", "Representative", "rep {}")
REFERENCE: Final = _text("reference", "Call reference", "ref# {}", "none if there is none")
CLAIM_NUMBER: Final = _text("payer_claim_number", "Payer's claim number", "payer's claim no. {}")
RECEIVED: Final = _past("received_date", "Received by the payer", "received {}")
PROCESSED: Final = _past("processed_date", "Processed", "processed {}")
EXPECTED: Final = _coming("expected_date", "Decision expected", "decision expected {}")
NEEDED: Final = _text("needed", "Anything needed from us", "needed from us: {}")
MEMBER_VERIFIED: Final = _yes("member_verified", "Member id verified", "member id verified: {}")
ELIGIBLE: Final = _yes("eligible", "Active on the service day", "active on the service day: {}")
PAYER_ID_RIGHT: Final = _yes("payer_id_right", "Payer id and address right", "payer id right: {}")
FILING_LIMIT: Final = _text("filing_limit", "Filing limit and proof", "filing limit and proof: {}")
FORWARDED_TO: Final = _text("forwarded_to", "Forwarded to", "forwarded to {}")
FORWARDED: Final = _past("forwarded_date", "Forwarded on", "on {}")
PROMISED: Final = _coming("promised_date", "Payment or decision promised by", "promised by {}")
PROMISED_AMOUNT: Final = _money("promised_cents", "Amount promised", "amount promised {}")
PAID: Final = _past("paid_date", "Paid on", "paid {}")
PAID_AMOUNT: Final = _money("paid_cents", "Paid", "amount {}")
ALLOWED: Final = _money("allowed_cents", "Allowed", "allowed {}")
SHARE: Final = _money("share_cents", "Patient's share", "patient's share {}")
TRACE: Final = _text("trace", "Check or EFT number", "check or EFT no. {}")
CASHED: Final = _past("cashed_date", "Cashed on", "cashed {}")
PAID_TO: Final = _text("paid_to", "Paid to (address or TIN)", "paid to {}")
REASON: Final = Question("reason_code", "CARC", Kind.CODE, "CARC {}", hint="197 or CO-197")
REMARK: Final = _text("remark_code", "RARC", "RARC {}")
EXPLANATION: Final = _text("explanation", "Explanation", "explained: {}")
DENIED: Final = _past("denied_date", "Denied on", "denied {}")
APPEAL_DEADLINE: Final = _coming("appeal_deadline", "Appeal or correct by", "appeal by {}")
SEND_TO: Final = _text("send_to", "Fax, address or portal to send to", "send to {}")
WANTED: Final = _text("wanted", "What exactly is wanted", "wanted: {}")
WANTED_FROM: Final = _text("wanted_from", "From whom", "from {}")
LETTER: Final = _past("letter_date", "Letter of", "letter of {}")
DEADLINE: Final = _coming("deadline_date", "To be there by", "to be there by {}")
REOPENS: Final = _yes("reopens", "Reopens by itself then", "reopens by itself: {}")
PRIMARY_PER_PAYER: Final = _text("primary_per_payer", "Primary as the payer has it", "primary: {}")
COB_UPDATED: Final = _past("cob_updated_date", "COB last updated", "COB last updated {}")
MEMBER_MUST: Final = _text("member_must", "What the patient must do", "the patient must: {}")
REVIEWER: Final = _text("reviewer", "Who reviews", "reviewed by {}")
LEVEL: Final = Question(
    "level",
    "Level",
    Kind.CHOICE,
    "level {}",
    choices=(("1", "1"), ("2", "2"), ("3", "3 or external")),
)
DECIDED: Final = _past("decided_date", "Decided on", "decided {}")
SENT: Final = _past("sent_date", "Sent on", "sent {}")
SENT_TO: Final = _text("sent_to", "Sent to", "sent to {}")
CHANGED: Final = _text("changed", "What was changed", "changed: {}")
TRACKING: Final = _text("tracking", "Control or tracking number", "control no. {}")
DOCUMENTS: Final = _text("documents", "Documents sent", "documents: {}")
OFFSET_CLAIM: Final = _text("offset_claim", "Claim it was set against", "set against {}")
OFFSET_AMOUNT: Final = _money("offset_cents", "Amount taken", "amount taken {}")
OFFSET_LEFT: Final = _money("offset_left_cents", "Still to be taken", "still to be taken {}")
DISPUTE_BY: Final = _coming("dispute_by_date", "Dispute by", "dispute by {}")
WHY_REPROCESSED: Final = _text("why_reprocessed", "Why it is processed again", "because {}")
TRIED: Final = _text("tried", "What was tried", "tried: {}")
HELD_MINUTES: Final = _text("held_minutes", "Minutes on hold", "{} minutes on hold")
REMARKS: Final = Question(
    "remarks", "Remarks", Kind.LONG, "{}", hint="@name tells a colleague; nothing clinical"
)
