"""One run of the closed-loop benchmark: a world, a history, then one policy for some months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from bench.closed_loop_policies import Policy, Seen, SeenResponse, SeenTouch, fifo, nobody
from sanderling.simulator.accounts import PATIENT_RANK
from sanderling.simulator.calendar import is_business_day
from sanderling.simulator.chances import FILINGS
from sanderling.simulator.episodes import Episode
from sanderling.simulator.interactive import Cash, InteractiveWorld
from sanderling.simulator.payer_desk import Due
from sanderling.simulator.ruling import Outcome
from sanderling.simulator.shift import Done, Shift
from sanderling.simulator.visible import PAYER_IDS, Item, Visible, is_expired
from sanderling.simulator.worldstate import Settings

START = date(2026, 1, 5)
LEAST_MINUTES = 0.5
LARGE_CENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is made of."""

    seed: int
    claims: int = 6000  # in all, over burn-in and run
    burn_days: int = 150
    days: int = 180
    minutes: float = 100.0  # of work on a business day

    @property
    def first_day(self) -> date:
        """The day the policy takes over."""
        return START + timedelta(days=self.burn_days)


@dataclass(slots=True)
class Result:
    """What a run came to; counted from the day the policy takes over."""

    name: str
    plan: Plan
    cash: list[Cash] = field(default_factory=list)  # of the run
    minutes: float = 0.0
    minutes_by_day: dict[date, float] = field(default_factory=dict)
    touches: int = 0
    avoidable: int = 0
    worked: set[int] = field(default_factory=set)  # items
    seen_due: set[int] = field(default_factory=set)  # items that were due some day
    paid_items: set[int] = field(default_factory=set)
    lost_cents: int = 0  # expected, of items whose deadline passed though money could be had
    lost_items: int = 0
    lost_billed_cents: int = 0
    balances: list[int] = field(default_factory=list)  # open insurance cents at the end
    due_by_client: Counter[int] = field(default_factory=Counter)
    worked_by_client: Counter[int] = field(default_factory=Counter)
    large: set[int] = field(default_factory=set)  # claims with a charge above LARGE_CENTS
    ar_days: float = 0.0  # open insurance balances over the charges of a day, last 90 days
    acts: Counter[tuple[str, str]] = field(default_factory=Counter)
    avoidable_acts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def cash_cents(self, days: int, *, is_small: bool = False) -> int:
        """Insurance cash posted in the first days of the run; of small claims alone if asked."""
        last = self.plan.first_day + timedelta(days=days)
        return sum(
            item.cents
            for item in self.cash
            if item.on_date < last and not (is_small and item.episode in self.large)
        )


