"""What is appealed: the case (timely filing, bundling, ...), its argument and what must prove it.

A case is found by the reason code first, then by the category of the barrier. Source: DOMAIN 10.2.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final

from sanderling.core.codes.names import Category, subcategory_of


class Vehicle(StrEnum):
    """By which way a decision is disputed."""

    CORRECTED_CLAIM = "corrected_claim"
    RECONSIDERATION = "reconsideration"
    CLINICAL_APPEAL = "clinical_appeal"
    UNDERPAYMENT_DISPUTE = "underpayment_dispute"
    RECORDS_SUBMISSION = "records_submission"
    COMPLAINT = "complaint"


VEHICLE_TITLES: Final[Mapping[str, str]] = {
    Vehicle.CORRECTED_CLAIM: "Corrected claim",
    Vehicle.RECONSIDERATION: "Reconsideration",
    Vehicle.CLINICAL_APPEAL: "Clinical appeal",
    Vehicle.UNDERPAYMENT_DISPUTE: "Underpayment dispute",
    Vehicle.RECORDS_SUBMISSION: "Records",
    Vehicle.COMPLAINT: "Complaint",
}


class Need(StrEnum):
    """Whether a packet may go without the piece of evidence."""

    REQUIRED = "required"
    HELPFUL = "helpful"


class FoundBy(StrEnum):
    """Where a piece of evidence is found: in our facts, or what a person must add."""

    PROOF = "proof"  # an acceptance on hand: the exhibit of timely filing
    REMITTANCE = "remittance"  # a posted remittance, printed into the packet
    CLAIM = "claim"  # stands on the claim as sent
    NOTE = "note"  # a note with the payer's reference
    CALCULATION = "calculation"  # worked out from the remittance
    STATEMENT = "statement"  # said by a person in the letter
    DOCUMENT = "document"  # a file that a person attaches


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of evidence on a case's checklist."""

    key: str
    title: str
    need: Need
    found_by: FoundBy
    report_type: str = ""  # PWK01 of such a document (DOMAIN 2.14)


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of dispute."""

    key: str
    title: str
    codes: frozenset[str]
    subcategories: frozenset[str]
    vehicle: Vehicle
    argument: str
    items: tuple[Item, ...]


GENERAL: Final = "general"


def _rows(name: str) -> list[dict[str, str]]:
    source = resources.files(__package__).joinpath(name)
    with source.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@cache
def cases() -> Mapping[str, Case]:
    """Return the cases by key, in the order of cases.csv.

    Raises:
        ValueError: a row of the tables uses a word that does not exist.
    """
    items: dict[str, list[Item]] = {}
    for row in _rows("evidence.csv"):
        items.setdefault(row["case"], []).append(
            Item(
                row["item"],
                row["title"],
                Need(row["need"]),
                FoundBy(row["found_by"]),
                row["report_type"],
            )
        )
    found = {
        row["case"]: Case(
            key=row["case"],
            title=row["title"],
            codes=frozenset(row["codes"].split()),
            subcategories=frozenset(row["subcategory"].split()),
            vehicle=Vehicle(row["vehicle"]),
            argument=row["argument"],
            items=tuple(items.pop(row["case"], ())),
        )
        for row in _rows("cases.csv")
    }
    if items:
        raise ValueError(f"evidence.csv names no such case: {', '.join(sorted(items))}")
    return found


def case_of(*, reason_code: str, subcategory: str, category: str) -> Case:
    """Return the case of a decision.

    `subcategory` and `category` are the barrier's. The reason code decides, unless a remark made
    the subcategory more precise than what the code alone means.
    """
    by_code = next((one for one in cases().values() if reason_code in one.codes), None)
    finer = subcategory or (subcategory_of(category) if category in set(Category) else "")
    by_category = next((one for one in cases().values() if finer in one.subcategories), None)
    if by_code is not None and (by_category is None or not _contradicts(by_code, finer)):
        return by_code
    return by_category or cases()[GENERAL]


def _contradicts(by_code: Case, finer: str) -> bool:
    """Say whether a remark moved the decision to another subcategory than the code's case."""
    return bool(by_code.subcategories) and finer not in by_code.subcategories
