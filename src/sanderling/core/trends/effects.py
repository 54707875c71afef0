"""Did the rate fall after a preventive action, and what did that save? Interrupted time series.

Weekly counts of claims and of bad outcomes (denials, rejections) go into a logistic regression
with a level, a trend where there are weeks enough, and a step at the action; unaffected peers, when
there are any, tell what would have happened anyway. Variances grow with what the weeks scatter
beyond chance and with how much a week resembles the one before. Firth's correction keeps estimates
finite when nothing bad is left. Weeks too young to be decided are left out, and so is the week in
which the action fell, unless it fell on its first day.

Sources: Bernal, Cummins, Gasparrini 2017 (segmented regression), Firth 1993, McCullagh and Nelder
1989 (quasi-likelihood), Bence 1995 (effective sample size under autocorrelation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from sanderling.core.trends.logistic import Fit, fit_counts

WEEK: Final = timedelta(days=7)
WEEKS_AFTER_MIN: Final = 4
WEEKS_BEFORE_MIN: Final = 4
CLAIMS_MIN: Final = 30  # on each side
BAD_BEFORE_MIN: Final = 5
WEEKS_FOR_TREND: Final = 12  # before the action; with fewer, a slope is a guess
CONFIDENCE: Final = 0.95
DRAWS: Final = 4_000

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Week:
    """Claims whose week begins on `start_date`, how many went wrong, and for how many cents."""

    start_date: date
    count: int
    bad: int
    bad_cents: int = 0


class Verdict(StrEnum):
    """What can be said of an action."""

    TOO_EARLY = "too_early"  # too few weeks, or claims, are decided since
    TOO_FEW = "too_few"  # too little happened before to compare with
    FELL = "fell"
    ROSE = "rose"
    UNCLEAR = "unclear"  # the interval holds no change


@dataclass(frozen=True, slots=True)
class Share:
    """Bad of all: a rate with its numerator and denominator."""

    bad: int
    count: int

    @property
    def rate(self) -> float | None:
        """Return bad / count, None of nothing."""
        return self.bad / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between two bounds."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action did. The estimates are None while the verdict is too early or too few.

    `change`: of the rate, against what was to be expected without the action (negative: it fell);
    `avoided`: claims that did not go wrong; `saved_cents`: what they would have been denied.
    `needed` says in numbers what is missing: weeks, claims.
    """

    verdict: Verdict
    before: Share
    after: Share
    weeks_before: int
    weeks_after: int
    ripe_until_date: date | None  # last day whose claims count
    expected_rate: float | None = None  # after, without the action
    change: Interval | None = None
    avoided: Interval | None = None
    saved_cents: Interval | None = None
    has_trend: bool = False
    has_peers: bool = False
    dispersion: float | None = None  # 1: no more than chance
    resemblance: float | None = None  # of a week to the one before it: lag-1 autocorrelation


def measure(
    weeks: Sequence[Week],
    *,
    action_date: date,
    as_of: date,
    ripe_days: int,
    since_date: date | None = None,
    until_date: date | None = None,
    peers: Sequence[Week] = (),
    confidence: float = CONFIDENCE,
) -> Effect:
    """Compare the weeks before the action with those after it.

    `ripe_days`: a week counts when it ended so many days before `as_of`; outcomes must have been
    counted up to the same age in every week. `since_date`: the trouble began then, earlier weeks
    are another world. `until_date`: the action ended, or its verification window did. `peers`:
    the same weeks of claims that the action did not touch.
    """
    ripe = as_of - timedelta(days=ripe_days)
    before, after = _sides(weeks, action_date, since_date, until_date, ripe)
    counted = _Counted(before, after)
    verdict = _too_little(counted)
    ripe_until = after[-1].start_date + WEEK - timedelta(days=1) if after else None
    if verdict is not None:
        return counted.effect(verdict, ripe_until)
    others = _Counted(*_sides(peers, action_date, since_date, until_date, ripe))
    with_peers = _is_comparable(others)
    has_trend = len(before) >= WEEKS_FOR_TREND
    return _estimated(
        counted,
        others if with_peers else None,
        has_trend=has_trend,
        confidence=confidence,
        ripe_until=ripe_until,
    )


@dataclass(frozen=True, slots=True)
class _Counted:
    before: list[Week]
    after: list[Week]

    @property
    def weeks(self) -> list[Week]:
        return [*self.before, *self.after]

    def effect(self, verdict: Verdict, ripe_until: date | None) -> Effect:
        return Effect(
            verdict,
            _share(self.before),
            _share(self.after),
            len(self.before),
            len(self.after),
            ripe_until,
        )


def _share(weeks: Sequence[Week]) -> Share:
    return Share(sum(week.bad for week in weeks), sum(week.count for week in weeks))


def _sides(
    weeks: Sequence[Week],
    action_date: date,
    since_date: date | None,
    until_date: date | None,
    ripe_date: date,
) -> tuple[list[Week], list[Week]]:
    """Return the whole, ripe weeks on either side of the action; empty weeks say nothing."""
    told = sorted((week for week in weeks if week.count), key=lambda week: week.start_date)
    before = [
        week
        for week in told
        if week.start_date + WEEK <= action_date
        and week.start_date + WEEK <= ripe_date + timedelta(days=1)
        and (since_date is None or week.start_date >= since_date)
    ]
    after = [
        week
        for week in told
        if week.start_date >= action_date
        and week.start_date + WEEK <= ripe_date + timedelta(days=1)
        and (until_date is None or week.start_date + WEEK <= until_date + timedelta(days=1))
    ]
    return before, after


