"""What a prior payer decided, as the claim to the next payer tells it (loops 2320 and 2430).

Everything is carried as the payer said it: group, reason, amount and quantity of each reduction,
what was paid for which service, in which units, into which line it was bundled. Nothing is
rounded, summed up or plugged: where payments and reductions do not account for the charge,
`refuse_unless_balanced` says which line is off by how much, and nothing is written.

What is no money of the claim is not told: interest (PLB L6, AMT*I) is outside CLP04, so outside
AMT*D and SVD02 too. Sequestration (CO-253) is a reduction like any other and is told.

Source: DOMAIN 5.3; 837 TR3s, section 1.4.1 (coordination of benefits: balancing).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sanderling.core.ledger import lines as matching
from sanderling.core.refusal import Refusal

PATIENT_GROUP: Final = "PR"
GROUPS: Final = frozenset({"CO", "CR", "OA", "PI", "PR"})
TRIPLETS_MAX: Final = 6  # a CAS has six reasons
SEGMENTS_MAX: Final = 5  # CAS of one loop 2320 or 2430
PARTS_MAX: Final = 15  # loops 2430 of one line


class NotTellable(Refusal):
    """What a prior payer decided cannot be told to the next one as it stands."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """One reason of a CAS, as the payer gave it."""

    group: str
    reason: str
    amount_cents: int
    quantity: str = ""


@dataclass(frozen=True, slots=True)
class ServiceDecision:
    """One service payment (SVC)."""

    charge_cents: int
    paid_cents: int
    qualifier: str = "HC"
    procedure: str = ""
    modifiers: tuple[str, ...] = ()
    revenue_code: str = ""
    submitted_procedure: str = ""  # SVC06, when the payer answered with another one
    units_paid: str = ""  # "": 1
    service_date: date | None = None
    line_control_number: str = ""
    reductions: tuple[Reduction, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One claim payment (CLP) that stands."""

    charge_cents: int
    paid_cents: int
    decided_date: date
    payer_claim_number: str = ""
    reductions: tuple[Reduction, ...] = ()  # of the claim as a whole
    services: tuple[ServiceDecision, ...] = ()
    mia: tuple[str, ...] = ()  # elements 01 ... as sent
    moa: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentLine:
    """One line of the claim as sent."""

    number: int  # LX01
    charge_cents: int
    procedure: str = ""
    modifiers: tuple[str, ...] = ()
    revenue_code: str = ""
    service_date: date | None = None
    control_number: str = ""


@dataclass(frozen=True, slots=True)
class LinePart:
    """One loop 2430: what the payer decided on (a part of) a line."""

    line: int
    paid_cents: int
    decided_date: date
    qualifier: str = "HC"
    procedure: str = ""
    modifiers: tuple[str, ...] = ()
    revenue_code: str = ""
    units: str = "1"
    bundled_line: int | None = None
    reductions: tuple[Reduction, ...] = ()

    @property
    def remaining_cents(self) -> int:
        """What the payer left to the patient: AMT*EAF."""
        return patient_cents(self.reductions)


@dataclass(frozen=True, slots=True)
class PriorDecision:
    """What one prior payer finally decided on the whole claim."""

    paid_cents: int  # AMT*D
    reductions: tuple[Reduction, ...] = ()  # CAS of 2320
    lines: tuple[LinePart, ...] = ()
    payer_claim_number: str = ""  # REF*F8 of 2330B
    mia: tuple[str, ...] = ()
    moa: tuple[str, ...] = ()
    claim_date: date | None = None  # DTP*573 of 2330B: only where no line has one
    # AMT*A8 in the place of all of this: the payer was not asked, as it never covers the claim.
    non_covered_cents: int | None = None

    @property
    def remaining_cents(self) -> int | None:
        """AMT*EAF of 2320: what is left to the patient, where the payer decided without lines."""
        if self.lines or self.non_covered_cents is not None:
            return None
        return patient_cents(self.reductions)


