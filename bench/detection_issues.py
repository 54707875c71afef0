"""Systemic issues: what the nightly search says against what was planted, beside a naive rule.

An issue and a planted problem belong together when their kinds can be the same thing, the issue was
found after the problem began, a third of the issue's claims were touched by the problem, and a fifth
of the problem's claims are among the issue's (or all its dimensions hold for them). Issues of a wider
or narrower description than the plant can so be right; an issue that mixes is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from typing import Any

import polars as pl

from bench.detection_facts import Evidence, Facts, evidence

SHARE_OF_ISSUE, SHARE_OF_PROBLEM = 1 / 3, 1 / 5
ONSET_DAYS = 5
EARLY_SHARE = 0.05  # of the claims touched: a stray old one is not the onset
WARM_UP_DAYS = 90  # of the world: no search looks earlier
MONTH_DAYS = 30.4
# Kinds whose window is one of days of payment runs, or of files that came in.
BY_FILES = frozenset({"missing_remittances", "unbilled_secondaries"})
# Kinds of issues that a family of problems can rightly be called.
FITTING: Mapping[str, frozenset[str]] = {
    "denial": frozenset({"denial", "documentation_hold"}),
    "documentation_hold": frozenset({"documentation_hold", "denial", "slow_payment"}),
    "rejection": frozenset({"rejection"}),
    "slow_payment": frozenset({"slow_payment", "missing_remittance", "documentation_hold"}),
    "missing_remittance": frozenset({"missing_remittance", "slow_payment"}),
    "unbilled_secondary": frozenset({"unbilled_secondary"}),
    "underpayment": frozenset({"underpayment"}),
}


@dataclass(frozen=True, slots=True)
class Said:
    """An issue as the product says it, with its claims as (client, number)."""

    id: str
    kind: str
    found_date: date
    onset_date: date | None
    at_stake_cents: int
    title: str
    claims: frozenset[tuple[str, str]]
    basis: str = "shift"
    onset_axis: str = ""  # what its onset is a day of


@dataclass(slots=True)
class Outcome:
    """One planted problem and what became of it."""

    problem: dict[str, Any]
    evidence: Evidence
    issues: list[Said] = field(default_factory=list)
    onsets: dict[str, date] = field(default_factory=dict)  # by axis, where it is not the window's

    @property
    def cents(self) -> int:
        """Size: the money short, or the contract's worth of the claims touched."""
        return int(abs(self.problem["variance_cents"]) or self.problem["expected_cents"])

    @property
    def first(self) -> Said | None:
        """The issue that came first."""
        return min(self.issues, key=lambda issue: issue.found_date, default=None)

    @property
    def delay_days(self) -> int | None:
        """Days from enough evidence to the issue; negative when found before."""
        if self.first is None or self.evidence.enough_date is None:
            return None
        return (self.first.found_date - self.evidence.enough_date).days

    @property
    def onset_error_days(self) -> int | None:
        """Days from the true onset to the one that is said, on the axis that the issue states."""
        if self.first is None or self.first.onset_date is None:
            return None
        true = self.onsets.get(self.first.onset_axis, self.onset_date)
        return (self.first.onset_date - true).days

    @property
    def onset_date(self) -> date:
        """The first day of the window."""
        onset: date = self.problem["from_date"]
        return onset


@dataclass(frozen=True, slots=True)
class IssueScore:
    """All problems of one world, and what was said without one."""

    outcomes: list[Outcome]
    false: list[Said]
    parts: list[Said]  # about a planted problem, but of less than a fifth of it
    steady: int  # issues that say "since ever": no problem planted is of that sort
    client_months: float

    def of_size(self, cents: int) -> list[Outcome]:
        """Problems of at least a size, of a kind that an issue can be."""
        return [
            item
            for item in self.outcomes
            if item.cents >= cents and item.problem["family"] in FITTING
        ]

    def row(self, sizes: Sequence[int]) -> dict[str, Any]:
        """Answer numbers for JSON."""
        found = [item for item in self.outcomes if item.issues]
        delays = [item.delay_days for item in found if item.delay_days is not None]
        errors = [item.onset_error_days for item in found if item.onset_error_days is not None]
        return {
            "problems": len([item for item in self.outcomes if item.problem["family"] in FITTING]),
            "found": len(found),
            "recall": {
                str(size): [
                    len([i for i in self.of_size(size) if i.issues]),
                    len(self.of_size(size)),
                ]
                for size in sizes
            },
            "evident": {
                str(size): [len([i for i in part if i.issues]), len(part)]
                for size in sizes
                for part in [[i for i in self.of_size(size) if i.evidence.enough_date]]
            },
            "false": len(self.false),
            "parts": len(self.parts),
            "steady": self.steady,
            "client_months": round(self.client_months, 1),
            "delays": sorted(delays),
            "delay_median": median(delays) if delays else None,
            "onset_errors": sorted(errors),
            "onset_within": sum(abs(error) <= ONSET_DAYS for error in errors),
            "each": [_each(item) for item in self.outcomes],
            "false_issues": [f"{i.found_date} {i.kind}: {i.title}" for i in self.false],
        }


