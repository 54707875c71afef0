"""Payment runs: what a payer owes a payee that week becomes one 835 transaction set.

PLB signs after the domain reference 2.8: positive takes money from this payment. A total below
zero is carried forward with FB, so that BPR02 is never negative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.envelope import Transaction
from sanderling.core.x12.write.parties import Provider
from sanderling.core.x12.write.remittance import ClaimPayment, ProviderAdjustment, Remittance
from sanderling.core.x12.write.remittances_835 import remittance_transaction
from sanderling.simulator.calendar import add_business_days
from sanderling.simulator.files import FileTotals
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.noise import with_noise
from sanderling.simulator.payer_desk import Due, PayerDesk
from sanderling.simulator.worldstate import WorldState


@dataclass(slots=True)
class MadeRemittance:
    """One transaction set with the decisions in it."""

    remittance: Remittance
    dues: list[Due]
    payee: Provider
    client_code: str
    held: set[int]  # places in `dues` of claim payments that do not balance


class PaymentRuns:
    """Makes remittances and remembers what payees owe."""

    def __init__(self, state: WorldState) -> None:
        self._state = state
        self._debts: dict[tuple[str, str], list[ProviderAdjustment]] = {}
        self._payees: dict[str, tuple[Provider, str]] = {}  # by NPI: who, and the client's code

    def run(self, desk: PayerDesk, day: date) -> list[MadeRemittance]:
        """Pay everything that is due at a payer."""
        made = []
        for npi in sorted(desk.due):
            dues = desk.due[npi]
            if dues:
                account = dues[0].submission.episode.account
                self._payees[npi] = account.department.billing, account.client.code
                made.append(self._remit(desk, npi, dues, day))
        indebted = sorted(npi for payer, npi in self._debts if payer == desk.profile.code)
        made += [
            self._remit(desk, npi, [], day)
            for npi in indebted
            if npi not in desk.due and self._takes_alone(desk, npi, day)
        ]
        desk.due.clear()
        return made

    def _takes_alone(self, desk: PayerDesk, npi: str, day: date) -> bool:
        """Tell whether a debt is stated though nothing is paid: an 835 of PLB segments only."""
        seed = self._state.settings.seed
        dice = dice_for(seed, "alone", desk.profile.code, npi, day.isoformat())
        return dice.random() < self._state.parameters.quirks["takeback_alone"]

    def _remit(self, desk: PayerDesk, npi: str, dues: list[Due], day: date) -> MadeRemittance:
        state = self._state
        payer = desk.profile
        payee, client_code = self._payees[npi]
        dice = dice_for(state.settings.seed, "run", payer.code, npi, day.isoformat())
        claims: list[ClaimPayment] = []
        adjustments = self._debts.pop((payer.code, npi), [])
        held: set[int] = set()
        for place, due in enumerate(dues):
            made = self._claims_of(due, desk, dice)
            if not all(claim.is_balanced for claim in made):
                held.add(place)
            claims += made
            adjustments += self._adjustments_of(due, payer.code, npi, day)
        if claims:
            adjustments += self._other_adjustments(npi, day, claims, dice)
        trace = f"{payer.code}{day:%y%m%d}{state.next_number('trn:' + payer.code):05d}"
        remittance = Remittance(
            payer=payer.on_remittance,
            payee=payee,
            trace=trace,
            production_date=day,
            payment_date=add_business_days(day, 1),
            claims=tuple(claims),
            provider_adjustments=tuple(adjustments),
            method="CHK" if dice.random() < state.parameters.payment["check_share"] else "ACH",
            payee_names_tax_id=dice.random() < state.parameters.choices["payee_by_tax_id"],
        )
        if remittance.balanced_cents < 0:
            remittance = self._forward_balance(remittance, payer.code, npi, day)
        return MadeRemittance(remittance, dues, payee, client_code, held)

    def _claims_of(self, due: Due, desk: PayerDesk, dice: Random) -> list[ClaimPayment]:
        state = self._state
        episode = due.submission.episode
        claims = []
        for part in due.payments:
            payment = with_noise(part.payment, desk.profile, episode, state.parameters.noise, dice)
            if due.interest_cents and part is due.payments[-1]:
                payment = replace(payment, interest_cents=due.interest_cents)
            share = state.parameters.payment["unbalanced_claim_share"]
            if len(due.payments) == 1 and dice.random() < share:
                payment = self._unbalance(payment, episode.account.client.code)
            claims.append(payment)
        return claims

    def _unbalance(self, payment: ClaimPayment, client: str) -> ClaimPayment:
        """Leave a cent of a line's adjustment out, as faulty payer systems do."""
        for place, line in enumerate(payment.lines):
            if line.adjustments and line.adjustments[0].amount_cents > 1:
                first = line.adjustments[0]
                wrong = Adjustment(first.group, first.code, first.amount_cents - 1)
                spoiled = replace(line, adjustments=(wrong, *line.adjustments[1:]))
                lines = (*payment.lines[:place], spoiled, *payment.lines[place + 1 :])
                self._state.notes.append(
                    {
                        "kind": "unbalanced_claim",
                        "client": client,
                        "claim": payment.control_number,
                        "payer_claim_number": payment.payer_claim_number,
                    }
                )
                return replace(payment, lines=lines)
        return payment

    def _adjustments_of(
        self, due: Due, payer: str, npi: str, day: date
    ) -> list[ProviderAdjustment]:
        fiscal_date = date(day.year, 12, 31)
        items = []
        number = due.payments[-1].payment.payer_claim_number
        if due.interest_cents:
            items.append(ProviderAdjustment(npi, fiscal_date, "L6", number, -due.interest_cents))
        if due.take_later:
            taken = -sum(
                part.payment.paid_cents for part in due.payments if part.payment.status == "22"
            )
            if taken > 0:
                reference = f"{due.submission.claim.control_number} {number}"
                items.append(ProviderAdjustment(npi, fiscal_date, "WO", reference, -taken))
                self._owe(payer, npi, ProviderAdjustment(npi, fiscal_date, "WO", reference, taken))
        return items

    def _owe(self, payer: str, npi: str, item: ProviderAdjustment) -> None:
        self._debts.setdefault((payer, npi), []).append(item)

    def _other_adjustments(
        self, npi: str, day: date, claims: list[ClaimPayment], dice: Random
    ) -> list[ProviderAdjustment]:
        if dice.random() >= self._state.parameters.payment["plb_share"]:
            return []
        fiscal_date = date(day.year, 12, 31)
        cents = dice.randrange(500, 9000)
        mark = dice.random()
        if mark < self._state.parameters.choices["authorized_return"]:
            # An authorized return: the provider's refund is booked and taken out in one set.
            number = claims[0].payer_claim_number
            return [
                ProviderAdjustment(npi, fiscal_date, "72", number, -cents),
                ProviderAdjustment(npi, fiscal_date, "WO", number, cents),
            ]
        paid = sum(claim.paid_cents for claim in claims)
        if paid > 4 * cents:
            return [ProviderAdjustment(npi, fiscal_date, "CS", f"ADJ{day:%m%d}", cents)]
        return []

    def _forward_balance(
        self, remittance: Remittance, payer: str, npi: str, day: date
    ) -> Remittance:
        short = remittance.balanced_cents
        fiscal_date = date(day.year, 12, 31)
        forward = ProviderAdjustment(npi, fiscal_date, "FB", remittance.trace, short)
        self._owe(payer, npi, replace(forward, amount_cents=-short))
        return replace(remittance, provider_adjustments=(*remittance.provider_adjustments, forward))


def transaction_for(made: MadeRemittance, place: int) -> Transaction:
    """Write one remittance as a transaction set of a file."""
    return remittance_transaction(made.remittance, f"{place:04d}")


def totals_of(made: list[MadeRemittance]) -> FileTotals:
    """Add up what a file of remittances holds."""
    claims = [claim for item in made for claim in item.remittance.claims]
    return FileTotals(
        claims=len(claims),
        charge_cents=sum(claim.charge_cents for claim in claims),
        paid_cents=sum(claim.paid_cents for claim in claims),
        payment_cents=sum(item.remittance.paid_cents for item in made),
        provider_adjustment_cents=sum(
            entry.amount_cents for item in made for entry in item.remittance.provider_adjustments
        ),
        transactions=len(made),
    )


def delivery_date(day: date, dice: Random, delay_max: int) -> date:
    """The day the billing company has the file."""
    return add_business_days(day + timedelta(days=0), dice.randrange(delay_max + 1))
