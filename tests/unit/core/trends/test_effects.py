"""Effects of preventive actions: a case by hand, what is left out, and what is too early to say."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sanderling.core.trends.effects import Effect, Share, Verdict, Week, measure

ACTION = date(2026, 6, 1)  # a Monday


def weeks(first: int, *bad: int, count: int = 100, cents: int = 20_000) -> list[Week]:
    """Return weeks from `first` weeks after the action (negative: before), all of one size."""
    return [
        Week(ACTION + timedelta(weeks=first + at), count, one, one * cents)
        for at, one in enumerate(bad)
    ]


def effect(series: list[Week], *, as_of: date = date(2026, 12, 1), **more: object) -> Effect:
    """Measure with a ripening of 30 days."""
    return measure(series, action_date=ACTION, as_of=as_of, ripe_days=30, **more)  # type: ignore[arg-type]


def test_two_levels_give_what_comes_out_by_hand() -> None:
    # 80 of 400 before, 40 of 400 after. Firth's correction of two groups adds half a claim to
    # each side: 80.5 / 401 and 40.5 / 401; the difference is -40 / 401.
    found = effect([*weeks(-4, 20, 20, 20, 20), *weeks(0, 10, 10, 10, 10)])
    assert found.verdict is Verdict.FELL
    assert (found.before, found.after) == (Share(80, 400), Share(40, 400))
    assert found.change is not None
    assert found.change.middle == pytest.approx(-40 / 401, abs=1e-6)
    assert found.expected_rate == pytest.approx(80.5 / 401, abs=1e-6)
    assert found.avoided is not None
    assert found.avoided.middle == pytest.approx(400 * 40 / 401, abs=1e-4)
    assert found.saved_cents is not None
    assert found.saved_cents.middle == pytest.approx(20_000 * 400 * 40 / 401, abs=2)
    assert found.dispersion == 1.0
    assert not found.has_trend


def test_the_interval_of_many_weeks_is_near_that_of_two_proportions() -> None:
    # 25 weeks a side of 100 with 20 and 10 in turn scattering as chance would: no trend is given
    # away by `since_date`, so few weeks before would be needed; here all 11 that need no slope.
    before = weeks(-11, *([24, 16, 20, 22, 18] * 2), 20)
    after = weeks(0, *([13, 7, 10, 12, 8] * 2), 10)
    found = effect([*before, *after])
    assert found.change is not None
    # By hand: sqrt(.2 * .8 / 1100 + .1 * .9 / 1100) = 0.01508; 1.96 of them: 0.0295.
    assert found.change.low == pytest.approx(-0.1 - 0.0295, abs=0.008)
    assert found.change.high == pytest.approx(-0.1 + 0.0295, abs=0.008)


def test_weeks_too_young_and_the_week_of_the_action_are_left_out() -> None:
    series = [*weeks(-5, 20, 20, 20, 20, 90), *weeks(0, 10, 10, 10, 10, 90)]
    wednesday = ACTION - timedelta(days=5)  # in the week that went 90 bad
    # The fifth week after ends on 5 July and is 29 days old; the fourth counts.
    found = measure(series, action_date=wednesday, as_of=date(2026, 8, 3), ripe_days=30)
    assert found.before == Share(80, 400)
    assert found.after == Share(40, 400)
    assert found.ripe_until_date == date(2026, 6, 28)
    assert (found.weeks_before, found.weeks_after) == (4, 4)
    a_day_later = measure(series, action_date=wednesday, as_of=date(2026, 8, 4), ripe_days=30)
    assert a_day_later.after == Share(130, 500)


def test_three_ripe_weeks_are_too_early_to_say() -> None:
    found = effect([*weeks(-4, 20, 20, 20, 20), *weeks(0, 0, 0, 0)])
    assert found.verdict is Verdict.TOO_EARLY
    assert found.change is None
    assert found.saved_cents is None
    assert found.after == Share(0, 300)


def test_too_little_before_is_said() -> None:
    few = [*weeks(-4, 1, 1, 1, 1), *weeks(0, 0, 0, 0, 0)]
    assert effect(few).verdict is Verdict.TOO_FEW
    late = effect([*weeks(-8, *[20] * 8), *weeks(0, *[5] * 5)], since_date=date(2026, 5, 11))
    assert late.verdict is Verdict.TOO_FEW
    assert late.weeks_before == 3


def test_nothing_bad_any_more_gives_finite_bounds() -> None:
    found = effect([*weeks(-6, *[20] * 6), *weeks(0, *[0] * 6)])
    assert found.verdict is Verdict.FELL
    assert found.saved_cents is not None
    # 600 claims at 20 % and 200 dollars each would have been 24,000 dollars.
    assert 1_800_000 < found.saved_cents.low < 2_400_000 < found.saved_cents.high < 3_000_000


def test_a_rise_is_told_as_one_and_saves_less_than_nothing() -> None:
    found = effect([*weeks(-6, *[10] * 6), *weeks(0, *[25] * 6)])
    assert found.verdict is Verdict.ROSE
    assert found.saved_cents is not None
    assert found.saved_cents.high < 0


def test_peers_that_fall_as_well_take_the_credit() -> None:
    treated = [*weeks(-8, *[20] * 8), *weeks(0, *[10] * 8)]
    alone = effect(treated)
    beside = effect(treated, peers=[*weeks(-8, *[20] * 8), *weeks(0, *[10] * 8)])
    steady = effect(treated, peers=[*weeks(-8, *[20] * 8), *weeks(0, *[20] * 8)])
    assert alone.verdict is Verdict.FELL
    assert not alone.has_peers
    assert beside.has_peers
    assert beside.verdict is Verdict.UNCLEAR
    assert beside.change is not None
    assert beside.change.middle == pytest.approx(0, abs=0.002)
    assert steady.verdict is Verdict.FELL
    assert steady.change is not None
    assert steady.change.middle == pytest.approx(-0.1, abs=0.005)


def test_a_fall_that_began_long_before_is_no_effect() -> None:
    falling = [round(40 * 0.97**at) for at in range(32)]
    found = effect([*weeks(-20, *falling[:20]), *weeks(0, *falling[20:])])
    assert found.has_trend
    assert found.verdict is Verdict.UNCLEAR
    assert found.change is not None
    assert abs(found.change.middle) < 0.02


def test_the_end_of_the_verification_window_ends_the_weeks() -> None:
    series = [*weeks(-4, *[20] * 4), *weeks(0, *[10] * 4), *weeks(4, *[60] * 4)]
    found = effect(series, until_date=date(2026, 6, 28))
    assert found.after == Share(40, 400)
