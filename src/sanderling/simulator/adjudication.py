"""How a payer decides a claim: a function of the claim as sent, its contract and one set of dice.

Order of checks and the amounts follow the domain reference: 2.6 balancing, 2.7 statuses, 12.3 and
12.6 for the shares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from sanderling.core.x12.write.claim import Claim, Frequency
from sanderling.simulator.identifiers import pick
from sanderling.simulator.paid_claims import PriceBook, paid_payment
from sanderling.simulator.parameters import Parameters
from sanderling.simulator.payers import BY_CODE, SUPPLEMENT, PayerProfile
from sanderling.simulator.payment_lines import (
    Common,
    at_claim_level_only,
    denied_payment,
    is_claim_level,
    reversal_of,
)
from sanderling.simulator.planted import (
    DENIALS as PLANTED_DENIALS,
)
from sanderling.simulator.planted import (
    ELIGIBILITY_SHARE,
    PlantedProblem,
    Renewal,
    of_kind,
)
from sanderling.simulator.quirks import Bend, Said, draw_bend, say
from sanderling.simulator.reasons import (
    COVERAGE_ENDED,
    DENIALS,
    DUPLICATE,
    LATE,
    MODIFIER_EDIT,
    NO_AUTHORIZATION,
    Reason,
)
from sanderling.simulator.ruling import Outcome, RuledPayment, Ruling
from sanderling.simulator.secondary import secondary_payment

AUTHORIZED_CODES = frozenset(
    {"73721", "70553", "74177", "72148", "29881", "27447", "29827", "29876", "45378", "D2740"}
)


LEFT_OPEN = frozenset({("PI", "45"), ("PR", "45")})
CROSSOVER_REMARKS = frozenset({"MA07", "MA18"})


@dataclass(slots=True)
class PayerRecord:
    """What a payer keeps of a claim it has taken in."""

    payer_claim_number: str
    payments: tuple[RuledPayment, ...] = ()  # in force: not reversed
    category: str = ""  # of the present denial
    is_final: bool = False
    is_in_process: bool = False

    @property
    def is_answered(self) -> bool:
        """True when one more original is a duplicate: being decided, or paid in whole or part."""
        was_paid = any(part.payment.paid_cents for part in self.payments)
        return self.is_in_process or not self.category or was_paid


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a payer looks at when it decides one claim."""

    claim: Claim
    payer: PayerProfile
    client_code: str
    rates: dict[str, int]
    received_date: date
    payer_claim_number: str
    record: PayerRecord | None
    problems: tuple[PlantedProblem, ...]
    parameters: Parameters
    dice: Random
    renewals: tuple[Renewal, ...] = ()


def adjudicate(case: Case) -> Ruling:
    """Decide one claim."""
    claim = case.claim
    if claim.frequency is Frequency.VOID:
        return _void(case)
    if claim.frequency is Frequency.REPLACEMENT:
        return _replacement(case)
    record = case.record
    if record is not None and record.is_answered:
        return _denied(case, DUPLICATE, "duplicate", Outcome.DUPLICATE)
    if any(other.paid_cents is not None for other in claim.other_payers):
        return _decide_secondary(case)
    if case.received_date > claim.service_date + timedelta(days=case.payer.timely_days):
        return _denied(case, LATE, "timely_filing")
    return _timely_decision(case)


def decide_in_favor(case: Case) -> Ruling:
    """Pay a claim that was denied before: an appeal or records were convincing."""
    return _pay(case)


def decide_taken_up(case: Case) -> Ruling:
    """Decide a claim that lay still until somebody asked for it."""
    if any(other.paid_cents is not None for other in case.claim.other_payers):
        return _decide_secondary(case)
    return _first_decision(case)


def deny_again(case: Case, reason: Reason, category: str, line_number: int | None) -> Ruling:
    """Deny a claim for a reason given before: one line of it, or the whole."""
    if line_number is None or line_number > len(case.claim.lines):
        return _denied(case, reason, category)
    return _strike(case, reason, category, line_number)


def deny_late(case: Case) -> Ruling:
    """Deny a claim that came after the limit for filing."""
    return _denied(case, LATE, "timely_filing")


def _timely_decision(case: Case) -> Ruling:
    """Decide a first claim that came in time: some stay silent, some are pended."""
    mark = case.dice.random()
    silent = case.parameters.timing["silent_share"] / 2  # the other half is lost before
    pended = case.parameters.timing["pended_share"]
    if mark < silent:
        return Ruling(Outcome.SILENT)
    if mark < silent + pended / 2:
        return Ruling(Outcome.PENDED)  # waits for records that nobody sends
    if mark < silent + pended:
        return replace(_first_decision(case), outcome=Outcome.PENDED)
    return _first_decision(case)


