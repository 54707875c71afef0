"""Laws of the search for issues: little from nothing; names and order of rows change nothing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trend_books import decisions, searched

from sanderling.core.trends.findings import Finding
from sanderling.core.trends.steps import correlation, find_steps


def plain(found: list[Finding]) -> list[tuple[object, ...]]:
    """Return what was found without who it is."""
    return sorted(
        (
            sorted(one.description.scope), sorted(one.description.event.items()),
            str(one.onset), one.claims, one.at_stake_cents, one.caused_by,
        )
        for one in found
    )  # fmt: skip


PLANTED = decisions(
    seed=8, claims=6_000,
    plant=lambda a, d: (a["payer"] == 1) & (a["client"] != 2) & (a["procedure"] > 20)
    & (a["decided"] >= 350) & (d.random(len(a["payer"])) < 0.7),
)  # fmt: skip


@pytest.mark.parametrize("rho", [0.0, 0.01, 0.04])
def test_books_without_a_shift_give_less_than_the_promised_false_issues(rho: float) -> None:
    """32 client-months of first looks at 13 months each: the promise allows 0.02 a client-week."""
    found = [
        one.description.key
        for seed in range(4)
        for one in searched(decisions(seed=100 + seed, rho=rho, claims=8_000)).findings
    ]
    assert len(found) <= 1


def test_searching_every_week_anew_adds_no_false_alarms_beyond_each_weeks_share() -> None:
    """400 series without a shift, looked at in each of 52 weeks with the limit of 1 in 2,000."""
    dice = np.random.default_rng(9)
    outcomes = dice.poisson(40, (400, 104)).astype(np.float64)
    rates = dice.beta(0.05 * 66, 0.95 * 66, outcomes.shape)  # rho 0.015
    events = dice.binomial(outcomes.astype(int), rates).astype(np.float64)
    alarmed = np.zeros(400, dtype=bool)
    for week in range(52, 104):
        n, x = outcomes[:, : week + 1], events[:, : week + 1]
        alarmed |= find_steps(n, x, correlation(n, x)).log_evidence > np.log(2_000)
    assert alarmed.sum() <= 400 * 52 / 2_000


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    shuffled = PLANTED.sample(fraction=1.0, shuffle=True, seed=seed)
    assert plain(searched(shuffled).findings) == plain(searched(PLANTED).findings) != []


@settings(max_examples=5, deadline=None)
@given(payers=st.permutations(range(1, 6)), clients=st.permutations(range(1, 5)))
def test_other_names_of_payers_and_clients_find_the_same(
    payers: list[int], clients: list[int]
) -> None:
    renamed = PLANTED.with_columns(
        payer_id=pl.col("payer_id").replace_strict(dict(zip(range(1, 6), payers, strict=True))),
        client_id=pl.col("client_id").replace_strict(dict(zip(range(1, 5), clients, strict=True))),
    )
    assert plain(searched(renamed).findings) == plain(searched(PLANTED).findings)