def _too_little(counted: _Counted) -> Verdict | None:
    before, after = _share(counted.before), _share(counted.after)
    if (
        len(counted.before) < WEEKS_BEFORE_MIN
        or before.count < CLAIMS_MIN
        or before.bad < BAD_BEFORE_MIN
    ):
        return Verdict.TOO_FEW
    if len(counted.after) < WEEKS_AFTER_MIN or after.count < CLAIMS_MIN:
        return Verdict.TOO_EARLY
    return None


def _is_comparable(others: _Counted) -> bool:
    return (
        len(others.before) >= WEEKS_BEFORE_MIN
        and len(others.after) >= WEEKS_AFTER_MIN
        and min(_share(others.before).count, _share(others.after).count) >= CLAIMS_MIN
        and _share(others.weeks).bad >= BAD_BEFORE_MIN
    )


def _design(
    counted: _Counted, others: _Counted | None, *, has_trend: bool
) -> tuple[npt.NDArray[np.float64], Vector, Vector, list[npt.NDArray[np.intp]]]:
    """Return the columns, counts, bad counts, and the rows of each series in their order.

    Columns: level, [trend], [peers' level, [peers' trend], step of all], step of the treated.
    """
    rows: list[list[float]] = []
    weeks = [(week, True) for week in counted.weeks]
    weeks += [(week, False) for week in (others.weeks if others else [])]
    first = min(week.start_date for week, _ in weeks)
    firsts_after = counted.after[0].start_date
    centre = (firsts_after - first).days / 7
    for week, is_treated in weeks:
        at = ((week.start_date - first).days / 7 - centre) / 10  # in tens of weeks: well scaled
        step = 1.0 if week.start_date >= firsts_after else 0.0
        row = [1.0] + ([at] if has_trend else [])
        if others is not None:
            peer = 0.0 if is_treated else 1.0
            row += [peer] + ([at * peer] if has_trend else []) + [step]
        rows.append([*row, step if is_treated else 0.0])
    design = np.array(rows)
    counts = np.array([float(week.count) for week, _ in weeks])
    bad = np.array([float(week.bad) for week, _ in weeks])
    size = len(counted.weeks)
    series = [np.arange(size)] + ([np.arange(size, len(weeks))] if others else [])
    return design, counts, bad, series


def _estimated(
    counted: _Counted,
    others: _Counted | None,
    *,
    has_trend: bool,
    confidence: float,
    ripe_until: date | None,
) -> Effect:
    design, counts, bad, series = _design(counted, others, has_trend=has_trend)
    fit = fit_counts(design, counts, bad, series)
    rows = slice(len(counted.before), len(counted.weeks))
    treated, weight = design[rows], counts[rows]
    without = treated.copy()
    without[:, -1] = 0.0
    drawn = _drawn(fit)
    expected = _claims(without, weight, drawn)
    change = (_claims(treated, weight, drawn) - expected) / weight.sum()
    at_middle = fit.coefficients[None, :]
    expected_middle = float(_claims(without, weight, at_middle)[0])
    middle = float(_claims(treated, weight, at_middle)[0] - expected_middle) / float(weight.sum())
    bounds = np.quantile(change, [(1 - confidence) / 2, (1 + confidence) / 2])
    total = float(weight.sum())
    interval = Interval(float(bounds[0]), middle, float(bounds[1]))
    avoided = -change * total
    return Effect(
        _verdict(interval),
        _share(counted.before),
        _share(counted.after),
        len(counted.before),
        len(counted.after),
        ripe_until,
        expected_rate=expected_middle / total,
        change=interval,
        avoided=Interval(-interval.high * total, -middle * total, -interval.low * total),
        saved_cents=_saved(counted, avoided, -middle * total, confidence),
        has_trend=has_trend,
        has_peers=others is not None,
        dispersion=fit.dispersion,
        resemblance=fit.resemblance,
    )


def _verdict(change: Interval) -> Verdict:
    if change.high < 0:
        return Verdict.FELL
    return Verdict.ROSE if change.low > 0 else Verdict.UNCLEAR


def _claims(design: npt.NDArray[np.float64], weight: Vector, drawn: Vector) -> Vector:
    """Return the bad claims that each drawn set of coefficients makes of the weeks."""
    made: Vector = weight @ (1.0 / (1.0 + np.exp(-(design @ drawn.T))))
    return made


def _drawn(fit: Fit) -> Vector:
    """Return coefficients drawn from their t distribution; the same every time."""
    scores, scales = _scores(len(fit.coefficients))
    spread = np.sqrt(fit.freedom / stats.chi2.ppf(scales, fit.freedom))
    root = np.linalg.cholesky(fit.covariance)
    drawn: Vector = fit.coefficients + (scores @ root.T) * spread[:, None]
    return drawn


@lru_cache(maxsize=8)
def _scores(size: int) -> tuple[Vector, Vector]:
    """Return standard normal scores (DRAWS x size) and shares in (0, 1)."""
    chance = np.random.default_rng(20_261_128)
    return chance.standard_normal((DRAWS, size)), chance.uniform(1e-6, 1 - 1e-6, DRAWS)


def _saved(counted: _Counted, avoided: Vector, middle: float, confidence: float) -> Interval:
    """Return cents: claims avoided times what a bad one came to, both uncertain."""
    told = [week for week in counted.weeks if week.bad]
    bad = np.array([float(week.bad) for week in told])
    cents = np.array([float(week.bad_cents) for week in told])
    each = cents.sum() / bad.sum()
    size = len(told)
    spread = 0.0
    if size > 1:  # a ratio of sums over weeks
        spread = np.sqrt(size / (size - 1) * ((cents - each * bad) ** 2).sum()) / bad.sum()
    scores, _ = _scores(1)
    prices = np.maximum(each + spread * scores[:, 0], 0.0)
    low, high = np.quantile(avoided * prices, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(middle * each), float(high))
