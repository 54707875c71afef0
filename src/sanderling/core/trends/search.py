"""The nightly search: outcomes of all kinds in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from sanderling.core.trends.candidates import Candidate, Seasons, search_hypotheses
from sanderling.core.trends.detail import describe, in_scope, of_scope
from sanderling.core.trends.findings import Description, Finding
from sanderling.core.trends.lasting import lasts
from sanderling.core.trends.merging import Chosen, merge
from sanderling.core.trends.onset import Onset, find_onset
from sanderling.core.trends.outcomes import AXES
from sanderling.core.trends.scopes import OF_ALL, OF_CLAIMS, OF_LINES, Coded, encode, words_of
from sanderling.core.trends.settings import DEFAULTS, WEEK, Settings
from sanderling.core.trends.steady import against_peers, search_steady
from sanderling.core.trends.steps import effective

KINDS: Final = (
    *("denial", "rejection", "underpayment", "slow_payment", "missing_remittance"),
    *("unbilled_secondary", "documentation_hold"),
)
_STEADY_KINDS: Final = frozenset({"denial", "rejection"})
_UNANSWERED: Final = frozenset({"slow_payment", "missing_remittance"})
_SMALL_SUMS: Final = frozenset({"underpayment", "unbilled_secondary"})
_SAME_CLAIMS: Final = 0.5
_WAITED_DAYS: Final = 45  # after its time was over, a slow answer has come


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcomes of one kind: of claims, of lines, or both (either may be empty).

    `axes`: the calendars that an onset may be on, the usual one first. `everywhere`: what rises at
    all payers at once is an issue of this kind, not a season. `recent`: of kinds that are about
    answers that fail to come, those of the last weeks (`lasting.recent_answers`). `calendars`: by
    whose weeks the search goes.
    """

    claims: pl.DataFrame
    lines: pl.DataFrame
    axes: tuple[str, ...] = AXES
    everywhere: bool = False
    recent: pl.DataFrame | None = None
    calendars: tuple[str, ...] = ("day",)


@dataclass(frozen=True, slots=True)
class Known:
    """An issue found before, to be counted again whether it is found tonight or not."""

    issue_id: int
    description: Description
    onset: Onset | None
    rate_before: float  # of a steady one: its peers'
    is_meant: bool = False  # a person reported it: all claims of the description are its
    client_ids: frozenset[int] = frozenset()  # of these clients only; empty: of all


@dataclass(frozen=True, slots=True)
class Searched:
    """What one search found, and over how much."""

    findings: list[Finding]
    again: dict[int, Finding] = field(default_factory=dict)  # of Known, by issue
    hypotheses: dict[str, int] = field(default_factory=dict)  # by kind


Load = Callable[[], Outcomes]


def search(
    outcomes: Mapping[str, Load],
    *,
    today: date,
    clients: int,
    known: Sequence[Known] = (),
    settings: Settings = DEFAULTS,
    tell: Callable[[str], None] = lambda _: None,
) -> Searched:
    """Return the issues as of `today`, largest first.

    Args:
        outcomes: by kind, called one after the other, so that one kind is in memory at a time; a
            frame may have rows after `today`, which are not looked at.
        today: the last day that is known.
        clients: how many there are; each brings its allowance of false findings.
        known: issues to be counted again.
        settings: floors and error rates.
        tell: is told each kind as it begins.
    """
    found: list[Finding] = []
    again: dict[int, Finding] = {}
    looked: dict[str, int] = {}
    for kind in KINDS:
        if kind not in outcomes:
            continue
        tell(kind)
        loaded = outcomes[kind]()
        some, looked[kind] = search_kind(
            kind, loaded, today=today, settings=settings, clients=clients
        )
        found += some
        for one in known:
            if one.description.kind == kind:
                again[one.issue_id] = count_again(one, loaded, today)
    found = _once_a_claim(found, today)
    found.sort(key=lambda one: (-one.at_stake_cents, one.description.key))
    return Searched(found, again, looked)


def count_again(one: Known, loaded: Outcomes, today: date) -> Finding:
    """Return the counts of an issue as they are now."""
    asked = {*one.description.scope, *one.description.event}
    of_lines = asked & {"procedure", "code_family", "modifier"}
    frame = loaded.lines if of_lines or loaded.claims.is_empty() else loaded.claims
    rows = frame.filter(pl.col("day") <= today)
    if one.client_ids:
        rows = rows.filter(pl.col("client_id").is_in(sorted(one.client_ids)))
    found = describe(
        rows,
        one.description,
        one.onset,
        today=today,
        evidence=0.0,
        confidence=0.0,
        is_meant=one.is_meant,
    )
    return found if one.onset is not None else against_peers(found, one.rate_before)


