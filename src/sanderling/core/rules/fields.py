"""The closed catalogue of facts that a condition may ask about: names, types, words, values.

A condition knows nothing but these names; where each is found (a column, an expression) is told to
the printers by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from sanderling.core.barriers.words import (
    ACTIONS,
    BARRIERS,
    CATEGORIES,
    CAUSES,
    DEADLINES,
    PARTIES,
    TEAMS,
)
from sanderling.core.deadlines.rules import TYPE_NAMES


class Kind(StrEnum):
    """What a fact is made of."""

    MONEY = "money"  # whole cents; written in dollars
    NUMBER = "number"  # a whole number: days, counts
    TEXT = "text"  # never null; empty when there is none
    TRUTH = "truth"  # never null
    TEXTS = "texts"  # a list of texts, never null


@dataclass(frozen=True, slots=True)
class Field:
    """A fact by name."""

    name: str
    kind: Kind
    noun: str  # "balance"; of a truth what holds: "high-dollar"
    about: str  # one line for the list of fields
    example: str
    unit: str = ""  # of a number: day, touch
    is_nullable: bool = False  # only numbers can be unknown
    values: Mapping[str, str] = field(default_factory=dict)  # closed list of texts with words
    is_of_event: bool = False


def _names(words: Mapping[str, str]) -> dict[str, str]:
    return dict(words)


_PARTY_WORDS: Final = {word: word for word in PARTIES.values()}
_PROMISES: Final = {"open": "open", "broken": "broken"}
_TIERS: Final = {"standard": "standard", "key": "key account"}
_WRITE_OFFS: Final = {"requested": "requested"}
_OUTCOMES: Final = {
    name: name.replace("_", " ")
    for name in (
        *("sent", "in_process", "paid", "denied", "not_on_file", "pended", "promised"),
        *("received", "no_answer", "done", "other"),
    )
}

FIELDS: Final[tuple[Field, ...]] = (
    Field("balance", Kind.MONEY, "balance", "what the party owes, in dollars", "balance > 500"),
    Field("charge", Kind.MONEY, "charge", "what the claim was billed for", "charge >= 10000"),
    Field(
        "value",
        Kind.MONEY,
        "value of a touch",
        "what a touch today brings more than one later",
        "value > 100",
    ),
    Field(
        "age_days",
        Kind.NUMBER,
        "age",
        "days since the service",
        "age_days > 90",
        unit="day",
        is_nullable=True,
    ),
    Field(
        "days_to_deadline",
        Kind.NUMBER,
        "deadline",
        "days until the deadline; null when there is none or it is met",
        "days_to_deadline <= 10",
        unit="day",
        is_nullable=True,
    ),
    Field(
        "days_since_touch",
        Kind.NUMBER,
        "untouched",
        "days since somebody did something; never touched: since the barrier holds",
        "days_since_touch >= 21",
        unit="day",
    ),
    Field(
        "days_in_barrier",
        Kind.NUMBER,
        "time in this barrier",
        "days since the barrier holds",
        "days_in_barrier > 30",
        unit="day",
    ),
    Field(
        "days_overdue",
        Kind.NUMBER,
        "overdue",
        "days since it was to be worked; negative: still ahead",
        "days_overdue > 7",
        unit="day",
    ),
    Field("touches", Kind.NUMBER, "touches", "how often it was worked", "touches == 0"),
    Field("open_tasks", Kind.NUMBER, "open tasks", "questions to other teams", "open_tasks == 0"),
    Field(
        "escalation_level",
        Kind.NUMBER,
        "escalation level",
        "0 none to 6",
        "escalation_level < 1",
    ),
    Field(
        "barrier",
        Kind.TEXT,
        "barrier",
        "why it is unpaid",
        'barrier == "denied"',
        values=_names(BARRIERS),
    ),
    Field(
        "category",
        Kind.TEXT,
        "category",
        "the kind of denial, rejection or pend",
        'category in ["coding", "bundling"]',
        values=_names(CATEGORIES),
    ),
    Field("reason_code", Kind.TEXT, "reason", "adjustment reason (CARC)", 'reason_code == "197"'),
    Field("remark_code", Kind.TEXT, "remark", "remark code (RARC)", 'remark_code == "N706"'),
    Field("group_code", Kind.TEXT, "group", "CO, PR, OA, PI", 'group_code == "CO"'),
    Field("detail", Kind.TEXT, "case", "which case of the barrier", 'detail != ""'),
    Field(
        "next_action",
        Kind.TEXT,
        "next action",
        "what is to be done",
        'next_action == "check_status"',
        values=_names(ACTIONS),
    ),
    Field("team", Kind.TEXT, "team", "who does it", 'team == "coding"', values=_names(TEAMS)),
    Field("payer", Kind.TEXT, "payer", "the payer's name", 'payer == "Acme Health"'),
    Field("payer_id", Kind.TEXT, "payer id", "the payer's id", 'payer_id == "ACME1"'),
    Field(
        "payer_type",
        Kind.TEXT,
        "payer type",
        "kind of insurer",
        'payer_type == "medicare"',
        values=_names(TYPE_NAMES),
    ),
    Field(
        "party",
        Kind.TEXT,
        "party",
        "who owes",
        'party == "primary"',
        values=_PARTY_WORDS,
    ),
    Field("client", Kind.TEXT, "client", "the client's code", 'client == "MAPLE"'),
    Field(
        "client_tier",
        Kind.TEXT,
        "client tier",
        "standard or key",
        'client_tier == "key"',
        values=_TIERS,
    ),
    Field("provider", Kind.TEXT, "provider", "who rendered it", 'provider.contains("LEE")'),
    Field(
        "assignee",
        Kind.TEXT,
        "owner",
        "e-mail address of the owner, empty for none",
        'assignee == "sam@example.com"',
    ),
    Field("tags", Kind.TEXTS, "tags", "tags put on it", '"vip" in tags'),
    Field(
        "promise_state",
        Kind.TEXT,
        "promise",
        "of the latest promise of the payer",
        'promise_state == "broken"',
        values=_PROMISES,
    ),
    Field(
        "last_outcome",
        Kind.TEXT,
        "latest outcome",
        "what came of the latest touch",
        'last_outcome == "no_answer"',
        values=_OUTCOMES,
    ),
    Field(
        "deadline_kind",
        Kind.TEXT,
        "kind of deadline",
        "which limit controls",
        'deadline_kind == "appeal"',
        values=_names(DEADLINES),
    ),
    Field(
        "write_off_state",
        Kind.TEXT,
        "write-off",
        "requested or empty",
        'write_off_state == ""',
        values=_WRITE_OFFS,
    ),
    Field("unassigned", Kind.TRUTH, "unassigned", "nobody owns it", "unassigned"),
    Field("high_dollar", Kind.TRUTH, "high-dollar", "over the client's limit", "high_dollar"),
    Field("flagged", Kind.TRUTH, "flagged by the client", "the client asked", "flagged"),
    Field("pended", Kind.TRUTH, "put aside", "put aside until its date", "!pended"),
    Field("in_project", Kind.TRUTH, "in a project", "part of a project", "!in_project"),
    Field(
        "event",
        Kind.TEXT,
        "event",
        "what happened; empty on a schedule",
        'event == "item.changed"',
        is_of_event=True,
    ),
    Field(
        "event_was",
        Kind.TEXT,
        "barrier before the event",
        "of item.changed",
        'event_was == "awaiting_payer"',
        values=_names(BARRIERS),
        is_of_event=True,
    ),
    Field(
        "event_is",
        Kind.TEXT,
        "barrier after the event",
        "of item.arrived and item.changed",
        'event_is == "denied"',
        values=_names(BARRIERS),
        is_of_event=True,
    ),
    Field(
        "event_cause",
        Kind.TEXT,
        "cause of the event",
        "what brought the change about",
        'event_cause == "remittance"',
        values=_names(CAUSES),
        is_of_event=True,
    ),
)
FIELD_OF: Final[Mapping[str, Field]] = {one.name: one for one in FIELDS}
# What people call them, so that a wrong name leads to the right one.
_ALSO: Final = {
    "amount": "balance",
    "amount_cents": "balance",
    "balance_cents": "balance",
    "open_balance": "balance",
    "billed": "charge",
    "age": "age_days",
    "days_old": "age_days",
    "deadline": "days_to_deadline",
    "deadline_days": "days_to_deadline",
    "last_touch": "days_since_touch",
    "untouched": "days_since_touch",
    "owner": "assignee",
    "user": "assignee",
    "carc": "reason_code",
    "rarc": "remark_code",
    "insurer": "payer",
    "insurance": "payer",
    "denial_category": "category",
    "tag": "tags",
    "tier": "client_tier",
    "level": "escalation_level",
    "action": "next_action",
    "promise": "promise_state",
    "status": "barrier",
    "was": "event_was",
    "cause": "event_cause",
    "overdue": "days_overdue",
}


def nearest_field(name: str) -> str | None:
    """Return the field that was probably meant, None when nothing comes near."""
    lower = name.lower()
    if lower in FIELD_OF:
        return lower
    if lower in _ALSO:
        return _ALSO[lower]
    found = get_close_matches(lower, [*FIELD_OF, *_ALSO], n=1, cutoff=0.6)
    return _ALSO.get(found[0], found[0]) if found else None


def nearest_value(value: str, values: Mapping[str, str]) -> str | None:
    """Return the value of a closed list that was probably meant."""
    by_words = {words.lower(): key for key, words in values.items()}
    lower = value.strip().lower()
    if lower in by_words:
        return by_words[lower]
    known = [*values, *by_words]
    found = get_close_matches(lower.replace(" ", "_"), known, n=1, cutoff=0.5) or (
        get_close_matches(lower, known, n=1, cutoff=0.5)
    )
    return by_words.get(found[0], found[0]) if found else None
