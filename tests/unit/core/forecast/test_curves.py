"""Curves of waiting: shares by hand, censoring, and few cases leaning on many."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from sanderling.core.forecast.curves import DAYS_MAX, STRENGTH, learn_curves
from sanderling.core.forecast.frames import WAITS

TODAY = date(2026, 6, 30)


def waits(*rows: tuple[int, int, str, int, int | None, int, int]) -> pl.DataFrame:
    """Rows of (client, payer, type, days ago, lag or None, exposure, cash)."""
    return pl.DataFrame(
        [
            {
                "process": "answer",
                "client_id": client,
                "payer_id": payer,
                "payer_type": kind,
                "kind": "P",
                "start_date": TODAY - timedelta(days=ago),
                "exposure_cents": exposure,
                "event_date": None if lag is None else TODAY - timedelta(days=ago - lag),
                "cash_cents": cash,
            }
            for client, payer, kind, ago, lag, exposure, cash in rows
        ],
        schema=dict(WAITS),
    )


def test_a_hazard_is_the_share_of_those_still_waiting_when_all_are_one_payers() -> None:
    # On one day 30 of 40 are answered after 10 days, the rest after 20. With one payer, its own
    # share, its type's and all payers' are the same, so the leaning changes nothing but the start.
    rows = [(1, 7, "commercial", 100, 10, 1000, 400)] * 30
    rows += [(1, 7, "commercial", 100, 20, 1000, 400)] * 10
    hazards = learn_curves(waits(*rows), TODAY).hazards
    assert hazards[0, 5] == 0
    assert hazards[-1, 20] < 1  # all payers' last claims lean on the one pseudo-case that waits on
    weight = 0.5 ** (100 / 120)
    overall = 30 * weight / (40 * weight + 1)
    assert hazards[-1, 10] == pytest.approx(overall)
    typed = (30 * weight + STRENGTH * overall) / (40 * weight + STRENGTH)
    own = (30 * weight + STRENGTH * typed) / (40 * weight + STRENGTH)
    assert hazards[0, 10] == pytest.approx(own)


def test_claims_not_answered_yet_count_as_waiting_until_today() -> None:
    answered = [(1, 7, "commercial", 60, 10, 1000, 400)] * 50
    waiting = [(1, 7, "commercial", 9, None, 1000, 0)] * 50
    alone = learn_curves(waits(*answered), TODAY).hazards
    beside = learn_curves(waits(*answered, *waiting), TODAY).hazards
    assert beside[0, 10] == pytest.approx(alone[0, 10])  # nine days of waiting say nothing of ten


def test_a_payer_without_history_has_the_curve_of_all() -> None:
    curves = learn_curves(waits(*[(1, 7, "commercial", 60, 10, 1000, 400)] * 50), TODAY)
    asked = pl.DataFrame({"client_id": [1], "payer_id": [99], "kind": ["P"]})
    found = curves.with_yield(asked)
    assert found["payer"].to_list() == [1]  # the last row
    assert curves.hazards.shape == (2, DAYS_MAX)
    assert found["yield_rate"].to_list() == [pytest.approx(0.4)]


def test_a_client_with_few_claims_is_drawn_to_what_the_payer_pays() -> None:
    many = [(1, 7, "commercial", 60, 10, 1000, 400)] * 400
    few = [(2, 7, "commercial", 60, 10, 1000, 800)] * 2
    curves = learn_curves(waits(*many, *few), TODAY)
    asked = pl.DataFrame({"client_id": [1, 2], "payer_id": [7, 7], "kind": ["P", "P"]})
    first, second = curves.with_yield(asked)["yield_rate"].to_list()
    assert first == pytest.approx(0.4, abs=0.005)
    assert 0.4 < second < 0.5


def test_what_pays_less_when_late_has_a_lower_factor() -> None:
    early = [(1, 7, "commercial", 200, 10, 1000, 500)] * 200
    late = [(1, 7, "commercial", 200, 70, 1000, 100)] * 200
    factors = learn_curves(waits(*early, *late), TODAY).lag_factors
    assert factors[10] > 1 > factors[70]
    assert np.all(factors[31:45] == 1)  # nothing was seen there


def test_the_same_waits_in_another_order_make_the_same_curves() -> None:
    # Waits for payer 7 name the types of the payers before it.
    rows = waits(
        *[(1, 7, "medicare", 100, 10, 1000, 400)] * 30,
        *[(2, 7, "commercial", 90, 12, 1000, 100)] * 20,
        *[(2, 8, "commercial", 80, 15, 1000, 700)] * 25,
    )
    found = [
        learn_curves(rows.sample(fraction=1.0, shuffle=True, seed=seed), TODAY) for seed in range(6)
    ]
    for one in found[1:]:
        mine, first = (each.payer_yields.sort("payer_id") for each in (one, found[0]))
        assert np.allclose(mine["payer_yield"], first["payer_yield"], rtol=1e-12)
        assert np.allclose(one.hazards, found[0].hazards, rtol=1e-12)
