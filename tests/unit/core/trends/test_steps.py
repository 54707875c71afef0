"""Evidence of a step: rarely of nothing, soon of something."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sanderling.core.trends.steps import correlation, effective, find_steps

WEEKS = 104
Floats = NDArray[np.float64]


def series(
    n: float, rate: float, rho: float, *, many: int, seed: int = 5, step: tuple[int, float] = (0, 0)
) -> tuple[Floats, Floats]:
    """Return outcomes and events [series, week]; `step`: the week from which another rate holds."""
    dice = np.random.default_rng(seed)
    outcomes = dice.poisson(n, (many, WEEKS)).astype(np.float64)
    rates = np.full((many, WEEKS), rate)
    if step[0]:
        rates[:, step[0] :] = step[1]
    if rho:
        size = (1 - rho) / rho
        rates = dice.beta(rates * size, (1 - rates) * size)
    return outcomes, dice.binomial(outcomes.astype(int), rates).astype(np.float64)


@pytest.mark.parametrize(
    ("n", "rate", "rho"),
    [(5, 0.03, 0.0), (20, 0.05, 0.02), (100, 0.01, 0.01), (300, 0.1, 0.05), (100, 0.3, 0.1)],
)
def test_without_a_shift_the_evidence_passes_a_hardly_more_often_than_one_in_a(
    n: float, rate: float, rho: float
) -> None:
    outcomes, events = series(n, rate, rho, many=1_000)
    found = find_steps(outcomes, events, correlation(outcomes, events))
    for limit in (100, 1_000):
        assert (found.log_evidence > np.log(limit)).mean() <= 3 / limit


def test_weeks_that_vary_more_than_coins_are_told() -> None:
    for rho in (0.0, 0.02, 0.1):
        outcomes, events = series(80, 0.1, rho, many=200)
        assert correlation(outcomes, events).mean() == pytest.approx(rho, abs=0.004 + rho / 5)


def test_a_step_itself_does_not_look_like_weeks_that_vary() -> None:
    outcomes, events = series(80, 0.05, 0.0, many=200, step=(90, 0.4))
    assert correlation(outcomes, events).mean() < 0.01


def test_a_step_is_found_in_its_week_and_with_its_rates() -> None:
    outcomes, events = series(60, 0.04, 0.01, many=200, step=(98, 0.3))
    found = find_steps(outcomes, events, correlation(outcomes, events))
    assert (found.log_evidence > np.log(1e6)).all()
    assert (np.abs(found.onset - 98) <= 1).mean() > 0.95
    assert found.rate_before.mean() == pytest.approx(0.04, abs=0.005)
    assert found.rate_after.mean() == pytest.approx(0.3, abs=0.02)


def test_a_fall_is_no_step_up() -> None:
    outcomes, events = series(60, 0.3, 0.0, many=50, step=(98, 0.02))
    found = find_steps(outcomes, events, correlation(outcomes, events))
    assert (found.log_evidence < np.log(1e3)).all()


def test_outcomes_of_one_week_count_for_less_the_more_they_hang_together() -> None:
    n, x = effective(np.array([[101.0]]), np.array([[10.0]]), np.array([0.01]))
    assert n.item() == pytest.approx(50.5)
    assert x.item() == pytest.approx(5.0)


def test_an_empty_history_says_nothing() -> None:
    nothing = np.zeros((2, WEEKS))
    found = find_steps(nothing, nothing, correlation(nothing, nothing))
    assert np.isneginf(found.log_evidence).all()


def test_the_same_counts_say_more_of_what_is_rare_anywhere() -> None:
    outcomes = np.full((2, 24), 1.0)
    events = np.zeros((2, 24))
    events[:, 20:] = 1.0
    found = find_steps(outcomes, events, np.full(2, 0.0005), base=np.array([0.5, 0.005]))
    usual, rare = found.log_evidence
    assert usual == pytest.approx(
        find_steps(outcomes, events, np.full(2, 0.0005)).log_evidence[0]  # Jeffreys' prior
    )
    assert rare > usual + 4


def test_without_a_shift_what_is_usual_anywhere_keeps_the_promise_over_scopes_that_differ() -> None:
    dice = np.random.default_rng(8)
    base = 0.05
    rates = dice.beta(base, 1 - base, (4_000, 1))
    outcomes = dice.poisson(5, (4_000, 40)).astype(np.float64)
    events = dice.binomial(outcomes.astype(int), rates).astype(np.float64)
    found = find_steps(
        outcomes, events, np.full(4_000, 0.0005), base=np.full(4_000, base), last_onset=0
    )
    for limit in (100, 1_000):
        assert (found.log_evidence > np.log(limit)).mean() <= 3 / limit
