"""Follow-up by people: appeals, documents, other teams, calls. Its result stands in activities.csv.

Shares and delays: `parameters.toml` section follow_up (estimates; decisions of appeals and records
12.4). Every act is noted with the claim as its own row; the truth keeps the latest that counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from random import Random

from sanderling.simulator.activities import Activity, ActivityRow, Effect
from sanderling.simulator.calendar import next_business_day
from sanderling.simulator.episodes import Episode, Stage, Submission, Track
from sanderling.simulator.identifiers import dice_for, pick
from sanderling.simulator.ruling import Ruling
from sanderling.simulator.worldstate import WorldState

USERS = ("alvarez", "becker", "chen")
APPEALED = frozenset({"medical_necessity", "authorization", "benefit_limit"})
CODED = frozenset({"coding", "bundling"})
UNANSWERED = frozenset({Stage.SENT, Stage.ACCEPTED})


@dataclass(frozen=True, slots=True)
class _Act:
    """How one kind of act is written down."""

    channel: str
    action: str
    outcome: str
    note: str


APPEAL = _Act("portal", "appeal", "sent", "first level appeal sent")
TURNED_DOWN = _Act("call", "call_payer", "denied", "appeal turned down, letter to follow")
ASK_CLIENT = _Act("electronic", "request_documents", "sent", "chart notes asked for")
FROM_CLIENT = _Act("electronic", "request_documents", "received", "chart notes received")
RECORDS = _Act("portal", "send_records", "sent", "records uploaded")
ASK_CODER = _Act("internal", "escalate", "sent", "coding review asked for")
FROM_CODER = _Act("internal", "escalate", "done", "coding review done")
ASK_AUTHORIZATION = _Act("portal", "obtain_authorization", "sent", "retroactive request made")
AUTHORIZED = _Act("portal", "obtain_authorization", "received", "authorization received")
ASK_COVERAGE = _Act("portal", "verify_eligibility", "sent", "front desk checks coverage")
COVERAGE_CHECKED = _Act("portal", "verify_eligibility", "done", "coverage confirmed")
SENT_ANEW = _Act("electronic", "resubmit", "sent", "sent again")
NO_ANSWER = _Act("call", "call_payer", "no_answer", "hold time over 30 minutes")
CALLS = {
    Effect.IN_PROCESS: _Act("call", "check_status", "in_process", "in process"),
    Effect.PAID: _Act("call", "call_payer", "paid", "paid, remittance not here"),
    Effect.PENDED: _Act("call", "call_payer", "pended", "pended for review"),
    Effect.NOT_ON_FILE: _Act("call", "call_payer", "not_on_file", "no claim on file"),
}
PROMISED = _Act("call", "call_payer", "promised", "payment promised")


class FollowUp:
    """What people do about denials and silence, beside sending claims."""

    def __init__(
        self,
        state: WorldState,
        reconsider: Callable[[Submission, bool, date], None],
        correct: Callable[[Episode, int, str, date], None],
        send: Callable[[Episode, int, date], None],
    ) -> None:
        self._state = state
        self._reconsider = reconsider
        self._correct = correct
        self._send = send
        self._shares = state.parameters.follow_up

    def on_denial(self, episode: Episode, ruling: Ruling, day: date) -> None:
        """Begin to work a denial of the first payer that is not simply sent again."""
        if episode.is_followed_up:
            return
        dice = self._dice(episode, "denial")
        mark = dice.random()
        category = ruling.category
        if category in APPEALED and mark < self._shares["appeal_share"]:
            self._begin(episode, "appeal_days", day, self._appeal)
        elif category == "authorization" and mark < self._shares["authorization_request_share"]:
            act = partial(self._ask_team, ASK_AUTHORIZATION, AUTHORIZED)
            self._begin(episode, "team_ask_days", day, act)
        elif category == "documentation" and mark < self._shares["client_request_share"]:
            self._begin(episode, "team_ask_days", day, self._ask_client)
        elif category in CODED and mark < self._shares["coding_review_share"]:
            act = partial(self._ask_team, ASK_CODER, FROM_CODER)
            self._begin(episode, "team_ask_days", day, act)
        elif category == "eligibility" and mark < self._shares["coverage_check_share"]:
            act = partial(self._ask_team, ASK_COVERAGE, COVERAGE_CHECKED)
            self._begin(episode, "team_ask_days", day, act)

    def call_later(self, episode: Episode, day: date) -> None:
        """Plan a call about a claim that may stay silent."""
        dice = self._dice(episode, "call")
        if dice.random() < self._shares["call_share"]:
            wait = episode.account.patient.coverages[0].payer.response_days
            self._at(
                self._later(dice, "call_days", day + timedelta(days=wait)), self._call, episode
            )

    def _begin(
        self, episode: Episode, delay: str, day: date, act: Callable[[Episode, date], None]
    ) -> None:
        episode.is_followed_up = True
        later = self._later(self._dice(episode, "begin"), delay, day)
        self._at(later, partial(self._if_denied, act), episode)

    @staticmethod
    def _if_denied(act: Callable[[Episode, date], None], episode: Episode, day: date) -> None:
        if _is_denied(episode.tracks[0]):
            act(episode, day)

    def _appeal(self, episode: Episode, day: date) -> None:
        dice = self._dice(episode, "appeal")
        self._note(episode, APPEAL, day, Effect.APPEALED, day + timedelta(days=35))
        mark = dice.random()
        decided = self._later(dice, "appeal_decision_days", day)
        if mark < self._shares["appeal_turned_down_by_phone_share"]:
            self._at(decided, self._turned_down, episode)
        elif mark < self._shares["appeal_decided_share"]:
            self._at(decided, self._decide, episode)

    def _turned_down(self, episode: Episode, day: date) -> None:
        track = episode.tracks[0]
        if track.activity is not None and track.activity.effect is Effect.APPEALED:
            self._note(episode, TURNED_DOWN, day, Effect.DENIED)

    def _decide(self, episode: Episode, day: date) -> None:
        """The payer looks again: overturned or upheld, told by a new remittance."""
        track = episode.tracks[0]
        if not _is_denied(track) or track.submission is None or track.ruling is None:
            return
        chance = self._state.parameters.recovery.get(track.ruling.category, 0.3)
        wins = self._dice(episode, "decision").random() < chance
        self._reconsider(track.submission, wins, day)

    def _ask_client(self, episode: Episode, day: date) -> None:
        dice = self._dice(episode, "client")
        self._note(episode, ASK_CLIENT, day, Effect.CLIENT_ASKED, day + timedelta(days=7))
        if dice.random() < self._shares["client_answers_share"]:
            self._at(self._later(dice, "client_answer_days", day), self._from_client, episode)

    def _from_client(self, episode: Episode, day: date) -> None:
        if not self._still(episode, Effect.CLIENT_ASKED):
            return
        self._note(episode, FROM_CLIENT, day, None)
        dice = self._dice(episode, "records")
        if dice.random() < self._shares["records_sent_share"]:
            self._at(day + timedelta(days=dice.randrange(1, 5)), self._send_records, episode)

    def _send_records(self, episode: Episode, day: date) -> None:
        if not _is_denied(episode.tracks[0]):
            return
        until = day + timedelta(days=int(self._shares["records_answer_days"]))
        self._note(episode, RECORDS, day, Effect.RECORDS_SENT, until)
        dice = self._dice(episode, "records sent")
        if dice.random() < self._shares["records_decided_share"]:
            self._at(self._later(dice, "records_decision_days", day), self._decide, episode)

    def _ask_team(self, asked: _Act, answered: _Act, episode: Episode, day: date) -> None:
        dice = self._dice(episode, "team")
        self._note(episode, asked, day, Effect.TEAM_ASKED, day + timedelta(days=7))
        if dice.random() < self._shares["team_answers_share"]:
            later = self._later(dice, "team_answer_days", day)
            self._at(later, partial(self._from_team, answered), episode)

    def _from_team(self, answered: _Act, episode: Episode, day: date) -> None:
        if not self._still(episode, Effect.TEAM_ASKED):
            return
        self._note(episode, answered, day, None)
        track = episode.tracks[0]
        payer = episode.account.patient.coverages[0].payer
        dice = self._dice(episode, "corrected")
        is_fit = answered is not COVERAGE_CHECKED and payer.takes_replacements
        if is_fit and track.ruling is not None and dice.random() < self._shares["corrected_share"]:
            later = next_business_day(day + timedelta(days=dice.randrange(1, 4)))
            correct = partial(self._correct, episode, 0, track.ruling.category)
            self._state.agenda.at(later, correct)

    def _still(self, episode: Episode, effect: Effect) -> bool:
        """Tell whether a claim is where this effect put it."""
        track = episode.tracks[0]
        is_same = track.activity is not None and track.activity.effect is effect
        return is_same and _is_denied(track)

    def _call(self, episode: Episode, day: date) -> None:
        track = episode.tracks[0]
        sent = track.original_sent_date
        wait = episode.account.patient.coverages[0].payer.response_days
        is_early = sent is None or day <= sent + timedelta(days=wait)
        is_held = track.hidden == "held"  # an answer is here, though it does not balance
        if track.stage not in UNANSWERED or episode.is_voided or is_early or is_held:
            return
        dice = self._dice(episode, f"call {day.isoformat()}")
        effect = self._told(track, dice)
        if effect is None:
            self._note(episode, NO_ANSWER, day, track.activity)
        elif effect is Effect.IN_PROCESS:
            is_promise = dice.random() < self._shares["promise_share"]
            until = day + timedelta(days=20 if is_promise else 14)
            self._note(episode, PROMISED if is_promise else CALLS[effect], day, effect, until)
        else:
            self._note(episode, CALLS[effect], day, effect)
        if effect is Effect.NOT_ON_FILE and dice.random() < self._shares["sent_anew_share"]:
            self._at(day + timedelta(days=dice.randrange(1, 11)), self._send_anew, episode)
        elif dice.random() < self._shares["call_again_share"]:
            self._at(day + timedelta(days=dice.randrange(10, 22)), self._call, episode)

    def _told(self, track: Track, dice: Random) -> Effect | None:
        """What the person at the payer says; None when nobody answers or knows."""
        if dice.random() < self._shares["call_fails_share"]:
            return None
        if track.hidden == "lost":
            return Effect.NOT_ON_FILE
        if track.hidden == "pended":
            return Effect.PENDED
        if track.hidden == "missing_remit" and track.unseen_payment is not None:
            _, _, paid = track.unseen_payment
            return Effect.PAID if paid > 0 else None
        return pick(dice, ((Effect.IN_PROCESS, 9.0), (Effect.NOT_ON_FILE, 1.0)))

    def _send_anew(self, episode: Episode, day: date) -> None:
        track = episode.tracks[0]
        is_told = track.activity is not None and track.activity.effect is Effect.NOT_ON_FILE
        if track.stage in UNANSWERED and is_told:
            self._send(episode, 0, day)
            wait = episode.account.patient.coverages[0].payer.response_days
            self._note(episode, SENT_ANEW, day, Effect.SENT_ANEW, day + timedelta(days=wait))

    def _note(
        self,
        episode: Episode,
        act: _Act,
        day: date,
        effect: Effect | Activity | None,
        next_date: date | None = None,
    ) -> None:
        """Write a row, and set what it makes of the claim: an effect, nothing, or as before."""
        account = episode.account
        number = self._state.next_number("activity")
        self._state.activities.append(
            ActivityRow(
                account.client.code, account.control_number, day, USERS[number % len(USERS)],
                act.channel, act.action, act.outcome, f"FU{number:07d}", next_date, act.note,
            )
        )  # fmt: skip
        if isinstance(effect, Effect):
            effect = Activity(day, effect, next_date)
        episode.tracks[0].activity = effect

    def _at(self, day: date, act: Callable[[Episode, date], None], episode: Episode) -> None:
        self._state.agenda.at(next_business_day(day), partial(act, episode))

    def _later(self, dice: Random, name: str, day: date) -> date:
        low, high = self._state.parameters.ranges[name]
        return day + timedelta(days=dice.randrange(int(low), int(high) + 1))

    def _dice(self, episode: Episode, purpose: str) -> Random:
        account = episode.account
        return dice_for(
            self._state.settings.seed, "follow-up", account.client.code, account.control_number,
            purpose,
        )  # fmt: skip


def _is_denied(track: Track) -> bool:
    """Tell whether a denial stands and nothing was sent about it."""
    is_open = track.stage is Stage.FINAL and not track.is_correction_open
    return is_open and track.ruling is not None and bool(track.ruling.category)
