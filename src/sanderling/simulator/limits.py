"""The true deadline of an open balance: which one controls, and its day.

The world's payers state their own days in payers.csv (counted from the day of service, appeals from
the payment date of the remittance); the rest are the defaults of the domain reference 4.2, 4.5 and
11.3. Deadlines are calendar days without extension at week-ends.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from sanderling.simulator.accounts import Account
from sanderling.simulator.payers import PayerProfile

RECORDS_DAYS = {"medicare": 45}
RECORDS_DAYS_USUAL = 30
TAKEBACK_DAYS = 30
SECONDARY_DAYS = 90
MEDICARE_SECONDARY_MONTHS = 12
CROSSOVER_PROGRAM_MONTHS = 6
REFUND_DAYS = 60
REFUND_KINDS = frozenset({"medicare", "medicare_advantage", "medicaid"})
CORRECTED_ACTIONS = frozenset({"correct_and_rebill", "verify_eligibility"})
RECORDS_ACTIONS = frozenset({"send_records", "request_documents"})


@dataclass(frozen=True, slots=True)
class Limit:
    """A deadline: its kind (empty when there is none) and the last day."""

    kind: str = ""
    on_date: date | None = None


NONE = Limit()


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines of one account with the payer of one rank."""

    account: Account
    rank: int
    prior_payment_date: date | None  # of the remittance of the payer before

    @property
    def payer(self) -> PayerProfile:
        """The payer that owes."""
        return self.account.patient.coverages[self.rank].payer

    @property
    def service_date(self) -> date:
        """Where filing limits begin: day of service, statement through date of institutions."""
        facts = self.account.institutional
        return facts.statement_to_date if facts else self.account.service_date

    def filing(self) -> Limit:
        """Timely filing with the first payer, secondary filing with a later one."""
        return self.secondary(self.prior_payment_date) if self.rank else self.timely()

    def timely(self) -> Limit:
        """The payer's own days from the day of service."""
        return self._after("timely_filing", self.service_date, self.payer.timely_days)

    def corrected(self) -> Limit:
        """The payer's own days from the day of service."""
        return self._after("corrected_claim", self.service_date, self.payer.corrected_days)

    def appeal(self, since_date: date | None) -> Limit:
        """The payer's own days from the payment date of the decision."""
        return self._after("appeal", since_date, self.payer.appeal_days)

    def records(self, asked_date: date | None) -> Limit:
        """Records and other information a payer waits for."""
        days = RECORDS_DAYS.get(self.payer.kind, RECORDS_DAYS_USUAL)
        return self._after("records", asked_date, days)

    def takeback(self, reversed_date: date | None) -> Limit:
        """Dispute of a payment taken back."""
        return self._after("takeback_dispute", reversed_date, TAKEBACK_DAYS)

    def refund(self, arose_date: date | None) -> Limit:
        """Return of an overpayment by a public program."""
        if self.payer.kind not in REFUND_KINDS:
            return NONE
        return self._after("refund", arose_date, REFUND_DAYS)

    def _next_payer(self, decided_date: date | None) -> Limit:
        """This payer sends us on: the clock of the payer after it, when one is known."""
        following = self.rank + 1
        if following < len(self.account.patient.coverages):
            return Limits(self.account, following, decided_date).filing()
        # A last payer that misses the remittance before it wants its own claim again.
        return self.filing() if self.rank else self.secondary(decided_date)

    def secondary(self, paid_date: date | None) -> Limit:
        """Claim to a later payer, counted from the earlier payer's remittance."""
        coverages = self.account.patient.coverages
        rank = self.rank
        kind = coverages[rank].payer.kind
        before = coverages[rank - 1].payer.kind if rank else ""
        if kind == "medicare":
            day = add_months(self.service_date, MEDICARE_SECONDARY_MONTHS)
            return Limit("secondary_filing", day)
        if kind == "medicaid" and before == "medicare" and paid_date is not None:
            return Limit("secondary_filing", add_months(paid_date, CROSSOVER_PROGRAM_MONTHS))
        return self._after("secondary_filing", paid_date, SECONDARY_DAYS)

    def of_denial(self, next_action: str, decided_date: date | None) -> Limit:
        """The deadline of what is to be done about a denial."""
        if next_action in CORRECTED_ACTIONS:
            return self.corrected()
        if next_action == "resubmit":
            return self.timely()
        if next_action == "bill_secondary":
            return self._next_payer(decided_date)
        if next_action in RECORDS_ACTIONS:
            return self.records(decided_date)
        return self.appeal(decided_date)

    @staticmethod
    def _after(kind: str, start: date | None, days: int) -> Limit:
        return Limit(kind, None if start is None else start + timedelta(days=days))
