"""How the living payers decide: by contract, without the errors of the world that was before.

A first claim is paid or denied as `adjudicate` says, a correction by whether it mends the reason of
the denial. One set of dice for each claim and payer: a claim decided twice has the same patient
share. Reversals and corrections: domain reference 2.7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from sanderling.core.x12.write.claim import Claim, LineAdjudication, OtherPayer
from sanderling.core.x12.write.parties import Person, Provider
from sanderling.simulator.adjudication import Case, adjudicate, decide_in_favor, deny_again
from sanderling.simulator.clients import ClientProfile, contract_rates, make_clients
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.live.remedies import mends
from sanderling.simulator.live.store import FINAL, Record
from sanderling.simulator.parameters import Parameters, load_parameters
from sanderling.simulator.payers import BY_CODE, PayerProfile
from sanderling.simulator.payment_lines import Common, reversal_of
from sanderling.simulator.reasons import Reason
from sanderling.simulator.ruling import Outcome, RuledPayment, Ruling
from sanderling.simulator.secondary import secondary_payment


@cache
def fair_parameters() -> Parameters:
    """The world's numbers without silence, errors and oddities."""
    usual = load_parameters()
    zero = {"silent_share", "pended_share"}
    return replace(
        usual,
        timing={name: 0.0 if name in zero else share for name, share in usual.timing.items()},
        payment=dict.fromkeys(usual.payment, 0.0),
        quirks=dict.fromkeys(usual.quirks, 0.0),
    )


@dataclass(frozen=True, slots=True)
class Incoming:
    """A claim on a payer's desk, under the number it was given."""

    payer: str
    client: str
    claim: Claim
    provider: Provider
    frequency: str
    icn: str
    received_date: date


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of it: the new state of the file, and what the next remittance says."""

    record: Record
    payments: tuple[RuledPayment, ...]
    cause: str  # claim, replacement, void, appeal, records
    outcome: str
    crosses_to: str = ""


class Desk:
    """The payers' decisions, by contract of each client."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.clients = {one.code: one for one in make_clients(dice_for(seed, "clients"))}
        self._by_npi = {npi: one for one in self.clients.values() for npi in one.npis}

    def client_of(self, npi: str) -> ClientProfile | None:
        """Find the client that bills under an NPI."""
        return self._by_npi.get(npi)

    def decide(self, item: Incoming, record: Record | None) -> Decided:
        """Decide a claim as it came in; `record` is what is on file of it."""
        if item.frequency == "8" and record is not None:
            return self._void(item, record)
        if item.frequency == "7" and record is not None:
            return self._replacement(item, record)
        ruling = self._first(item, record)
        return self._final(item, ruling, ruling.payments, "claim")

    def favor(self, record: Record, icn: str, day: date, cause: str) -> Decided:
        """Pay a denied claim after all: an appeal or records were convincing."""
        item = again(record, icn, day)
        ruling = self._favorable(item)
        reversals = tuple(reversal_of(part) for part in record.payments)
        return self._final(item, ruling, reversals + ruling.payments, cause)

    def uphold(self, record: Record, icn: str, day: date, cause: str) -> Decided:
        """Say the denial once more, under a new number."""
        item = again(record, icn, day)
        ruling = self._denial(item, record)
        reversals = tuple(reversal_of(part) for part in record.payments)
        return self._final(item, ruling, reversals + ruling.payments, cause)

    def _first(self, item: Incoming, record: Record | None) -> Ruling:
        """Decide an original; one in place of a denied claim is judged by what it changed."""
        if record is None or not record.category:
            return adjudicate(self.case(item))
        if mends(record.category, record.denial, record.claim, item.claim):
            return self._favorable(item)
        return self._denial(item, record)

    def _replacement(self, item: Incoming, record: Record) -> Decided:
        is_mended = not record.category or mends(
            record.category, record.denial, record.claim, item.claim
        )
        ruling = self._favorable(item) if is_mended else self._denial(item, record)
        reversals = tuple(reversal_of(part) for part in record.payments)
        # Whoever forwarded the claim once does not forward its correction.
        ruling = replace(ruling, crosses_to="")
        return self._final(item, ruling, reversals + ruling.payments, "replacement")

    def _void(self, item: Incoming, record: Record) -> Decided:
        reversals = tuple(reversal_of(part) for part in record.payments)
        voided = replace(
            record, state="voided", icn=item.icn, payments=(), category="", denial=None,
            due_date=None,
        )  # fmt: skip
        return Decided(voided, reversals, "void", Outcome.VOIDED.value)

    def _favorable(self, item: Incoming) -> Ruling:
        if _prior(item.claim):
            common = Common(item.icn, item.received_date)
            payer = BY_CODE[item.payer]
            ruled = secondary_payment(item.claim, payer, common, self.case(item).dice)
            return Ruling(Outcome.PAID, (ruled,))
        return decide_in_favor(self.case(item))

    def _denial(self, item: Incoming, record: Record) -> Ruling:
        reason = record.denial
        if reason is None:
            return adjudicate(self.case(item))
        return deny_again(self.case(item), reason, record.category, _struck(record, reason))

    def case(self, item: Incoming) -> Case:
        """Everything a payer looks at, with the dice of this claim and payer."""
        payer = BY_CODE[item.payer]
        return Case(
            claim=item.claim,
            payer=payer,
            client_code=item.client,
            rates=self._rates(item.client, payer),
            received_date=item.received_date,
            payer_claim_number=item.icn,
            record=None,
            problems=(),
            parameters=fair_parameters(),
            dice=dice_for(self._seed, "live", item.payer, item.client, item.claim.control_number),
        )

    def _rates(self, client: str, payer: PayerProfile) -> dict[str, int]:
        return contract_rates(self.clients[client], payer)

    def _final(
        self, item: Incoming, ruling: Ruling, payments: tuple[RuledPayment, ...], cause: str
    ) -> Decided:
        record = Record(
            payer=item.payer,
            client=item.client,
            number=item.claim.control_number,
            state=FINAL,
            icn=ruling.payments[-1].payment.payer_claim_number,
            claim=item.claim,
            provider=item.provider,
            category=ruling.category,
            denial=ruling.denial,
            payments=ruling.payments,
            received_date=item.received_date,
        )
        return Decided(record, payments, cause, ruling.outcome.value, ruling.crosses_to)