def search_kind(
    kind: str, outcomes: Outcomes, *, today: date, settings: Settings, clients: int
) -> tuple[list[Finding], int]:
    """Return the issues of one kind and how many hypotheses were looked at."""
    frames = _frames(outcomes, today, settings)
    if not frames:
        return [], 0
    candidates, looked = search_hypotheses(frames, settings, clients=clients, kinds=len(KINDS))
    standing = candidates
    if not outcomes.everywhere:
        seasons = Seasons(frames)
        settled = (seasons.settled(one, settings) for one in candidates)
        standing = [one for one in settled if one is not None]
    if outcomes.recent is not None:
        standing = [one for one in standing if _lasts(one, frames, outcomes.recent)]
    found = _apart(
        [
            _finding(kind, chosen, frames, outcomes.axes, today, settings)
            for chosen in merge(standing, frames, settings)
        ]
    )
    if kind in _STEADY_KINDS and not outcomes.claims.is_empty():
        steady, compared = search_steady(
            kind, frames[0].rows, today=today, settings=settings, kinds=len(KINDS)
        )
        found += [one for one in steady if not _is_known(one, found)]
        looked += compared
    return [one for one in found if is_worth(one, settings)], looked


def _lasts(one: Candidate, frames: Sequence[Coded], recent: pl.DataFrame) -> bool:
    """Say whether answers of a candidate's scope still fail to come."""
    scope = words_of(frames[one.grain], one.template, one.scope)
    return lasts(of_scope(recent, scope), one.rate_before, one.rate_after)


def _frames(outcomes: Outcomes, today: date, settings: Settings) -> list[Coded]:
    of_claims = OF_CLAIMS + (OF_ALL if outcomes.everywhere else ())
    both = not outcomes.claims.is_empty() and not outcomes.lines.is_empty()
    frames: list[Coded] = []
    for frame, templates in (
        (outcomes.claims, of_claims),
        (outcomes.lines, OF_LINES if both else of_claims + OF_LINES),
    ):
        if frame.is_empty():
            continue
        for calendar in outcomes.calendars:
            coded = encode(
                frame, today=today, templates=templates, settings=settings, calendar=calendar
            )
            if coded.rows.height and len(coded.events):
                frames.append(coded)
    return frames


def is_worth(finding: Finding, settings: Settings) -> bool:
    """Say whether a finding is above the floors: claims, excess, dollars, batches."""
    kind = finding.description.kind
    floor = settings.at_stake_min_cents
    if kind in _SMALL_SUMS:
        floor = min(floor, settings.short_min_cents)
    claims = settings.claims_min
    if kind in _UNANSWERED:
        claims = max(claims, settings.unanswered_min)
    excess = float(finding.parts.filter("is_hit")["excess_claims"].sum())
    return (
        finding.claims >= claims
        and excess >= settings.excess_claims_min
        and finding.at_stake_cents >= floor
        and _batches(finding) >= settings.batches_min
        and finding.rate_after >= finding.rate_before * settings.ratio_min
        and finding.rate_after - finding.rate_before >= settings.rise_min
    )


def _batches(finding: Finding) -> int:
    """Return on how many days there were events; prices do not change for a day: also clients."""
    days = ["event_date"]
    if finding.description.kind == "underpayment":
        days.append("client_id")
    return finding.siblings.n_unique(days)


def _finding(
    kind: str,
    chosen: Chosen,
    frames: Sequence[Coded],
    axes: Sequence[str],
    today: date,
    settings: Settings,
) -> Finding:
    candidate = chosen.candidate
    coded = frames[candidate.grain]
    description = describe_candidate(kind, candidate, coded)
    first = _described(description, candidate, coded, axes, today, settings)
    hit = first.parts.filter("is_hit")["client_id"].to_list()
    alone = len(hit) == 1 and first.others_exposed > 0 and description.payer_id is not None
    if description.client_id is not None or not alone:
        return first
    # The payer's other clients could be hit and are not: it is that client's.
    narrow = Description(
        kind, "shift", {**description.scope, "client_id": str(hit[0])}, description.event
    )
    return _described(narrow, candidate, coded, axes, today, settings)