@dataclass(frozen=True, slots=True)
class LineBalance:
    """A line's charge beside what a prior payer paid and took off."""

    line: int
    charge_cents: int
    paid_cents: int
    reduced_cents: int
    is_answered: bool

    @property
    def gap_cents(self) -> int:
        """What of the charge is told nowhere; negative: told twice. 0 when not decided by line."""
        return self.charge_cents - self.paid_cents - self.reduced_cents if self.is_answered else 0


@dataclass(frozen=True, slots=True)
class Balance:
    """Whether a prior payer's payments and reductions account for every charge."""

    charge_cents: int  # CLM02
    paid_cents: int  # AMT*D
    claim_reduced_cents: int  # CAS of 2320
    line_reduced_cents: int  # CAS of 2430
    lines: tuple[LineBalance, ...]

    @property
    def gap_cents(self) -> int:
        """CLM02 less AMT*D and every CAS."""
        told = self.paid_cents + self.claim_reduced_cents + self.line_reduced_cents
        return self.charge_cents - told

    @property
    def is_even(self) -> bool:
        """Nothing is missing and nothing told twice."""
        return self.gap_cents == 0 and not any(line.gap_cents for line in self.lines)


def patient_cents(reductions: Sequence[Reduction]) -> int:
    """Return what the reductions leave to the patient."""
    return sum(one.amount_cents for one in reductions if one.group == PATIENT_GROUP)


def total_cents(reductions: Sequence[Reduction]) -> int:
    """Return the sum of the reductions."""
    return sum(one.amount_cents for one in reductions)


def never_covered(charge_cents: int) -> PriorDecision:
    """Return what is told of a payer that was not asked because it never covers such a claim."""
    return PriorDecision(paid_cents=0, non_covered_cents=charge_cents)


def prior_decision(decisions: Sequence[Decision], lines: Sequence[SentLine]) -> PriorDecision:
    """Return what the decisions of one payer that stand say together, in the order decided.

    Several decisions are parts of a claim that the payer split. Of them, the last gives the
    payer's number, MIA and MOA.

    Raises:
        NotTellable: there is none; a service fits no line; a code cannot be carried.
    """
    if not decisions:
        raise NotTellable("the payer before has decided nothing that stands")
    _refuse_too_many(decisions, lines)
    parts: list[LinePart] = []
    for decision in decisions:
        parts += _line_parts(decision, lines)
    last = decisions[-1]
    prior = PriorDecision(
        paid_cents=sum(one.paid_cents for one in decisions),
        reductions=tuple(each for one in decisions for each in one.reductions),
        lines=tuple(sorted(parts, key=lambda part: part.line)),
        payer_claim_number=last.payer_claim_number,
        mia=last.mia,
        moa=last.moa,
        claim_date=None if parts else last.decided_date,
    )
    _refuse_untellable(prior)
    return prior


def _refuse_too_many(decisions: Sequence[Decision], lines: Sequence[SentLine]) -> None:
    """Refuse decisions that were made one after the other, with none taken back."""
    decided = sum(one.charge_cents for one in decisions)
    charged = sum(one.charge_cents for one in lines)
    if len(decisions) > 1 and decided > charged:
        raise NotTellable(
            f"{len(decisions)} decisions of the payer before stand beside each other, on "
            f"{_money(decided)} of the {_money(charged)} charged; it must take one back first"
        )


def balance(prior: PriorDecision, lines: Sequence[SentLine]) -> Balance:
    """Return how the prior payer's amounts compare with the charges."""
    of_line: dict[int, list[LinePart]] = {}
    for part in prior.lines:
        of_line.setdefault(part.line, []).append(part)
    non_covered = prior.non_covered_cents or 0
    return Balance(
        charge_cents=sum(line.charge_cents for line in lines),
        paid_cents=prior.paid_cents,
        claim_reduced_cents=total_cents(prior.reductions) + non_covered,
        line_reduced_cents=sum(total_cents(part.reductions) for part in prior.lines),
        lines=tuple(
            LineBalance(
                line=line.number,
                charge_cents=line.charge_cents,
                paid_cents=sum(part.paid_cents for part in of_line.get(line.number, ())),
                reduced_cents=sum(
                    total_cents(part.reductions) for part in of_line.get(line.number, ())
                ),
                is_answered=line.number in of_line,
            )
            for line in lines
        ),
    )


