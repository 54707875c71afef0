"""Overlapping candidates become issues: the smallest description that explains the excess.

The candidate with the most evidence is taken: too wide a description is diluted by what did not
change, too narrow a one misses some of the events, so that the right one has the most. Among nearly
equal ones the shortest wins. Its excess events are then taken from all other candidates, and only
what still stands goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sanderling.core.trends.candidates import Candidate
from sanderling.core.trends.scopes import Coded, Ints, Level, event_keys, events_weekly, keys_of
from sanderling.core.trends.settings import Settings

ISSUES_MAX: Final = 1_000
_NEAR_NATS: Final = 3.0
_NEAR_SHARE: Final = 0.04
# Which level says most with least, when two have the same events.
_LEVEL_ORDER: Final[dict[Level, int]] = {("carc",): 0, ("category",): 1, (): 2, ("carc", "rarc"): 3}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate that became an issue, with the places of its events since the onset."""

    candidate: Candidate
    events: Ints


def merge(
    candidates: Sequence[Candidate], frames: Sequence[Coded], settings: Settings
) -> list[Chosen]:
    """Return the issues among the candidates of one kind, strongest first."""
    left = sorted(candidates, key=lambda one: (-one.score, one.identity))
    chosen: list[Chosen] = []
    while left and len(chosen) < ISSUES_MAX:
        best = _shortest_of_best(left, frames)
        issue = Chosen(best, _events_since(best, frames[best.grain]))
        chosen.append(issue)
        rest = [one for one in left if one is not best]
        left = _without(issue, rest, frames, settings)
    return chosen


def _length(candidate: Candidate) -> tuple[int, int]:
    # "Everywhere" is no shorter than one payer or client that explains the same.
    size = len(candidate.template) or 2
    return (size, _LEVEL_ORDER[candidate.level])


def _shortest_of_best(ranked: Sequence[Candidate], frames: Sequence[Coded]) -> Candidate:
    """Return the shortest of those that explain about the same events as well as the best."""
    best = ranked[0]
    reach = best.log_evidence - max(_NEAR_NATS, _NEAR_SHARE * best.log_evidence)
    near = [one for one in ranked[:200] if one.log_evidence >= reach]
    if len(near) == 1:
        return best
    mine = _claims_of(best, frames)
    alike = [one for one in near if one is best or _same(mine, _claims_of(one, frames))]
    return min(alike, key=lambda one: (_length(one), -one.log_evidence, one.identity))


def _claims_of(candidate: Candidate, frames: Sequence[Coded]) -> frozenset[int]:
    coded = frames[candidate.grain]
    places = _events_since(candidate, coded)
    return frozenset(coded.rows["claim_id"].gather(places).to_list())


def _same(mine: frozenset[int], theirs: frozenset[int]) -> bool:
    """Say whether two sets of claims are nearly one."""
    return len(mine & theirs) >= 0.8 * max(len(mine), len(theirs))


def _events_since(candidate: Candidate, coded: Coded) -> Ints:
    """Return the places of the candidate's events since its onset."""
    keyed = keys_of(coded, candidate.template, coded.events)
    places = np.unique(keyed.places[keyed.keys == candidate.scope])
    event, known = event_keys(coded, candidate.level, places)
    mine = known & (event == candidate.event) & (coded.week[places] >= candidate.onset)
    since: Ints = places[mine]
    return since


def _without(
    issue: Chosen, rest: list[Candidate], frames: Sequence[Coded], settings: Settings
) -> list[Candidate]:
    """Return the candidates that still stand once the issue's excess is taken from their events."""
    taken = issue.candidate
    excess = 1 - taken.rate_before / taken.rate_after
    counts: dict[int, np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = {}
    groups: dict[tuple[int, tuple[str, ...], Level], list[int]] = {}
    for number, one in enumerate(rest):
        groups.setdefault((one.grain, one.template, one.level), []).append(number)
    explained = {grain: _explained(issue, grain, frames) for grain in range(len(frames))}
    for (grain, template, level), numbers in groups.items():
        coded = frames[grain]
        keyed = keys_of(coded, template, explained[grain])
        scopes = np.array([rest[number].scope for number in numbers], dtype=np.int64)
        events = np.array([rest[number].event for number in numbers], dtype=np.int64)
        found = events_weekly(coded, level, scopes, events, keyed.places, keyed.keys)
        counts.update(zip(numbers, found, strict=True))
    standing: list[Candidate] = []
    for number, one in enumerate(rest):
        if not counts[number].any():
            standing.append(one)
            continue
        again = one.judged(np.maximum(one.events - excess * counts[number], 0.0), settings)
        if again is not None:
            standing.append(again)
    return sorted(standing, key=lambda one: (-one.score, one.identity))


def _explained(issue: Chosen, grain: int, frames: Sequence[Coded]) -> Ints:
    """Return the places of the events of a grain that the issue explains, in order."""
    own = issue.candidate.grain
    if grain == own:
        return issue.events
    here, there = frames[own], frames[grain]
    claims = here.rows["claim_id"].gather(issue.events).unique()
    places: Ints = there.events
    same = there.rows["claim_id"].gather(places).is_in(claims.implode()).to_numpy()
    places = np.compress(same, places)
    if here.calendar == there.calendar:
        places = places[there.week[places] >= issue.candidate.onset]
    if not issue.candidate.level:
        return places
    wanted = [here.words[name][here.codes[name][issue.events[0]]] for name in issue.candidate.level]
    for name, word in zip(issue.candidate.level, wanted, strict=True):
        code = there.words[name].index(word) if word in there.words[name] else -1
        places = places[there.codes[name][places] == code]
    return places
