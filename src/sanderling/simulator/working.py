"""What people can do about a claim in an interactive world, and what comes of it.

Whether an act wins, and in how many days: `chances.py`. Shares: `parameters.toml` section working.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from sanderling.simulator.activities import Activity, Effect
from sanderling.simulator.calendar import next_business_day
from sanderling.simulator.chances import (
    ANSWERS,
    APPEAL,
    BILL,
    CALL,
    CHECK,
    CORRECT,
    DISPUTE,
    DOCUMENTS,
    FILINGS,
    FIND,
    RECORDS,
    RESUBMIT,
    TEAM_ACTIONS,
    Chances,
    Work,
    is_denied,
)
from sanderling.simulator.episodes import Episode, Stage, ToldStatus, Track
from sanderling.simulator.open_office import OpenDesk
from sanderling.simulator.payer_desk import Due
from sanderling.simulator.reasons import PENDED_REASON
from sanderling.simulator.ruling import Outcome
from sanderling.simulator.worldstate import WorldState

FOLLOW_UP_DAYS = {  # domain reference 9.3, by outcome
    "in_process": 14, "no_answer": 2, "unclear": 7, "promised": 20, "nothing": 14,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Touch:
    """What came of one act: what the office hears, and what it cannot know."""

    outcome: str
    is_avoidable: bool  # changed nothing and told nothing that was needed
    wait_days: int | None = None  # until somebody should look again, beside the usual clock
    did: str = ""  # what was done in the end, where it is not what was ordered


class Working(Chances):
    """Carries out acts and keeps what was done."""

    def __init__(
        self,
        state: WorldState,
        desks: dict[str, OpenDesk],
        send: Callable[[Episode, int, date], None],
        find: Callable[[Episode, int], bool],
    ) -> None:
        super().__init__(state)
        self._desks = desks
        self._send = send
        self._find_lost = find

    def desk_of(self, episode: Episode, rank: int) -> OpenDesk:
        """Answer the desk of a payer of an episode."""
        return self._desks[episode.account.patient.coverages[rank].payer.code]

    def touch(self, episode: Episode, rank: int, action: str, channel: str, day: date) -> Touch:
        """Do one act, and remember it."""
        work = self.work_of(episode, rank)
        track = episode.tracks[rank]
        work.counts[action] = work.counts.get(action, 0) + 1
        if work.filed:
            touch = self._ask_about_filing(episode, rank, action, channel, day)
        elif track.hidden == "missing_remit":
            touch = self._unseen(episode, rank, action, channel, day)
        elif is_denied(track):
            touch = self._work_denial(episode, rank, action, day)
        elif track.stage is Stage.FINAL:
            touch = self._work_paid(episode, rank, action, day)
        elif track.stage is Stage.REVERSED:
            touch = Touch("in_process", is_avoidable=True)
        else:
            touch = self._work_unanswered(episode, rank, action, channel, day)
        work.touches += 1
        work.last_touch_date = day
        work.last_action = touch.did or action
        work.last_outcome = touch.outcome
        wait = touch.wait_days or FOLLOW_UP_DAYS.get(touch.outcome)
        work.follow_up_date = None if wait is None else day + timedelta(days=wait)
        return touch

    def act_of(self, episode: Episode, rank: int, action: str) -> str:
        """Answer what an order comes to: another team asked first, or what it found filed."""
        work = self.work_of(episode, rank)
        track = episode.tracks[rank]
        if work.filed and not work.is_filing_lost:
            return action
        if action in {RECORDS, DOCUMENTS}:
            return RECORDS if self.has_documents(episode, rank) else DOCUMENTS
        if action in TEAM_ACTIONS and work.is_answered and is_denied(track):
            return CORRECT
        return action

    # Claims the payer has not answered.

    def _work_unanswered(
        self, episode: Episode, rank: int, action: str, channel: str, day: date
    ) -> Touch:
        track = episode.tracks[rank]
        if action == BILL and track.stage is not Stage.UNBILLED:
            return Touch("nothing", is_avoidable=True)
        if action in {RESUBMIT, BILL, CORRECT}:
            is_needed = track.stage is Stage.REJECTED or track.hidden == "lost"
            is_needed = is_needed or (
                track.stage is Stage.UNBILLED and track.crossover_date is None
            )
            if track.hidden == "lost":
                track.hidden = ""
            self._send(episode, rank, day)
            return Touch("sent", is_avoidable=not is_needed)
        if action in {RECORDS, DOCUMENTS}:
            return self._send_records_unanswered(episode, rank, day)
        if action in {CHECK, CALL, FIND}:
            return self._tell(episode, rank, action, channel, day)
        return Touch("nothing", is_avoidable=True)

    def _send_records_unanswered(self, episode: Episode, rank: int, day: date) -> Touch:
        track = episode.tracks[rank]
        work = self.work_of(episode, rank)
        if not self.has_documents(episode, rank):
            return self._ask(episode, rank, Effect.CLIENT_ASKED, day)
        is_stuck = self.is_stuck(episode, rank) and track.hidden == "pended"
        until = day + timedelta(days=int(self._state.parameters.follow_up["records_answer_days"]))
        track.activity = Activity(day, Effect.RECORDS_SENT, until)
        if not is_stuck:
            return Touch("sent", is_avoidable=True)
        asked = track.latest_status
        if asked is not None:
            limit = self.limits(episode, rank).records(asked.status_date).on_date
            if limit is not None and day > limit:
                return Touch("sent", is_avoidable=True)
        count = work.counts["taken up"] = work.counts.get("taken up", 0) + 1
        lag = self.days(episode, rank, "records_decision_days", count)
        self.desk_of(episode, rank).take_up(episode, day, lag, count)
        return Touch("sent", is_avoidable=False)

    def _tell(self, episode: Episode, rank: int, action: str, channel: str, day: date) -> Touch:
        """Ask where a claim is."""
        track = episode.tracks[rank]
        work = self.work_of(episode, rank)
        dice = self.dice(episode, rank, f"tell {channel}", sum(work.counts.values()))
        is_call = channel == "call"
        shares = self._numbers
        fails = self._state.parameters.follow_up["call_fails_share"]
        is_stuck = self.is_stuck(episode, rank)
        if dice.random() < (fails if is_call else shares["portal_unclear_share"]):
            return Touch("no_answer" if is_call else "unclear", is_avoidable=not is_stuck)
        if track.hidden == "lost" or track.stage is Stage.REJECTED:
            track.activity = Activity(day, Effect.NOT_ON_FILE)
            return Touch("not_on_file", is_avoidable=False)
        if track.hidden == "pended":
            track.activity = Activity(day, Effect.PENDED)
            return Touch("pended", is_avoidable=not is_stuck)
        if track.stage is Stage.UNBILLED and track.crossover_date is None:
            return Touch("not_on_file", is_avoidable=True)
        if (
            track.hidden == "silent"
            and is_call
            and dice.random() < shares["call_frees_silent_share"]
        ):
            count = work.counts["taken up"] = work.counts.get("taken up", 0) + 1
            lag = self.days(episode, rank, "taken_up_days", count)
            self.desk_of(episode, rank).take_up(episode, day, lag, count)
            track.activity = Activity(day, Effect.IN_PROCESS, day + timedelta(days=20))
            return Touch("promised", is_avoidable=False)
        if not is_stuck and dice.random() < shares["told_wrong_share"]:
            track.activity = Activity(day, Effect.NOT_ON_FILE)
            return Touch("not_on_file", is_avoidable=True)
        track.activity = Activity(day, Effect.IN_PROCESS, day + timedelta(days=14))
        return Touch("in_process", is_avoidable=not is_stuck)

    def _unseen(self, episode: Episode, rank: int, action: str, channel: str, day: date) -> Touch:
        """A decision whose remittance was lost."""
        track = episode.tracks[rank]
        work = self.work_of(episode, rank)
        dice = self.dice(episode, rank, f"find {channel}", sum(work.counts.values()))
        paid = track.unseen_payment[2] if track.unseen_payment else 0
        is_told = track.latest_status is not None and track.latest_status.category == "F2"
        if action in {CHECK, CALL} and not is_told:
            fails = self._state.parameters.follow_up["call_fails_share"]
            share = fails if channel == "call" else self._numbers["portal_unclear_share"]
            if dice.random() < share:
                return Touch("no_answer" if channel == "call" else "unclear", is_avoidable=False)
            if not paid:
                track.latest_status = ToldStatus("F2", "1", day, day)
                return Touch("denied", is_avoidable=False)
            track.activity = Activity(day, Effect.PAID)
            return Touch("paid", is_avoidable=False)
        if action in {FIND, CALL}:
            if dice.random() >= self._numbers["payment_found_share"]:
                return Touch("in_process", is_avoidable=False)
            track.activity = Activity(day, Effect.IN_PROCESS, day + timedelta(days=10))
            track.hidden = ""
            self._find_lost(episode, rank)
            return Touch("found", is_avoidable=False)
        return Touch("nothing", is_avoidable=True)

    # Denials.

    def _work_denial(self, episode: Episode, rank: int, action: str, day: date) -> Touch:
        work = self.work_of(episode, rank)
        reading = self.reading_of(episode, rank)
        if work.first_action_date is None:
            work.first_action_date = day
        if action in {CHECK, FIND} or (action == CALL and reading.next_action != CALL):
            return Touch("denied", is_avoidable=True)
        if action in TEAM_ACTIONS and not work.is_answered:
            return self._ask(episode, rank, Effect.TEAM_ASKED, day)
        if action in {RECORDS, DOCUMENTS} and not self.has_documents(episode, rank):
            return self._ask(episode, rank, Effect.CLIENT_ASKED, day)
        if action in TEAM_ACTIONS:
            action = CORRECT
        elif action == DOCUMENTS:
            action = RECORDS
        elif action not in FILINGS or action == DISPUTE:
            return Touch("nothing", is_avoidable=True)
        return self._file(episode, rank, action, day)

    def _file(self, episode: Episode, rank: int, action: str, day: date) -> Touch:
        """Send the payer something that makes it decide again."""
        work = self.work_of(episode, rank)
        track = episode.tracks[rank]
        if work.tries >= int(self._numbers["tries_max"]):
            return Touch("nothing", is_avoidable=True)
        wins = self.wins(episode, rank, action, day)
        is_late = self.is_late(episode, rank, action, day)
        number = work.counts["filed"] = work.counts.get("filed", 0) + 1
        if action == CALL and not wins:
            work.tries += 1
            work.is_closed = work.tries >= int(self._numbers["tries_max"])
            return Touch("denied", is_avoidable=is_late)
        work.filed = action
        work.is_filed_in_time = work.is_filed_in_time or not is_late
        arrives = self.dice(episode, rank, "arrives", number)
        work.is_filing_lost = arrives.random() < self._numbers["filing_lost_share"]
        lag = self.days(episode, rank, ANSWERS[action], work.tries + 1)
        if action == CORRECT:
            track.is_correction_open = True
            track.sent_dates.append(day)
        elif action in {APPEAL, DISPUTE}:
            track.activity = Activity(day, Effect.APPEALED, day + timedelta(days=35))
        else:
            track.activity = Activity(day, Effect.RECORDS_SENT, day + timedelta(days=30))
        if not work.is_filing_lost:
            self._at(
                day + timedelta(days=lag),
                partial(self._decide, episode, rank, work.denials, wins),
            )
        return Touch("sent", is_avoidable=is_late, did=action)

    def _decide(self, episode: Episode, rank: int, denials: int, wins: bool, day: date) -> None:  # noqa: FBT001 - bound by partial
        """The payer decides again."""
        work = self.work_of(episode, rank)
        track = episode.tracks[rank]
        if work.denials != denials or track.submission is None or not work.filed:
            return
        work.tries += 1
        if not is_denied(track):
            self._decide_dispute(episode, rank, day, wins=wins)
            return
        is_won = self.desk_of(episode, rank).decide_again(
            track.submission, self.price_share(episode, rank), day, wins=wins
        )
        work.is_upheld_expected = not is_won

    def _decide_dispute(self, episode: Episode, rank: int, day: date, *, wins: bool) -> None:
        work = self.work_of(episode, rank)
        track = episode.tracks[rank]
        submission = track.submission
        if submission is None or track.stage is not Stage.FINAL:
            return
        desk = self.desk_of(episode, rank)
        if not desk.decide_again(submission, self.price_share(episode, rank), day, wins=wins):
            work.filed = ""
            track.activity = Activity(day, Effect.DENIED)
            work.last_outcome = "denied"
            work.follow_up_date = None
            work.is_closed = work.tries >= int(self._numbers["tries_max"])

    def _ask_about_filing(
        self, episode: Episode, rank: int, action: str, channel: str, day: date
    ) -> Touch:
        """Touch something that waits for the payer's answer."""
        work = self.work_of(episode, rank)
        track = episode.tracks[rank]
        if not work.is_filing_lost:
            dice = self.dice(episode, rank, f"tell {channel}", sum(work.counts.values()))
            fails = self._state.parameters.follow_up["call_fails_share"]
            is_unanswered = channel == "call" and dice.random() < fails
            return Touch("no_answer" if is_unanswered else "in_process", is_avoidable=True)
        if action in {CHECK, CALL}:
            dice = self.dice(episode, rank, f"tell {channel}", sum(work.counts.values()))
            fails = self._state.parameters.follow_up["call_fails_share"]
            share = fails if channel == "call" else self._numbers["portal_unclear_share"]
            if dice.random() < share:
                return Touch("no_answer" if channel == "call" else "unclear", is_avoidable=False)
            self._unfile(track, work)
            return Touch("not_on_file", is_avoidable=False)
        filed = work.filed
        self._unfile(track, work)
        is_dispute = filed == DISPUTE
        return (
            self._work_paid(episode, rank, action, day)
            if is_dispute
            else self._work_denial(episode, rank, action, day)
        )

    @staticmethod
    def _unfile(track: Track, work: Work) -> None:
        work.filed = ""
        work.is_filing_lost = False
        track.is_correction_open = False
        track.activity = None

    # Paid claims with a balance.

    def _work_paid(self, episode: Episode, rank: int, action: str, day: date) -> Touch:
        track = episode.tracks[rank]
        work = self.work_of(episode, rank)
        ruling = track.ruling
        if ruling is None or ruling.reason == PENDED_REASON:
            return Touch("in_process", is_avoidable=True)
        if not ruling.reduction:
            # Nothing more is owed: looked at once, it is out of the way.
            work.is_closed = True
            return Touch("done", is_avoidable=False)
        if action not in {DISPUTE, APPEAL, CALL}:
            return Touch("nothing", is_avoidable=True)
        if work.denied_date is None:
            work.denied_date = track.posted_date
        if work.first_action_date is None:
            work.first_action_date = day
        return self._file(episode, rank, DISPUTE, day)

    # Other teams and the client.

    def _ask(self, episode: Episode, rank: int, effect: Effect, day: date) -> Touch:
        work = self.work_of(episode, rank)
        wait = timedelta(days=int(self._numbers["remind_days"]))
        did = DOCUMENTS if effect is Effect.CLIENT_ASKED else ""
        if work.asked_date is not None and day < work.asked_date + wait:
            return Touch("sent", is_avoidable=True, wait_days=wait.days, did=did)
        work.asked_date = day
        count = work.counts["asked"] = work.counts.get("asked", 0) + 1
        episode.tracks[rank].activity = Activity(day, effect, day + wait)
        answer_day = self.answer_day(episode, rank, effect, count, day)
        if answer_day is not None:
            self._at(answer_day, partial(self._answered, episode, rank, work.denials))
        return Touch("sent", is_avoidable=False, wait_days=wait.days, did=did)

    def _answered(self, episode: Episode, rank: int, denials: int, _day: date) -> None:
        work = self.work_of(episode, rank)
        if work.denials != denials or work.is_answered:
            return
        work.is_answered = True
        track = episode.tracks[rank]
        asked = (Effect.CLIENT_ASKED, Effect.TEAM_ASKED)
        if track.activity is not None and track.activity.effect in asked:
            track.activity = None
            work.follow_up_date = None
            work.last_outcome = "received"

    # What the payer says.

    def before_decision(self, due: Due, _day: date) -> None:
        """Take back what only marked that we wait."""
        rank = due.submission.rank
        work = self.work_of(due.submission.episode, rank)
        if due.ruling.outcome is Outcome.DUPLICATE:
            return
        work.filed = ""
        work.is_filing_lost = False
        due.submission.episode.tracks[rank].is_correction_open = False

    def after_decision(self, due: Due, day: date) -> None:
        """Note a decision: a new denial, an old one upheld, or money."""
        submission = due.submission
        episode, rank = submission.episode, submission.rank
        work = self.work_of(episode, rank)
        track = episode.tracks[rank]
        if due.ruling.outcome is Outcome.DUPLICATE:
            return
        work.follow_up_date = None
        if not is_denied(track):
            return
        if work.is_upheld_expected:
            work.is_upheld_expected = False
            work.is_closed = work.tries >= int(self._numbers["tries_max"])
            return
        work.denials += 1
        work.tries = 0
        work.denied_date = day
        work.first_action_date = work.asked_date = None
        work.is_answered = work.is_filed_in_time = work.is_closed = False
        dice = self.dice(episode, rank, "unworked", work.denials)
        if dice.random() < self._numbers["unworked_reprocess_share"]:
            low, high = self._state.parameters.ranges["unworked_reprocess_days"]
            later = day + timedelta(days=dice.randrange(int(low), int(high) + 1))
            self._at(later, partial(self._reprocess, episode, rank, work.denials))

    def _reprocess(self, episode: Episode, rank: int, denials: int, day: date) -> None:
        """A payer finds by itself that a denial was wrong."""
        track = episode.tracks[rank]
        work = self.work_of(episode, rank)
        if work.denials == denials and is_denied(track) and track.submission is not None:
            self.desk_of(episode, rank).decide_again(track.submission, 1.0, day, wins=True)

    def is_stuck(self, episode: Episode, rank: int) -> bool:
        """Tell whether nothing comes unless somebody acts."""
        track = episode.tracks[rank]
        work = self.work_of(episode, rank)
        if work.filed:
            return work.is_filing_lost
        if track.hidden in {"lost", "missing_remit"} or track.stage is Stage.REJECTED:
            return True
        if track.hidden in {"silent", "pended"}:
            return not self.desk_of(episode, rank).is_deciding(episode)
        if track.stage is Stage.UNBILLED:
            return track.crossover_date is None
        return is_denied(track)

    def _at(self, day: date, act: Callable[[date], None]) -> None:
        self._state.agenda.at(next_business_day(day), act)