def _described(
    description: Description,
    candidate: Candidate,
    coded: Coded,
    axes: Sequence[str],
    today: date,
    settings: Settings,
) -> Finding:
    rows = in_scope(coded.rows, description)
    weeks_ago = settings.weeks - candidate.onset
    onset = find_onset(
        rows,
        around=today - timedelta(days=WEEK * weeks_ago - 1),
        worth=_worth(candidate),
        axes=axes,
    )
    return describe(
        coded.rows,
        description,
        onset,
        today=today,
        evidence=candidate.score,
        confidence=1 / (1 + float(np.exp(-min(candidate.score, 50.0)))),
    )


def describe_candidate(kind: str, candidate: Candidate, coded: Coded) -> Description:
    """Return the description of a candidate."""
    return Description(
        kind,
        "shift",
        words_of(coded, candidate.template, candidate.scope),
        words_of(coded, candidate.level, candidate.event),
    )


def _apart(found: Sequence[Finding]) -> list[Finding]:
    """Leave out what has mostly the claims of a stronger finding: a remainder of the same."""
    kept: list[Finding] = []
    claimed: set[int] = set()
    for one in found:
        mine = set(one.siblings["claim_id"].to_list())
        if len(mine & claimed) < _SAME_CLAIMS * max(len(mine), 1):
            kept.append(one)
            claimed |= mine
    return kept


def _worth(candidate: Candidate) -> float:
    """Return what one outcome counts for, on average."""
    n, _ = effective(
        candidate.outcomes[None, :], candidate.events[None, :], np.array([candidate.rho])
    )
    return float(n.sum() / max(candidate.outcomes.sum(), 1.0))


def _is_known(steady: Finding, shifts: Sequence[Finding]) -> bool:
    """Say whether a shift explains most of what makes a client stand out."""
    mine = set(steady.siblings["claim_id"].to_list())
    theirs = {claim for one in shifts for claim in one.siblings["claim_id"].to_list()}
    return len(mine & theirs) >= _SAME_CLAIMS * len(mine)


def _once_a_claim(found: Sequence[Finding], today: date) -> list[Finding]:
    """Leave out a finding whose claims are those of another kind that says more.

    What was said to be paid and has no remittance is also unanswered; documents asked for delay
    the answer.
    """
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: _SAYS_MORE.index(one.description.kind)):
        if not any(_tells(other, one) for other in kept if _may_tell(other, one)):
            kept.append(one)
    return _slow_or_missing(kept, today)


def _may_tell(other: Finding, one: Finding) -> bool:
    """Say whether two kinds can be one thing; slow or missing is told by what came later."""
    kinds = {other.description.kind, one.description.kind}
    return len(kinds) > 1 and kinds != {"slow_payment", "missing_remittance"}


def _tells(other: Finding, one: Finding) -> bool:
    """Say whether another finding has most of the claims of one."""
    mine, theirs = (set(each.siblings["claim_id"].to_list()) for each in (one, other))
    return len(mine & theirs) >= _SAME_CLAIMS * len(mine)


def _slow_or_missing(found: Sequence[Finding], today: date) -> list[Finding]:
    """Leave out, of two findings about the same wait, the one that its claims speak against.

    Claims that waited long enough are answered by now if answers are only slow.
    """
    dropped: set[str] = set()
    slow = [one for one in found if one.description.kind == "slow_payment"]
    missing = [one for one in found if one.description.kind == "missing_remittance"]
    for late in slow:
        told = late.siblings.filter(pl.col("event_date") <= today - timedelta(days=_WAITED_DAYS))
        for lost in missing:
            if not _overlaps(late, lost):
                continue
            is_lost = told.height > 0 and told["is_open"].sum() >= _SAME_CLAIMS * told.height
            dropped.add((late if is_lost else lost).description.key)
    return [one for one in found if one.description.key not in dropped]


def _overlaps(late: Finding, lost: Finding) -> bool:
    mine, theirs = (set(each.siblings["claim_id"].to_list()) for each in (lost, late))
    return len(mine & theirs) >= _SAME_CLAIMS * min(len(mine), len(theirs))


_SAYS_MORE: Final = (
    *("missing_remittance", "documentation_hold", "rejection", "denial", "underpayment"),
    *("unbilled_secondary", "slow_payment"),
)