def again(record: Record, icn: str, day: date) -> Incoming:
    """A claim on file put on the desk once more."""
    return Incoming(
        record.payer, record.client, record.claim, record.provider, record.claim.frequency.value,
        icn, record.received_date or day,
    )  # fmt: skip


def _prior(claim: Claim) -> bool:
    return any(one.paid_cents is not None for one in claim.other_payers)


def _struck(record: Record, reason: Reason) -> int | None:
    """The line a partial denial is about; None when the whole claim is denied."""
    if not any(part.payment.paid_cents or part.payment.patient_cents for part in record.payments):
        return None
    for part in record.payments:
        for line, number in zip(part.payment.lines, part.line_numbers, strict=True):
            codes = {(item.group, item.code) for item in line.adjustments}
            if not line.paid_cents and (reason.group, reason.code) in codes:
                return number
    return None


def crossed_over(decided: Decided, paid_date: date) -> Claim:
    """The claim as its payer forwards it to the next one, with what it decided."""
    claim = decided.record.claim
    following = next(
        one for one in claim.other_payers if one.payer.identifier == decided.crosses_to
    )
    part = decided.record.payments[-1]
    payment = part.payment
    first = OtherPayer(
        sequence=claim.sequence,
        payer=claim.payer,
        subscriber=claim.subscriber,
        member_id=claim.member_id,
        filing_indicator=claim.filing_indicator,
        relationship=claim.relationship,
        group_number=claim.group_number,
        paid_cents=payment.paid_cents,
        adjustments=payment.adjustments,
        adjudicated_date=None if payment.lines else paid_date,
        payer_claim_number=payment.payer_claim_number,
    )
    return replace(
        claim,
        payer=following.payer,
        sequence=following.sequence,
        subscriber=_known(following, claim),
        patient=None,
        relationship="18",
        member_id=following.member_id,
        group_number=following.group_number,
        filing_indicator=following.filing_indicator,
        lines=tuple(
            replace(line, adjudications=_adjudications(part, place, claim, paid_date))
            for place, line in enumerate(claim.lines, start=1)
        ),
        other_payers=(
            first, *(one for one in claim.other_payers if one is not following)
        ),
    )  # fmt: skip


def _known(following: OtherPayer, claim: Claim) -> Person:
    """Who is insured by the next payer; an 837 tells no birth date of other subscribers."""
    return claim.patient_person if following.relationship == "18" else following.subscriber


def _adjudications(
    part: RuledPayment, place: int, claim: Claim, paid_date: date
) -> tuple[LineAdjudication, ...]:
    return tuple(
        LineAdjudication(
            payer_id=claim.payer.identifier,
            paid_cents=line.paid_cents,
            adjudicated_date=paid_date,
            code=line.code,
            adjustments=line.adjustments,
            modifiers=line.modifiers,
            units=line.units,
        )
        for line, number in zip(part.payment.lines, part.line_numbers, strict=True)
        if number == place
    )
