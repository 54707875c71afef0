"""What a claim status means: 277 and 277CA by category, code and entity; 999 and TA1 by verdict.

The status category says at what stage the claim is, the code says why, the entity says whose data.
Source: DOMAIN 3.6, 3.7, 2.12 and 2.13; categories of the codes are our own judgement.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

import polars as pl

from sanderling.core.codes.codebook import OVERRIDDEN, SCOPE, CodeBook, chosen_rules
from sanderling.core.codes.names import Category, NextAction, Team

STATUS_MEANING: Final = {
    "status_class": pl.String,
    "category": pl.String,
    "team": pl.String,
    "next_action": pl.String,
    "title": pl.String,
    "is_unknown": pl.Boolean,  # of the category or of the code
}
# A 999 or TA1 says A, E, R, P, M, W or X where a 277 says A1 or F2 (DOMAIN 2.13).
VERDICT_CLASSES: Final = MappingProxyType(
    {"A": "ACK", "E": "ACK", "R": "REJECT", "P": "REJECT", "M": "REJECT", "W": "REJECT"}
    | {"X": "REJECT"}
)
VERDICT_TITLES: Final = MappingProxyType(
    {
        "A": "Accepted by the receiving system",
        "E": "Accepted with errors",
        "P": "Partly accepted",
        "R": "Rejected before reading the claims",
        "M": "Rejected: authentication failed",
        "W": "Rejected: security check failed",
        "X": "Rejected: could not be decrypted",
    }
)
# A category code not in the table still says by its letter what stage it is (DOMAIN 3.6).
CLASS_OF_LETTER: Final = MappingProxyType(
    {"A": "ACK", "P": "PEND", "F": "FINAL", "R": "ACTION", "E": "INQ_ERROR", "D": "NOT_FOUND"}
)
CATEGORY_OF_UNKNOWN: Final = MappingProxyType(
    {"REJECT": Category.MISSING_INFORMATION, "ACTION": Category.MISSING_INFORMATION}
)
# What the class alone asks for, when category and code say nothing finer.
ACTION_OF_CLASS: Final = MappingProxyType(
    {
        "ACK": NextAction.WAIT,
        "ACK_OK": NextAction.WAIT,
        "REJECT": NextAction.RESUBMIT,
        "NOT_FOUND": NextAction.CHECK_STATUS,
        "PEND": NextAction.WAIT,
        "ACTION": NextAction.SEND_RECORDS,
        "FINAL": NextAction.FIND_PAYMENT,
        "FINAL_PAID": NextAction.FIND_PAYMENT,
        "FINAL_NOPAY": NextAction.FIND_PAYMENT,
        "FINAL_DENIED": NextAction.CALL_PAYER,
        "FORWARDED": NextAction.WAIT,
        "INQ_ERROR": NextAction.CHECK_STATUS,
    }
)
# A rejected claim was never read: there is nothing to correct or appeal, only to send anew.
ACTION_WHEN_REJECTED: Final = MappingProxyType(
    {
        Category.ELIGIBILITY: NextAction.VERIFY_ELIGIBILITY,
        Category.AUTHORIZATION: NextAction.OBTAIN_AUTHORIZATION,
        Category.DUPLICATE: NextAction.CHECK_STATUS,
    }
)
ACTION_WHEN_DENIED: Final = MappingProxyType(
    {
        Category.ELIGIBILITY: NextAction.VERIFY_ELIGIBILITY,
        Category.AUTHORIZATION: NextAction.OBTAIN_AUTHORIZATION,
        Category.CODING: NextAction.CORRECT_AND_REBILL,
        Category.BUNDLING: NextAction.CORRECT_AND_REBILL,
        Category.MISSING_INFORMATION: NextAction.CORRECT_AND_REBILL,
        Category.MEDICAL_NECESSITY: NextAction.APPEAL,
        Category.TIMELY_FILING: NextAction.APPEAL,
        Category.DOCUMENTATION: NextAction.SEND_RECORDS,
        Category.COORDINATION_OF_BENEFITS: NextAction.VERIFY_ELIGIBILITY,
        Category.PROVIDER: NextAction.ESCALATE,
    }
)
ACTION_WHEN_ASKED: Final = MappingProxyType(
    {
        Category.ELIGIBILITY: NextAction.VERIFY_ELIGIBILITY,
        Category.COORDINATION_OF_BENEFITS: NextAction.VERIFY_ELIGIBILITY,
        Category.AUTHORIZATION: NextAction.OBTAIN_AUTHORIZATION,
    }
)
TEAM_OF_ACTION: Final = MappingProxyType(
    {
        NextAction.RESUBMIT: Team.BILLING,
        NextAction.CORRECT_AND_REBILL: Team.BILLING,
        NextAction.BILL_SECONDARY: Team.BILLING,
        NextAction.VERIFY_ELIGIBILITY: Team.INTAKE,
        NextAction.OBTAIN_AUTHORIZATION: Team.AUTHORIZATION,
        NextAction.FIND_PAYMENT: Team.POSTING,
        NextAction.TRANSFER_TO_PATIENT: Team.PATIENT,
        NextAction.DISPUTE_UNDERPAYMENT: Team.CONTRACTS,
        NextAction.REQUEST_DOCUMENTS: Team.CLIENT,
    }
)
_CLAIM_SENDERS: Final = frozenset({NextAction.RESUBMIT, NextAction.CORRECT_AND_REBILL})
# Codes that say how a claim must come back hold whatever the stage.
_KEPT_WHEN_REJECTED: Final = frozenset(
    {
        NextAction.CORRECT_AND_REBILL,
        NextAction.RESUBMIT,
        NextAction.ESCALATE,
        NextAction.APPEAL,
        NextAction.BILL_SECONDARY,
        NextAction.VERIFY_ELIGIBILITY,
        NextAction.OBTAIN_AUTHORIZATION,
        NextAction.CHECK_STATUS,
    }
)
# Elsewhere a code's own action holds unless it contradicts the stage: who is asked does not wait,
# what is pending has no payment to find. Stages not named here decide alone.
_IDLE_AT_STAGE: Final = MappingProxyType(
    {
        "ACTION": frozenset({NextAction.WAIT, NextAction.FIND_PAYMENT, NextAction.CALL_PAYER}),
        "PEND": frozenset({NextAction.FIND_PAYMENT}),
        "FINAL_DENIED": frozenset({NextAction.WAIT}),
        "FINAL_NOPAY": frozenset({NextAction.WAIT}),
    }
)
_NOTHING_KEPT: Final = frozenset(NextAction)
_NOT_FOUND_AT_FRONT_END: Final = "A4"


@dataclass(frozen=True, slots=True)
class StatusCode:
    """One claim status code (STC01-2) of our table."""

    code: str
    title: str
    category: str
    next_action: str  # empty: that of the stage and category
    action: str  # what to do, in words
    needs_entity: bool
    is_told_by_entity: bool  # whose data it is decides the category
    valid_from: str
    valid_to: str
    source: str


@dataclass(frozen=True, slots=True)
class StatusCategory:
    """One claim status category code (STC01-1) of our table."""

    code: str
    title: str
    status_class: str
    category: str
    action: str
    valid_from: str
    valid_to: str
    source: str


@dataclass(frozen=True, slots=True)
class StatusMeaning:
    """What one status says and asks for; the fields are STATUS_MEANING's columns."""

    status_class: str
    category: str
    team: str
    next_action: str
    title: str
    is_unknown: bool


