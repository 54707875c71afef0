"""Laws of measured effects: they hold what is true as often as they say, and repeat themselves."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanderling.core.trends.effects import CONFIDENCE, Effect, Verdict, Week, measure

ACTION = date(2026, 6, 1)
AS_OF = date(2027, 6, 1)
WORLDS = 150
# A share counted in 150 worlds misses its true value by two of its standard errors at times.
HELD_MIN = WORLDS * CONFIDENCE - 2 * (WORLDS * CONFIDENCE * (1 - CONFIDENCE)) ** 0.5


def world(
    chance: np.random.Generator,
    *,
    before: int,
    after: int,
    claims: int,
    rates: tuple[float, float],
    scatter: float,
) -> list[Week]:
    """Return weeks whose rate scatters around a level that steps at the action (in log odds)."""
    made = []
    for at in range(-before, after):
        rate = rates[0] if at < 0 else rates[1]
        odds = np.log(rate / (1 - rate)) + scatter * chance.standard_normal()
        count = int(chance.poisson(claims))
        bad = int(chance.binomial(count, 1 / (1 + np.exp(-odds)))) if count else 0
        made.append(Week(ACTION + timedelta(weeks=at), count, bad, bad * 15_000))
    return made


def measured(weeks: list[Week], peers: list[Week] | None = None) -> Effect:
    return measure(weeks, action_date=ACTION, as_of=AS_OF, ripe_days=45, peers=peers or [])


WORLDS_TRIED = [
    {"before": 8, "after": 6, "claims": 30, "scatter": 0.0},
    {"before": 8, "after": 5, "claims": 80, "scatter": 0.3},
    {"before": 26, "after": 8, "claims": 50, "scatter": 0.0},
    {"before": 20, "after": 10, "claims": 60, "scatter": 0.3},
]


@pytest.mark.parametrize("shape", WORLDS_TRIED)
@pytest.mark.parametrize("rates", [(0.18, 0.18), (0.18, 0.06)])
def test_the_interval_holds_the_truth_as_often_as_it_says(
    shape: dict[str, int], rates: tuple[float, float]
) -> None:
    chance = np.random.default_rng(7)
    truth = rates[1] - rates[0]
    held = fell = 0
    for _ in range(WORLDS):
        found = measured(world(chance, rates=rates, **shape))
        assert found.change is not None
        held += found.change.low <= truth <= found.change.high
        fell += found.verdict is Verdict.FELL
    assert held >= HELD_MIN
    if truth:
        assert fell >= 0.5 * WORLDS  # two thirds less are seen more often than not
    else:
        assert fell <= (1 - CONFIDENCE) / 2 * WORLDS + 3


def test_beside_peers_a_common_shock_is_no_effect() -> None:
    chance = np.random.default_rng(3)
    shape = {"before": 10, "after": 8, "claims": 60, "scatter": 0.1}
    held = 0
    for _ in range(WORLDS):
        mine, theirs = (
            world(chance, rates=(0.2, 0.1), **shape),  # type: ignore[arg-type]
            world(chance, rates=(0.3, 0.16), **shape),  # type: ignore[arg-type]
        )
        found = measured(mine, theirs)
        assert found.change is not None
        held += found.change.low <= 0 <= found.change.high
    assert held >= HELD_MIN


series = st.lists(
    st.integers(0, 60).flatmap(lambda count: st.tuples(st.just(count), st.integers(0, count))),
    min_size=1,
    max_size=30,
)


@given(series, st.integers(0, 30), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_any_series_gives_the_same_answer_in_any_order(
    counts: list[tuple[int, int]], before: int, turn: int
) -> None:
    weeks = [
        Week(ACTION + timedelta(weeks=at - before), count, bad, bad * 1_000)
        for at, (count, bad) in enumerate(counts)
    ]
    found = measured(weeks)
    assert measured(weeks[turn:] + weeks[:turn]) == found
    assert found.before.count + found.after.count <= sum(week.count for week in weeks)
    if found.change is None:
        assert found.verdict in {Verdict.TOO_EARLY, Verdict.TOO_FEW}
        return
    assert found.avoided is not None
    assert found.saved_cents is not None
    assert -1 <= found.change.low <= found.change.high <= 1
    for interval in (found.change, found.avoided, found.saved_cents):
        assert np.isfinite([interval.low, interval.middle, interval.high]).all()
    assert (found.verdict is Verdict.FELL) == (found.change.high < 0)
