"""What a letter may say: a closed list of facts, each with where it came from.

A template names facts; it is filled only from here. What no file, note, profile or person has said
is missing, and the letter waits for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sanderling.core.money import NotAnAmount, parse_written_cents


class Source(StrEnum):
    """Where a fact comes from."""

    CLAIM = "claim"
    SUBMISSION = "submission"
    REMITTANCE = "remittance"
    ACKNOWLEDGMENT = "acknowledgment"
    NOTE = "note"
    CONTRACT = "contract"
    PROFILE = "profile"
    PERSON = "person"
    RULE = "rule"


SOURCE_TITLES: Final[Mapping[str, str]] = {
    Source.CLAIM: "The claim",
    Source.SUBMISSION: "The claim as sent (837)",
    Source.REMITTANCE: "The remittance (835)",
    Source.ACKNOWLEDGMENT: "An answer to the claim (277CA, 277)",
    Source.NOTE: "A note",
    Source.CONTRACT: "The contract",
    Source.PROFILE: "The profile of client or payer",
    Source.PERSON: "Stated by a person",
    Source.RULE: "A rule",
}


class Type(StrEnum):
    """What a fact is, and so how it is written."""

    TEXT = "text"
    MONEY = "money"
    DATE = "date"
    LIST = "list"
    TEXT_BLOCK = "text_block"


Value = str | int | date | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One fact that templates may name."""

    name: str
    title: str
    type: Type
    how: str  # how to supply it when it is missing
    is_stated: bool = False  # only a person can say it


@dataclass(frozen=True, slots=True)
class Reference:
    """The row and, for what stands in a file, the file and segment."""

    table: str  # claim, submission, claim_payment, answer, note, appeal, client, payer, user
    row_id: int
    file_sha256: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of one claim's letter."""

    name: str
    value: Value
    source: Source
    said: str  # the source in words: "835 of 2026-01-20, trace EFT1, segment 14"
    reference: Reference

    @property
    def text(self) -> str:
        """Return it as a letter writes it."""
        return written(self.value)


_SEND: Final = "comes from the claim as sent; bring its 837 in"
_REMIT: Final = "comes from a remittance; bring the 835 in, or state it with its letter attached"
_LETTERHEAD: Final = "set it in the client's letterhead"
_STATE: Final = "state it on the appeal's page, with the document it stands in"
_WAY: Final = "set the payer's appeal way for this level"


def _kinds(*rows: tuple[str, str, Type, str]) -> dict[str, Kind]:
    return {name: Kind(name, title, kind, how, how == _STATE) for name, title, kind, how in rows}


