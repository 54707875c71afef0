"""Claim payments of a primary payer that pays: by contract, with patient shares and errors.

Every claim payment made here balances at line and claim level (835 TR3 1.10.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from sanderling.core.x12.write.adjustments import Adjustment, total_cents
from sanderling.core.x12.write.claim import Claim, ClaimLine, Form
from sanderling.core.x12.write.remittance import ClaimPayment, LinePayment
from sanderling.simulator.identifiers import share_of
from sanderling.simulator.parameters import Parameters
from sanderling.simulator.payers import BY_CODE, PayerProfile
from sanderling.simulator.payment_lines import (
    Common,
    base_payment,
    is_claim_level,
    line_payment,
    split_payment,
)
from sanderling.simulator.planted import FAMILIES, PlantedProblem, Renewal
from sanderling.simulator.pricing import Price, price_lines
from sanderling.simulator.quirks import Bend, bend_line
from sanderling.simulator.reasons import Reason
from sanderling.simulator.ruling import RuledPayment, ShortLine

INPATIENT_DEDUCTIBLE_CENTS = 167_600
SPRING_MONTH_MAX = 3
SUMMER_MONTH_MAX = 9
VISIT_PREFIXES = frozenset({"99", "90", "97"})
PRICED = frozenset(
    kind for kind, family in FAMILIES.items() if family in {"underpayment", "overpayment"}
)
DEDUCTIBLES_CENTS = (10_000, 25_000, 60_000, 150_000)


@dataclass(frozen=True, slots=True)
class PriceBook:
    """How a payer's system prices one client's claims, errors included."""

    payer: PayerProfile
    client_code: str
    rates: dict[str, int]
    problems: tuple[PlantedProblem, ...]
    parameters: Parameters
    renewals: tuple[Renewal, ...] = ()

    def error(
        self, claim: Claim, number: int, price: Price, common: Common, dice: Random
    ) -> tuple[float, str]:
        """Draw what factor of the contract price is used for a line, and why."""
        payment = self.parameters.payment
        mark = dice.random()
        for problem in self.problems:
            if problem.kind not in PRICED:
                continue
            lines = problem.lines_of(claim, self.payer.code, self.client_code, common.received_date)
            if number in lines:
                factor = _planted_factor(problem, claim.lines[number - 1], price, self.renewals)
                if factor is not None:
                    return factor, problem.label
        if mark < payment["underpaid_random_share"]:
            low, high = self.parameters.ranges["underpaid_factor"]
            return low + (high - low) * dice.random(), "random"
        if mark > 1 - payment["overpaid_share"]:
            return 1.0 + 0.15 * dice.random(), "overpaid"
        return 1.0, ""


def _planted_factor(
    problem: PlantedProblem, line: ClaimLine, price: Price, renewals: tuple[Renewal, ...]
) -> float | None:
    """What a problem makes of the price of a line; None when it leaves this one alone."""
    if problem.kind == "wrong_steps":
        return problem.strength if price.allowed_cents < price.rate_cents else None
    if problem.kind == "units_cut":
        return 1 / float(line.units) if float(line.units) > 1 else None
    if problem.kind == "wrong_fee_year":
        factor = 1.0
        for renewal in renewals:
            in_force = renewal.payer == problem.payer and line.service_date >= renewal.from_date
            factor *= renewal.factor_of(line.code) if in_force else 1.0
        return 1 / factor
    return problem.factor_of(line.code)


@dataclass(slots=True)
class _Purse:
    """What the patient still has to pay in the course of one claim."""

    deductible_cents: int
    copay_cents: int
    coinsurance: float

    def shares(self, allowed: int) -> tuple[Adjustment, ...]:
        """Take deductible, then copay, then coinsurance from one line's allowed amount."""
        to_deductible = min(allowed, self.deductible_cents)
        to_copay = min(allowed - to_deductible, self.copay_cents)
        rest = allowed - to_deductible - to_copay
        # A visit with a copay has no coinsurance on that line.
        to_coinsurance = 0 if to_copay else share_of(rest, self.coinsurance)
        self.deductible_cents -= to_deductible
        self.copay_cents -= to_copay
        return (
            Adjustment("PR", "1", to_deductible),
            Adjustment("PR", "3", to_copay),
            Adjustment("PR", "2", to_coinsurance),
        )


