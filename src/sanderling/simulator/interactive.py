"""An interactive world: its billing office does only what it is told.

`InteractiveWorld.order` carries out one act about one claim; what comes of it: `working.py`.
Claims, answers and payments go back and forth as events, no files are written. No whole files are
refused and no claim payment fails to balance, and a lost remittance loses single claims: what
befalls a claim must not depend on what was sent beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from sanderling.simulator.calendar import add_business_days
from sanderling.simulator.chances import Work
from sanderling.simulator.episodes import Episode, Submission
from sanderling.simulator.files import OutFile
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.office import Office
from sanderling.simulator.open_office import OpenClearinghouse, OpenDesk, OpenOffice
from sanderling.simulator.payer_desk import Due, PayerDesk
from sanderling.simulator.payers import PAYERS, PayerProfile
from sanderling.simulator.payment_runs import delivery_date
from sanderling.simulator.reasons import FrontEndReason
from sanderling.simulator.ruling import Outcome
from sanderling.simulator.working import Touch, Working
from sanderling.simulator.world import World
from sanderling.simulator.worldstate import Settings


@dataclass(frozen=True, slots=True)
class Cash:
    """Insurance money posted, or taken back, on a day."""

    on_date: date
    episode: int
    rank: int
    cents: int


class InteractiveWorld(World):
    """A world that waits for orders."""

    office_class: type[Office] = OpenOffice
    desk_class: type[PayerDesk] = OpenDesk

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.cash: list[Cash] = []
        self.on_posted: list[Callable[[Due, date], None]] = []
        self.numbers: dict[int, int] = {}  # of episodes, by identity
        self._lost: dict[tuple[int, int], list[Due]] = {}
        self._remittances: dict[str, int] = {}
        self._found: set[int] = set()
        clearinghouse = OpenClearinghouse(self.state, self._forward, self.office.on_rejected)
        if isinstance(self.office, OpenOffice):
            self.office.hand_over = clearinghouse.take
        self.working = Working(self.state, self._open_desks(), self.office.send, self._find)

    def advance(self, day: date) -> list[OutFile]:
        """Live through one day; nothing is written."""
        self._serve_patients(day)
        self.state.agenda.run(day)
        self.office.flush(day)
        for payer in PAYERS:
            if payer.pay_weekday == day.weekday():
                self._pay(self.desks[payer.code], day)
        self.state.agenda.run(day)
        return []

    def _tell_front_end(
        self,
        payer: PayerProfile,
        submission: Submission,
        reason: FrontEndReason | None,
        told: str,
    ) -> None:
        """Write no file."""

    def _open_desks(self) -> dict[str, OpenDesk]:
        return {code: desk for code, desk in self.desks.items() if isinstance(desk, OpenDesk)}

    def number_of(self, episode: Episode) -> int:
        """Answer the place of an episode in the order of first claims."""
        for place in range(len(self.numbers), len(self.state.episodes)):
            self.numbers[id(self.state.episodes[place])] = place
        return self.numbers[id(episode)]

    def work_of(self, episode: Episode, rank: int) -> Work:
        """What people have done so far about a claim and one of its payers."""
        return self.working.work_of(episode, rank)

    def order(self, episode: Episode, rank: int, action: str, channel: str, day: date) -> Touch:
        """Carry out one act."""
        return self.working.touch(episode, rank, action, channel, day)

    def _pay(self, desk: PayerDesk, day: date) -> None:
        dues = [due for npi in sorted(desk.due) for due in desk.due[npi]]
        desk.due.clear()
        dice = dice_for(self.state.settings.seed, "delivery", desk.profile.code, day.isoformat())
        delay_max = int(self.state.parameters.timing["remittance_delay_days_max"])
        when = delivery_date(day, dice, delay_max)
        paid_date = add_business_days(day, 1)
        for due in dues:
            if due.ruling.crosses_to:
                self._cross_over(due, paid_date, when)
            if not self._loses(due, day):
                self.state.agenda.at(when, partial(self._post, due, paid_date))

    def _loses(self, due: Due, day: date) -> bool:
        """Lose the remittance of one claim: it is paid, and nobody is told."""
        if (
            due.ruling.outcome is Outcome.DUPLICATE
            or due.is_later_reversal
            or id(due) in self._found
        ):
            return False
        trace = due.submission.trace
        count = self._remittances[trace] = self._remittances.get(trace, 0) + 1
        dice = dice_for(self.state.settings.seed, "remittance", trace, count)
        if dice.random() >= self.state.parameters.payment["missing_remit_share"]:
            return False
        episode = due.submission.episode
        track = episode.tracks[due.submission.rank]
        track.hidden = "missing_remit"
        paid = sum(part.payment.paid_cents for part in due.payments)
        track.unseen_payment = (f"{trace}L{count}", day, paid)
        self._lost.setdefault((id(episode), due.submission.rank), []).append(due)
        return True

    def _find(self, episode: Episode, rank: int) -> bool:
        """Have lost remittances sent again with the next payment run."""
        dues = self._lost.pop((id(episode), rank), [])
        for due in dues:
            self._found.add(id(due))
            self._keep(due)
        return bool(dues)

    def _keep(self, due: Due) -> None:
        code = due.submission.episode.account.patient.coverages[due.submission.rank].payer.code
        npi = due.submission.episode.account.department.billing.npi
        self.desks[code].due.setdefault(npi, []).append(due)

    def _post(self, due: Due, paid_date: date, day: date) -> None:
        episode = due.submission.episode
        self.working.before_decision(due, day)
        super()._post(due, paid_date, day)
        cents = sum(part.payment.paid_cents for part in due.payments)
        if cents:
            self.cash.append(Cash(day, self.number_of(episode), due.submission.rank, cents))
        self.working.after_decision(due, day)
        for hear in self.on_posted:
            hear(due, day)