KINDS: Final[Mapping[str, Kind]] = _kinds(
    ("patient", "Patient", Type.TEXT, _SEND),
    ("birth_date", "Date of birth", Type.DATE, _SEND),
    ("member_id", "Member number", Type.TEXT, _SEND),
    ("claim_number", "Our claim number", Type.TEXT, _SEND),
    ("payer_claim_number", "Payer's claim number", Type.TEXT, _REMIT),
    ("payer_name", "Payer", Type.TEXT, _SEND),
    ("plan", "Plan or group", Type.TEXT, _SEND),
    ("service_dates", "Dates of service", Type.TEXT, _SEND),
    ("first_billed_date", "First sent", Type.DATE, _SEND),
    ("billed_amount", "Billed amount", Type.MONEY, _SEND),
    ("procedures", "Procedures", Type.LIST, _SEND),
    ("diagnoses", "Diagnoses", Type.LIST, _SEND),
    ("provider", "Rendering provider", Type.TEXT, _SEND),
    ("provider_npi", "Provider's NPI", Type.TEXT, _SEND),
    ("authorization_number", "Authorization number", Type.TEXT, _STATE),
    ("modifiers", "Modifiers", Type.LIST, _SEND),
    ("decision_date", "Date of the decision", Type.DATE, _REMIT),
    ("decision_received_date", "Decision received", Type.DATE, _REMIT),
    ("payer_received_date", "Received by the payer", Type.DATE, _REMIT),
    ("denial_codes", "Reason codes", Type.LIST, _REMIT),
    ("denial_reason", "Reason in words", Type.TEXT, _REMIT),
    ("remarks", "Remarks in words", Type.LIST, _REMIT),
    ("denied_amount", "Amount not paid", Type.MONEY, _REMIT),
    ("paid_amount", "Paid amount", Type.MONEY, _REMIT),
    ("allowed_amount", "Allowed amount", Type.MONEY, _REMIT),
    ("patient_share", "Patient's share", Type.MONEY, _REMIT),
    ("payment_trace", "Payment or check number", Type.TEXT, _REMIT),
    ("primary_paid_amount", "Paid by the payer before", Type.MONEY, _REMIT),
    ("primary_payer", "Payer before", Type.TEXT, _REMIT),
    (
        "accepted_date",
        "Accepted by the payer on",
        Type.DATE,
        "comes from an acceptance (277CA); bring it in, or state it with the report attached",
    ),
    ("accepted_by", "Acceptance", Type.TEXT, "comes from an acceptance (277CA); bring it in"),
    (
        "filing_limit_date",
        "Last day for filing",
        Type.DATE,
        "set a deadline rule for the payer's timely filing",
    ),
    ("level_name", "Level of appeal", Type.TEXT, "choose the level"),
    ("ask_amount", "Amount asked for", Type.MONEY, "state what the payer should pay"),
    ("appeal_deadline", "Last day for the appeal", Type.DATE, "set a deadline rule for the payer"),
    (
        "call_reference",
        "Reference of a call or portal look-up",
        Type.TEXT,
        "record a note with the payer's reference",
    ),
    ("call_date", "Day of that call", Type.DATE, "record a note with the payer's reference"),
    ("call_person", "Whom we spoke to", Type.TEXT, "record a note that names the person"),
    ("client_name", "Client", Type.TEXT, "set the client's name"),
    ("tax_id", "Tax number", Type.TEXT, "import the client's tax number"),
    ("contact_name", "Contact", Type.TEXT, _LETTERHEAD),
    ("contact_phone", "Contact's phone", Type.TEXT, _LETTERHEAD),
    ("contact_fax", "Contact's fax", Type.TEXT, _LETTERHEAD),
    ("signer", "Signed by", Type.TEXT, _LETTERHEAD),
    ("payer_address", "Payer's address for this level", Type.TEXT, _WAY),
    ("contract_reference", "Contract and page", Type.TEXT, _STATE),
    ("expected_amount", "Amount by contract", Type.MONEY, _STATE),
    ("underpaid_amount", "Underpaid amount", Type.MONEY, _STATE),
    ("policy_reference", "Coverage policy", Type.TEXT, _STATE),
    ("clinical_summary", "Clinical summary", Type.TEXT_BLOCK, _STATE),
    ("facts", "What happened, in our words", Type.TEXT_BLOCK, _STATE),
    ("modifier_reason", "Why the modifier was billed", Type.TEXT_BLOCK, _STATE),
    ("coverage_proof", "How coverage was verified", Type.TEXT, _STATE),
    ("referral_number", "Referral number", Type.TEXT, _STATE),
    ("enrollment_date", "Enrollment in force since", Type.DATE, _STATE),
    ("other_claim_number", "The other claim's number", Type.TEXT, _STATE),
    ("request_reference", "Payer's request", Type.TEXT, _STATE),
    ("recoupment_reference", "Payer's demand", Type.TEXT, _STATE),
    (
        "control_number",
        "Attachment control number",
        Type.TEXT,
        "is made with the packet; nothing is to be supplied",
    ),
)

LENGTH_MAX: Final = 4_000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BRACES: Final = str.maketrans("{}", "()")


def clean(text: str) -> str:
    """Return a text of a fact that nothing mistakes for a field: no controls, round brackets only.

    Line ends stay.
    """
    plain = _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return plain.translate(_BRACES).strip()


def written(value: Value) -> str:
    """Return a value as a letter writes it: $1,234.50, January 20, 2026, "99213, 99214"."""
    if isinstance(value, tuple):
        return ", ".join(clean(one) for one in value)
    if isinstance(value, date):
        return f"{value:%B} {value.day}, {value.year}"
    if isinstance(value, int):
        sign = "-" if value < 0 else ""
        dollars, rest = divmod(abs(value), 100)
        return f"{sign}${dollars:,}.{rest:02d}"
    return clean(value)


class NotAFact(ValueError):
    """What a person typed is no value of this fact; the text says what to do."""


def read(name: str, typed: str) -> Value:
    """Return the value of what a person typed for a fact.

    Raises:
        NotAFact: no such fact, empty, too long, no day, no amount.
    """
    kind = KINDS.get(name)
    if kind is None:
        raise NotAFact("choose a fact of the list")
    text = clean(typed)
    if not text or len(text) > LENGTH_MAX:
        raise NotAFact(f"write something, at most {LENGTH_MAX:,} characters")
    if kind.type is Type.DATE:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise NotAFact("write a day like 2026-03-05") from None
    if kind.type is Type.MONEY:
        try:
            return parse_written_cents(text)
        except NotAnAmount:
            raise NotAFact("write an amount like 1,234.50") from None
    if kind.type is Type.LIST:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text if kind.type is Type.TEXT_BLOCK else " ".join(text.split())


def stored(value: Value) -> str:
    """Return a value as text that `read` takes back."""
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        sign = "-" if value < 0 else ""
        return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}"
    return value
