"""What an interactive office can see of its open items: columns of core.priority's frame.

The standing is that of `standing.py`, which the product's barriers agree with; of `detail` only
what files and people said is kept. Nothing here may come from what only a payer knows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from sanderling.simulator.accounts import PATIENT_RANK
from sanderling.simulator.book import Snapshot
from sanderling.simulator.chances import Work
from sanderling.simulator.episodes import Episode, Track
from sanderling.simulator.interactive import InteractiveWorld
from sanderling.simulator.limits import Limits
from sanderling.simulator.payer_desk import Due
from sanderling.simulator.payers import PAYERS
from sanderling.simulator.ruling import Outcome
from sanderling.simulator.standing import PARTIES, Standing, standings

RANKS = {name: rank for rank, name in enumerate(PARTIES)}
PENDED_WAIT_DAYS = 30
WAITING = frozenset({"wait"})
NOT_WORKED = frozenset({"credit_balance", "patient_responsibility"})
PRIOR_CLAIMS = 30.0  # claims of all payers a payer's own ratio is mixed with
USUAL_RATIO = 0.4
PAYER_IDS = {payer.code: place for place, payer in enumerate(PAYERS, start=1)}
TEAMS = {
    "correct_and_rebill": "coding", "obtain_authorization": "authorization",
    "verify_eligibility": "eligibility", "escalate": "credentialing", "find_payment": "posting",
    "request_documents": "client",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One open (claim, party), as the office sees it on a day."""

    item_id: int
    client_id: int
    payer_id: int
    payer_type: str
    party: int
    balance_cents: int
    expected_cents: int
    barrier: str
    category: str
    subcategory: str
    detail: str
    next_action: str
    team: str
    since_date: date
    next_date: date
    due_date: date | None
    deadline_date: date | None
    deadline_kind: str
    is_deadline_met: bool
    service_date: date
    last_billed_date: date | None
    last_touch_date: date | None
    last_action: str
    last_outcome: str
    touches: int
    follow_up_date: date | None
    is_high_dollar: bool
    is_key_client: bool
    is_flagged: bool
    escalation_level: int
    every_days: int | None = None  # the simulated clients agreed no schedules
    floor: str = ""


class Ratios:
    """What insurance has paid of what was open, by payer and rank: learned from remittances."""

    def __init__(self) -> None:
        self._paid: dict[tuple[str, bool], float] = defaultdict(float)
        self._open: dict[tuple[str, bool], float] = defaultdict(float)
        self._count: dict[tuple[str, bool], int] = defaultdict(int)

    def note(self, payer: str, paid: int, billed: int, *, is_later: bool) -> None:
        """Take one paid claim in."""
        for key in ((payer, is_later), ("", is_later)):
            self._paid[key] += paid
            self._open[key] += billed
            self._count[key] += 1

    def of(self, payer: str, *, is_later: bool) -> float:
        """Answer the ratio of a payer, mixed with that of all."""
        overall = USUAL_RATIO
        if self._open["", is_later]:
            overall = self._paid["", is_later] / self._open["", is_later]
        own = self._open[payer, is_later]
        if not own:
            return overall
        weight = self._count[payer, is_later] / (self._count[payer, is_later] + PRIOR_CLAIMS)
        return weight * self._paid[payer, is_later] / own + (1 - weight) * overall