def refuse_unless_balanced(prior: PriorDecision, lines: Sequence[SentLine], payer: str) -> Balance:
    """Return the balance; `payer` is how the sentence calls the prior payer.

    Raises:
        NotTellable: a line, or the claim, does not balance; says which and by how much.
    """
    found = balance(prior, lines)
    for line in found.lines:
        if line.gap_cents:
            raise NotTellable(
                f"line {line.line} does not balance: of its {_money(line.charge_cents)} {payer} "
                f"paid {_money(line.paid_cents)} and took off {_money(line.reduced_cents)}, "
                f"{_difference(line.gap_cents)}; have the remittance corrected, or bill on paper"
            )
    if found.gap_cents:
        silent = [one for one in found.lines if not one.is_answered and one.charge_cents]
        if silent and prior.lines:
            named = ", ".join(str(one.line) for one in silent)
            word = "line" if len(silent) == 1 else "lines"
            raise NotTellable(
                f"{payer} has not decided on {word} {named}: {_money(abs(found.gap_cents))} "
                "of the charge has no answer yet; wait for the rest, or ask the payer"
            )
        reduced = found.claim_reduced_cents + found.line_reduced_cents
        raise NotTellable(
            f"the claim does not balance: of its {_money(found.charge_cents)} {payer} paid "
            f"{_money(found.paid_cents)} and took off {_money(reduced)}, "
            f"{_difference(found.gap_cents)}; have the remittance corrected, or bill on paper"
        )
    return found


