"""What an act about a claim would come to in an interactive world: chances, deadlines, draws.

Shares, factors and days: `parameters.toml` section working (domain reference 12.5, 3.4). Every draw
is made by the claim, the act and how often it was done, so that equal acts have equal results
whatever else is done.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from sanderling.simulator.activities import Effect
from sanderling.simulator.episodes import Episode, Stage, Track
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.limits import Limits
from sanderling.simulator.readings import Reading, read_denial, read_status
from sanderling.simulator.ruling import Outcome
from sanderling.simulator.worldstate import WorldState

CORRECT, RECORDS, CALL, BILL = "correct_and_rebill", "send_records", "call_payer", "bill_secondary"
DISPUTE, FIND, CHECK, RESUBMIT = "dispute_underpayment", "find_payment", "check_status", "resubmit"
APPEAL, DOCUMENTS = "appeal", "request_documents"
TEAM_ACTIONS = frozenset({"verify_eligibility", "obtain_authorization", "escalate"})
FILINGS = (CORRECT, APPEAL, RECORDS, RESUBMIT, BILL, CALL, DISPUTE)
ACTIONS = (*FILINGS, CHECK, FIND, DOCUMENTS, *sorted(TEAM_ACTIONS))
UNANSWERED = frozenset({Stage.SENT, Stage.ACCEPTED, Stage.REJECTED, Stage.UNBILLED})
ANSWERS = {
    CORRECT: "correction_answer_days",
    APPEAL: "appeal_decision_days",
    RECORDS: "records_decision_days",
    RESUBMIT: "resubmit_answer_days", BILL: "reprocess_answer_days",
    CALL: "reprocess_answer_days", DISPUTE: "reprocess_answer_days",
}  # fmt: skip
AGES = (14, 30, 60, 90, 120, 180)


@dataclass(slots=True)
class Work:
    """What was done about one claim and one of its payers."""

    touches: int = 0
    last_touch_date: date | None = None
    last_action: str = ""
    last_outcome: str = ""
    follow_up_date: date | None = None  # by the usual clock after what was heard
    is_closed: bool = False  # given up, or found to be nothing
    counts: dict[str, int] = field(default_factory=dict)  # of acts, for the draws
    # The present denial.
    denials: int = 0
    denied_date: date | None = None
    first_action_date: date | None = None
    tries: int = 0
    asked_date: date | None = None
    is_answered: bool = False  # what another team or the client was asked is here
    filed: str = ""  # what waits for the payer's answer
    is_filing_lost: bool = False  # hidden
    is_filed_in_time: bool = False
    is_upheld_expected: bool = False


class Chances:
    """Knows the truth of every claim; changes nothing but what was noted of work."""

    def __init__(self, state: WorldState) -> None:
        self._state = state
        self._numbers = state.parameters.working
        self._work: dict[tuple[int, int], Work] = {}

    def work_of(self, episode: Episode, rank: int) -> Work:
        """Answer what was done about a claim and one of its payers."""
        return self._work.setdefault((id(episode), rank), Work())

    def answer_day(
        self, episode: Episode, rank: int, effect: Effect, count: int, day: date
    ) -> date | None:
        """Answer when a client or team that is asked today answers; None: never."""
        dice = self.dice(episode, rank, effect.value, count)
        who = "client" if effect is Effect.CLIENT_ASKED else "team"
        low, high = self._state.parameters.ranges[f"{who}_answer_days"]
        wait = dice.randrange(int(low), int(high) + 1)
        if dice.random() >= self._state.parameters.follow_up[f"{who}_answers_share"]:
            return None
        return day + timedelta(days=wait)

    def has_documents(self, episode: Episode, rank: int) -> bool:
        """Tell whether records are at hand or came from the client."""
        work = self.work_of(episode, rank)
        dice = self.dice(episode, rank, "documents", work.denials)
        return work.is_answered or dice.random() < self._numbers["documents_at_hand"]

    def reading_of(self, episode: Episode, rank: int) -> Reading:
        """Answer category and first step of the present denial."""
        ruling = episode.tracks[rank].ruling
        if ruling is None or ruling.denial is None:
            return read_status("")
        has_next = rank + 1 < len(episode.account.patient.coverages)
        return read_denial(ruling.denial, has_next_payer=has_next)

    def wins(self, episode: Episode, rank: int, action: str, day: date) -> bool:
        """Tell whether the next try would win."""
        work = self.work_of(episode, rank)
        dice = self.dice(episode, rank, f"try {work.denials}", work.tries + 1)
        return dice.random() < self.chance(episode, rank, action, day)

    def could_win(self, episode: Episode, rank: int) -> bool:
        """Tell whether a first try in time would have brought money; where none is needed, yes."""
        track = episode.tracks[rank]
        work = self.work_of(episode, rank)
        if not is_denied(track):
            return True
        wanted = self.reading_of(episode, rank).next_action
        category = track.ruling.category if track.ruling else "other"
        base = self._state.parameters.recovery.get(category, 0.3)
        if wanted not in FILINGS and wanted not in TEAM_ACTIONS:
            return False
        chance = base * self._own_factor(episode, rank, category)
        dice = self.dice(episode, rank, f"try {work.denials}", work.tries + 1)
        return dice.random() < min(chance, self._numbers["chance_max"])

    def chance(self, episode: Episode, rank: int, action: str, day: date) -> float:
        """Answer the chance of the next try (12.5); zero after the deadline without proof."""
        work = self.work_of(episode, rank)
        if self.is_late(episode, rank, action, day):
            return 0.0
        track = episode.tracks[rank]
        numbers = self._numbers
        started = work.first_action_date or day
        age = (started - (work.denied_date or started)).days
        if action == DISPUTE:
            base, category = numbers["dispute_won_share"], "contractual"
        else:
            category = track.ruling.category if track.ruling else "other"
            base = self._base_chance(episode, rank, category, action)
        chance = base * self._age_factor(age) * numbers["second_try"] ** work.tries
        chance *= self._own_factor(episode, rank, category)
        return min(chance, numbers["chance_max"])

    def _base_chance(self, episode: Episode, rank: int, category: str, action: str) -> float:
        work = self.work_of(episode, rank)
        numbers = self._numbers
        base = self._state.parameters.recovery.get(category, 0.3)
        if category == "timely_filing" and episode.tracks[rank].accepted_date is not None:
            base = numbers["late_with_proof"]
        wanted = self.reading_of(episode, rank).next_action
        needs_facts = wanted in TEAM_ACTIONS
        right = CORRECT if needs_facts else wanted
        if action != right:
            base *= {APPEAL: numbers["appeal_instead"], CORRECT: numbers["correct_instead"]}.get(
                action, numbers["other_instead"]
            )
        return base * (numbers["without_facts"] if needs_facts and not work.is_answered else 1.0)

    def is_late(self, episode: Episode, rank: int, action: str, day: date) -> bool:
        """Tell whether the deadline for a try has passed, without proof of an earlier filing."""
        work = self.work_of(episode, rank)
        track = episode.tracks[rank]
        if work.is_filed_in_time:
            return False
        limits = self.limits(episode, rank)
        if action == DISPUTE:
            limit = limits.appeal(track.payment_date)
        else:
            wanted = self.reading_of(episode, rank).next_action
            is_chain = action == CORRECT and wanted in TEAM_ACTIONS
            limit = limits.of_denial(wanted if is_chain else action, track.payment_date)
        return limit.on_date is not None and day > limit.on_date

    def _age_factor(self, age: int) -> float:
        for limit in AGES:
            if age <= limit:
                return self._numbers[f"age_{limit}"]
        return self._numbers["age_older"]

    def _own_factor(self, episode: Episode, rank: int, category: str) -> float:
        seed = self._state.settings.seed
        payer = episode.account.patient.coverages[rank].payer.code
        client = episode.account.client.code
        own = dice_for(seed, "own factor", payer, category)
        theirs = dice_for(seed, "own factor", client)
        spread = own.gauss(0, self._numbers["payer_spread"])
        return math.exp(spread + theirs.gauss(0, self._numbers["client_spread"]))

    def price_share(self, episode: Episode, rank: int) -> float:
        """Answer the part of the price that is paid when a denial is overturned."""
        dice = self.dice(episode, rank, "price", self.work_of(episode, rank).denials)
        if dice.random() < self._numbers["full_payment_share"]:
            return 1.0
        low, high = self._state.parameters.ranges["partial_payment"]
        return low + (high - low) * dice.random()

    def limits(self, episode: Episode, rank: int) -> Limits:
        """Answer the deadlines with one payer of a claim."""
        before = episode.tracks[rank - 1].payment_date if rank else None
        return Limits(episode.account, rank, before)

    def days(self, episode: Episode, rank: int, name: str, count: int) -> int:
        """Draw the days something takes."""
        low, high = self._state.parameters.ranges[name]
        dice = self.dice(episode, rank, name, count)
        return dice.randrange(int(low), int(high) + 1)

    def dice(self, episode: Episode, rank: int, purpose: str, count: int) -> Random:
        """Make the generator of one act: the same whatever was done for other claims."""
        account = episode.account
        return dice_for(
            self._state.settings.seed, "working", account.client.code, account.control_number,
            rank, purpose, count,
        )  # fmt: skip


def is_denied(track: Track) -> bool:
    """Tell whether a denial stands."""
    ruling = track.ruling
    if track.stage is not Stage.FINAL or ruling is None:
        return False
    return bool(ruling.category) and ruling.outcome is not Outcome.DUPLICATE
