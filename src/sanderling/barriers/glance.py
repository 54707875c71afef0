"""Global issues at a glance: denials by what and whom, and the barriers a leader watches.

Denials are those received in the last 13 weeks, a service line (or a whole claim) each. Answers to
a claim sent twice are left out of every count: they say nothing about the claim that was paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from sanderling.barriers.asking import run, where
from sanderling.core.ledger.accounts import Account

WEEKS: Final = 13
WEEK_DAYS: Final = 7
# What denials can be counted by: name -> SQL over d.
DENIAL_PARTS: Final[Mapping[str, str]] = {
    "category": "d.category",
    "payer": "coalesce(d.payer_id, 0)",
    "procedure": "d.procedure",
    "provider": "d.rendering_npi",
}
TOP: Final = 10


@dataclass(frozen=True, slots=True)
class Scope:
    """The day to look from, and what to narrow it to; None narrows nothing."""

    as_of: date
    client_id: int | None = None
    payer_key: int | None = None  # a payer's row, 0 for unknown

    @property
    def after(self) -> date:
        """Return the day before the first of the 13 weeks."""
        return self.as_of - timedelta(days=WEEKS * WEEK_DAYS)

    def params(self) -> dict[str, Any]:
        """Return the values behind the names in the conditions."""
        return {
            "as_of": self.as_of,
            "weeks_after": self.after,
            "client_id": self.client_id,
            "payer_key": self.payer_key,
        }

    def conditions(self, of: str) -> list[str]:
        """Return the conditions on client and payer of table alias `of`."""
        found = []
        if self.client_id is not None:
            found.append(f"{of}.client_id = %(client_id)s")
        if self.payer_key is not None:
            found.append(f"coalesce({of}.payer_id, 0) = %(payer_key)s")
        return found


@dataclass(slots=True)
class Trend:
    """A count and a sum, and how both went: one value a week, oldest first."""

    key: str
    count: int = 0
    cents: int = 0
    standing_cents: int = 0  # neither reversed nor replaced since
    counts: list[int] = field(default_factory=lambda: [0] * WEEKS)
    amounts_cents: list[int] = field(default_factory=lambda: [0] * WEEKS)
    sample_claim_id: int = 0

    def add(self, week: int, count: int, cents: int, standing: int, claim_id: int) -> None:
        """Add what was denied `week` weeks ago (0: the latest)."""
        self.count += count
        self.cents += cents
        self.standing_cents += standing
        self.counts[WEEKS - 1 - week] += count
        self.amounts_cents[WEEKS - 1 - week] += cents
        self.sample_claim_id = max(self.sample_claim_id, claim_id)


@dataclass(frozen=True, slots=True)
class Denials:
    """All denials of the 13 weeks, and the largest of each part by what was denied."""

    total: Trend
    parts: dict[str, list[Trend]]  # a key of DENIAL_PARTS -> all of them, largest first
    duplicate_count: int  # left out of all the above


def denials(scope: Scope) -> Denials:
    """Return the denials by category, payer, procedure and provider."""
    statement = f"""
        WITH d AS MATERIALIZED (
            SELECT category, payer_id, procedure, rendering_npi, denied_cents, claim_id,
                   is_standing, is_duplicate,
                   (%(as_of)s::date - received_date) / {WEEK_DAYS} AS week
              FROM barriers_denial AS d {where(denial_conditions(scope))}
        )
        SELECT 'duplicate', '', 0, count(*), 0, 0, 0 FROM d WHERE is_duplicate
        {" ".join(_grouped(name, sql) for name, sql in {"total": "''", **DENIAL_PARTS}.items())}
    """  # noqa: S608  (parts are ours; what comes from outside are parameters)
    total = Trend("")
    parts: dict[str, dict[str, Trend]] = {name: {} for name in DENIAL_PARTS}
    duplicates = 0
    for name, key, week, count, cents, standing, claim_id in run(statement, scope.params()):
        if name == "duplicate":
            duplicates = count
            continue
        trend = total if name == "total" else parts[name].setdefault(key, Trend(key))
        trend.add(week, count, cents, standing, claim_id)
    ordered = {
        name: sorted(found.values(), key=lambda trend: (-trend.cents, trend.key))
        for name, found in parts.items()
    }
    return Denials(total, ordered, duplicates)


def denial_conditions(scope: Scope) -> list[str]:
    """Return what a denial d of the 13 weeks fulfills."""
    return [
        "d.received_date > %(weeks_after)s",
        "d.received_date <= %(as_of)s",
        *scope.conditions("d"),
    ]


def _grouped(name: str, sql: str) -> str:
    return f"""
        UNION ALL
        SELECT '{name}', ({sql})::text, week, count(*), sum(denied_cents)::bigint,
               coalesce(sum(denied_cents) FILTER (WHERE is_standing), 0)::bigint, max(claim_id)
          FROM d WHERE NOT is_duplicate GROUP BY 2, 3
    """  # noqa: S608  (as above)


# What a leader watches, among today's rows and kept ones alike: barriers and categories.
WATCHED_BARRIERS: Final = (
    "secondary_unbilled",
    "pended",
    "underpaid",
    "unexplained",
    "credit_balance",
)
WATCHED_CATEGORIES: Final = ("documentation", "authorization")
WATCHED: Final = (*WATCHED_BARRIERS, *WATCHED_CATEGORIES)


@dataclass(slots=True)
class Watched:
    """What is open under one name today, and how it was on the kept days, oldest first."""

    name: str
    count: int = 0
    cents: int = 0
    oldest_date: date | None = None
    days: list[date] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    amounts_cents: list[int] = field(default_factory=list)

    def add(self, place: int, count: int, cents: int, oldest: date | None) -> None:
        """Add what was open on the day at `place`; `oldest`: since when the oldest of it is."""
        self.counts[place] += count
        self.amounts_cents[place] += cents
        if oldest is not None:
            self.oldest_date = min(oldest, self.oldest_date or oldest)


def watched(scope: Scope, days: list[date]) -> dict[str, Watched]:
    """Return today's count, sum and oldest day by name of WATCHED, with the trend over `days`."""
    days = sorted(days)
    found = {
        name: Watched(
            name,
            days=[*days, scope.as_of],
            counts=[0] * (len(days) + 1),
            amounts_cents=[0] * (len(days) + 1),
        )
        for name in WATCHED
    }
    conditions = [
        "(b.barrier = ANY (%(barriers)s) OR b.category = ANY (%(categories)s))",
        *([f"b.party <> {int(Account.PATIENT)}"] if scope.payer_key is not None else []),
        *scope.conditions("b"),
    ]
    # Grouped by what is stored and sorted out here: a filter for each name costs more than rows.
    statement = f"""
        SELECT %(as_of)s::date, b.barrier, b.category, count(*), sum(b.balance_cents)::bigint,
               min(b.since_date)
          FROM barriers_barrier AS b {where(conditions)} GROUP BY 2, 3
        UNION ALL
        SELECT b.as_of_date, b.barrier, b.category, count(*), sum(b.balance_cents)::bigint, NULL
          FROM barriers_frozen_barrier AS b
         {where(["b.as_of_date = ANY (%(days)s)", *conditions])} GROUP BY 1, 2, 3
    """  # noqa: S608  (as above)
    params = scope.params() | {
        "days": days,
        "barriers": list(WATCHED_BARRIERS),
        "categories": list(WATCHED_CATEGORIES),
    }
    places = {day: place for place, day in enumerate([*days, scope.as_of])}
    for day, barrier, category, count, cents, oldest in run(statement, params):
        for name in (barrier, category):
            if name in found:
                found[name].add(places[day], count, cents, oldest)
    for one in found.values():
        one.count, one.cents = one.counts[-1], one.amounts_cents[-1]
    return found


def providers_of(trends: list[Trend]) -> dict[str, str]:
    """Return NPI -> the provider's name as the latest of the claims behind the trends has it."""
    claims = {trend.sample_claim_id: trend.key for trend in trends if trend.key}
    rows = run(
        "SELECT id, rendering_name FROM claims_claim WHERE id = ANY (%(ids)s)",
        {"ids": list(claims)},
    )
    names: defaultdict[str, str] = defaultdict(str)
    names.update({claims[pk]: name for pk, name in rows if name})
    return dict(names)