def paid_payment(
    claim: Claim,
    book: PriceBook,
    common: Common,
    dice: Random,
    *,
    struck: dict[int, Reason] | None = None,
    crosses_to: str = "",
    crosses_plainly: bool = True,
    bend: Bend = Bend.NONE,
) -> tuple[tuple[RuledPayment, ...], tuple[ShortLine, ...]]:
    """Pay a claim by contract, lines in `struck` denied, lines bent as `bend` says.

    Answers the claim payments (two when the payer split the claim) and the lines not priced by
    contract.
    """
    prices = price_lines(claim, book.rates)
    purse = _purse(claim, book, dice)
    if is_claim_level(claim):
        return (_stay_payment(claim, book.payer, prices, common, purse, crosses_to),), ()
    lines: list[LinePayment] = []
    short_lines: list[ShortLine] = []
    for number, (line, price) in enumerate(zip(claim.lines, prices, strict=True), start=1):
        reason = (struck or {}).get(number)
        if reason is not None:
            denied = Adjustment(reason.group, reason.code, line.charge_cents)
            lines.append(replace(line_payment(claim, line, 0, (denied,)), remarks=reason.remarks))
            continue
        factor, cause = book.error(claim, number, price, common, dice)
        allowed = min(share_of(price.allowed_cents, factor), line.charge_cents)
        paid = _paid_line(claim, line, price, allowed, book.payer, purse)
        bent = bend_line(paid, bend, dice)
        if bend is Bend.OWN_REDUCTION and bent is not paid:
            allowed, cause = allowed - (paid.paid_cents - bent.paid_cents), bend.value
            bend = Bend.NONE  # one line is enough
        if allowed != price.allowed_cents:
            short_lines.append(ShortLine(number, price.allowed_cents, allowed, cause))
        lines.append(bent)
    owed = sum(
        item.amount_cents for line in lines for item in line.adjustments if item.group == "PR"
    )
    payment = replace(
        base_payment(claim, common),
        lines=tuple(lines),
        paid_cents=sum(item.paid_cents for item in lines),
        patient_cents=owed,
    )
    payment = _forwarded(payment, crosses_to if owed else "", is_plain=crosses_plainly)
    ruled = RuledPayment(payment, tuple(range(1, len(lines) + 1)))
    share = book.parameters.payment["split_claim_share"]
    if len(lines) > 1 and not claim.other_payers and dice.random() < share:
        return split_payment(ruled), tuple(short_lines)
    return (ruled,), tuple(short_lines)


def _paid_line(
    claim: Claim,
    line: ClaimLine,
    price: Price,
    allowed: int,
    payer: PayerProfile,
    purse: _Purse,
) -> LinePayment:
    shares = purse.shares(allowed)
    owed = total_cents(shares)
    withheld = share_of(allowed - owed, payer.sequestration)
    adjustments = (
        *_contractual(line, price, allowed),
        *shares,
        Adjustment("CO", "253", withheld),
    )
    paid = line_payment(claim, line, allowed - owed - withheld, adjustments)
    return replace(paid, allowed_cents=allowed)


def _purse(claim: Claim, book: PriceBook, dice: Random) -> _Purse:
    payer = book.payer
    choices = book.parameters.choices
    # Deductibles are met in the course of the year (domain reference 12.2).
    month = claim.service_date.month
    seasonal = 1.0 if month <= SUMMER_MONTH_MAX else choices["deductible_autumn"]
    if month <= SPRING_MONTH_MAX:
        seasonal = choices["deductible_spring"]
    has_deductible = dice.random() < payer.deductible_rate * seasonal
    size = dice.choice(DEDUCTIBLES_CENTS) if has_deductible else 0
    is_visit = claim.lines[0].code[:2] in VISIT_PREFIXES
    copay = payer.copay_cents if is_visit and claim.form is Form.PROFESSIONAL else 0
    if claim.form is Form.INSTITUTIONAL:
        copay = payer.copay_cents * 3
    return _Purse(size, copay, payer.coinsurance)


def _contractual(line: ClaimLine, price: Price, allowed: int) -> tuple[Adjustment, ...]:
    reduced = price.rate_cents - price.allowed_cents
    if reduced and allowed == price.allowed_cents:
        over_rate = line.charge_cents - price.rate_cents
        return (Adjustment("CO", "45", over_rate), Adjustment("CO", "59", reduced))
    return (Adjustment("CO", "45", line.charge_cents - allowed),)


def _forwarded(payment: ClaimPayment, crosses_to: str, *, is_plain: bool = True) -> ClaimPayment:
    if not crosses_to:
        return payment
    if not is_plain:
        # Only a remark tells: MA07 for a Medicaid program, MA18 for others.
        remark = "MA07" if BY_CODE[crosses_to].kind == "medicaid" else "MA18"
        return replace(payment, remarks=("MA01", remark))
    return replace(
        payment,
        status="19",
        crossover_name=BY_CODE[crosses_to].name,
        crossover_id=crosses_to,
        remarks=("MA01", "MA18"),
    )


def _stay_payment(
    claim: Claim,
    payer: PayerProfile,
    prices: tuple[Price, ...],
    common: Common,
    purse: _Purse,
    crosses_to: str,
) -> RuledPayment:
    """Pay an inpatient stay at claim level."""
    allowed = sum(price.allowed_cents for price in prices)
    if payer.kind == "medicare":
        purse.deductible_cents = INPATIENT_DEDUCTIBLE_CENTS
    purse.coinsurance = 0.0
    shares = purse.shares(allowed)
    owed = total_cents(shares)
    withheld = share_of(allowed - owed, payer.sequestration)
    adjustments = (
        Adjustment("CO", "45", claim.charge_cents - allowed),
        *shares,
        Adjustment("CO", "253", withheld),
    )
    facts = claim.institutional
    days = (facts.statement_to_date - facts.statement_from_date).days if facts else 0
    payment = replace(
        base_payment(claim, common),
        adjustments=tuple(item for item in adjustments if item.amount_cents),
        paid_cents=allowed - owed - withheld,
        patient_cents=owed,
        covered_days=days,
        covered_cents=claim.charge_cents,
    )
    if crosses_to and owed:
        payment = replace(_forwarded(payment, crosses_to), remarks=(), inpatient_remarks=("MA18",))
    return RuledPayment(payment, ())