class Visible:
    """Lists the open items of a world."""

    def __init__(self, world: InteractiveWorld) -> None:
        self._world = world
        self._ratios = Ratios()
        self._clients = {client.code: place for place, client in enumerate(world.clients, start=1)}
        self.episodes: dict[int, tuple[Episode, int]] = {}  # by item
        self._open: dict[int, tuple[Snapshot, bool]] = {}
        self._known: dict[int, tuple[tuple[object, ...], date, list[Item]]] = {}
        world.on_posted.append(self._note_payment)

    def _note_payment(self, due: Due, _day: date) -> None:
        if due.ruling.outcome is not Outcome.PAID or due.is_later_reversal:
            return
        in_force = [part.payment for part in due.payments if part.payment.status != "22"]
        if len(in_force) != len(due.payments):
            return
        submission = due.submission
        payer = submission.episode.account.patient.coverages[submission.rank].payer.code
        paid = sum(payment.paid_cents for payment in in_force)
        billed = submission.claim.charge_cents
        if submission.rank:
            billed = due.submission.episode.book.party_cents(submission.rank) + paid
        self._ratios.note(payer, paid, max(billed, paid), is_later=submission.rank > 0)

    def items(self, day: date) -> list[Item]:
        """Answer all open insurance items that are not given up."""
        return [
            item
            for place, episode in enumerate(self._world.state.episodes)
            if self._is_open(place, episode)
            for item in self._items_of(place, episode, day)
            if not is_expired(item, day)
        ]

    def _is_open(self, place: int, episode: Episode) -> bool:
        latest = episode.book.history[-1]
        known = self._open.get(place)
        if known is not None and known[0] is latest:
            return known[1]
        is_open = any(cents > 0 for cents in latest.balances_cents[:PATIENT_RANK])
        self._open[place] = latest, is_open
        return is_open

    def _items_of(self, place: int, episode: Episode, day: date) -> list[Item]:
        """Answer the items of one claim; worked out anew when something happened, or came due."""
        works = [self._world.work_of(episode, rank) for rank in range(len(episode.tracks))]
        mark = (episode.book.history[-1], *map(_mark, episode.tracks, works))
        known = self._known.get(place)
        if known is not None and known[0] == mark and day <= known[1]:
            return known[2]
        items = []
        until = date.max
        for row in standings(episode, day):
            rank = RANKS[row.party]
            if row.due_date is not None and row.due_date >= day:
                until = min(until, row.due_date)
            if row.barrier in NOT_WORKED or row.balance_cents <= 0 or works[rank].is_closed:
                continue
            item = self._item(place * PATIENT_RANK + rank, episode, rank, row, day)
            items.append(item)
            self.episodes[item.item_id] = episode, rank
        self._known[place] = mark, until, items
        return items

    def _item(self, number: int, episode: Episode, rank: int, row: Standing, day: date) -> Item:
        account = episode.account
        client = account.client
        payer = account.patient.coverages[rank].payer
        work = self._world.work_of(episode, rank)
        track = episode.tracks[rank]
        is_met = work.is_filed_in_time or (
            track.accepted_date is not None and row.deadline_kind == "timely_filing"
        )
        since = row.since_date or day
        if row.barrier == "no_response" and row.due_date is not None:
            since = row.due_date + timedelta(days=1)  # since when the payer is late
        expected = row.balance_cents
        if row.barrier != "underpaid":
            ratio = self._ratios.of(payer.code, is_later=rank > 0)
            expected = round(row.balance_cents * ratio)
        return Item(
            number, self._clients[client.code], PAYER_IDS[payer.code], payer.kind, 11 + rank,
            row.balance_cents, expected, row.barrier, row.category, "", visible_detail(row),
            row.next_action, TEAMS.get(row.next_action, "follow_up"), since,
            _next_date(row, since, work.follow_up_date), row.due_date, row.deadline,
            row.deadline_kind, is_met, _service_date(episode, rank),
            track.sent_dates[-1] if track.sent_dates else None, work.last_touch_date,
            work.last_action, work.last_outcome, work.touches, work.follow_up_date,
            row.balance_cents >= client.high_dollar_cents, client.tier == "key", False, 0,
        )  # fmt: skip


def visible_detail(row: Standing) -> str:
    """Keep of the truth's detail what was said, in the words of the barriers' rows.

    What stands after a comma is what only the payer knows.
    """
    said = row.detail.split(",")[0]
    return _DETAILS.get(said, "" if said.startswith("rank") else said)


def is_expired(item: Item, day: date) -> bool:
    """Tell whether the deadline has passed without proof of a filing in time: for write-off."""
    is_over = item.deadline_date is not None and item.deadline_date < day
    return is_over and not item.is_deadline_met and item.barrier not in IN_HAND


_DETAILS = {
    "in_process": "act", "told by the payer": "act", "client asked": "act",
    "another team asked": "act", "appeal sent": "act", "records_sent": "act_sent",
    "sent_anew": "act_sent", "replacement or void sent": "replacement", "277": "status",
    "clearinghouse": "277CA", "payer": "277CA", "paid": "paid",
    "reduction without a contract's basis": "reduced",
}  # fmt: skip
# Filed, and with the payer: the deadline of the answer is not ours.
IN_HAND = frozenset({"corrected_pending", "appeal_pending", "paid_unposted"})


def _next_date(row: Standing, since: date, follow_up: date | None) -> date:
    when = since
    if row.next_action in WAITING or row.barrier in {"awaiting_client", "awaiting_internal"}:
        when = row.due_date or since + timedelta(days=PENDED_WAIT_DAYS)
        when += timedelta(days=1)
    elif row.due_date is not None:
        when = row.due_date + timedelta(days=1)
    return when if follow_up is None else max(when, follow_up)


def _service_date(episode: Episode, rank: int) -> date:
    return Limits(episode.account, rank, None).service_date


def _mark(track: Track, work: Work) -> tuple[object, ...]:
    """Everything a standing may hang on, but the day."""
    return (
        track.stage, track.activity, track.is_correction_open, track.posted_date,
        track.latest_status, len(track.sent_dates), track.accepted_date, id(track.ruling),
        track.crossover_date, work.touches, work.is_closed, work.follow_up_date,
        work.last_outcome, work.is_filed_in_time,
    )  # fmt: skip
