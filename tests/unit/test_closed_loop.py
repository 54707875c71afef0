"""The closed-loop benchmark: an honest race in a small world."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from functools import cache

import pytest
from bench.closed_loop_bound import Bound
from bench.closed_loop_policies import Seen, fifo, make_policy
from bench.closed_loop_run import START, Loop, Plan, Result

from sanderling.simulator.chances import is_denied
from sanderling.simulator.episodes import Episode
from sanderling.simulator.interactive import InteractiveWorld
from sanderling.simulator.shift import Order
from sanderling.simulator.visible import Item, Visible
from sanderling.simulator.worldstate import Settings

PLAN = Plan(seed=4, claims=320, burn_days=60, days=60, minutes=15.0)
HIDDEN = ("silent", "lost", "missing_remit", "held")


@cache
def result(name: str) -> Result:
    return Loop(PLAN).run(name, make_policy(name))


def test_the_same_seed_and_policy_give_the_same_run() -> None:
    again = Loop(PLAN).run("largest first", make_policy("largest first"))
    first = result("largest first")
    assert again.cash == first.cash
    assert again.acts == first.acts
    assert again.minutes == first.minutes
    assert first.touches > 20


def test_no_day_has_more_minutes_than_there_are() -> None:
    for name in ("oldest first", "payer batched"):
        spent = result(name).minutes_by_day
        assert spent
        assert max(spent.values()) <= PLAN.minutes
        assert sum(spent.values()) > 0.5 * PLAN.minutes * len(spent)


def test_no_policy_beats_the_bound_and_nobody_is_beaten() -> None:
    nobody = result("nobody")
    bound = Bound(PLAN, nobody)
    for days in (30, 60):
        limit = bound.cash_cents(days)
        assert limit <= bound.cash_cents(days, minutes=10**6)
        assert limit >= nobody.cash_cents(days)
        for name in ("oldest first", "largest first", "myopic value"):
            assert result(name).cash_cents(days) <= limit
    assert bound.cash_cents(60, minutes=1.0) < bound.cash_cents(60, minutes=10**6)
    assert bound.cash_cents(60, minutes=0.0) == nobody.cash_cents(60)


def test_a_policy_sees_only_what_files_and_people_said() -> None:
    loop = Loop(PLAN)
    shown: list[Item] = []

    def spy(items: list[Item], seen: Seen, minutes: float, day: date) -> list[Order]:
        shown.extend(items)
        return fifo(items, seen, minutes, day)

    loop.run("spy", spy)
    hidden = {track.hidden for episode in loop.world.state.episodes for track in episode.tracks}
    assert hidden & set(HIDDEN), "nothing was hidden in this world: the test says nothing"
    names = {field.name for field in fields(Item)}
    assert not names & {"hidden", "chance", "is_stuck", "ruling", "episode", "is_avoidable"}
    for item in shown:
        text = " ".join(str(getattr(item, name)) for name in names)
        assert not any(word in text for word in HIDDEN)


@pytest.fixture(scope="module")
def denied() -> tuple[InteractiveWorld, Episode, date]:
    world = InteractiveWorld(Settings(320, 4, START, 60))
    for offset in range(75):
        world.advance(START + timedelta(days=offset))
    day = START + timedelta(days=75)
    for episode in world.state.episodes:
        wanted = world.working.reading_of(episode, 0).next_action
        if is_denied(episode.tracks[0]) and wanted == "correct_and_rebill":
            return world, episode, day
    pytest.fail("no denial in this world")


def test_after_the_deadline_nothing_is_won_without_proof(
    denied: tuple[InteractiveWorld, Episode, date],
) -> None:
    world, episode, day = denied
    late = day + timedelta(days=900)
    assert world.working.chance(episode, 0, "correct_and_rebill", day) > 0
    assert world.working.chance(episode, 0, "correct_and_rebill", late) == 0.0
    world.work_of(episode, 0).is_filed_in_time = True
    try:
        assert world.working.chance(episode, 0, "correct_and_rebill", late) > 0
    finally:
        world.work_of(episode, 0).is_filed_in_time = False


def test_a_denial_worked_late_has_less_chance(
    denied: tuple[InteractiveWorld, Episode, date],
) -> None:
    world, episode, _ = denied
    since = world.work_of(episode, 0).denied_date
    assert since is not None
    chances = [
        world.working.chance(episode, 0, "correct_and_rebill", since + timedelta(days=age))
        for age in (5, 20, 50, 80)
    ]
    assert chances == sorted(chances, reverse=True)
    assert chances[3] == pytest.approx(chances[0] * 0.7)


def test_a_touch_of_what_waits_for_the_payer_is_in_vain() -> None:
    world = InteractiveWorld(Settings(320, 4, START, 60))
    visible = Visible(world)
    for offset in range(30):
        world.advance(START + timedelta(days=offset))
    day = START + timedelta(days=30)
    waiting = [item for item in visible.items(day) if item.next_action == "wait"]
    told = [visible.episodes[item.item_id] for item in waiting]
    calm = [pair for pair in told if not world.working.is_stuck(*pair)]
    assert len(calm) > 20
    for episode, rank in calm[:20]:
        assert world.order(episode, rank, "check_status", "portal", day).is_avoidable
