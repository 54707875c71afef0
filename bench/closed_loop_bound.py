"""What nobody can beat: a bound on the cash of any policy under the same minutes.

Somebody who knows everything works in the same world without any limit of minutes: the moment a
claim is stuck, the act that frees it is done, and only acts that lead to money. Chances fall with
age and answers take the same days whenever something is sent, so no policy can have the money of a
claim earlier, or have more of it. What a claim gains in all over a world in which nobody touches
anything, and the least minutes its acts take (no hold, no act that leads nowhere, no asking), make
a linear programme: week by week no more minutes than there are, each gain no more than once, in no
week before its first act was possible or too late to be paid by the horizon. Parts of claims may be
chosen, and money that needs several acts may be bought act by act: all of this only raises the
bound.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack

from bench.closed_loop_run import Loop, Plan, Result
from sanderling.simulator.accounts import PATIENT_RANK
from sanderling.simulator.activities import Effect
from sanderling.simulator.calendar import is_business_day
from sanderling.simulator.chances import (
    ANSWERS,
    APPEAL,
    BILL,
    CALL,
    CORRECT,
    DISPUTE,
    DOCUMENTS,
    FIND,
    RECORDS,
    RESUBMIT,
    TEAM_ACTIONS,
    is_denied,
)
from sanderling.simulator.episodes import Episode, Stage
from sanderling.simulator.interactive import Cash
from sanderling.simulator.shift import least_minutes

SLACK_DAYS = 10  # weekly payment runs and week-ends may shorten a way by so much
TRIES_OF_DRAWS = 40  # of an act whose result is drawn anew each time
FAR = 10**6
TRIES_MAX = 2


@dataclass(slots=True)
class Act:
    """One act of somebody who knows everything."""

    on_date: date
    rank: int
    minutes: float
    until: date | None = None  # the last day it is still of use


@dataclass(slots=True)
class Oracle:
    """Works without limits, knowing everything."""

    loop: Loop
    acts: dict[int, list[Act]] = field(default_factory=lambda: defaultdict(list))

    def work(self, day: date) -> None:
        """Free everything that is stuck and can be freed."""
        world = self.loop.world
        for place, episode in enumerate(world.state.episodes):
            totals = episode.book.history[-1].balances_cents
            for rank in range(len(episode.tracks)):
                if rank < PATIENT_RANK and totals[rank] > 0:
                    self._work_one(place, episode, rank, day)

    def _work_one(self, place: int, episode: Episode, rank: int, day: date) -> None:
        working = self.loop.world.working
        track = episode.tracks[rank]
        work = working.work_of(episode, rank)
        if work.filed and not work.is_filing_lost:
            return
        if track.hidden == "missing_remit":
            self._until(place, episode, rank, FIND, day, lambda: track.hidden != "missing_remit")
        elif is_denied(track):
            self._work_denial(place, episode, rank, day)
        elif track.stage is Stage.FINAL:
            if (
                track.ruling
                and track.ruling.reduction
                and working.wins(episode, rank, DISPUTE, day)
            ):
                self._do(place, episode, rank, DISPUTE, day)
        elif not working.is_stuck(episode, rank):
            return
        elif track.hidden == "silent":
            self._until(place, episode, rank, CALL, day, lambda: track.hidden != "silent")
        elif track.hidden == "pended":
            self._get_records(place, episode, rank, day)
        else:
            is_first = track.stage is Stage.UNBILLED
            self._do(place, episode, rank, BILL if is_first else RESUBMIT, day)

    def _until(self, place, episode, rank, action, day, is_done) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        """Do an act until it works; it is counted once."""
        for _ in range(TRIES_OF_DRAWS):
            self.loop.world.order(episode, rank, action, "call", day)
            if is_done():
                break
        self._note(place, episode, rank, (action,), day)

    def _get_records(self, place: int, episode: Episode, rank: int, day: date) -> None:
        working = self.loop.world.working
        if working.has_documents(episode, rank):
            self._do(place, episode, rank, RECORDS, day)
        else:
            self._ask(episode, rank, DOCUMENTS, day)

    def _ask(self, episode: Episode, rank: int, action: str, day: date) -> None:
        """Ask, at no cost, again after a week."""
        asked = self.loop.world.work_of(episode, rank).asked_date
        if asked is None or day >= asked + timedelta(days=7):
            self.loop.world.order(episode, rank, action, "", day)

    def _work_denial(self, place: int, episode: Episode, rank: int, day: date) -> None:
        working = self.loop.world.working
        work = working.work_of(episode, rank)
        if work.tries >= TRIES_MAX:
            return
        wanted = working.reading_of(episode, rank).next_action
        now = self._winning(episode, rank, day)
        facts_missing = not work.is_answered and (
            wanted in TEAM_ACTIONS or not working.has_documents(episode, rank)
        )
        later = self._after_asking(episode, rank, wanted, day) if facts_missing else (FAR, "")
        if now[0] <= later[0] and now[1]:
            self._do(place, episode, rank, now[1], day)
        elif later[1]:
            self._ask(episode, rank, wanted if wanted in TEAM_ACTIONS else DOCUMENTS, day)
        elif self._second_wins(episode, rank, day):
            self._lose_quickly(place, episode, rank, day)

    def _winning(self, episode: Episode, rank: int, day: date) -> tuple[int, str]:
        """Answer days and act of the quickest try that wins."""
        working = self.loop.world.working
        work = working.work_of(episode, rank)
        wanted = working.reading_of(episode, rank).next_action
        best = (FAR, "")
        for action in (CORRECT, APPEAL, RECORDS, RESUBMIT, BILL, CALL):
            if action == CALL and wanted != CALL:
                continue
            if action == RECORDS and not working.has_documents(episode, rank):
                continue
            if working.wins(episode, rank, action, day):
                best = min(
                    best, (working.days(episode, rank, ANSWERS[action], work.tries + 1), action)
                )
        return best

    def _after_asking(self, episode: Episode, rank: int, wanted: str, day: date) -> tuple[int, str]:
        working = self.loop.world.working
        work = working.work_of(episode, rank)
        effect = Effect.TEAM_ASKED if wanted in TEAM_ACTIONS else Effect.CLIENT_ASKED
        first_action, work.is_answered = work.first_action_date, True
        if first_action is None:
            work.first_action_date = day
        best = self._winning(episode, rank, day)
        work.is_answered, work.first_action_date = False, first_action
        if not best[1]:
            return FAR, ""
        answer = working.answer_day(episode, rank, effect, work.counts.get("asked", 0) + 1, day)
        wait = (answer - day).days if answer else 7
        return best[0] + wait, best[1]

    def _second_wins(self, episode: Episode, rank: int, day: date) -> bool:
        work = self.loop.world.working.work_of(episode, rank)
        if work.tries:
            return False
        first_action, answered = work.first_action_date, work.is_answered
        work.tries, work.is_answered = 1, True
        if first_action is None:
            work.first_action_date = day
        wins = bool(self._winning(episode, rank, day)[1])
        work.tries, work.is_answered, work.first_action_date = 0, answered, first_action
        return wins

    def _lose_quickly(self, place: int, episode: Episode, rank: int, day: date) -> None:
        working = self.loop.world.working
        wanted = working.reading_of(episode, rank).next_action
        choices = [CORRECT, APPEAL, RESUBMIT, BILL, *([CALL] if wanted == CALL else [])]
        quickest = min(choices, key=lambda name: working.days(episode, rank, ANSWERS[name], 1))
        action = CALL if wanted == CALL else quickest
        self.loop.world.order(episode, rank, action, "call", day)
        self._note(place, episode, rank, choices, day)

    def _do(self, place: int, episode: Episode, rank: int, action: str, day: date) -> None:
        working = self.loop.world.working
        track = episode.tracks[rank]
        actions: tuple[str, ...] = (action,)
        until = None
        if is_denied(track):
            # Any other try that wins too might take fewer minutes.
            winners = (CORRECT, APPEAL, RECORDS, RESUBMIT, BILL, CALL)
            actions = tuple(name for name in winners if working.wins(episode, rank, name, day))
            actions = (action, *actions)
            until = self._last_win(episode, rank, actions, day)
        elif action in {RESUBMIT, BILL}:
            actions = (RESUBMIT, CORRECT, BILL) if action == BILL else (RESUBMIT, CORRECT)
        self.loop.world.order(episode, rank, action, "call" if action == CALL else "", day)
        self._note(place, episode, rank, actions, day, until)

    def _last_win(
        self, episode: Episode, rank: int, actions: tuple[str, ...], day: date
    ) -> date | None:
        """Answer the last day a first try wins: with facts, by any act."""
        working = self.loop.world.working
        work = working.work_of(episode, rank)
        if work.first_action_date is not None or work.tries:
            return None
        last = day
        answered, work.is_answered = work.is_answered, True
        for weeks in range(1, 40):
            later = day + timedelta(days=7 * weeks)
            every = (CORRECT, APPEAL, RECORDS, RESUBMIT, BILL, CALL, *actions)
            if any(working.wins(episode, rank, name, later) for name in every):
                last = later
        work.is_answered = answered
        return last + timedelta(days=7)

    def _note(self, place, episode, rank, actions, day, until=None) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        world = self.loop.world
        minutes = min(least_minutes(world, episode, rank, name) for name in actions)
        self.acts[place].append(Act(day, rank, minutes, until))


@dataclass(frozen=True, slots=True)
class Gain:
    """Money that acts of a claim bring, and when the first of them can be done."""

    cents: int
    minutes: float
    first_day: date
    last_day: date


class Bound:
    """Bounds for all horizons of one world."""

    def __init__(self, plan: Plan, nobody: Result) -> None:
        self._plan = plan
        self._nobody = nobody
        loop = Loop(plan)
        oracle = Oracle(loop)
        self.result = loop.run("knows all, no limit", oracle=oracle.work)
        self.acts = oracle.acts

    def cash_cents(self, days: int, minutes: float | None = None) -> int:
        """Answer a bound on the cash of the first days of the run."""
        plan = self._plan
        end = plan.first_day + timedelta(days=days)
        gains = self._gains(end)
        per_day = plan.minutes if minutes is None else minutes
        return self._nobody.cash_cents(days) + round(_best(gains, plan.first_day, days, per_day))

    def _gains(self, end: date) -> list[Gain]:
        with_all = _by_claim(self.result.cash, end)
        without = _by_claim(self._nobody.cash, end)
        gains = []
        for place, all_acts in self.acts.items():
            acts = [act for act in all_acts if act.on_date < end]
            if not acts:
                continue
            events = with_all.get(place, [])
            total = sum(cents for _, _, cents in events) - sum(
                cents for _, _, cents in without.get(place, [])
            )
            if total > 0:
                gains += _steps(acts, events, without.get(place, []), total, end)
        return gains


def _by_claim(cash: list[Cash], end: date) -> dict[int, list[tuple[date, int, int]]]:
    found: dict[int, list[tuple[date, int, int]]] = defaultdict(list)
    for item in cash:
        if item.on_date < end:
            found[item.episode].append((item.on_date, item.rank, item.cents))
    return found


def _steps(
    acts: list[Act],
    events: list[tuple[date, int, int]],
    without: list[tuple[date, int, int]],
    total: int,
    end: date,
) -> list[Gain]:
    """Cut a claim's gain at its payments: what was done since the one before bought it."""
    same = set(without)
    paid = sorted(event for event in events if event not in same and event[2] > 0)
    gains: list[Gain] = []
    open_acts = sorted(acts, key=lambda act: act.on_date)
    for day, _, gross in paid:
        own = [act for act in open_acts if act.on_date <= day]
        open_acts = [act for act in open_acts if act.on_date > day]
        cents = min(gross, total)
        if own:
            way = (day - own[0].on_date).days - SLACK_DAYS
            last = end - timedelta(days=max(way, 0))
            untils = [act.until for act in own if act.until is not None]
            if len(own) == 1 and untils:
                last = min(last, untils[0])
            minutes = sum(act.minutes for act in own)
            gains.append(Gain(cents, minutes, own[0].on_date, max(last, own[0].on_date)))
        elif gains:
            before = gains.pop()
            gains.append(
                Gain(
                    min(before.cents + cents, total), before.minutes, before.first_day,
                    before.last_day,
                )
            )  # fmt: skip
    return gains


