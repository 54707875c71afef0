"""Claim adjustment reason codes: what an adjustment means for the money.

`natures()` gives one row per (group, reason): N normal reduction, D denial, P patient share,
I information, W pended, X depends on the amount. Source: DOMAIN 3.1 to 3.4.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import polars as pl

# Patient-share reasons that stand inside the allowed amount (DOMAIN 3.3, COST_SHARE).
COST_SHARE: Final = frozenset(
    "1 2 3 66 85 100 122 142 187 241 247 248 293 294".split()  # noqa: SIM905  (reads as the list)
)
# Reductions of the payment, not of the allowed amount (DOMAIN 3.3, add-back).
ADD_BACK: Final = frozenset({"253", "104", "143", "245"})
# Categories whose amount-dependent reductions a person reviews (DOMAIN 3.3).
REVIEWED_CATEGORIES: Final = frozenset({"FREQUENCY", "MEDICAL_NECESSITY", "PROVIDER_ENROLLMENT"})


@dataclass(frozen=True, slots=True)
class Carc:
    """One adjustment reason code of our table."""

    code: str
    title: str
    category: str
    nature_by_group: dict[str, str]
    action: str
    team: str
    preventable: str
    recover_pct: int  # rough chance, in percent, that a worked denial pays something
    tier: int  # how often seen, 1 very common to 4 rare
    notes: str
    denied_category: str = ""  # where a denial under this reason means something else
    denied_action: str = ""
    denied_team: str = ""
    valid_from: str = ""  # ISO date; empty: always
    valid_to: str = ""
    source: str = ""


@cache
def carcs() -> dict[str, Carc]:
    """Return the table by code."""
    source = resources.files(__package__).joinpath("carc.csv")
    with source.open(encoding="utf-8") as lines:
        return {
            row["code"]: Carc(
                code=row["code"],
                title=row["title"],
                category=row["category"],
                nature_by_group=dict(
                    pair.split(":", 1) for pair in row["nature_by_group"].split() if ":" in pair
                ),
                action=row["action"],
                team=row["team"],
                preventable=row["preventable"],
                recover_pct=int(row["recover_pct"]),
                tier=int(row["tier"]),
                notes=row["notes"],
                denied_category=row["denied_category"],
                denied_action=row["denied_action"],
                denied_team=row["denied_team"],
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
                source=row["source"],
            )
            for row in csv.DictReader(lines)
        }


@cache
def retired() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return title and present equivalents of reason codes no longer in force, by code."""
    source = resources.files(__package__).joinpath("carc_retired.csv")
    with source.open(encoding="utf-8") as lines:
        return {
            row["code"]: (row["title"], tuple(row["successors"].split()))
            for row in csv.DictReader(lines)
        }


def _with_retired() -> dict[str, Carc]:
    """Return the table by code, a retired code with the row of its first successor."""
    present = carcs()
    followed = {
        code: present[successors[0]] for code, (_, successors) in retired().items() if successors
    }
    return followed | present


@cache
def natures() -> pl.DataFrame:
    """Return group_code, reason_code, nature, category: one row per listed pair.

    A retired code, which old remittances still carry, has the natures of what took its place.
    """
    rows = [
        (group, code, nature, carc.category)
        for code, carc in _with_retired().items()
        for group, nature in carc.nature_by_group.items()
    ]
    schema = ["group_code", "reason_code", "nature", "category"]
    return pl.DataFrame(rows, schema=schema, orient="row")


@cache
def categories() -> pl.DataFrame:
    """Return reason_code, category, is_known: one row per code."""
    rows = [(code, carc.category, True) for code, carc in _with_retired().items()]
    return pl.DataFrame(rows, schema=["reason_code", "category", "is_known"], orient="row")


def title_of(code: str) -> str:
    """Return our title of a reason code, or a sentence that says it is unknown."""
    carc = carcs().get(code)
    return carc.title if carc else "Unknown reason code"