def _each(item: Outcome) -> dict[str, Any]:
    problem, first = item.problem, item.first
    return {
        "name": problem["name"], "payer": problem["payer"], "client": problem["client"],
        "claims": problem["claims"], "cents": item.cents, "onset": item.onset_date.isoformat(),
        "enough": item.evidence.enough_date.isoformat() if item.evidence.enough_date else None,
        "events": item.evidence.events, "outcomes": item.evidence.outcomes,
        "rate_before": round(item.evidence.rate_before, 4),
        "found": first.found_date.isoformat() if first else None,
        "said_onset": first.onset_date.isoformat() if first and first.onset_date else None,
        "title": first.title if first else None, "issues": len(item.issues),
    }  # fmt: skip


def score(facts: Facts, said: Sequence[Said]) -> IssueScore:
    """Pair issues with planted problems."""
    outcomes = [
        Outcome(problem, evidence(facts, problem), onsets=_onsets(facts, problem))
        for problem in facts.problems
    ]
    touched = {
        name: frozenset(zip(part["client"], part["claim"], strict=True))
        for (name,), part in facts.struck.group_by("problem")
    }
    false: list[Said] = []
    parts: list[Said] = []
    steady = 0
    for issue in said:
        fitting = [
            item
            for item in outcomes
            if belongs(issue, item.problem, touched.get(item.problem["name"], frozenset()))
        ]
        for item in fitting:
            item.issues.append(issue)
        if fitting:
            continue
        if issue.basis == "steady":
            steady += 1
        elif any(_shares(issue, item.problem, touched) for item in outcomes):
            parts.append(issue)
        else:
            false.append(issue)
    clients = facts.table("claims")["client"].n_unique()
    months = (facts.world.days - WARM_UP_DAYS) / MONTH_DAYS
    return IssueScore(outcomes, false, parts, steady, clients * months)


def _onsets(facts: Facts, problem: Mapping[str, Any]) -> dict[str, date]:
    """Answer the true onset by axis: day (a file told it), service_date, sent_date.

    The window's first day on the axis that the problem goes by; on the others the day by which the
    first claims that it touched were served, received or told of.
    """
    struck = facts.struck.filter(pl.col("problem") == problem["name"])
    onsets: dict[str, date] = {}
    for axis, column in (
        ("day", "seen_date"),
        ("service_date", "service_date"),
        ("sent_date", "received_date"),
    ):
        days: list[date] = struck[column].sort().to_list()
        if days:
            onsets[axis] = days[int(len(days) * EARLY_SHARE)]
    own = "service_date" if problem["by_service"] else "sent_date"
    onsets["day" if problem["kind"] in BY_FILES else own] = problem["from_date"]
    return onsets


def _shares(
    issue: Said, problem: Mapping[str, Any], touched: Mapping[str, frozenset[tuple[str, str]]]
) -> bool:
    """Tell whether a third of an issue's claims are those of a problem, whatever its kind."""
    own = touched.get(problem["name"], frozenset())
    is_later = issue.found_date >= problem["from_date"]
    return is_later and len(issue.claims & own) >= SHARE_OF_ISSUE * max(len(issue.claims), 1)


def belongs(issue: Said, problem: Mapping[str, Any], touched: frozenset[tuple[str, str]]) -> bool:
    """Tell whether an issue is about a planted problem."""
    if issue.kind not in FITTING.get(problem["family"], frozenset()):
        return False
    if issue.found_date < problem["from_date"] or not issue.claims or not touched:
        return False
    shared = len(issue.claims & touched)
    return shared >= SHARE_OF_ISSUE * len(issue.claims) and shared >= SHARE_OF_PROBLEM * len(
        touched
    )


