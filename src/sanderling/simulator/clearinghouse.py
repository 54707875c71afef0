"""The clearinghouse: takes 837 files, answers, and forwards claims to payers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from sanderling.simulator.calendar import add_business_days
from sanderling.simulator.episodes import Stage, Submission
from sanderling.simulator.identifiers import dice_for, pick
from sanderling.simulator.office import SentSet
from sanderling.simulator.payers import BY_CODE
from sanderling.simulator.reasons import REJECTIONS, SUBSET, FrontEndReason
from sanderling.simulator.worldstate import WorldState


class Clearinghouse:
    """Checks each set and claim; what passes reaches its payer in one to three business days."""

    def __init__(
        self,
        state: WorldState,
        forward: Callable[[Submission, date], None],
        on_rejected: Callable[[Submission, date], None],
    ) -> None:
        self._state = state
        self._forward = forward
        self._on_rejected = on_rejected

    def receive(self, sent: SentSet, day: date) -> None:
        """Take one 837."""
        front_end = self._state.parameters.front_end
        dice = dice_for(self._state.settings.seed, "set", sent.batch.reference)
        if dice.random() < front_end["set_rejected_share"]:
            self._acknowledge_set(sent, day, is_accepted=False)
            for submission in sent.submissions:
                self._reject(submission, SUBSET, "999", day)
            return
        self._acknowledge_set(sent, day, is_accepted=True)
        answers: list[tuple[Submission, FrontEndReason | None]] = []
        for submission in sent.submissions:
            reason = self._check(submission)
            answers.append((submission, reason))
            if reason is None:
                self._pass_on(submission, day)
        self._state.agenda.at(add_business_days(day, 1), partial(self._answer, sent, answers))

    def _check(self, submission: Submission) -> FrontEndReason | None:
        payer = BY_CODE[submission.claim.payer.identifier]
        share = self._state.parameters.front_end["clearinghouse_share_of_rejections"]
        dice = dice_for(self._state.settings.seed, "edit", submission.trace)
        # Whoever sends again has looked at the claim: half as many errors.
        weight = share if submission.attempt == 1 else share / 2
        if dice.random() < payer.rejection_rate * weight:
            return pick(dice, REJECTIONS)
        return None

    def _pass_on(self, submission: Submission, day: date) -> None:
        dice = dice_for(self._state.settings.seed, "forward", submission.trace)
        timing = self._state.parameters.timing
        is_lost = dice.random() < timing["silent_share"] / 2
        if is_lost and not submission.is_duplicate and not submission.is_correction:
            submission.episode.tracks[submission.rank].hidden = "lost"
            return
        delay = 1 + dice.randrange(int(timing["accept_days_max"]))
        arrival = add_business_days(day, delay)
        self._state.agenda.at(arrival, partial(self._forward, submission))

    def _acknowledge_set(self, sent: SentSet, day: date, *, is_accepted: bool) -> None:
        """Answer the set with a 999."""

    def _answer(
        self,
        sent: SentSet,
        answers: list[tuple[Submission, FrontEndReason | None]],
        day: date,
    ) -> None:
        """Answer each claim with a 277CA."""
        for submission, reason in answers:
            if reason is not None:
                self._reject(submission, reason, "clearinghouse", day)

    def _reject(
        self, submission: Submission, reason: FrontEndReason, source: str, day: date
    ) -> None:
        track = submission.episode.tracks[submission.rank]
        if not submission.is_duplicate and not submission.is_correction:
            track.stage = Stage.REJECTED
            track.rejection = reason
            track.rejected_by = source
        self._on_rejected(submission, day)
