"""One payer: takes claims in, decides them, and pays in weekly runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from random import Random

from sanderling.core.x12.write.claim import Claim, Frequency
from sanderling.simulator.accounts import Account
from sanderling.simulator.adjudication import (
    Case,
    PayerRecord,
    adjudicate,
    decide_in_favor,
)
from sanderling.simulator.billing import PriorDecision
from sanderling.simulator.calendar import next_business_day
from sanderling.simulator.episodes import Episode, Stage, Submission
from sanderling.simulator.identifiers import dice_for, pick, share_of
from sanderling.simulator.payers import PayerProfile
from sanderling.simulator.payment_lines import Common, denied_payment, reversal_of
from sanderling.simulator.planted import of_kind, renewed
from sanderling.simulator.planted_rejections import planted_rejection
from sanderling.simulator.reasons import (
    COVERAGE_ENDED,
    ORIGINAL_NOT_FINAL,
    PENDED,
    PENDED_REASON,
    REJECTIONS,
    FrontEndReason,
)
from sanderling.simulator.ruling import Outcome, RuledPayment, Ruling
from sanderling.simulator.worldstate import WorldState

INTEREST_KINDS = frozenset({"commercial", "bcbs", "medicaid"})
Key = tuple[str, str]  # client code, patient control number


@dataclass(frozen=True, slots=True)
class Due:
    """A decision waiting for the next payment run."""

    submission: Submission
    ruling: Ruling
    payments: tuple[RuledPayment, ...]
    is_later_reversal: bool = False
    take_later: bool = False  # a reversal whose money is taken in a later run (PLB WO)
    interest_cents: int = 0


class PayerDesk:
    """The side of a payer the world sees; decisions are made by `adjudicate`."""

    def __init__(
        self,
        state: WorldState,
        profile: PayerProfile,
        rates: dict[str, dict[str, int]],
        on_front_end: Callable[[PayerProfile, Submission, FrontEndReason | None, str, date], None],
    ) -> None:
        self.profile = profile
        self.due: dict[str, list[Due]] = {}  # by billing NPI
        self._state = state
        self._rates = rates  # by client code
        self._records: dict[Key, PayerRecord] = {}
        self._renewed: dict[tuple[str, int], dict[str, int]] = {}
        self._on_front_end = on_front_end

    def receive(self, submission: Submission, day: date) -> None:
        """Take a claim in: front-end check, claim number, decision, day of the decision."""
        claim = submission.claim
        key = _key(submission.episode.account)
        record = self._records.get(key)
        dice = dice_for(self._state.settings.seed, self.profile.code, submission.trace)
        reason = self._front_end(submission, record, dice, day)
        if reason is not None:
            self._on_front_end(self.profile, submission, reason, "", day)
            return
        number = self._claim_number(day)
        self._on_front_end(self.profile, submission, None, number, day)
        ruling = self._decide(submission, claim, record, number, day, dice)
        self._remember(key, record, number, submission)
        if ruling.outcome is not Outcome.DUPLICATE:
            self._records[key].is_in_process = bool(ruling.payments)
        if ruling.outcome in {Outcome.SILENT, Outcome.PENDED} and not submission.is_duplicate:
            submission.episode.tracks[submission.rank].hidden = ruling.outcome.value
        if ruling.payments:
            lag = self._lag(submission, ruling, dice)
            lag, slow = self._slowed(submission, lag, day)
            ruling = replace(ruling, planted=(*ruling.planted, *slow)) if slow else ruling
            if ruling.outcome is Outcome.PENDED and self.profile.pends_on_remittance:
                ruling = self._pend_on_remittance(submission, ruling, number, day)
            decided = day + timedelta(days=lag)
            self._state.agenda.at(decided, partial(self._decided, submission, ruling, lag))

    def _pend_on_remittance(
        self, submission: Submission, ruling: Ruling, number: str, day: date
    ) -> Ruling:
        """Send OA-133 for the whole claim first; the decision then comes with its reversal."""
        common = Common(number, day)
        dice = dice_for(self._state.settings.seed, "pend", submission.trace)
        pended = denied_payment(submission.claim, self.profile, PENDED, common, dice)
        pended = replace(pended, payment=replace(pended.payment, status="1"))
        notice = Ruling(Outcome.PENDED, (pended,), reason=PENDED_REASON)
        due = Due(submission, notice, (pended,), is_later_reversal=True)
        when = day + timedelta(days=self.profile.lag_floor_days + dice.randrange(8))
        self._state.agenda.at(when, lambda _day: self._queue(due))
        return replace(ruling, payments=(reversal_of(pended), *ruling.payments))

    def on_file(self, account: Account) -> PayerRecord | None:
        """What this payer has taken in of an account."""
        return self._records.get(_key(account))

    def _front_end(
        self, submission: Submission, record: PayerRecord | None, dice: Random, day: date
    ) -> FrontEndReason | None:
        if submission.is_crossover:
            return None
        if submission.claim.frequency is not Frequency.ORIGINAL and (
            record is None or not record.is_final
        ):
            return ORIGINAL_NOT_FINAL
        if submission.is_correction:
            return None
        client = submission.episode.account.client.code
        problems = (item for item in self._state.problems if item.payer)
        planted = planted_rejection(problems, submission, self.profile.code, client, day)
        if planted is not None:
            return planted
        share = 1 - self._state.parameters.front_end["clearinghouse_share_of_rejections"]
        weight = share if submission.attempt == 1 else share / 2
        if dice.random() < self.profile.rejection_rate * weight:
            return pick(dice, REJECTIONS)
        return None

    def _decide(
        self,
        submission: Submission,
        claim: Claim,
        record: PayerRecord | None,
        number: str,
        day: date,
        dice: Random,
    ) -> Ruling:
        return adjudicate(self._case(submission, claim, record, number, day, dice))

    def _case(
        self,
        submission: Submission,
        claim: Claim,
        record: PayerRecord | None,
        number: str,
        day: date,
        dice: Random,
    ) -> Case:
        client = submission.episode.account.client
        return Case(
            claim=claim,
            payer=self.profile,
            client_code=client.code,
            rates=self._rates_on(client.code, claim.service_date),
            received_date=day,
            payer_claim_number=number,
            record=record,
            problems=self._state.problems,
            parameters=self._state.parameters,
            dice=dice,
            renewals=self._state.renewals,
        )

    def _rates_on(self, client: str, day: date) -> dict[str, int]:
        """The contract's rates on a day of service."""
        renewals = [
            item
            for item in self._state.renewals
            if item.payer == self.profile.code and item.from_date <= day
        ]
        if not renewals:
            return self._rates[client]
        key = client, len(renewals)
        if key not in self._renewed:
            self._renewed[key] = renewed(
                self._rates[client], self.profile.code, tuple(renewals), day
            )
        return self._renewed[key]

    def reconsider(self, submission: Submission, wins: bool, day: date) -> None:  # noqa: FBT001
        """Decide a denied claim again after an appeal or records: take back, then say anew."""
        record = self._records[_key(submission.episode.account)]
        ruling = submission.episode.tracks[submission.rank].ruling
        if not record.category or not record.payments or ruling is None:
            return
        number = f"{record.payer_claim_number}Q"
        reversals = tuple(reversal_of(part) for part in record.payments)
        if wins:
            dice = dice_for(self._state.settings.seed, "reconsidered", submission.trace)
            case = self._case(
                submission, submission.claim, None, number, submission.sent_date, dice
            )
            decided = decide_in_favor(case)
        else:
            again = tuple(_renumbered(part, "Q") for part in record.payments)
            decided = replace(ruling, payments=again)
        record.payments = decided.payments
        record.category = decided.category
        record.payer_claim_number = decided.payments[-1].payment.payer_claim_number
        payments = reversals + decided.payments
        self._queue(Due(submission, replace(decided, payments=payments), payments))

    def _remember(
        self, key: Key, record: PayerRecord | None, number: str, submission: Submission
    ) -> None:
        if record is None:
            self._records[key] = PayerRecord(number)
        elif submission.claim.frequency is Frequency.ORIGINAL and record.category:
            record.payer_claim_number = number

    def _lag(self, submission: Submission, ruling: Ruling, dice: Random) -> int:
        timing = self._state.parameters.timing
        profile = self.profile
        mean = max(profile.lag_mean_days - profile.lag_floor_days, 1.0)
        lag = profile.lag_floor_days + round(dice.gammavariate(3.0, mean / 3.0))
        if ruling.outcome is Outcome.PENDED:
            lag += int(timing["pended_extra_days"])
        if submission.is_correction:
            lag = max(lag, int(timing["correction_turnaround_days"]) + dice.randrange(-5, 12))
        return max(lag - 3, 1)  # the payment run adds three days on average

    def _slowed(self, submission: Submission, lag: int, day: date) -> tuple[int, tuple[str, ...]]:
        """Lengthen the days to a decision as planted problems say, and name them."""
        client = submission.episode.account.client.code
        names: list[str] = []
        for problem in of_kind(self._state.problems, "slow_payment"):
            if problem.lines_of(submission.claim, self.profile.code, client, day):
                lag = round(lag * problem.strength)
                names.append(problem.label)
        return lag, tuple(names)

    def _decided(self, submission: Submission, ruling: Ruling, lag: int, day: date) -> None:
        account = submission.episode.account
        record = self._records[_key(account)]
        submission.episode.noise.extend(ruling.quirks)
        paid = sum(part.payment.paid_cents for part in ruling.payments)
        interest = 0
        late_days = lag - int(self._state.parameters.choices["interest_after_days"])
        if late_days > 0 and paid > 0 and self.profile.kind in INTEREST_KINDS:
            interest = share_of(paid, self._state.parameters.payment["interest_daily"] * late_days)
        if ruling.outcome is not Outcome.DUPLICATE:
            in_force = tuple(part for part in ruling.payments if part.payment.status != "22")
            record.payments = in_force
            record.category = ruling.category
            record.is_final = True
            record.is_in_process = False
            if in_force:
                record.payer_claim_number = in_force[-1].payment.payer_claim_number
        self._queue(Due(submission, ruling, ruling.payments, interest_cents=interest))
        if ruling.outcome is Outcome.PAID:
            self._maybe_reverse_later(submission, ruling, day)

    def _queue(self, due: Due) -> None:
        npi = due.submission.episode.account.department.billing.npi
        self.due.setdefault(npi, []).append(due)

    def _maybe_reverse_later(self, submission: Submission, ruling: Ruling, day: date) -> None:
        """Some paid claims are taken back months later (domain reference 12.4)."""
        timing = self._state.parameters.timing
        account = submission.episode.account
        dice = dice_for(self._state.settings.seed, "reversal", submission.trace)
        quirks = self._state.parameters.quirks
        if dice.random() >= timing["reversal_share"]:
            return
        if len(account.patient.coverages) > 1:
            # The further payer may have paid long before.
            if submission.rank or dice.random() >= quirks["reversal_after_secondary"]:
                return
            submission.episode.noise.append("reversal_after_secondary")
        wait = 15 + round(dice.expovariate(0.6931 / (timing["reversal_median_days"] - 15)))
        self._state.agenda.at(day + timedelta(days=wait), partial(self._reverse, submission))

    def _reverse(self, submission: Submission, day: date) -> None:
        account = submission.episode.account
        record = self._records[_key(account)]
        track = submission.episode.tracks[submission.rank]
        is_busy = track.is_correction_open or track.stage is not Stage.FINAL
        if record.category or not record.payments or is_busy:
            return
        if record.payments[0].payment.payer_claim_number.endswith("R"):
            return
        dice = dice_for(self._state.settings.seed, "takeback", submission.trace)
        reversals = tuple(reversal_of(part) for part in record.payments)
        corrected, ruling = self._correction(submission, record, dice)
        record.payments = corrected
        record.category = ruling.category
        record.payer_claim_number = corrected[-1].payment.payer_claim_number
        choices = self._state.parameters.choices
        mark = dice.random()
        if mark < choices["takeback_corrected_at_once"]:
            payments = reversals + corrected
            is_later = dice.random() < choices["takeback_money_later"]
            due = Due(submission, ruling, payments, True, is_later)
            self._queue(due)
            return
        # The correction comes some weeks after the reversal; the claim is open until then.
        taken = Ruling(Outcome.VOIDED, reversals)
        is_later = dice.random() < choices["takeback_money_later"]
        self._queue(Due(submission, taken, reversals, True, is_later))
        wait = dice.randrange(12, 30)
        if dice.random() < self._state.parameters.quirks["correction_months_later"]:
            wait = dice.randrange(60, 150)
            submission.episode.noise.append("correction_months_later")
        later = next_business_day(day + timedelta(days=wait))
        self._state.agenda.at(
            later, lambda _day: self._queue(Due(submission, ruling, corrected, True))
        )

    def _correction(
        self, submission: Submission, record: PayerRecord, dice: Random
    ) -> tuple[tuple[RuledPayment, ...], Ruling]:
        """Decide again: paid as before, or coverage found to have ended."""
        old = record.payments
        if dice.random() < self._state.parameters.choices["takeback_paid_again"]:
            corrected = tuple(_renumbered(part, "R") for part in old)
            standing = submission.episode.tracks[submission.rank].ruling
            if standing is None:
                return corrected, Ruling(Outcome.PAID, corrected)
            return corrected, replace(standing, payments=corrected, crosses_to="")
        number = f"{record.payer_claim_number}R"
        ruling = _denial_after_payment(submission, self.profile, number, dice)
        return ruling.payments, ruling

    def _claim_number(self, day: date) -> str:
        running = self._state.next_number(f"icn:{self.profile.code}")
        return f"{self.profile.code}{day:%y%j}{running:07d}"


def _renumbered(part: RuledPayment, suffix: str) -> RuledPayment:
    """The same decision again under a number of its own."""
    number = f"{part.payment.payer_claim_number}{suffix}"
    payment = replace(part.payment, payer_claim_number=number, frequency="7")
    return RuledPayment(payment, part.line_numbers)


def _denial_after_payment(
    submission: Submission, payer: PayerProfile, number: str, dice: Random
) -> Ruling:
    claim = submission.claim
    common = Common(number, submission.sent_date)
    ruled = denied_payment(claim, payer, COVERAGE_ENDED, common, dice)
    return Ruling(
        Outcome.DENIED, (ruled,), "eligibility", claim.charge_cents, "PR-27", denial=COVERAGE_ENDED
    )


def _key(account: Account) -> Key:
    return account.client.code, account.control_number


def prior_decision(episode: Episode, rank: int, ruled: RuledPayment, day: date) -> PriorDecision:
    """Keep what a payer decided for the next payer's claim."""
    return PriorDecision(
        episode.account.patient.coverages[rank], ruled.payment, ruled.line_numbers, day
    )
