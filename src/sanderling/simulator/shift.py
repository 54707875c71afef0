"""A day's work: orders are carried out in their order while there are minutes left.

Minutes: `parameters.toml` section effort. Calls of one payer that stand together in the list are
one call up to the payers' limit: one hold, and fewer minutes for each further claim. An act that
does not fit into what is left of the day is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp

from sanderling.simulator.episodes import Episode
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.interactive import InteractiveWorld
from sanderling.simulator.payers import PayerProfile
from sanderling.simulator.working import Touch

STATUS_PAYERS = frozenset({"MCR01", "MADV2", "UNH05", "GRM06", "BLH07"})  # answer a 276
CALL_ONLY = frozenset({"TRI08", "KWC09", "PSC11"})  # no portal for status
CALLED = frozenset({"call_payer"})


@dataclass(frozen=True, slots=True)
class Order:
    """One act to do today."""

    item_id: int
    action: str
    channel: str = ""  # empty: the cheapest


@dataclass(frozen=True, slots=True)
class Done:
    """One act that was done."""

    order: Order
    channel: str
    minutes: float
    touch: Touch


def channel_for(action: str, wanted: str, payer: PayerProfile, rank: int) -> str:
    """Answer the channel an act takes: as wanted where that exists, else the cheapest."""
    if action in CALLED:
        return "call"
    if action != "check_status":
        return "call" if wanted == "call" and action == "find_payment" else "portal"
    if wanted == "call" or payer.code in CALL_ONLY:
        return "call"
    if wanted in {"", "electronic"} and payer.code in STATUS_PAYERS and rank == 0:
        return "electronic"
    return "portal"


class Shift:
    """Staff of one day."""

    def __init__(self, world: InteractiveWorld, day: date, minutes: float) -> None:
        self._world = world
        self._day = day
        self.left = minutes
        self._effort = world.state.parameters.effort
        self._calls = 0
        self._caller = ""  # payer of the call that is going on
        self._in_call = 0

    def do(self, order: Order, episode: Episode, rank: int) -> Done | None:
        """Carry an order out; None when it does not fit into the day."""
        payer = episode.account.patient.coverages[rank].payer
        channel = channel_for(order.action, order.channel, payer, rank)
        is_call = channel == "call"
        goes_on = is_call and self._caller == payer.code and self._in_call < self.limit
        act = self._world.working.act_of(episode, rank, order.action)
        minutes = self.minutes_of(episode, rank, act, channel, goes_on=goes_on)
        if minutes > self.left:
            return None
        self.left -= minutes
        if is_call:
            self._calls += 0 if goes_on else 1
            self._in_call = self._in_call + 1 if goes_on else 1
        self._caller = payer.code if is_call else ""
        touch = self._world.order(episode, rank, order.action, channel, self._day)
        return Done(order, channel, minutes, touch)

    @property
    def limit(self) -> int:
        """Claims a payer takes in one call."""
        return int(self._effort["claims_per_call_max"])

    def minutes_of(
        self, episode: Episode, rank: int, action: str, channel: str, *, goes_on: bool
    ) -> float:
        """Answer the minutes of an act, with the hold where a call begins."""
        factor = effort_factor(self._world, episode, rank, action)
        if channel != "call":
            name = f"check_status_{channel}" if action == "check_status" else action
            return self._effort[name] * factor
        talk = self._effort["call_further" if goes_on else "call_first"] * factor
        payer = episode.account.patient.coverages[rank].payer
        return talk if goes_on else talk + self._hold(payer)

    def _hold(self, payer: PayerProfile) -> float:
        seed = self._world.state.settings.seed
        dice = dice_for(seed, "hold", payer.code, self._day.isoformat(), self._calls)
        return dice.expovariate(1 / self._effort["hold"])


def effort_factor(world: InteractiveWorld, episode: Episode, rank: int, action: str) -> float:
    """How much longer than usual an act takes with this claim: the same each time."""
    account = episode.account
    dice = dice_for(
        world.state.settings.seed, "minutes", account.client.code, account.control_number, rank,
        action,
    )  # fmt: skip
    return exp(dice.gauss(0, world.state.parameters.effort["spread"]))


def least_minutes(world: InteractiveWorld, episode: Episode, rank: int, action: str) -> float:
    """What an act takes at the very least: no hold, a further claim of a call."""
    effort = world.state.parameters.effort
    factor = effort_factor(world, episode, rank, action)
    if action in CALLED:
        return effort["call_further"] * factor
    name = "check_status_electronic" if action == "check_status" else action
    return effort[name] * factor
