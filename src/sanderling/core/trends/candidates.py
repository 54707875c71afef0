"""The hypotheses whose evidence passes their limit, and the limits.

The allowed false alarms of a week are shared out: equally among kinds, templates and levels, and
within these equally among the hypotheses of the night. A hypothesis passes when its e-detector
exceeds one over its share. As the detector looks at all onsets at once and keeps its promise at
every week, searching every night adds no false alarms beyond the share of each week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sanderling.core.trends.scopes import (
    LEVELS,
    Coded,
    Hypotheses,
    Ints,
    Level,
    Template,
    event_keys,
    has_level,
    hypotheses,
    keys_of,
)
from sanderling.core.trends.settings import Settings
from sanderling.core.trends.steps import Floats, Steps, correlation, find_steps

_PEERS_MIN = 3  # others that tell what happened everywhere
_PEER_EVENTS_MIN = 4.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A hypothesis that passed its limit."""

    grain: int  # which of the frames of the kind
    template: Template
    level: Level
    scope: int
    event: int
    outcomes: Floats = field(repr=False)  # by week
    events: Floats = field(repr=False)
    rho: float
    base: float
    log_limit: float
    log_evidence: float
    onset: int  # week
    rate_before: float
    rate_after: float

    @property
    def score(self) -> float:
        """Return the evidence over the limit, in nats."""
        return self.log_evidence - self.log_limit

    @property
    def identity(self) -> tuple[int, int, int, Template, Level]:
        """Return what tells it from all others of its kind, whatever the order of rows."""
        return (self.grain, self.scope, self.event, self.template, self.level)

    def judged(self, events: Floats, settings: Settings) -> Candidate | None:
        """Return the same hypothesis with other events; None when it does not pass any more."""
        found = find_steps(
            self.outcomes[None, :],
            events[None, :],
            np.array([self.rho]),
            base=np.array([self.base]),
        )
        again = replace(
            self,
            events=events,
            log_evidence=float(found.log_evidence[0]),
            onset=int(found.onset[0]),
            rate_before=float(found.rate_before[0]),
            rate_after=float(found.rate_after[0]),
        )
        return again if again.score > 0 and is_large(again, settings) else None


def is_large(candidate: Candidate, settings: Settings) -> bool:
    """Say whether the rate rose enough, after enough of a before, to be an issue."""
    before, after = candidate.rate_before, candidate.rate_after
    old = candidate.outcomes[: candidate.onset]
    return bool(
        after >= before * settings.ratio_min
        and after - before >= settings.rise_min
        and old.sum() >= settings.outcomes_before_min
        and (old > 0).sum() >= settings.weeks_before_min
    )


def search_hypotheses(
    frames: Sequence[Coded], settings: Settings, *, clients: int, kinds: int
) -> tuple[list[Candidate], int]:
    """Return the candidates of one kind, and how many hypotheses were looked at."""
    groups = kinds * sum(
        len(coded.templates) * sum(has_level(coded, level) for level in LEVELS) for coded in frames
    )
    budget = settings.false_per_client_week * max(clients, 1)
    found: list[Candidate] = []
    looked = 0
    for grain, coded in enumerate(frames):
        for group in hypotheses(coded, settings):
            size = len(group.scopes)
            looked += size
            log_limit = float(np.log(size * groups / budget))
            rho = correlation(group.outcomes, group.events)
            steps = find_steps(group.outcomes, group.events, rho, base=group.base)
            for place in np.flatnonzero(steps.log_evidence > max(log_limit, 0.0)):
                candidate = _candidate(grain, group, steps, int(place), rho, log_limit)
                if is_large(candidate, settings):
                    found.append(candidate)
    return found, looked


def _candidate(
    grain: int, group: Hypotheses, steps: Steps, place: int, rho: Floats, log_limit: float
) -> Candidate:
    return Candidate(
        grain=grain,
        template=group.template,
        level=group.level,
        scope=int(group.scopes[place]),
        event=int(group.event_keys[place]),
        outcomes=group.outcomes[place],
        events=group.events[place],
        rho=float(rho[place]),
        base=float(group.base[place]),
        log_limit=max(log_limit, 0.0),
        log_evidence=float(steps.log_evidence[place]),
        onset=int(steps.onset[place]),
        rate_before=float(steps.rate_before[place]),
        rate_after=float(steps.rate_after[place]),
    )


