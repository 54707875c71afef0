"""The billing company as it works before the product helps: what it sends, and what it neglects.

Shares and delays: `parameters.toml` section office (domain reference 12.5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random

from sanderling.core.x12.write.claim import BillingGroup, Claim, ClaimBatch, Form, Frequency
from sanderling.core.x12.write.claims_837 import claim_transaction
from sanderling.core.x12.write.parties import Provider, TradingPartner
from sanderling.simulator.accounts import Account
from sanderling.simulator.billing import make_claim
from sanderling.simulator.book import Book
from sanderling.simulator.calendar import next_business_day
from sanderling.simulator.episodes import Episode, Stage, Submission, Track
from sanderling.simulator.files import BILLING_COMPANY, CLEARINGHOUSE, FileTotals
from sanderling.simulator.followup import FollowUp
from sanderling.simulator.identifiers import dice_for, lognormal_days
from sanderling.simulator.planted_truth import note_unbilled
from sanderling.simulator.ruling import Outcome, Ruling
from sanderling.simulator.worldstate import WorldState

SUBMITTER = TradingPartner("SANDERLING BILLING SERVICES", BILLING_COMPANY)
RECEIVER = TradingPartner("TIDEWATER CLEARINGHOUSE", CLEARINGHOUSE)
KINDS = {Form.PROFESSIONAL: "837p", Form.INSTITUTIONAL: "837i", Form.DENTAL: "837d"}
ANEW_CATEGORIES = frozenset({"missing_information", "coding"})
SET_CLAIMS_MAX = 400  # claims in one transaction set


class SentSet:
    """One 837 as sent: what the clearinghouse answers."""

    def __init__(
        self, submissions: list[Submission], batch: ClaimBatch, interchange: int, guide: str
    ) -> None:
        self.submissions = submissions
        self.batch = batch
        self.interchange = interchange
        self.guide = guide


class Office:
    """Sends claims, and reacts to answers as a busy billing office does."""

    def __init__(
        self,
        state: WorldState,
        receive: Callable[[SentSet, date], None],
        reconsider: Callable[[Submission, bool, date], None],
    ) -> None:
        self._state = state
        self._receive = receive
        self._follow_up = FollowUp(state, reconsider, self._correct, self.send)
        self._outbox: dict[tuple[str, Form], list[Submission]] = {}
        self.status_requests: list[Episode] = []  # to be asked about today

    def take_charges(self, account: Account, day: date) -> None:
        """Take a new account in; its first claim goes out after the charge lag."""
        coverages = len(account.patient.coverages)
        episode = Episode(account, Book(coverages), [Track() for _ in range(coverages)])
        timing = self._state.parameters.timing
        dice = self._dice(episode, "lag")
        lag = lognormal_days(dice, timing["charge_lag_median_days"], timing["charge_lag_p90_days"])
        if dice.random() < timing["charge_lag_tail_share"]:
            lag += dice.randrange(28, 100)
        facts = account.institutional
        ready = facts.statement_to_date if facts else day
        self._at(ready + timedelta(days=lag), partial(self._send_first, episode))

    def _send_first(self, episode: Episode, day: date) -> None:
        self._state.episodes.append(episode)
        episode.book.charge(tuple(line.charge_cents for line in episode.account.lines), day)
        self.send(episode, 0, day)
        office = self._state.parameters.office
        dice = self._dice(episode, "later")
        if dice.random() < office["duplicate_share"]:
            self._at(day + timedelta(days=dice.randrange(20, 50)), partial(self._again, episode))
        if dice.random() < office["status_request_share"]:
            wait = episode.account.patient.coverages[0].payer.response_days
            when = day + timedelta(days=wait + dice.randrange(3, 20))
            self._at(when, partial(self._ask_status, episode))
        self._follow_up.call_later(episode, day)

    def send(
        self,
        episode: Episode,
        rank: int,
        day: date,
        *,
        frequency: Frequency = Frequency.ORIGINAL,
        original_reference: str = "",
        is_duplicate: bool = False,
    ) -> None:
        """Put a claim in today's batch."""
        account = episode.account
        account.submissions += 1
        trace = self._trace(episode, rank)
        decisions = [track.decision for track in episode.tracks[:rank]]
        claim = make_claim(
            account,
            rank,
            prior=tuple(decision for decision in decisions if decision is not None),
            frequency=frequency,
            original_reference=original_reference,
            trace=trace,
        )
        track = episode.tracks[rank]
        track.sent_dates.append(day)
        track.activity = None  # whatever was noted before, the claim is on its way anew
        track.is_sent_twice = track.is_sent_twice or is_duplicate
        if frequency is not Frequency.ORIGINAL:
            track.is_correction_rejected = False
        elif not is_duplicate:  # a duplicate changes nothing for the first one
            track.stage = Stage.SENT
            track.original_sent_date = day
            track.accepted_date = None
            track.rejection = None
        submission = Submission(
            episode,
            rank,
            claim,
            day,
            trace,
            attempt=account.submissions,
            is_correction=frequency is not Frequency.ORIGINAL,
            is_duplicate=is_duplicate,
        )
        self._outbox.setdefault((account.client.code, account.department.form), []).append(
            submission
        )

    def _trace(self, _episode: Episode, _rank: int) -> str:
        return f"{self._state.next_number('trace'):09d}TW"

    def flush(self, day: date) -> None:
        """Write today's claims as 837 files and hand them to the clearinghouse."""
        for (client, form), submissions in sorted(self._outbox.items()):
            for start in range(0, len(submissions), SET_CLAIMS_MAX):
                chunk = submissions[start : start + SET_CLAIMS_MAX]
                self._write_set(client, form, chunk, day)
        self._outbox.clear()

    def _write_set(self, client: str, form: Form, submissions: list[Submission], day: date) -> None:
        reference = f"B{self._state.next_number('batch'):08d}"
        by_provider: dict[str, tuple[Provider, list[Claim]]] = {}
        for submission in submissions:
            provider = submission.episode.account.department.billing
            by_provider.setdefault(provider.npi, (provider, []))[1].append(submission.claim)
        batch = ClaimBatch(
            reference=reference,
            created_at=datetime.combine(day, time(9, 30)),
            submitter=SUBMITTER,
            receiver=RECEIVER,
            groups=tuple(
                BillingGroup(provider, tuple(claims)) for provider, claims in by_provider.values()
            ),
            form=form,
        )
        transaction = claim_transaction(batch, "0001")
        text, interchange = self._state.outgoing((transaction,), day)
        charge_cents = sum(item.claim.charge_cents for item in submissions)
        kind = KINDS[form]
        totals = FileTotals(claims=len(submissions), charge_cents=charge_cents)
        self._state.emit(f"{client}-{reference}.{kind}", kind, text, day, totals)
        sent = [replace(item, batch_reference=reference) for item in submissions]
        self._receive(SentSet(sent, batch, interchange, transaction.guide), day)

    def on_rejected(self, submission: Submission, day: date) -> None:
        """React to a rejection: mostly corrected and sent again as a new claim."""
        track = submission.episode.tracks[submission.rank]
        if submission.is_duplicate:
            return
        if submission.is_correction:
            # A whole set was refused: the same replacement or void goes out again.
            track.is_correction_rejected = True
            later = day + timedelta(days=3)
            self._at(later, partial(self._send_correction_again, submission))
            return
        dice = self._dice(submission.episode, f"rejected{submission.attempt}")
        if dice.random() < self._state.parameters.office["resubmit_rejection_share"]:
            later = self._later(dice, "resubmit_days", day)
            self._at(later, partial(self._resend, submission.episode, submission.rank))

    def _send_correction_again(self, submission: Submission, day: date) -> None:
        claim = submission.claim
        self.send(
            submission.episode,
            submission.rank,
            day,
            frequency=claim.frequency,
            original_reference=claim.original_reference,
        )

    def _resend(self, episode: Episode, rank: int, day: date) -> None:
        if episode.tracks[rank].stage is Stage.REJECTED:
            self.send(episode, rank, day)

    def _again(self, episode: Episode, day: date) -> None:
        """Send the same claim once more, as offices do that do not look first."""
        track = episode.tracks[0]
        is_denied = track.ruling is not None and bool(track.ruling.category)
        is_quiet = not episode.is_voided and not track.is_correction_open and not is_denied
        is_quiet = is_quiet and track.activity is None
        if is_quiet and track.stage in {Stage.ACCEPTED, Stage.FINAL}:
            self.send(episode, 0, day, is_duplicate=True)

    def on_remittance(self, episode: Episode, rank: int, ruling: Ruling, day: date) -> None:
        """React to a decision: bill the next payer, correct a denial, or do nothing."""
        dice = self._dice(episode, f"remit{rank}-{episode.account.submissions}")
        office = self._state.parameters.office
        track = episode.tracks[rank]
        is_original = ruling.outcome in {Outcome.PAID, Outcome.PARTIAL, Outcome.PENDED}
        if ruling.category and ruling.outcome is not Outcome.DUPLICATE:
            self._rework(episode, rank, ruling, dice, day)
        elif is_original and rank + 1 < len(episode.tracks):
            following = episode.tracks[rank + 1]
            owed = episode.book.party_cents(rank + 1)
            is_idle = following.stage is Stage.UNBILLED and following.crossover_date is None
            if owed > 0 and is_idle and note_unbilled(self._state, episode, rank, day):
                return
            if owed > 0 and is_idle and dice.random() < office["bill_secondary_share"]:
                later = self._later(dice, "bill_secondary_days", day)
                self._at(later, partial(self._bill_next, episode, rank + 1))
            elif following.crossover_date is not None and not following.is_unknown_coverage:
                self._bill_directly_later(episode, rank + 1, following.crossover_date, dice)
        elif is_original and rank == 0 and len(episode.tracks) == 1:
            self._second_thoughts(episode, track, dice, day)

    def _bill_next(self, episode: Episode, rank: int, day: date) -> None:
        track = episode.tracks[rank]
        if track.stage is Stage.UNBILLED and episode.book.party_cents(rank) > 0:
            self.send(episode, rank, day)

    def _bill_directly_later(
        self, episode: Episode, rank: int, crossover_date: date, dice: Random
    ) -> None:
        """A crossover that nobody answers is billed directly after a month (5.1)."""
        if dice.random() < self._state.parameters.quirks["crossover_billed_directly"]:
            later = crossover_date + timedelta(days=dice.randrange(32, 60))
            self._at(later, partial(self._bill_directly, episode, rank))

    def _bill_directly(self, episode: Episode, rank: int, day: date) -> None:
        track = episode.tracks[rank]
        is_silent = track.posted_date is None and not track.sent_dates
        if is_silent and track.hidden != "held" and episode.book.party_cents(rank) > 0:
            episode.noise.append("crossover_billed_directly")
            self.send(episode, rank, day)

    def _rework(self, episode: Episode, rank: int, ruling: Ruling, dice: Random, day: date) -> None:
        payer = episode.account.patient.coverages[rank].payer
        has_other_part = ruling.outcome is Outcome.PARTIAL and len(episode.tracks) > 1
        if rank > 0 or has_other_part:
            return
        # Medicare's contractors take no replacements: unprocessable claims go in as new (1.5).
        is_unprocessable = ruling.outcome is Outcome.DENIED and ruling.category in ANEW_CATEGORIES
        is_reworked = dice.random() < self._state.parameters.office["rework_denial_share"]
        later = self._later(dice, "rework_days", day)
        if is_reworked and payer.takes_replacements:
            self._at(later, partial(self._correct, episode, rank, ruling.category))
        elif is_reworked and is_unprocessable:
            self._at(later, partial(self._send_anew, episode))
        else:
            self._follow_up.on_denial(episode, ruling, day)

    def _send_anew(self, episode: Episode, day: date) -> None:
        track = episode.tracks[0]
        if track.stage is Stage.FINAL and track.ruling is not None and track.ruling.category:
            self.send(episode, 0, day)

    def _correct(self, episode: Episode, rank: int, category: str, day: date) -> None:
        track = episode.tracks[rank]
        if track.stage is not Stage.FINAL or track.is_correction_open or episode.is_voided:
            return
        account = episode.account
        if category == "authorization":
            account.authorization = f"RA{self._state.next_number('retro'):07d}"
        track.is_correction_open = True
        self.send(
            episode,
            rank,
            day,
            frequency=Frequency.REPLACEMENT,
            original_reference=track.payer_claim_number,
        )

    def _second_thoughts(self, episode: Episode, track: Track, dice: Random, day: date) -> None:
        """Void a claim, or replace it with changed charges, some time after payment."""
        office = self._state.parameters.office
        takes = episode.account.patient.coverages[0].payer.takes_replacements
        if not takes or episode.account.institutional is not None:
            return
        mark = dice.random()
        later = self._later(dice, "rework_days", day)
        if mark < office["void_share"]:
            self._at(later, partial(self._void, episode))
        elif mark < office["void_share"] + office["charge_correction_share"]:
            self._at(later, partial(self._change_charge, episode))

    def _void(self, episode: Episode, day: date) -> None:
        track = episode.tracks[0]
        if track.stage is not Stage.FINAL or track.is_correction_open:
            return
        track.is_correction_open = True
        episode.is_voided = True
        self.send(
            episode, 0, day, frequency=Frequency.VOID, original_reference=track.payer_claim_number
        )
        episode.book.charge(tuple(0 for _ in episode.account.lines), day)

    def _change_charge(self, episode: Episode, day: date) -> None:
        track = episode.tracks[0]
        if track.stage is not Stage.FINAL or track.is_correction_open:
            return
        account = episode.account
        first = account.lines[0]
        units = int(first.units) + 1
        dearer = replace(
            first, units=str(units), charge_cents=first.charge_cents * units // (units - 1)
        )
        account.lines = (dearer, *account.lines[1:])
        self._correct(episode, 0, "", day)
        episode.book.charge(tuple(line.charge_cents for line in account.lines), day)

    def _ask_status(self, episode: Episode, day: date) -> None:
        track = episode.tracks[0]
        if track.stage not in {Stage.SENT, Stage.ACCEPTED}:
            return
        self.status_requests.append(episode)
        dice = self._dice(episode, f"status {day.isoformat()}")
        if dice.random() < self._state.parameters.quirks["status_asked_again"]:
            when = day + timedelta(days=dice.randrange(14, 28))
            self._at(when, partial(self._ask_status, episode))

    def _at(self, day: date, action: Callable[[date], None]) -> None:
        self._state.agenda.at(next_business_day(day), action)

    def _later(self, dice: Random, name: str, day: date) -> date:
        low, high = self._state.parameters.ranges[name]
        return day + timedelta(days=dice.randrange(int(low), int(high) + 1))

    def _dice(self, episode: Episode, purpose: str) -> Random:
        account = episode.account
        return dice_for(
            self._state.settings.seed, account.client.code, account.control_number, purpose
        )
