"""Scorecards: what counts as a change, and what a quantile of counted days is."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import pytest

from sanderling.core.kpis.definitions import BY_KEY
from sanderling.kpis.asking import Pair
from sanderling.kpis.scores import Change, changed, quantile
from sanderling.kpis.words import moved_text, of_text, shown_text

RATE, DAYS = BY_KEY["denial_rate"], BY_KEY["pay_days"]


def change_of(pairs: Sequence[Pair | None]) -> Change | None:
    return changed(RATE, pairs)


def test_a_month_beyond_two_standard_deviations_is_a_change() -> None:
    steady = [(10, 100), (12, 100), (9, 100), (11, 100), (10, 100), (8, 100), (10, 100)]
    assert change_of([*steady, (12, 100)]) is None
    found = change_of([*steady, (30, 100)])
    assert found is not None
    assert found.is_up
    assert found.mean == pytest.approx(0.1)


def test_few_months_few_outcomes_and_no_news_are_no_change() -> None:
    steady = [(n, 100) for n in (10, 12, 9, 11, 10, 8)]
    assert change_of([*steady[:4], (90, 100)]) is None
    assert change_of([*steady, (10, 100), (8, 9)]) is None
    assert change_of([*steady, (10, 100), None]) is None
    assert change_of([(10, 100)] * 8) is None
    assert change_of([(1, 3)] * 8) is None  # never varied, whatever the mean rounds to


def test_the_deviation_is_that_of_the_months_before() -> None:
    pairs = [(n, 100) for n in (10, 12, 9, 11, 10, 8, 30)]
    found = change_of(pairs)
    assert found is not None
    assert found.deviation == pytest.approx(statistics.stdev(n / 100 for n, _ in pairs[:-1]))


def test_median_and_p90_are_days_that_claims_took() -> None:
    counts = [(5, 4), (10, 5), (40, 1)]
    assert quantile(counts, 0.5) == 10
    assert quantile(counts, 0.9) == 10
    assert quantile([*counts, (90, 1)], 0.95) == 90
    assert quantile([(7, 1)], 0.9) == 7


def test_figures_are_read_with_what_they_are_of() -> None:
    assert shown_text(RATE, 31, 379) == "8.2%"
    assert shown_text(RATE, 1, 9) == "1 of 9"
    assert of_text(RATE, 31, 379) == "31 of 379"
    assert shown_text(DAYS, 30, 4) == "7.5 days"
    assert shown_text(BY_KEY["days_in_ar"], 12_000_000, 27_000_000) == "40.0 days"
    assert shown_text(BY_KEY["charges"], 123_456, 0) == "$1,235"
    assert shown_text(RATE, 0, 0) == "\u2013"
    assert moved_text(RATE, 0.10, 0.08) == ("up 2.0 points", "worse")
    assert moved_text(RATE, 0.1001, 0.1) == ("as", "")
