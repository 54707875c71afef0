"""The clearinghouse: takes 837 files, answers, and forwards claims to payers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from sanderling.simulator.answers import (
    CLEARINGHOUSE_SOURCE,
    Verdict,
    acknowledgement_for,
    emit_999,
    emit_ta1,
)
from sanderling.simulator.calendar import add_business_days
from sanderling.simulator.episodes import Stage, Submission
from sanderling.simulator.files import CLEARINGHOUSE, FileTotals
from sanderling.simulator.identifiers import dice_for, pick
from sanderling.simulator.office import SentSet
from sanderling.simulator.payers import BY_CODE
from sanderling.simulator.planted_rejections import planted_rejection
from sanderling.simulator.planted_truth import note_rejection
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
        mark = dice.random()
        if mark < front_end["interchange_refused_share"]:
            emit_ta1(self._state, sent, day)
            self._reject_all(sent, "ta1", day)
            return
        is_accepted = mark >= front_end["set_rejected_share"]
        emit_999(self._state, sent, day, is_accepted=is_accepted)
        if not is_accepted:
            self._reject_all(sent, "999", day)
            return
        verdicts = [Verdict(item, self._check(item, day)) for item in sent.submissions]
        for verdict in verdicts:
            if verdict.reason is None:
                self._pass_on(verdict.submission, day)
        self._state.agenda.at(add_business_days(day, 1), partial(self._answer, sent, verdicts))

    def _reject_all(self, sent: SentSet, source: str, day: date) -> None:
        for submission in sent.submissions:
            self._reject(submission, SUBSET, source, day)

    def _check(self, submission: Submission, day: date) -> FrontEndReason | None:
        if submission.is_correction:
            return None
        client = submission.episode.account.client.code
        problems = (item for item in self._state.problems if not item.payer)
        planted = planted_rejection(
            problems, submission, submission.claim.payer.identifier, client, day
        )
        if planted is not None:
            return planted
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

    def _answer(self, sent: SentSet, verdicts: list[Verdict], day: date) -> None:
        """Answer each claim with a 277CA."""
        transaction = acknowledgement_for(
            self._state, CLEARINGHOUSE_SOURCE, sent.batch.reference, verdicts, day, "0001"
        )
        text = self._state.incoming(CLEARINGHOUSE, ((transaction,),), day)
        totals = FileTotals(
            claims=len(verdicts),
            charge_cents=sum(item.submission.claim.charge_cents for item in verdicts),
        )
        self._state.emit(f"{sent.batch.reference}-CH.277ca", "277ca", text, day, totals)
        for verdict in verdicts:
            if verdict.reason is not None:
                self._reject(verdict.submission, verdict.reason, "clearinghouse", day)

    def _reject(
        self, submission: Submission, reason: FrontEndReason, source: str, day: date
    ) -> None:
        track = submission.episode.tracks[submission.rank]
        if not submission.is_duplicate and not submission.is_correction:
            track.stage = Stage.REJECTED
            track.rejection = reason
            track.rejected_by = source
        note_rejection(self._state, submission, reason, day)
        self._on_rejected(submission, day)