@cache
def status_codes() -> dict[str, StatusCode]:
    """Return the claim status codes by code."""
    return {
        row["code"]: StatusCode(
            code=row["code"],
            title=row["title"],
            category=row["category"],
            next_action=row["next_action"],
            action=row["action"],
            needs_entity=row["entity_required"] == "E",
            is_told_by_entity=row["told_by_entity"] == "Y",
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            source=row["source"],
        )
        for row in _rows("claim_status.csv")
    }


@cache
def status_categories() -> dict[str, StatusCategory]:
    """Return the claim status category codes by code."""
    return {
        row["code"]: StatusCategory(
            code=row["code"],
            title=row["title"],
            status_class=row["class"],
            category=row["category"],
            action=row["action"],
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            source=row["source"],
        )
        for row in _rows("claim_status_category.csv")
    }


@cache
def entities() -> dict[str, tuple[str, str]]:
    """Return title and category (or an empty string) of the entity codes (STC01-3), by code."""
    return {row["code"]: (row["title"], row["category"]) for row in _rows("entities.csv")}


@cache
def acknowledgment_titles() -> dict[tuple[str, str], str]:
    """Return our titles of error codes by part (TA1, IK5, IK3, IK4) and code."""
    return {(row["part"], row["code"]): row["title"] for row in _rows("acknowledgments.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    with resources.files(__package__).joinpath(name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def status_meanings(statuses: pl.DataFrame, book: CodeBook | None = None) -> pl.DataFrame:
    """Return `statuses` in their order with the columns of STATUS_MEANING.

    `statuses`: status_category, status_code, entity (null or empty: none); for 999 and TA1 the
    verdict stands for the category, and a `level` column, when there is one, tells errors of a
    claim's segments from those of a whole set. With a book, its rules about statuses override:
    payer_id, payer_type, client_id and received_date are needed, and `rule_id` is added.
    """
    found = _by_tables(statuses)
    return found if book is None else _by_rules(found, book.rules)


def _by_rules(found: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    of_statuses = rules.filter(pl.col("status_code").is_not_null())
    if of_statuses.is_empty():
        return found.with_columns(pl.lit(None, pl.Int64).alias("rule_id"))
    keys = ["status_code", *SCOPE, "received_date"]
    chosen = chosen_rules(
        found.select(keys), of_statuses, on="status_code", also=pl.lit(value=True)
    )
    joined = found.join(chosen, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(
        category=pl.coalesce("rule_category", "category"),
        next_action=pl.coalesce("rule_next_action", "next_action"),
        team=pl.coalesce("rule_team", "team"),
        is_unknown=pl.col("is_unknown") & pl.col("rule_id").is_null(),
    ).drop(f"rule_{name}" for name in OVERRIDDEN)


def _by_tables(statuses: pl.DataFrame) -> pl.DataFrame:
    keys = ["status_category", "status_code", "entity"]
    if "level" in statuses.columns:
        keys.append("level")
    distinct = statuses.select(keys).unique()
    answers = [
        _fields(status_meaning(*(value or "" for value in row))) for row in distinct.iter_rows()
    ]
    meanings = distinct.hstack(pl.DataFrame(answers, schema=STATUS_MEANING, orient="row"))
    plain = statuses.drop(*STATUS_MEANING, strict=False)
    return plain.join(meanings, on=keys, how="left", nulls_equal=True, maintain_order="left")


def _fields(meaning: StatusMeaning) -> tuple[str | bool, ...]:
    return (
        meaning.status_class,
        meaning.category,
        meaning.team,
        meaning.next_action,
        meaning.title,
        meaning.is_unknown,
    )


def status_meaning(
    status_category: str, status_code: str, entity: str, level: str = ""
) -> StatusMeaning:
    """Return what one status means; never refuses: an unknown code is answered by its stage."""
    if status_category in VERDICT_CLASSES:
        return _of_acknowledgment(status_category, status_code, level)
    stage = status_categories().get(status_category)
    status = status_codes().get(status_code)
    status_class = stage.status_class if stage else CLASS_OF_LETTER.get(status_category[:1], "ACK")
    category = _category(status, stage, entity, status_class)
    action = _action(status, status_category, status_class, category)
    return StatusMeaning(
        status_class=status_class,
        category=category,
        team=_team(action, category),
        next_action=action,
        title=_title(status_category, status_code, entity),
        is_unknown=stage is None or (status is None and status_code != ""),
    )


def _of_acknowledgment(verdict: str, codes: str, level: str) -> StatusMeaning:
    status_class = VERDICT_CLASSES[verdict]
    is_rejected = status_class == "REJECT"
    found = [_error_title(code, level) for code in codes.split(",") if code]
    return StatusMeaning(
        status_class=status_class,
        category=Category.MISSING_INFORMATION if is_rejected else Category.OTHER,
        team=Team.BILLING if is_rejected else Team.AR,
        next_action=NextAction.RESUBMIT if is_rejected else NextAction.WAIT,
        title=": ".join([VERDICT_TITLES[verdict], *(["; ".join(found)] if found else [])]),
        is_unknown=False,
    )


def _error_title(code: str, level: str) -> str:
    titles = acknowledgment_titles()
    # TA1 notes have three digits; a claim's errors are those of its elements, then of its segments.
    parts = ["TA1"] if len(code) == 3 and code.isdecimal() else ["IK5"]  # noqa: PLR2004
    if level == "claim":
        parts = ["IK4", "IK3"]
    return next(
        (titles[(part, code)] for part in parts if (part, code) in titles), f"error code {code}"
    )


def _category(
    status: StatusCode | None, stage: StatusCategory | None, entity: str, status_class: str
) -> str:
    of_stage = stage.category if stage else CATEGORY_OF_UNKNOWN.get(status_class, Category.OTHER)
    if status is None:
        return of_stage
    category = status.category
    if status.is_told_by_entity:
        category = entities().get(entity, ("", ""))[1] or category
    if category == Category.OTHER:
        category = of_stage
    # A front end has no use for documents: it rejects because the claim does not name them.
    if status_class == "REJECT" and category == Category.DOCUMENTATION:
        category = Category.MISSING_INFORMATION
    return category


def _action(
    status: StatusCode | None, status_category: str, status_class: str, category: str
) -> str:
    default = ACTION_OF_CLASS[status_class]
    own = status.next_action if status else ""
    if status_class == "REJECT":
        if own in _KEPT_WHEN_REJECTED:
            return own
        return ACTION_WHEN_REJECTED.get(Category(category), default)
    if status_category == _NOT_FOUND_AT_FRONT_END:
        return NextAction.RESUBMIT  # after checking payer id and member, with the first proof
    if own and own not in _IDLE_AT_STAGE.get(status_class, _NOTHING_KEPT):
        return own
    if status_class == "FINAL_DENIED":
        return ACTION_WHEN_DENIED.get(Category(category), default)
    if status_class == "ACTION":
        return ACTION_WHEN_ASKED.get(Category(category), default)
    if status_category == "F3N":
        return NextAction.BILL_SECONDARY
    return default


def _team(action: str, category: str) -> str:
    if action == NextAction.ESCALATE:
        return Team.CREDENTIALING if category == Category.PROVIDER else Team.MANAGEMENT
    if action in _CLAIM_SENDERS and category in {Category.CODING, Category.BUNDLING}:
        return Team.CODING
    return TEAM_OF_ACTION.get(NextAction(action), Team.AR)


def _title(status_category: str, status_code: str, entity: str) -> str:
    """Return category and code in our words, with the entity's name where the code asks for it."""
    stage = status_categories().get(status_category)
    first = stage.title if stage else f"Unknown status category {status_category}"
    status = status_codes().get(status_code)
    if status is None:
        return f"{first}; unknown status {status_code}" if status_code else first
    whose = entities().get(entity, ("", ""))[0]
    second = status.title
    if whose and second.startswith("Entity"):
        second = whose + second.removeprefix("Entity")
    elif whose and status.needs_entity:
        second = f"{second} ({whose.lower()})"
    return f"{first}; {second}"
