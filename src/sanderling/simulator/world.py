"""The world: practices, billing office, clearinghouse and payers, day by day.

`World.advance` answers the files the billing company has on that day. A payer's decision is a
function of the claim as sent, so a later, interactive world can take the product's own files in.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from sanderling.core.x12.write.claim import Claim, Frequency
from sanderling.simulator.accounts import AccountMaker, Coverage
from sanderling.simulator.answers import PayerFrontEnds
from sanderling.simulator.billing import make_claim
from sanderling.simulator.calendar import add_business_days, is_business_day
from sanderling.simulator.clearinghouse import Clearinghouse
from sanderling.simulator.clients import (
    ClientProfile,
    contract_rates,
    make_clients,
    payers_of,
)
from sanderling.simulator.episodes import Episode, Stage, Submission, Track
from sanderling.simulator.files import OutFile
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.office import Office, SentSet
from sanderling.simulator.parameters import load_parameters
from sanderling.simulator.payer_desk import Due, PayerDesk, prior_decision
from sanderling.simulator.payers import BY_CODE, PAYERS, PayerProfile
from sanderling.simulator.payment_runs import (
    MadeRemittance,
    PaymentRuns,
    delivery_date,
    totals_of,
    transaction_for,
)
from sanderling.simulator.planted import of_kind, plant_problems
from sanderling.simulator.planted_truth import note_lost, note_posted, note_rejection
from sanderling.simulator.reasons import FrontEndReason
from sanderling.simulator.recipes import Recipe
from sanderling.simulator.ruling import Outcome
from sanderling.simulator.status_desk import StatusDesk
from sanderling.simulator.worldstate import Settings, WorldState


class World:
    """Everything outside the product."""

    office_class: type[Office] = Office
    desk_class: type[PayerDesk] = PayerDesk

    def __init__(self, settings: Settings, recipe: Recipe | None = None) -> None:
        parameters = load_parameters()
        problems = plant_problems(settings.start_date, settings.days)
        self.state = WorldState(
            settings,
            parameters,
            problems if recipe is None else recipe.problems,
            renewals=() if recipe is None else recipe.renewals,
        )
        self.clients = make_clients(dice_for(settings.seed, "clients"))
        rates = {
            payer.code: {client.code: contract_rates(client, payer) for client in self.clients}
            for payer in PAYERS
        }
        self.rates = self.state.rates = rates
        self.desks = {
            payer.code: self.desk_class(self.state, payer, rates[payer.code], self._on_front_end)
            for payer in PAYERS
        }
        self.office = self.office_class(self.state, self._receive, self._reconsider)
        self._clearinghouse = Clearinghouse(self.state, self._forward, self.office.on_rejected)
        self._runs = PaymentRuns(self.state)
        self._front_ends = PayerFrontEnds(self.state)
        self._status_desk = StatusDesk(self.state)
        self._makers = {
            client.code: AccountMaker(
                client,
                payers_of(client),
                parameters,
                dice_for(settings.seed, "accounts", client.code),
            )
            for client in self.clients
        }
        weekend = parameters.claims["days_off_share"]
        self._day_weights = [
            1.0 if is_business_day(settings.start_date + timedelta(days=offset)) else weekend
            for offset in range(settings.days)
        ]
        self._made: dict[str, float] = dict.fromkeys(self._makers, 0.0)

    def advance(self, day: date) -> list[OutFile]:
        """Live through one day; answer the files of that day."""
        self.state.files = []
        self._serve_patients(day)
        self.state.agenda.run(day)
        self.office.flush(day)
        self._ask_status(day)
        self._front_ends.flush(day)
        for payer in PAYERS:
            if payer.pay_weekday == day.weekday():
                self._pay(self.desks[payer.code], day)
        self.state.agenda.run(day)
        return self.state.files

    def _serve_patients(self, day: date) -> None:
        settings = self.state.settings
        share = self._share_of_day(day)
        total = sum(client.share for client in self.clients)
        for client in self.clients:
            before = self._made[client.code]
            after = before + settings.claims * client.share / total * share
            self._made[client.code] = after
            for _ in range(round(after) - round(before)):
                account = self._makers[client.code].make(day)
                self.office.take_charges(account, day)

    def _share_of_day(self, day: date) -> float:
        """Share of all services that fall on a day: business days alike, few at week-ends."""
        settings = self.state.settings
        offset = (day - settings.start_date).days
        if not 0 <= offset < settings.days:
            return 0.0
        return self._day_weights[offset] / sum(self._day_weights)

    def _ask_status(self, day: date) -> None:
        episodes = self.office.status_requests
        if episodes:
            self.office.status_requests = []
            self._status_desk.ask(episodes, day)

    def _receive(self, sent: SentSet, day: date) -> None:
        self._clearinghouse.receive(sent, day)

    def _forward(self, submission: Submission, day: date) -> None:
        self.desks[submission.claim.payer.identifier].receive(submission, day)

    def _reconsider(self, submission: Submission, wins: bool, day: date) -> None:  # noqa: FBT001
        self.desks[submission.claim.payer.identifier].reconsider(submission, wins, day)

    def _on_front_end(
        self,
        payer: PayerProfile,
        submission: Submission,
        reason: FrontEndReason | None,
        number: str,
        day: date,
    ) -> None:
        track = submission.episode.tracks[submission.rank]
        told = number if payer.acknowledges_with_number else ""
        self._tell_front_end(payer, submission, reason, told)
        if reason is None:
            if not submission.is_duplicate and not submission.is_correction:
                track.stage = Stage.ACCEPTED
                track.payer_claim_number = number
                # Nobody tells us of a claim that crossed over.
                track.accepted_date = None if submission.is_crossover else day
            self._heard(submission, day)
            return
        if not submission.is_duplicate and not submission.is_correction:
            track.stage = Stage.REJECTED
            track.rejection = reason
            track.rejected_by = "payer"
        note_rejection(self.state, submission, reason, day)
        self._heard(submission, day)
        self.office.on_rejected(submission, day)

    def _tell_front_end(
        self,
        payer: PayerProfile,
        submission: Submission,
        reason: FrontEndReason | None,
        told: str,
    ) -> None:
        self._front_ends.note(payer, submission, reason, told)

    @staticmethod
    def _heard(submission: Submission, day: date) -> None:
        if not submission.is_crossover:
            submission.episode.tracks[submission.rank].payer_spoke(day)

    def _pay(self, desk: PayerDesk, day: date) -> None:
        made = self._lose_planted(self._runs.run(desk, day), desk, day)
        by_client: dict[str, list[MadeRemittance]] = {}
        for item in made:
            by_client.setdefault(item.client_code, []).append(item)
        parameters = self.state.parameters
        dice = dice_for(self.state.settings.seed, "delivery", desk.profile.code, day.isoformat())
        batches = list(by_client.items())
        if len(batches) > 1 and dice.random() < parameters.payment["several_payees_share"]:
            batches = [("ALL", [item for _, items in batches for item in items])]
        for label, items in batches:
            delay_max = int(parameters.timing["remittance_delay_days_max"])
            when = delivery_date(day, dice, delay_max)
            is_missing = dice.random() < parameters.payment["missing_remit_share"]
            several_groups = len(items) > 1 and dice.random() < parameters.choices["several_groups"]
            self._arrange_crossovers(items, when)
            if is_missing:
                self._lose(items, label, desk, day)
                continue
            self.state.agenda.at(
                when, partial(self._deliver, desk, items, label, day, several_groups)
            )

    def _lose_planted(
        self, made: list[MadeRemittance], desk: PayerDesk, day: date
    ) -> list[MadeRemittance]:
        """Lose the remittances that a planted problem keeps from coming; answer the others."""
        kept = []
        for item in made:
            names = [
                problem.label
                for problem in of_kind(self.state.problems, "missing_remittances")
                if problem.touches(desk.profile.code, item.client_code, "", day)
                and problem.strikes(desk.profile.code, item.payee.npi, day)
            ]
            if names and item.dues:
                self._arrange_crossovers([item], add_business_days(day, 1))
                self._lose([item], item.client_code, desk, day)
                note_lost(self.state, names[0], item.dues, day)
            else:
                kept.append(item)
        return kept

    def _lose(self, items: list[MadeRemittance], label: str, desk: PayerDesk, day: date) -> None:
        for item in items:
            for due in item.dues:
                track = due.submission.episode.tracks[due.submission.rank]
                track.hidden = "missing_remit"
                paid = sum(part.payment.paid_cents for part in due.payments)
                track.unseen_payment = (item.remittance.trace, item.remittance.payment_date, paid)
        self.state.notes.append(
            {
                "kind": "missing_remittance",
                "client": label,
                "payer": desk.profile.code,
                "date": day.isoformat(),
                "traces": ";".join(item.remittance.trace for item in items),
            }
        )

    def _deliver(
        self,
        desk: PayerDesk,
        items: list[MadeRemittance],
        label: str,
        paid_date: date,
        several_groups: bool,  # noqa: FBT001 - bound by partial
        day: date,
    ) -> None:
        transactions = [transaction_for(item, place) for place, item in enumerate(items, start=1)]
        groups = (
            tuple((transaction,) for transaction in transactions)
            if several_groups
            else (tuple(transactions),)
        )
        text = self.state.incoming(
            desk.profile.code, groups, paid_date, delimiters=desk.profile.delimiters
        )
        name = f"{desk.profile.code}-{label}-{paid_date:%Y%m%d}.835"
        self.state.emit(name, "835", text, day, totals_of(items))
        for item in items:
            for place, due in enumerate(item.dues):
                if place in item.held:
                    # It does not balance: no posting, a person must look (2.6).
                    track = due.submission.episode.tracks[due.submission.rank]
                    track.hidden = "held"
                    track.held_date = day
                else:
                    self._post(due, item.remittance.payment_date, day)

    def _post(self, due: Due, paid_date: date, day: date) -> None:
        submission = due.submission
        episode = submission.episode
        track = episode.tracks[submission.rank]
        ruling = due.ruling
        for part in due.payments:
            episode.book.post(part, submission.rank, day)
        if ruling.outcome is Outcome.DUPLICATE:
            # No word about the claim itself: what people did about that one still counts.
            track.is_duplicate_answered = True
            return
        note_posted(self.state, due, day)
        track.payer_spoke(day)
        track.hidden = ""
        if submission.is_correction:
            track.is_correction_open = False
        in_force = [part for part in due.payments if part.payment.status != "22"]
        track.stage = Stage.FINAL if in_force else Stage.REVERSED
        track.ruling = ruling
        track.posted_date = day
        track.payment_date = paid_date
        track.submission = submission
        if in_force:
            track.payer_claim_number = in_force[-1].payment.payer_claim_number
        if len(in_force) == 1:
            track.decision = prior_decision(episode, submission.rank, in_force[0], paid_date)
        if not due.is_later_reversal:
            self.office.on_remittance(episode, submission.rank, ruling, day)

    def _arrange_crossovers(self, items: list[MadeRemittance], when: date) -> None:
        """Forward claims to the next payer, as Medicare does with status 19."""
        for item in items:
            for due in item.dues:
                if due.ruling.crosses_to:
                    self._cross_over(due, item.remittance.payment_date, when)

    def _cross_over(self, due: Due, paid_date: date, when: date) -> None:
        submission = due.submission
        episode = submission.episode
        rank = submission.rank + 1
        if rank == len(episode.tracks):
            self._add_coverage(episode, BY_CODE[due.ruling.crosses_to])
        track = episode.tracks[rank]
        track.crossover_date = paid_date
        claim = self._crossover_claim(due, rank, paid_date)
        dice = dice_for(self.state.settings.seed, "crossover", submission.trace)
        if dice.random() < self.state.parameters.choices["crossover_lost"]:
            track.hidden = "lost"  # the crossover never arrives
            return
        crossed = replace(
            submission,
            rank=rank,
            claim=claim,
            trace=f"{submission.trace}X",
            is_crossover=True,
            is_correction=False,
        )
        arrival = add_business_days(when, 3 + dice.randrange(5))
        self.state.agenda.at(arrival, partial(self._forward, crossed))

    def _add_coverage(self, episode: Episode, payer: PayerProfile) -> None:
        """The claim was forwarded to a payer of whom the client knew nothing."""
        account = episode.account
        number = self.state.next_number("coverage")
        coverage = Coverage(payer, f"{payer.code[:3]}{number:09d}", "")
        coverages = (*account.patient.coverages, coverage)
        account.patient = replace(account.patient, coverages=coverages)
        episode.tracks.append(Track(is_unknown_coverage=True))
        episode.book.coverage_count += 1

    @staticmethod
    def _crossover_claim(due: Due, rank: int, paid_date: date) -> Claim:
        submission = due.submission
        decision = prior_decision(submission.episode, submission.rank, due.payments[-1], paid_date)
        return make_claim(
            submission.episode.account, rank, prior=(decision,), frequency=Frequency.ORIGINAL
        )


def clients_by_code(world: World) -> dict[str, ClientProfile]:
    """The clients of a world by code."""
    return {client.code: client for client in world.clients}