def _first_decision(case: Case) -> Ruling:
    planted = _planted_denial(case)
    if planted is not None:
        return planted
    pended_by = _planted_pend(case)
    decision = _unplanted_decision(case)
    if pended_by:
        planted_by = (*decision.planted, pended_by)
        return replace(decision, outcome=Outcome.PENDED, planted=planted_by)
    return decision


def _unplanted_decision(case: Case) -> Ruling:
    claim = case.claim
    needs = any(line.code in AUTHORIZED_CODES for line in claim.lines)
    share = case.parameters.choices["unauthorized_denied"]
    if needs and not claim.authorization and case.dice.random() < share:
        return _denied(case, NO_AUTHORIZATION, "authorization")
    if case.dice.random() < case.payer.denial_rate:
        return _random_denial(case)
    return _pay(case)


def _planted_denial(case: Case) -> Ruling | None:
    for problem in of_kind(case.problems, *PLANTED_DENIALS):
        if problem.kind == "denial_spike":
            struck = _touched(case, problem)
            if struck and case.dice.random() < problem.strength:
                return _strike(case, MODIFIER_EDIT, "coding", struck[0], (problem.kind,))
        elif problem.kind == "eligibility_trouble":
            extra = case.payer.denial_rate * ELIGIBILITY_SHARE * (problem.strength - 1) * 2
            is_touched = bool(_touched(case, problem))
            if is_touched and case.dice.random() < extra:
                return _denied(case, COVERAGE_ENDED, "eligibility", planted=(problem.kind,))
        elif touched := _touched(case, problem):
            if not problem.strikes(case.client_code, case.claim.control_number):
                continue
            reason = Reason(problem.group, problem.carc, problem.remarks, 1)
            planted = (problem.label,)
            if problem.whole:
                return _denied(case, reason, problem.category, planted=planted)
            return _strike(case, reason, problem.category, touched[0], planted)
    return None


def _planted_pend(case: Case) -> str:
    """Name the problem that makes the payer wait for records."""
    for problem in of_kind(case.problems, "documentation_pends"):
        touched = _touched(case, problem)
        if touched and problem.strikes(case.client_code, case.claim.control_number):
            return problem.label
    return ""


def _touched(case: Case, problem: PlantedProblem) -> list[int]:
    return problem.lines_of(case.claim, case.payer.code, case.client_code, case.received_date)


def _random_denial(case: Case) -> Ruling:
    dice = case.dice
    mix = [(name, weight) for name, weight in case.parameters.denials.items() if weight > 0]
    category = pick(dice, mix)
    reason = pick(dice, [(item, item.weight) for item in DENIALS[category]])
    if not reason.is_whole and len(case.claim.lines) > 1:
        return _strike(case, reason, category, dice.randrange(len(case.claim.lines)) + 1)
    return _denied(case, reason, category)


def _denied(
    case: Case,
    reason: Reason,
    category: str,
    outcome: Outcome = Outcome.DENIED,
    planted: tuple[str, ...] = (),
) -> Ruling:
    said = Said(reason)
    if outcome is not Outcome.DUPLICATE:
        said = say(reason, case.parameters.quirks, case.dice)
    ruled = denied_payment(
        case.claim,
        case.payer,
        said.reason,
        _common(case),
        case.dice,
        at_claim_level=said.at_claim_level,
        remarks_on_claim=said.remarks_on_claim,
    )
    quirks = said.quirks
    if not is_claim_level(case.claim):
        quirks += ("claim_level",) if said.at_claim_level else ()
        quirks += ("remarks_on_claim_only",) if said.remarks_on_claim else ()
    return Ruling(
        outcome,
        (ruled,),
        category,
        case.claim.charge_cents,
        _reason_text(said.reason),
        planted=planted,
        denial=said.reason,
        quirks=quirks,
    )


def _strike(
    case: Case, reason: Reason, category: str, line_number: int, planted: tuple[str, ...] = ()
) -> Ruling:
    """Deny one line and pay the others."""
    if len(case.claim.lines) == 1 or is_claim_level(case.claim):
        return _denied(case, reason, category, planted=planted)
    said = say(reason, case.parameters.quirks, case.dice)
    ruled, short_lines = paid_payment(
        case.claim,
        _price_book(case),
        _common(case),
        case.dice,
        struck={line_number: said.reason},
    )
    denied_cents = case.claim.lines[line_number - 1].charge_cents
    return Ruling(
        Outcome.PARTIAL,
        ruled,
        category,
        denied_cents,
        _reason_text(said.reason),
        short_lines,
        planted=planted,
        denial=said.reason,
        quirks=said.quirks,
        denied_line=line_number,
    )


