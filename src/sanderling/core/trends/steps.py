"""Did the rate of a weekly series rise at some week and stay up: e-values of a step.

For each week that an onset may lie in, the evidence is a Bayes factor: two rates, one before and
one after, over one rate all along. The rate after has Jeffreys' prior; the other two have one whose
mean is how often such events are anywhere (`base`), worth `BASE_WEIGHT` outcomes: four events in
four outcomes say more where one in two hundred is usual than where one in five is. Averaged over
scopes whose rates lie so, a Bayes factor is 1 without a shift. The sum over the onsets
(Shiryaev-Roberts) is an e-detector: without any shift it grows by at most one a week on average, so
that the chance to pass A in a given week is at most about 1/A, however often one looks (Shin,
Ramdas, Rinaldo 2023). Weeks vary more than coin tosses do: counts are shrunk to their effective
number first, by a correlation within the week that is learned from differences of weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, logsumexp

Floats = NDArray[np.float64]

PRIOR: Final = 0.5
BASE_WEIGHT: Final = 1.0  # outcomes
_POOL_WEIGHT: Final = 40.0  # pairs of weeks that the correlation of all series counts for
_RHO_FLOOR: Final = 0.0005
_BLOCK: Final = 4  # weeks: slow drifts show in differences of months
_CHUNK: Final = 8_192  # series at once


@dataclass(frozen=True, slots=True)
class Steps:
    """Of each series: evidence that it stepped up, and when most likely."""

    log_evidence: Floats  # log of the sum over onsets; -inf: nowhere up
    onset: NDArray[np.int64]  # the week it most likely begins in
    rate_before: Floats
    rate_after: Floats


def _moments(outcomes: Floats, events: Floats) -> tuple[Floats, Floats]:
    """Return of each series the surplus and the scale of its differences from week to week.

    Surplus over scale is the correlation within a week: d = difference of two rates has variance
    pq (1/n + 1/m) + rho pq (2 - 1/n - 1/m). The largest difference is left out: it may be the step.
    """
    n, m = outcomes[:, :-1], outcomes[:, 1:]
    x, y = events[:, :-1], events[:, 1:]
    both = (n > 0) & (m > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (x + y) / (n + m)
        inverse = np.where(both, 1 / n + 1 / m, 0.0)
        spread = np.where(both, share * (1 - share), 0.0)
        square = np.where(both, (x / n - y / m) ** 2, 0.0)
        weight = np.where(both, n * m / (n + m), 0.0)
    surplus = weight * (square - spread * inverse)
    scale = weight * spread * np.maximum(2 - inverse, 0.0)
    if surplus.shape[1] > 2:  # noqa: PLR2004 - one is left out
        largest = surplus.argmax(axis=1)
        row = np.arange(len(surplus))
        surplus[row, largest] = 0.0
        scale[row, largest] = 0.0
    return surplus.sum(axis=1), scale.sum(axis=1)


def correlation(outcomes: Floats, events: Floats) -> Floats:
    """Return the correlation of the outcomes of one week, of each series [series, week].

    Learned from differences of weeks and of months, drawn towards that of all series together.
    """
    found = np.full(len(outcomes), _RHO_FLOOR)
    weeks = outcomes.shape[1]
    whole = weeks - weeks % _BLOCK
    months = [
        counts[:, weeks - whole :].reshape(len(counts), -1, _BLOCK).sum(axis=2)
        for counts in (outcomes, events)
    ]
    for n, x in ((outcomes, events), (months[0], months[1])):
        if n.shape[1] < 2:  # noqa: PLR2004 - no difference
            continue
        surplus, scale = _moments(n, x)
        total = scale.sum()
        pooled = max(surplus.sum() / total, 0.0) if total > 0 else 0.0
        lent = _POOL_WEIGHT / n.shape[1] * total / max(len(n), 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            own = (np.nan_to_num(surplus) + lent * pooled) / (scale + lent)
        found = np.maximum(found, np.nan_to_num(own))
    clipped: Floats = np.clip(found, _RHO_FLOOR, 0.5)
    return clipped


def effective(outcomes: Floats, events: Floats, rho: Floats) -> tuple[Floats, Floats]:
    """Return outcomes and events of each week, shrunk to what they are worth."""
    worth = 1 / (1 + np.maximum(outcomes - 1, 0.0) * rho[:, None])
    return outcomes * worth, events * worth


def find_steps(
    outcomes: Floats,
    events: Floats,
    rho: Floats,
    *,
    base: Floats | None = None,
    last_onset: int = 0,
) -> Steps:
    """Return the evidence of a step up in each series [series, week]; order does not matter.

    `base`: how often its events are anywhere, of each series. `last_onset`: weeks at the end in
    which no onset is looked for.
    """
    size, weeks = outcomes.shape
    known = np.full(size, PRIOR) if base is None else base
    log_evidence = np.full(size, -np.inf)
    onset = np.zeros(size, dtype=np.int64)
    before, after = np.zeros(size), np.zeros(size)
    onsets = np.arange(1, weeks - last_onset)
    if not len(onsets):
        return Steps(log_evidence, onset, before, after)
    for start in range(0, size, _CHUNK):
        part = slice(start, start + _CHUNK)
        log_evidence[part], onset[part], before[part], after[part] = _of_chunk(
            outcomes[part], events[part], rho[part], known[part], onsets
        )
    return Steps(log_evidence, onset, before, after)


def _of_chunk(
    outcomes: Floats, events: Floats, rho: Floats, base: Floats, onsets: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.int64], Floats, Floats]:
    n, x = effective(outcomes, events, rho)
    n_sum, x_sum = n.cumsum(axis=1), x.cumsum(axis=1)
    n_all, x_all = n_sum[:, -1:], x_sum[:, -1:]
    n_old, x_old = n_sum[:, onsets - 1], x_sum[:, onsets - 1]
    n_new, x_new = np.maximum(n_all - n_old, 0.0), np.maximum(x_all - x_old, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        up = (x_new / n_new > x_old / n_old) & (n_old > 0) & (n_new > 0)
    factor = np.full(up.shape, -np.inf)
    where = np.nonzero(up)
    prior = (BASE_WEIGHT * base, BASE_WEIGHT * (1 - base))
    own = (prior[0][where[0]], prior[1][where[0]])
    whole = _log_marginal(n_all[:, 0], x_all[:, 0], *prior)
    half = np.full(len(where[0]), PRIOR)
    factor[where] = (
        _log_marginal(n_old[where], x_old[where], *own)
        + _log_marginal(n_new[where], x_new[where], half, half)
        - whole[where[0]]
    )
    log_evidence = np.full(len(n), -np.inf)
    some = up.any(axis=1)
    log_evidence[some] = logsumexp(factor[some], axis=1)
    best = factor.argmax(axis=1)
    row = np.arange(len(n))
    old_n, old_x = outcomes.cumsum(axis=1), events.cumsum(axis=1)
    at = onsets[best] - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        before = np.nan_to_num(old_x[row, at] / old_n[row, at])
        after = np.nan_to_num((old_x[:, -1] - old_x[row, at]) / (old_n[:, -1] - old_n[row, at]))
    return log_evidence, onsets[best], before, after


def _log_marginal(n: Floats, x: Floats, a: Floats, b: Floats) -> Floats:
    """Return the log chance of x events in n outcomes whose rate has the prior Beta(a, b)."""
    found: Floats = betaln(x + a, np.maximum(n - x, 0.0) + b) - betaln(a, b)
    return found