class Seasons:
    """What happened to the same events at all other payers (clients) at the same time.

    What rises everywhere, as eligibility does in January, is no change of one payer or client: the
    events after the onset count only for their surplus over the median rise of the others.
    Everywhere is at other payers and at other clients: what one client has with all its payers is
    no season of another client.
    """

    def __init__(self, frames: Sequence[Coded]) -> None:
        self._frames = frames
        self._kept: dict[tuple[int, str, Level, int], tuple[Floats, Floats]] = {}
        self._outcomes: dict[tuple[int, str], Floats] = {}

    def _series(self, candidate: Candidate, by: str) -> tuple[Floats, Floats]:
        """Return outcomes and events [payer or client, week]."""
        coded = self._frames[candidate.grain]
        place = (candidate.grain, by)
        if place not in self._outcomes:
            self._outcomes[place] = _by(coded, by, np.arange(len(coded.week)))
        key = (candidate.grain, by, candidate.level, candidate.event)
        if key not in self._kept:
            event, known = event_keys(coded, candidate.level, coded.events)
            mine = coded.events[known & (event == candidate.event)]
            self._kept[key] = (self._outcomes[place], _by(coded, by, mine))
        return self._kept[key]

    def rise(self, candidate: Candidate) -> tuple[float, float]:
        """Return by what factor and by what difference the rates of the others rose since."""
        names = ("payer_id", "client_id")
        own, other = names if "payer_id" in candidate.template else names[::-1]
        rise = self._rise_by(own, candidate)
        if rise is None:
            return 1.0, 0.0
        wider = self._rise_by(other, candidate, shown=rise[1])
        return rise if wider is None else (min(rise[0], wider[0]), min(rise[1], wider[1]))

    def _rise_by(
        self, by: str, candidate: Candidate, shown: float = 0.0
    ) -> tuple[float, float] | None:
        """Return the rise at the other payers (clients); None: too few of them can tell.

        `shown`: a rise that others would show who have outcomes enough, also by having no events.
        """
        outcomes, events = self._series(candidate, by)
        others = np.ones(len(outcomes), dtype=bool)
        others[self._own(by, candidate)] = False
        k = candidate.onset
        n_old, x_old = outcomes[:, :k].sum(axis=1), events[:, :k].sum(axis=1)
        n_new, x_new = outcomes[:, k:].sum(axis=1), events[:, k:].sum(axis=1)
        able = others & (n_new > 0) & (n_old > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = np.nan_to_num(n_new * x_old / n_old)
            ratio = np.nan_to_num((x_new + 1) / (expected + 1))
            difference = np.nan_to_num(x_new / n_new - x_old / n_old)
        able &= (np.maximum(expected, x_new) >= _PEER_EVENTS_MIN) | (
            n_new * shown >= _PEER_EVENTS_MIN
        )
        if able.sum() < _PEERS_MIN:
            return None
        return (
            max(float(np.median(ratio[able])), 1.0),
            max(float(np.median(difference[able])), 0.0),
        )

    def _own(self, by: str, candidate: Candidate) -> Ints:
        """Return the code of the candidate's own payer (client); none where it names none."""
        if by not in candidate.template:
            return np.empty(0, dtype=np.int64)
        coded = self._frames[candidate.grain]
        return keys_of(coded, (by,), _one_of(coded, candidate)).keys

    def settled(self, candidate: Candidate, settings: Settings) -> Candidate | None:
        """Return the candidate if it stands out of what happened everywhere."""
        factor, difference = self.rise(candidate)
        if factor <= 1.0 and difference <= 0.0:
            return candidate
        events = candidate.events.copy()
        since = slice(candidate.onset, None)
        events[since] = np.minimum(
            events[since] / factor, events[since] - difference * candidate.outcomes[since]
        ).clip(0)
        standing = candidate.judged(events, settings)
        # Its own counts are kept: only whether it stands was asked.
        return candidate if standing is not None else None


def _one_of(coded: Coded, candidate: Candidate) -> Ints:
    """Return the place of one outcome in the candidate's scope."""
    keyed = keys_of(coded, candidate.template, coded.events)
    return np.sort(keyed.places[keyed.keys == candidate.scope][:1])


def _by(coded: Coded, name: str, places: Ints) -> Floats:
    """Return weekly counts of the outcomes at `places` by code of a dimension."""
    size = coded.size(name)
    flat = coded.codes[name][places] * coded.weeks + coded.week[places]
    counts: NDArray[np.int64] = np.bincount(flat, minlength=size * coded.weeks)
    return counts.reshape(size, coded.weeks).astype(np.float64)