def _pay(case: Case) -> Ruling:
    crosses_to, crosses_plainly = _crossover(case)
    bend = draw_bend(case.claim, case.payer, case.parameters.quirks, case.dice)
    ruled, short_lines = paid_payment(
        case.claim,
        _price_book(case),
        _common(case),
        case.dice,
        crosses_to=crosses_to,
        crosses_plainly=crosses_plainly,
        bend=bend,
    )
    is_plain = bend is Bend.NONE and len(ruled) == 1 and not case.claim.other_payers
    share = case.parameters.quirks["claim_level_payment"]
    at_claim_level = is_plain and bool(ruled[0].payment.lines) and case.dice.random() < share
    if at_claim_level and not crosses_to:
        ruled = (at_claim_level_only(ruled[0]),)
    owed = any(part.payment.patient_cents for part in ruled)
    names = {problem.label for problem in case.problems}
    planted = tuple(sorted({item.cause for item in short_lines if item.cause in names}))
    return Ruling(
        Outcome.PAID,
        ruled,
        short_lines=short_lines,
        crosses_to=crosses_to if owed else "",
        planted=planted,
        reduction=_reduction(ruled),
        quirks=_paid_quirks(ruled, case.claim, bend),
    )


def _reduction(ruled: tuple[RuledPayment, ...]) -> str:
    """Group and code of what was taken without being written down or passed on."""
    for part in ruled:
        for line in part.payment.lines:
            for item in line.adjustments:
                if (item.group, item.code) in LEFT_OPEN:
                    return f"{item.group}-{item.code}"
    return ""


def _paid_quirks(ruled: tuple[RuledPayment, ...], claim: Claim, bend: Bend) -> tuple[str, ...]:
    quirks = [bend.value] if bend is not Bend.NONE else []
    for part in ruled:
        payment = part.payment
        if not payment.lines and not is_claim_level(claim):
            quirks.append("claim_level_payment")
        if payment.status == "1" and CROSSOVER_REMARKS & {*payment.remarks}:
            quirks.append("crossover_flag_only")
        if payment.status == "19" and not claim.other_payers:
            quirks.append("crossover_unknown_payer")
    return tuple(quirks)


def _crossover(case: Case) -> tuple[str, bool]:
    """The payer a claim is forwarded to, and whether the remittance says so plainly."""
    if not case.payer.crosses_over:
        return "", True
    if any(_touched(case, item) for item in of_kind(case.problems, "unbilled_secondaries")):
        return "", True
    quirks = case.parameters.quirks
    for other in case.claim.other_payers:
        payer = BY_CODE.get(other.payer.identifier)
        if payer is not None and other.sequence == "S" and payer.code != "PSC11":
            works = case.dice.random() < case.parameters.choices["crossover_works"]
            is_plain = case.dice.random() >= quirks["crossover_flag_only"]
            return (payer.code, is_plain) if works else ("", True)
    is_first = case.claim.sequence == "P" and not case.claim.other_payers
    if is_first and case.dice.random() < quirks["crossover_unknown_payer"]:
        return SUPPLEMENT.code, True
    return "", True


def _decide_secondary(case: Case) -> Ruling:
    if case.dice.random() < case.parameters.timing["silent_share"]:
        return Ruling(Outcome.SILENT)
    if case.dice.random() < case.payer.denial_rate:
        category = pick(
            case.dice,
            (("eligibility", 4.0), ("coordination_of_benefits", 4.0), ("documentation", 2.0)),
        )
        reason = pick(case.dice, [(item, item.weight) for item in DENIALS[category]])
        return _denied(case, reason, category)
    is_too_much = case.dice.random() < case.parameters.payment["secondary_overpaid_share"]
    ruled = secondary_payment(
        case.claim, case.payer, _common(case), case.dice, is_too_much=is_too_much
    )
    return Ruling(Outcome.PAID, (ruled,))


def _void(case: Case) -> Ruling:
    record = case.record
    if record is None or not record.is_final:
        return Ruling(Outcome.SILENT)
    return Ruling(
        Outcome.VOIDED,
        tuple(reversal_of(part) for part in record.payments),
    )


def _replacement(case: Case) -> Ruling:
    record = case.record
    if record is None:
        return _first_decision(case)
    recovery = case.parameters.recovery.get(record.category or "other", 0.3)
    if record.category and case.dice.random() > recovery:
        reason = pick(case.dice, [(item, item.weight) for item in DENIALS[record.category]])
        decision = _denied(case, reason, record.category)
    else:
        decision = _pay(case)
    reversals = tuple(
        reversal_of(part)
        for part in record.payments
        if part.payment.paid_cents or part.payment.patient_cents
    )
    return Ruling(
        decision.outcome,
        reversals + decision.payments,
        decision.category,
        decision.denied_cents,
        decision.reason,
        decision.short_lines,
        decision.crosses_to,
        decision.planted,
        decision.denial,
        decision.reduction,
        decision.quirks,
        decision.denied_line,
    )


def _price_book(case: Case) -> PriceBook:
    return PriceBook(
        case.payer, case.client_code, case.rates, case.problems, case.parameters, case.renewals
    )


def _common(case: Case) -> Common:
    return Common(case.payer_claim_number, case.received_date)


def _reason_text(reason: Reason) -> str:
    return " ".join((f"{reason.group}-{reason.code}", *reason.remarks))
