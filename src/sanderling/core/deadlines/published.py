"""Limits that payers, programs and states have published: to start a rule from, never a rule.

They bind nobody until a person has set one as a rule of a payer, since names do not tell which
product or state a payer is. Source: DOMAIN 4.2, 4.3 and 4.5.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sanderling.core.deadlines.rules import (
    Clock,
    Confidence,
    Kind,
    ProviderStatus,
    Unit,
    WeekendRule,
    clocks_of,
    limit_name,
    limit_words,
)


@dataclass(frozen=True, slots=True)
class PublishedLimit:
    """One published limit."""

    name: str
    payer_type: str
    kind: Kind
    level: int
    amount: int
    unit: Unit
    clock: Clock
    weekend_rule: WeekendRule
    provider_status: ProviderStatus
    source: str
    confidence: Confidence

    @property
    def key(self) -> str:
        """Return what names it in an address."""
        return f"{self.name}:{self.kind}:{self.level}:{self.provider_status}"

    @property
    def words(self) -> str:
        """Return it as a person reads it."""
        network = {ProviderStatus.PAR: ", in network", ProviderStatus.NONPAR: ", out of network"}
        limit = limit_words(self.kind, self.amount, self.unit, self.clock)
        what = limit_name(self.kind, self.level).lower()
        return f"{self.name}: {what} {limit}{network.get(self.provider_status, '')}"


@cache
def published_limits() -> tuple[PublishedLimit, ...]:
    """Return the limits of published.csv."""
    source = resources.files(__package__).joinpath("published.csv")
    with source.open(encoding="utf-8") as lines:
        return tuple(_limit(row) for row in csv.DictReader(lines))


def _limit(row: dict[str, str]) -> PublishedLimit:
    kind, level = Kind(row["kind"]), int(row["level"])
    return PublishedLimit(
        name=row["name"],
        payer_type=row["payer_type"],
        kind=kind,
        level=level,
        amount=int(row["amount"]),
        unit=Unit(row["unit"]),
        clock=Clock(row["clock"]) if row["clock"] else clocks_of(kind, level)[0],
        weekend_rule=WeekendRule(row["weekend_rule"]),
        provider_status=ProviderStatus(row["provider_status"]),
        source=row["source"],
        confidence=Confidence(row["confidence"]),
    )