class Loop:
    """A world with an office that follows a policy."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        total = plan.burn_days + plan.days
        self.world = InteractiveWorld(Settings(plan.claims, plan.seed, START, total))
        self.visible = Visible(self.world)
        self.seen = Seen()
        self._open_touch: dict[int, SeenTouch] = {}
        self._waiting: dict[int, SeenResponse] = {}  # by item: the latest thing sent
        self._read_claims = 0
        self.world.on_posted.append(self._hear)
        self._cash_read = 0
        self._lost: set[int] = set()
        self._was_open: dict[int, Item] = {}

    def run(
        self,
        name: str,
        policy: Policy = nobody,
        oracle: Callable[[date], None] | None = None,
    ) -> Result:
        """Burn in under oldest-first, then follow the policy, or somebody who knows everything."""
        plan = self.plan
        result = Result(name, plan)
        day = START
        for offset in range(plan.burn_days + plan.days):
            day = START + timedelta(days=offset)
            is_run = offset >= plan.burn_days
            self.world.advance(day)
            self._read_cash(day, result if is_run else None)
            self._read_first_claims(day)
            if is_business_day(day):
                if is_run and oracle is not None:
                    oracle(day)
                    continue
                self._work(day, policy if is_run else fifo, result if is_run else None)
        self._close(day, result)
        return result

    def _close(self, day: date, result: Result) -> None:
        """Take stock on the last day: every open insurance balance, worked or not."""
        since = day - timedelta(days=90)
        charged = 0
        for place, episode in enumerate(self.world.state.episodes):
            if episode.book.history[0].charge_cents >= LARGE_CENTS:
                result.large.add(place)
            latest = episode.book.history[-1]
            result.balances += [cents for cents in latest.balances_cents[:3] if cents > 0]
            if episode.book.history[0].on_date > since:
                charged += episode.book.history[0].charge_cents
        result.ar_days = sum(result.balances) * 90 / max(charged, 1)

    def _work(self, day: date, policy: Policy, result: Result | None) -> None:
        items = self.visible.items(day)
        by_id = {item.item_id: item for item in items}
        if result is not None:
            self._count_lost(by_id, day, result)
            _count_due(items, day, result)
        self._was_open = by_id
        if policy is nobody:
            return
        shift = Shift(self.world, day, self.plan.minutes)
        done_today: set[int] = set()
        for order in policy(items, self.seen, self.plan.minutes, day):
            if order.item_id in done_today:
                continue  # once a day is enough
            episode, rank = self.visible.episodes[order.item_id]
            done = shift.do(order, episode, rank)
            if done is not None:
                done_today.add(order.item_id)
                self._remember(by_id[order.item_id], done, day, result)
            if shift.left < LEAST_MINUTES:
                break
        if result is not None:
            result.minutes_by_day[day] = self.plan.minutes - shift.left
            result.minutes += self.plan.minutes - shift.left

    def _remember(self, item: Item, done: Done, day: date, result: Result | None) -> None:
        did = done.touch.did or done.order.action
        touch = SeenTouch(item, day, did, done.channel, done.touch.outcome, done.minutes)
        self.seen.touches.append(touch)
        self._open_touch[item.item_id] = touch
        waiting = self._waiting.pop(item.item_id, None)
        if waiting is not None and done.touch.outcome != "in_process":
            waiting.censored_date = day
        elif waiting is not None:
            self._waiting[item.item_id] = waiting
        if done.touch.outcome == "sent" and did in FILINGS:
            self._send(item.item_id, SeenResponse(item.payer_id, item.payer_type, did, day))
        if result is None:
            return
        result.touches += 1
        result.acts[done.order.action, done.touch.outcome] += 1
        if done.touch.is_avoidable:
            result.avoidable += 1
            result.avoidable_acts[done.order.action, done.touch.outcome] += 1
        if item.item_id not in result.worked:
            result.worked_by_client[item.client_id] += 1
        result.worked.add(item.item_id)

    def _send(self, number: int, response: SeenResponse) -> None:
        self.seen.responses.append(response)
        self._waiting[number] = response

    def _read_first_claims(self, day: date) -> None:
        """Note the claims that went out for the first time today."""
        for place in range(self._read_claims, len(self.world.state.episodes)):
            payer = self.world.state.episodes[place].account.patient.coverages[0].payer
            response = SeenResponse(PAYER_IDS[payer.code], payer.kind, "claim", day)
            self._send(place * PATIENT_RANK, response)
        self._read_claims = len(self.world.state.episodes)

    def _hear(self, due: Due, day: date) -> None:
        """Note that a payer has answered."""
        submission = due.submission
        if due.ruling.outcome in {Outcome.DUPLICATE, Outcome.PENDED} or due.is_later_reversal:
            return
        number = self.world.number_of(submission.episode) * PATIENT_RANK + submission.rank
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            waiting.answered_date = day
        touch = self._open_touch.get(number)
        if touch is not None:
            touch.is_decided = True

    def _read_cash(self, day: date, result: Result | None) -> None:
        """Take what was posted today: into the result, and onto the touches before it."""
        cash = self.world.cash
        for item in cash[self._cash_read :]:
            number = item.episode * PATIENT_RANK + item.rank
            touch = self._open_touch.get(number)
            if touch is not None and item.cents > 0:
                touch.paid_cents += item.cents
                if touch.days_to_payment is None:
                    touch.days_to_payment = (day - touch.on_date).days
            if result is not None:
                result.cash.append(item)
                if item.cents > 0:
                    result.paid_items.add(number)
        self._cash_read = len(cash)

    def _count_lost(self, by_id: dict[int, Item], day: date, result: Result) -> None:
        """Count what left the list because its deadline passed, if it could have been had."""
        for number, item in self._was_open.items():
            if number in by_id or number in self._lost or not is_expired(item, day):
                continue
            episode, rank = self.visible.episodes[number]
            if episode.book.party_cents(rank) <= 0 or not self._could_be_had(episode, rank):
                continue
            self._lost.add(number)
            result.lost_items += 1
            result.lost_cents += item.expected_cents
            result.lost_billed_cents += item.balance_cents

    def _could_be_had(self, episode: Episode, rank: int) -> bool:
        working = self.world.working
        if not working.is_stuck(episode, rank):
            return False
        return working.could_win(episode, rank)


def _count_due(items: list[Item], day: date, result: Result) -> None:
    for item in items:
        if item.next_date <= day and item.next_action != "wait":
            if item.item_id not in result.seen_due:
                result.due_by_client[item.client_id] += 1
            result.seen_due.add(item.item_id)


def concentration(balances: list[int], share: float = 0.16) -> float:
    """Share of open dollars in the largest items."""
    rows = sorted(balances, reverse=True)
    count = max(round(len(rows) * share), 1)
    return sum(rows[:count]) / max(sum(rows), 1)
