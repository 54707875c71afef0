"""The true ledger of one claim, by the posting convention of the domain reference 1.3.

CO contractual amounts are written down; patient shares go to the next coverage on the claim, else
to the patient; denials stay open with their payer; OA-23 and OA-18 have no effect; a reversal
undoes exactly what its payment did. A later payer's reductions never write down again what is
already written down: they are capped by what is open with that payer, and capped anew when an
earlier payer takes back or decides again. A write-down alone never leaves a credit.

A later payer in credit (it paid before the primary's remittance was seen, or more than was left)
has settled what an earlier payer that has not answered, else the patient, still seems to owe:
totals by party show it so. A first payer's credit is never set off: it is money to give back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sanderling.core.x12.write.remittance import ClaimPayment, LinePayment
from sanderling.simulator.accounts import PATIENT_RANK
from sanderling.simulator.ruling import RuledPayment

# Under CO, a member's share (1, 2, 3) is what the provider may not collect (3.4).
CONTRACTUAL = frozenset({"1", "2", "3", "45", "59", "131", "P12"})
SEQUESTRATION = "253"
COST_SHARE = frozenset({"1", "2", "3", "66", "122", "142", "187", "241", "247", "248"})
WHOLE_CLAIM = 0  # line number of amounts given at claim level


@dataclass(frozen=True, slots=True)
class Effect:
    """One change of one line's balance with one party, in signed cents."""

    line_number: int
    party: int
    kind: str  # charge, payment, contractual, sequestration, transfer
    cents: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Totals of a claim at the end of a day."""

    on_date: date
    charge_cents: int
    paid_cents: int
    contractual_cents: int
    sequestration_cents: int
    balances_cents: tuple[int, int, int, int]  # primary, secondary, tertiary, patient


@dataclass(slots=True)
class _Posted:
    """A claim payment that stands, with what it did."""

    rank: int
    ruled: RuledPayment
    effects: list[Effect]


@dataclass(slots=True)
class Book:
    """Balances of one claim by line and party, with history by day."""

    coverage_count: int
    charge_cents: int = 0
    paid_cents: int = 0
    contractual_cents: int = 0
    sequestration_cents: int = 0
    balances: dict[tuple[int, int], int] = field(default_factory=dict)
    history: list[Snapshot] = field(default_factory=list)
    _answered: set[int] = field(default_factory=set)  # ranks that sent a remittance
    _charges: list[Effect] = field(default_factory=list)
    _standing: list[_Posted] = field(default_factory=list)

    def party_cents(self, party: int) -> int:
        """What is open with one party, later payers' credits set off."""
        return self.totals_cents()[party]

    def totals_cents(self) -> tuple[int, int, int, int]:
        """What is open with each party, later payers' credits set off."""
        totals = [0, 0, 0, 0]
        for (_, party), cents in self.balances.items():
            totals[party] += cents
        for rank in (1, 2):
            if totals[rank] >= 0:
                continue
            owing = [party for party in range(rank) if party not in self._answered]
            for party in (*owing, PATIENT_RANK):
                moved = min(-totals[rank], max(totals[party], 0))
                totals[rank] += moved
                totals[party] -= moved
        return totals[0], totals[1], totals[2], totals[3]

    def in_credit_since(self, party: int) -> date | None:
        """The day since which a party's total has been below zero without a break."""
        since = None
        for snapshot in self.history:
            if snapshot.balances_cents[party] >= 0:
                since = None
            elif since is None:
                since = snapshot.on_date
        return since

    @property
    def balance_cents(self) -> int:
        """What is open in all."""
        return sum(self.balances.values())

    def charge(self, charges: tuple[int, ...], on_date: date) -> None:
        """Set the charge of each line: first claim, replacement, or zero for a void.

        The difference stands with the primary payer.
        """
        already = self._charges
        before: dict[int, int] = {}
        for effect in already:
            before[effect.line_number] = before.get(effect.line_number, 0) + effect.cents
        for number, cents in enumerate(charges, start=1):
            difference = cents - before.get(number, 0)
            if difference:
                effect = Effect(number, 0, "charge", difference)
                already.append(effect)
                self._apply(effect)
        self._close(on_date)

    def post(self, ruled: RuledPayment, rank: int, on_date: date) -> None:
        """Post one claim payment of the payer of a rank."""
        self._answered.add(rank)
        later = [item for item in self._standing if item.rank > rank]
        for item in later:
            self._undo(item)
        if ruled.payment.status == "22":
            self._take_back(rank, ruled.payment.original_reference)
        else:
            self._standing.append(_Posted(rank, ruled, self._effects_of(ruled, rank)))
        for item in later:
            item.effects = self._effects_of(item.ruled, item.rank)
        self._close(on_date)

    def _take_back(self, rank: int, number: str) -> None:
        """Undo the claim payments of a payer under one of its numbers."""
        kept = []
        for item in self._standing:
            if item.rank == rank and item.ruled.payment.payer_claim_number == number:
                self._undo(item)
            else:
                kept.append(item)
        self._standing = kept

    def _undo(self, item: _Posted) -> None:
        for effect in item.effects:
            self._apply(Effect(effect.line_number, effect.party, effect.kind, -effect.cents))
        item.effects = []

    def _effects_of(self, ruled: RuledPayment, rank: int) -> list[Effect]:
        """Apply a claim payment; answer what it did."""
        payment = ruled.payment
        effects: list[Effect] = []
        if payment.lines:
            for number, line in zip(ruled.line_numbers, payment.lines, strict=True):
                self._post_part(number, rank, line, effects)
        else:
            self._post_part(WHOLE_CLAIM, rank, payment, effects)
        return effects

    def _post_part(
        self,
        number: int,
        rank: int,
        part: ClaimPayment | LinePayment,
        effects: list[Effect],
    ) -> None:
        def apply(effect: Effect) -> None:
            if effect.cents:
                effects.append(effect)
                self._apply(effect)

        adjustments = part.adjustments
        apply(Effect(number, rank, "payment", -part.paid_cents))
        next_party = rank + 1 if rank + 1 < self.coverage_count else PATIENT_RANK
        for item in adjustments:
            if item.group == "PR" and item.code in COST_SHARE:
                moved = self._capped(number, rank, item.amount_cents)
                apply(Effect(number, rank, "transfer", -moved))
                apply(Effect(number, next_party, "transfer", moved))
        for item in adjustments:
            if item.group != "CO":
                continue
            if item.code == "45" and not part.paid_cents and item.amount_cents == part.charge_cents:
                continue  # over the whole charge it is no reduction but a denial (3.1)
            if item.code in CONTRACTUAL:
                cents = self._capped(number, rank, item.amount_cents)
                apply(Effect(number, rank, "contractual", -cents))
            elif item.code == SEQUESTRATION:
                apply(Effect(number, rank, "sequestration", -item.amount_cents))

    def _capped(self, number: int, rank: int, cents: int) -> int:
        if rank == 0:
            return cents
        if number == WHOLE_CLAIM:
            left = sum(cents for (_, who), cents in self.balances.items() if who == rank)
        else:
            left = self.balances.get((number, rank), 0)
        return min(cents, max(left, 0))

    def _apply(self, effect: Effect) -> None:
        key = (effect.line_number, effect.party)
        self.balances[key] = self.balances.get(key, 0) + effect.cents
        if effect.kind == "charge":
            self.charge_cents += effect.cents
        elif effect.kind == "payment":
            self.paid_cents -= effect.cents
        elif effect.kind == "contractual":
            self.contractual_cents -= effect.cents
        elif effect.kind == "sequestration":
            self.sequestration_cents -= effect.cents

    def _close(self, on_date: date) -> None:
        snapshot = Snapshot(
            on_date,
            self.charge_cents,
            self.paid_cents,
            self.contractual_cents,
            self.sequestration_cents,
            self.totals_cents(),
        )
        if self.history and self.history[-1].on_date == on_date:
            self.history[-1] = snapshot
        else:
            self.history.append(snapshot)