def naive_issues(facts: Facts) -> list[Said]:
    """Say, at each month's end: payer and reason whose share is above mean + 2 sd of earlier months.

    Six months before where there are that many, at least three. Denials by CARC, rejections by status,
    late payment by the month's mean days above the same bound. Each pair is said once.
    """
    payments = facts.first_payments
    denied = payments.select(
        "client", "claim", "payer", day="received_date", reason="reason_code", kind=pl.lit(DENIAL),
    )  # fmt: skip
    rejected = facts.first_submissions.select(
        "client", "claim", "payer", day="submitted_date",
        reason=pl.concat_str("status_category", "status_code", separator=":"),
        kind=pl.lit("rejection"),
    )  # fmt: skip
    said = [*_monthly(denied, facts), *_monthly(rejected, facts), *_monthly_days(facts)]
    return sorted(said, key=lambda issue: (issue.found_date, issue.id))


DENIAL = "denial"
MONTHS_MIN, MONTHS_MAX = 3, 6


def _ends(facts: Facts) -> list[date]:
    """The last days of the world's full months, from the first month that has three before it."""
    first = facts.world.last_date - timedelta(days=facts.world.days - 1)
    ends = []
    day = first.replace(day=28)
    while day <= facts.world.last_date:
        end = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        if end <= facts.world.last_date:
            ends.append(end)
        day = end + timedelta(days=1)
    return ends


def _monthly(rows: pl.DataFrame, facts: Facts) -> list[Said]:
    rows = rows.with_columns(month=pl.col("day").dt.month_end())
    totals = rows.group_by("payer", "month").agg(total=pl.len())
    events = rows.filter(pl.col("reason") != "", pl.col("reason") != ":")
    counts = events.group_by("payer", "reason", "month").agg(hits=pl.len())
    pairs = events.select("payer", "reason").unique()
    grid = (
        pairs.join(totals, on="payer")
        .join(counts, on=["payer", "reason", "month"], how="left")
        .with_columns(value=pl.col("hits").fill_null(0) / pl.col("total"))
    )
    said = []
    for payer, reason, end in _above(grid, ["payer", "reason"], facts):
        hit = events.filter(
            pl.col("payer") == payer, pl.col("reason") == reason, pl.col("month") == end
        )
        said.append(_said(str(rows["kind"][0]), f"{payer} {reason}", end, hit))
    return said


def _monthly_days(facts: Facts) -> list[Said]:
    rows = facts.first_payments.select(
        "client", "claim", "payer", "received_date",
        days=(pl.col("received_date") - pl.col("day")).dt.total_days(),
    ).with_columns(month=pl.col("received_date").dt.month_end())  # fmt: skip
    grid = rows.group_by("payer", "month").agg(value=pl.col("days").mean())
    said = []
    for payer, end in _above(grid, ["payer"], facts):
        own = rows.filter(pl.col("payer") == payer, pl.col("month") == end)
        slow = own.filter(pl.col("days") > own["days"].median())
        said.append(_said("slow_payment", f"{payer} days to pay", end, slow))
    return said


def _above(grid: pl.DataFrame, keys: list[str], facts: Facts) -> list[tuple[Any, ...]]:
    """Answer keys and month end of the first month above mean + 2 sd of those before."""
    found = []
    for key, part in grid.group_by(keys):
        months = {row["month"]: row["value"] for row in part.iter_rows(named=True)}
        ends = _ends(facts)
        for place, end in enumerate(ends):
            before = [
                months.get(item, 0.0) or 0.0 for item in ends[max(place - MONTHS_MAX, 0) : place]
            ]
            if len(before) < MONTHS_MIN or months.get(end) is None:
                continue
            mean = sum(before) / len(before)
            spread = (sum((v - mean) ** 2 for v in before) / (len(before) - 1)) ** 0.5
            if months[end] > mean + 2 * spread:
                found.append((*key, end))
                break
    return found


def _said(kind: str, title: str, end: date, hit: pl.DataFrame) -> Said:
    claims = frozenset(zip(hit["client"], hit["claim"], strict=True))
    return Said(f"{kind}|{title}", kind, end, end.replace(day=1), 0, title, claims)