def _money(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def _difference(gap_cents: int) -> str:
    word = "short" if gap_cents > 0 else "too much"
    return f"{_money(abs(gap_cents))} {word}"


# --- services to lines ----------------------------------------------------------------------------


def _line_parts(decision: Decision, lines: Sequence[SentLine]) -> list[LinePart]:
    placed = match_services(decision.services, lines)
    by_number = {line.number: line for line in lines}
    parts = []
    for service, number in zip(decision.services, placed, strict=True):
        if number is None:
            raise NotTellable(
                f"a service of {_money(service.charge_cents)} that the payer before decided on "
                "fits no line of the claim as sent; tell them apart by hand, or bill on paper"
            )
        line = by_number[number]
        parts.append(
            LinePart(
                line=number,
                paid_cents=service.paid_cents,
                decided_date=decision.decided_date,
                qualifier=service.qualifier,
                procedure=service.procedure,
                modifiers=service.modifiers,
                revenue_code=service.revenue_code or line.revenue_code,
                units=service.units_paid or "1",
                bundled_line=_bundled_into(service, number, decision.services, placed, line),
                reductions=service.reductions,
            )
        )
    return parts


def _bundled_into(
    service: ServiceDecision,
    number: int,
    services: Sequence[ServiceDecision],
    placed: Sequence[int | None],
    line: SentLine,
) -> int | None:
    """Return the line that this one was bundled into: that which the same other code was paid on.

    The payer answers each bundled line with the code it bundled them into, and gives the code that
    was sent beside it (SVC06); all but one of them are paid nothing.
    """
    is_other_code = bool(service.submitted_procedure) and service.procedure != line.procedure
    if not is_other_code or service.paid_cents:
        return None
    paid = [
        (other.paid_cents, -where)
        for other, where in zip(services, placed, strict=True)
        if where not in (None, number) and other.procedure == service.procedure
    ]
    best = max(paid, default=(0, 0))
    return -best[1] if best[0] > 0 else None


def match_services(
    services: Sequence[ServiceDecision], lines: Sequence[SentLine]
) -> list[int | None]:
    """Return the line that each service payment is about, by the points the ledger matches by.

    Beyond the ledger's rule, lines that differ in their place only are told apart: one that has its
    answer already gives way to one that has none.
    """
    fits = {
        at: sorted(found, reverse=True)
        for at, service in enumerate(services)
        if (found := list(_fitting(at, service, lines)))
    }
    placed: list[int | None] = [None] * len(services)
    taken: set[int] = set()
    for at in sorted(fits, key=lambda at: (-fits[at][0][0], at)):
        best = fits[at][0][0]
        alike = [
            -place for points, place in fits[at] if points + matching.SAME_PLACE_POINTS >= best
        ]
        place = next((one for one in alike if one not in taken), alike[0])
        placed[at] = lines[place].number
        taken.add(place)
    return placed


def _fitting(
    at: int, service: ServiceDecision, lines: Sequence[SentLine]
) -> Iterator[tuple[int, int]]:
    """Yield the points and the negative place of each line that the service may be about."""
    for place, line in enumerate(lines):
        points = _points(service, line, is_same_place=at == place)
        if points >= matching.MINIMUM_POINTS:
            yield points, -place


def _points(service: ServiceDecision, line: SentLine, *, is_same_place: bool) -> int:
    """Return how well a service fits a line; see core.ledger.lines."""
    points = 0
    if line.control_number and line.control_number == service.line_control_number:
        points += matching.CONTROL_NUMBER_POINTS
    if line.procedure and line.procedure == service.procedure:
        points += matching.PROCEDURE_POINTS
    elif line.procedure and line.procedure == service.submitted_procedure:
        points += matching.SUBMITTED_PROCEDURE_POINTS
    if line.service_date and line.service_date == service.service_date:
        points += matching.DAY_POINTS
    if abs(line.charge_cents) == abs(service.charge_cents):
        points += matching.CHARGE_POINTS
    if line.modifiers == service.modifiers:
        points += matching.MODIFIER_POINTS
    if is_same_place:
        points += matching.SAME_PLACE_POINTS
    return points


# --- what a segment can hold ----------------------------------------------------------------------


def packed(reductions: Sequence[Reduction]) -> tuple[tuple[Reduction, ...], ...]:
    """Return the reductions as CAS segments hold them: one group each, six at most.

    Verbatim while five segments are enough; beyond, equal group and reason are added up, which
    changes no total. None is ever left out.

    Raises:
        NotTellable: five segments do not hold them even so.
    """
    segments = _packed(reductions)
    if len(segments) > SEGMENTS_MAX:
        segments = _packed(_added_up(reductions))
    if len(segments) > SEGMENTS_MAX:
        raise NotTellable(
            f"the payer before gave more reasons than a claim can carry ({SEGMENTS_MAX} times "
            f"{TRIPLETS_MAX} for a line); bill on paper with the remittance"
        )
    return segments


def _packed(reductions: Sequence[Reduction]) -> tuple[tuple[Reduction, ...], ...]:
    groups: dict[str, list[Reduction]] = {}
    for one in reductions:
        groups.setdefault(one.group, []).append(one)
    return tuple(
        tuple(members[start : start + TRIPLETS_MAX])
        for members in groups.values()
        for start in range(0, len(members), TRIPLETS_MAX)
    )


def _added_up(reductions: Sequence[Reduction]) -> list[Reduction]:
    sums: dict[tuple[str, str], Reduction] = {}
    for one in reductions:
        key = (one.group, one.reason)
        known = sums.get(key)
        if known is None:
            sums[key] = one
        else:
            # A quantity belongs to one reduction; that of a sum would be ours, not the payer's.
            total = known.amount_cents + one.amount_cents
            sums[key] = replace(known, amount_cents=total, quantity="")
    return list(sums.values())


def _refuse_untellable(prior: PriorDecision) -> None:
    if prior.paid_cents < 0:
        raise NotTellable(
            "the payer before has taken back more than it paid; wait for its corrected remittance"
        )
    everything = [prior.reductions, *(part.reductions for part in prior.lines)]
    for reductions in everything:
        packed(reductions)
        if any(one.group not in GROUPS or not one.reason for one in reductions):
            raise NotTellable(
                "a reduction of the payer before has no readable group or reason; "
                "have the remittance corrected, or bill on paper"
            )
    counts: dict[int, int] = {}
    for part in prior.lines:
        counts[part.line] = counts.get(part.line, 0) + 1
    most = max(counts.values(), default=0)
    if most > PARTS_MAX:
        raise NotTellable(
            f"the payer before split a line into {most} parts, and a claim carries {PARTS_MAX}; "
            "bill on paper with the remittance"
        )
