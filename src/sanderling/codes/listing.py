"""The codes as rows of a page or a file: what each means, and how often our files carry it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sanderling.codes.queries import standing_rules
from sanderling.codes.use import Use
from sanderling.core.codes.carc import carcs, retired
from sanderling.core.codes.meaning import meaning_of, rarcs
from sanderling.core.codes.names import (
    ACTION_OF_STEP,
    CATEGORY_OF_SUBCATEGORY,
    TEAM_OF_ABBREVIATION,
    Nature,
)
from sanderling.core.codes.statuses import status_codes

KINDS: Final = {
    "reason": "Adjustment reason (CARC)",
    "remark": "Remark (RARC)",
    "status": "Claim status",
}
COLUMNS: Final = (
    "kind",
    "code",
    "title",
    "category",
    "subcategory",
    "nature_by_group",
    "next_action",
    "action_chain",
    "team",
    "preventable",
    "valid_from",
    "valid_to",
    "source",
    "is_known",
    "is_retired",
    "overrides",
    "uses",
    "amount_cents",
)
UNKNOWN_TITLE: Final = "Not in our tables"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CodeQuestion:
    """Which codes to list; empty: all."""

    words: str = ""  # in the code or the title
    kind: str = ""
    category: str = ""
    is_used: bool = False  # only those in our files
    is_overridden: bool = False


def codes(question: CodeQuestion, found: Mapping[tuple[str, str], Use]) -> list[Row]:
    """Return the codes asked for (columns COLUMNS), most used first, then as the tables go.

    `found`: the use of codes, by kind and code, as use.uses() tells.
    """
    rules = _rule_counts()
    rows = _table_rows()
    for kind, code in found:
        if kind in KINDS:
            rows.setdefault((kind, code), _unknown_row(kind, code))
    listed = [
        row | _use_of(found.get(key, Use())) | {"overrides": rules[key]}
        for key, row in rows.items()
    ]
    return sorted(
        (row for row in listed if _is_wanted(row, question)), key=lambda row: -row["uses"]
    )


def code_row(*, kind: str, code: str) -> Row:
    """Return the row of one code without its use; a code that the tables lack has one, too."""
    return _table_rows().get((kind, code)) or _unknown_row(kind, code)


def _is_wanted(row: Row, question: CodeQuestion) -> bool:
    words = question.words.casefold().split()
    text = f"{row['code']} {row['title']}".casefold()
    return (
        (not question.kind or row["kind"] == question.kind)
        and (not question.category or row["category"] == question.category)
        and (not question.is_used or row["uses"] > 0)
        and (not question.is_overridden or row["overrides"] > 0)
        and (row["code"].casefold() in words or all(word in text for word in words))
    )


def _use_of(use: Use) -> Row:
    return {"uses": use.count, "amount_cents": use.amount_cents}


def _rule_counts() -> Counter[tuple[str, str]]:
    """Count the standing overrides that name a code, by kind and code."""
    counts: Counter[tuple[str, str]] = Counter()
    columns = {kind: f"{kind}_code" for kind in KINDS}
    for named in standing_rules().values(*columns.values()):
        counts.update((kind, named[column]) for kind, column in columns.items() if named[column])
    return counts


def _table_rows() -> dict[tuple[str, str], Row]:
    rows = {("reason", code): _reason_row(code) for code in carcs()}
    rows |= {("reason", code): _retired_row(code) for code in retired()}
    rows |= {("remark", code): _remark_row(code) for code in rarcs()}
    rows |= {("status", code): _status_row(code) for code in status_codes()}
    return rows


def _row(kind: str, code: str, title: str, **more: object) -> Row:
    empty: Row = dict.fromkeys(COLUMNS, "")
    return empty | {
        "kind": kind,
        "code": code,
        "title": title,
        "is_known": True,
        "is_retired": False,
        **more,
    }


def _reason_row(code: str) -> Row:
    reason = carcs()[code]
    return _row(
        "reason",
        code,
        reason.title,
        **_meaning_fields(code, reason.nature_by_group),
        nature_by_group=" ".join(f"{g}:{n}" for g, n in reason.nature_by_group.items()),
        valid_from=reason.valid_from,
        valid_to=reason.valid_to,
        source=reason.source,
    )


def _retired_row(code: str) -> Row:
    title, successors = retired()[code]
    natures = carcs()[successors[0]].nature_by_group if successors else {}
    now = f"now {', '.join(successors)}" if successors else "no successor"
    return _row(
        "reason",
        code,
        title,
        **_meaning_fields(code, natures),
        is_retired=True,
        source=f"DOMAIN 3.4, retired codes: {now}",
    )


def _meaning_fields(code: str, natures: dict[str, str]) -> Row:
    """Return what the code means where it denies, else in its first group."""
    group, nature = next(
        ((group, nature) for group, nature in natures.items() if nature == Nature.DENIAL),
        next(iter(natures.items()), ("CO", Nature.DENIAL.value)),
    )
    found = meaning_of(group, code, nature, ())
    return {
        "category": CATEGORY_OF_SUBCATEGORY[found.subcategory].value,
        "subcategory": found.subcategory,
        "next_action": str(found.next_action),
        "action_chain": found.chain,
        "team": str(found.team),
        "preventable": found.preventable,
    }


def _remark_row(code: str) -> Row:
    remark = rarcs()[code]
    first = remark.action.split(">", 1)[0]
    return _row(
        "remark",
        code,
        remark.title,
        category=CATEGORY_OF_SUBCATEGORY[remark.subcategory].value,
        subcategory=remark.subcategory,
        next_action="" if first == "POST" else ACTION_OF_STEP[first].value,
        action_chain=remark.action,
        team=TEAM_OF_ABBREVIATION[remark.team].value,
        source="DOMAIN 3.5",
    )


def _status_row(code: str) -> Row:
    status = status_codes()[code]
    return _row(
        "status",
        code,
        status.title,
        category=status.category,
        next_action=status.next_action,
        valid_from=status.valid_from,
        valid_to=status.valid_to,
        source=status.source,
    )


def _unknown_row(kind: str, code: str) -> Row:
    return _row(kind, code, UNKNOWN_TITLE, category="other", is_known=False)
