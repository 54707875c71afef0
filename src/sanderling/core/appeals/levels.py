"""The levels of an appeal: what each is called, who decides, in which time, from which amount on.

The days for filing are `core.deadlines`; here is what comes after. Source: DOMAIN 4.5; rows of
levels.csv with confidence L are guesses of the design and are shown as such.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Final

import polars as pl

from sanderling.core.deadlines.due import NEED_SCHEMA, deadlines
from sanderling.core.deadlines.rules import LEVELS_MAX, Confidence, Kind

CONFIRM_RECEIPT_DAYS: Final = (7, 10)  # DOMAIN 10.3
DECISION_DAYS: Final = 60  # where no table and no payer says otherwise
MAIL_DAYS: Final = 10  # send so long before the payer must have it (DOMAIN 4.1)
_CONFIRM_SOON: Final = frozenset({"portal", "electronic", "fax"})


@dataclass(frozen=True, slots=True)
class Level:
    """One level of appeal with payers of one type."""

    payer_type: str
    level: int
    name: str
    body: str
    decision_days: int | None
    has_minimum: bool
    source: str
    confidence: Confidence

    @property
    def is_guess(self) -> bool:
        """Say whether nobody published it."""
        return self.confidence is Confidence.LOW


@dataclass(frozen=True, slots=True)
class Limit:
    """Until when a level may be filed, by whose rule."""

    deadline_date: date | None
    rule: str
    confidence: str
    source: str


@cache
def levels() -> dict[tuple[str, int], Level]:
    """Return the table by payer type and level."""
    source = resources.files(__package__).joinpath("levels.csv")
    with source.open(encoding="utf-8") as lines:
        found = [
            Level(
                payer_type=row["payer_type"],
                level=int(row["level"]),
                name=row["name"],
                body=row["body"],
                decision_days=int(row["decision_days"]) if row["decision_days"] else None,
                has_minimum=row["has_minimum"] == "yes",
                source=row["source"],
                confidence=Confidence(row["confidence"]),
            )
            for row in csv.DictReader(lines)
        ]
    return {(one.payer_type, one.level): one for one in found}


@cache
def _minima() -> dict[tuple[int, int], int]:
    source = resources.files(__package__).joinpath("controversy.csv")
    with source.open(encoding="utf-8") as lines:
        return {
            (int(row["year"]), int(row["level"])): int(row["amount_cents"])
            for row in csv.DictReader(lines)
        }


def level_of(payer_type: str, level: int) -> Level | None:
    """Return a level of a payer's type, None when the type has no such level in our table."""
    return levels().get((payer_type or "other", level))


def levels_of(payer_type: str) -> list[Level]:
    """Return all levels of a type, the first level first."""
    found = (level_of(payer_type, number) for number in range(1, LEVELS_MAX + 1))
    return [one for one in found if one is not None]


def minimum_cents(payer_type: str, level: int, *, filed_date: date) -> int | None:
    """Return the amount in controversy that a level needs, None for none or an unknown year.

    It is the one of the year in which it is filed. Claims may be put together to reach it.
    """
    found = level_of(payer_type, level)
    if found is None or not found.has_minimum:
        return None
    return _minima().get((filed_date.year, level))


def filing_limit(
    rules: pl.DataFrame,
    *,
    level: int,
    payer_id: int | None,
    payer_type: str,
    client_id: int,
    decision_date: date | None,
) -> Limit:
    """Return until when a level may be filed, counted from the decision that it answers.

    `rules`: `core.deadlines.rules.rules_frame`. The first level counts from the remittance, later
    ones from the notice of the decision before.
    """
    need = dict.fromkeys(NEED_SCHEMA) | {
        "item_id": 1,
        "kind": Kind.APPEAL.value,
        "level": level,
        "payer_id": payer_id,
        "payer_type": payer_type,
        "client_id": client_id,
        "is_institutional": False,
        "remittance_date": decision_date,
        "notice_date": decision_date,
    }
    (row,) = deadlines(pl.DataFrame([need], schema=NEED_SCHEMA), rules).iter_rows(named=True)
    return Limit(
        row["deadline_date"], row["rule"] or "", row["confidence"] or "", row["source"] or ""
    )


def confirm_date(sent_date: date, channel: str) -> date:
    """Return when to ask whether it arrived: after 7 days, after 10 by mail."""
    soon, late = CONFIRM_RECEIPT_DAYS
    return sent_date + timedelta(days=soon if channel in _CONFIRM_SOON else late)


def decision_due(sent_date: date, *, payer_type: str, level: int, days: int | None) -> date | None:
    """Return when the decision is due; `days`: the payer's own, before the table's."""
    found = level_of(payer_type, level)
    if days is None and found is not None and found.decision_days is None:
        return None
    span = days or (found.decision_days if found else None) or DECISION_DAYS
    return sent_date + timedelta(days=span)
