"""The billing office and the payers' desks of an interactive world.

The office sends first claims by itself and does nothing else until it is told. What happens to a
claim depends on the claim, the act and the how-manieth time only, never on what was done for other
claims: worlds of one seed under different orders can be compared act by act.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from random import Random

from sanderling.core.x12.write.claim import Claim
from sanderling.simulator.adjudication import (
    PayerRecord,
    decide_in_favor,
    decide_taken_up,
    deny_late,
)
from sanderling.simulator.calendar import add_business_days
from sanderling.simulator.clearinghouse import Clearinghouse
from sanderling.simulator.episodes import Episode, Submission
from sanderling.simulator.identifiers import dice_for, share_of
from sanderling.simulator.limits import Limits
from sanderling.simulator.office import Office
from sanderling.simulator.payer_desk import Due, PayerDesk
from sanderling.simulator.payers import PayerProfile
from sanderling.simulator.payment_lines import reversal_of
from sanderling.simulator.reasons import FrontEndReason
from sanderling.simulator.ruling import Ruling
from sanderling.simulator.worldstate import WorldState


class OpenOffice(Office):
    """Sends first claims; everything else waits for an order."""

    hand_over: Callable[[Submission, date], None]

    def flush(self, day: date) -> None:
        """Hand today's claims to the clearinghouse, without writing files."""
        for _, submissions in sorted(self._outbox.items()):
            for submission in submissions:
                self.hand_over(submission, day)
        self._outbox.clear()

    def _send_first(self, episode: Episode, day: date) -> None:
        self._state.episodes.append(episode)
        episode.book.charge(tuple(line.charge_cents for line in episode.account.lines), day)
        self.send(episode, 0, day)

    def _trace(self, episode: Episode, rank: int) -> str:
        account = episode.account
        number = len(episode.tracks[rank].sent_dates) + 1
        return f"{account.client.code[:2]}{account.control_number}.{rank}{number:02d}"

    def on_rejected(self, _submission: Submission, _day: date) -> None:
        """Leave the rejected claim on the worklist."""

    def on_remittance(self, _episode: Episode, _rank: int, _ruling: Ruling, _day: date) -> None:
        """Leave what a decision asks for on the worklist."""


class OpenClearinghouse(Clearinghouse):
    """Takes single claims and answers the next business day."""

    def take(self, submission: Submission, day: date) -> None:
        """Check a claim and pass it on, or reject it."""
        reason = self._check(submission, day)
        if reason is None:
            self._pass_on(submission, day)
            return
        reject = partial(self._reject, submission, reason, "clearinghouse")
        self._state.agenda.at(add_business_days(day, 1), reject)


class OpenDesk(PayerDesk):
    """A payer that also answers what an interactive office asks of it."""

    def __init__(
        self,
        state: WorldState,
        profile: PayerProfile,
        rates: dict[str, dict[str, int]],
        on_front_end: Callable[[PayerProfile, Submission, FrontEndReason | None, str, date], None],
    ) -> None:
        super().__init__(state, profile, rates, on_front_end)
        self._latest: dict[tuple[str, str], Submission] = {}

    def receive(self, submission: Submission, day: date) -> None:
        """Take a claim in, and remember it for the case that it lies still."""
        record = self._records.get(_key(submission.episode))
        if record is None or not record.is_answered:
            self._latest[_key(submission.episode)] = submission
        super().receive(submission, day)

    def _decide(
        self,
        submission: Submission,
        claim: Claim,
        record: PayerRecord | None,
        number: str,
        day: date,
        dice: Random,
    ) -> Ruling:
        rank = submission.rank
        is_new = record is None or not record.is_answered
        if rank and is_new and not submission.is_crossover:
            before = submission.episode.tracks[rank - 1].payment_date
            limit = Limits(submission.episode.account, rank, before).filing().on_date
            if limit is not None and day > limit:
                return deny_late(self._case(submission, claim, record, number, day, dice))
        return super()._decide(submission, claim, record, number, day, dice)

    def is_deciding(self, episode: Episode) -> bool:
        """Tell whether a decision comes though nobody asks."""
        record = self._records.get(_key(episode))
        return record is not None and record.is_in_process

    def take_up(self, episode: Episode, day: date, lag: int, attempt: int) -> bool:
        """Decide a claim that lay still, some days from now."""
        submission = self._latest.get(_key(episode))
        if submission is None:
            return False
        record = self._records[_key(episode)]
        dice = dice_for(self._state.settings.seed, "taken up", submission.trace, attempt)
        case = self._case(submission, submission.claim, None, record.payer_claim_number, day, dice)
        ruling = decide_taken_up(case)
        if not ruling.payments:
            return False
        record.is_in_process = True
        submission.episode.tracks[submission.rank].hidden = ""
        when = day + timedelta(days=lag)
        self._state.agenda.at(when, partial(self._decided, submission, ruling, lag))
        return True

    def decide_again(
        self, submission: Submission, price_share: float, day: date, *, wins: bool
    ) -> bool:
        """Decide a denied or reduced claim anew; answer whether more is paid than before."""
        record = self._records[_key(submission.episode)]
        ruling = submission.episode.tracks[submission.rank].ruling
        if not record.payments or ruling is None:
            return False
        decided = self.in_favor(submission, price_share) if wins else None
        if decided is None or _paid(decided) <= sum(
            part.payment.paid_cents for part in record.payments
        ):
            self.reconsider(submission, wins=False, day=day)
            return False
        reversals = tuple(reversal_of(part) for part in record.payments)
        record.payments = decided.payments
        record.category = ""
        record.payer_claim_number = decided.payments[-1].payment.payer_claim_number
        payments = reversals + decided.payments
        self._queue(Due(submission, replace(decided, payments=payments), payments))
        return True

    def in_favor(self, submission: Submission, price_share: float) -> Ruling:
        """Answer what is paid when an appeal or correction is convincing; changes nothing."""
        record = self._records[_key(submission.episode)]
        dice = dice_for(self._state.settings.seed, "reconsidered", submission.trace)
        number = f"{record.payer_claim_number}Q"
        case = self._case(submission, submission.claim, None, number, submission.sent_date, dice)
        rates = {code: share_of(cents, price_share) for code, cents in case.rates.items()}
        return decide_in_favor(replace(case, rates=rates))

    def paid_cents(self, episode: Episode) -> int:
        """Answer what stands paid on an account."""
        record = self._records.get(_key(episode))
        return sum(part.payment.paid_cents for part in record.payments) if record else 0


def _paid(ruling: Ruling) -> int:
    return sum(part.payment.paid_cents for part in ruling.payments)


def _key(episode: Episode) -> tuple[str, str]:
    return episode.account.client.code, episode.account.control_number