def _best(gains: list[Gain], first_day: date, days: int, per_day: float) -> float:
    """Choose gains week by week under the minutes; parts may be chosen."""
    weeks = (days + 6) // 7
    room = np.zeros(weeks)
    for offset in range(days):
        if is_business_day(first_day + timedelta(days=offset)):
            room[offset // 7] += per_day
    columns: list[tuple[int, int]] = []
    for index, gain in enumerate(gains):
        low = max((gain.first_day - first_day).days // 7, 0)
        high = min((gain.last_day - first_day).days // 7, weeks - 1)
        columns += [(index, week) for week in range(low, high + 1)]
    if not columns:
        return 0.0
    which = np.array([index for index, _ in columns])
    week_of = np.array([week for _, week in columns])
    minutes = np.array([gain.minutes for gain in gains])
    cents = np.array([gain.cents for gain in gains], dtype=float)
    place = np.arange(len(columns))
    once = csr_matrix((np.ones(len(columns)), (which, place)), (len(gains), len(columns)))
    spent = csr_matrix((minutes[which], (week_of, place)), (weeks, len(columns)))
    answer = linprog(
        -cents[which],
        A_ub=vstack([once, spent]).tocsr(),
        b_ub=np.concatenate([np.ones(len(gains)), room]),
        method="highs",
    )
    assert answer.success, answer.message
    return -float(answer.fun)
