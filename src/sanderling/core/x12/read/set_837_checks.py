"""Closing a claim of an 837: what must hold over all its segments.

Source: 837 TR3s 005010X222A1, 005010X223A2 and 005010X224A2: CLM02 is the sum of the line charges;
REF*F8 goes with frequencies 7 and 8; "Coordination of Benefits", balancing.
"""

from __future__ import annotations

from typing import Final

from sanderling.core.x12.read.set_837_state import (
    CLAIM_CHARGE,
    CLAIM_END_POSITION,
    CLAIM_FREQUENCY,
    CLAIM_LINE_COUNT,
    CLAIM_LINE_TOTAL,
    CLAIM_ORIGINAL_REFERENCE,
    CLAIM_POSITION,
    CLAIM_PRINCIPAL_DIAGNOSIS,
    CLAIM_SERVICE_FROM,
    CLAIM_SERVICE_TO,
    COVERAGE_ADJUDICATION,
    COVERAGE_NONCOVERED,
    COVERAGE_PAID,
    COVERAGE_POSITION,
    LINE_CHARGE,
    LINE_POINTERS,
    LINE_POSITION,
    LINE_SERVICE,
    LINE_SERVICE_FROM,
    LINE_SERVICE_TO,
    PRIOR_ADJUDICATION,
    PRIOR_COVERAGE,
    PRIOR_LINE_INDEX,
    PRIOR_PAID,
    PRIOR_PAYER_ID,
    PRIOR_POSITION,
    Row,
    State,
)
from sanderling.core.x12.read.values import MEMORY_MAX

CENTS_MAX: Final = 2**63 - 1  # what a frame's column holds
REPLACING: Final = frozenset({"7", "8"})
_POINTERS: Final = {str(number): number for number in range(1, 13)}  # SV107 knows 1 to 12


def dollars(cents: int) -> str:
    """Return cents as a problem's sentence shows them: 12.05."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def close_claim(state: State, end_position: int) -> None:
    """Check the open claim, if any, and add its rows; `end_position` is its last segment."""
    claim = state.claim
    if claim is None:
        return
    if state.party is not None:
        state.parties(state.party)
        state.party = None
    state.row_line = 0
    claim[CLAIM_END_POSITION] = end_position
    _close_lines(state, claim)
    if claim[CLAIM_FREQUENCY] in REPLACING and claim[CLAIM_ORIGINAL_REFERENCE] is None:
        state.report(
            "original_reference_missing",
            "CLM",
            claim[CLAIM_POSITION],
            "CLM05-3",
            loop="2300",
            value=claim[CLAIM_FREQUENCY],
        )
    if claim[CLAIM_PRINCIPAL_DIAGNOSIS] is None and state.kind != "837D":
        state.report(
            "principal_diagnosis_missing", "HI", claim[CLAIM_POSITION], "HI01", loop="2300"
        )
    if state.coverages or state.priors:
        _close_coverages(state, claim)
    state.lines = []
    state.control_numbers = set()
    state.diagnosis_counts = {}
    state.claims(claim)
    state.claim = None
    state.claim_count += 1
    state.row_claim = state.claim_count


def _close_lines(state: State, claim: Row) -> None:  # noqa: C901, PLR0912 - see below
    """Add the lines; fill in their dates, the claim's dates and its totals.

    One loop for all of it, because it runs for every line of a file.
    """
    first, last = claim[CLAIM_SERVICE_FROM], claim[CLAIM_SERVICE_TO]
    earliest, latest = first, last
    total_cents = 0
    is_total_known = True
    diagnosis_count = state.diagnosis_counts.get("diagnosis", 0)
    add = state.claim_lines
    for line in state.lines:
        cents = line[LINE_CHARGE]
        if cents is None:
            is_total_known = False
            _check_service(state, line)
        else:
            total_cents += cents
        day = line[LINE_SERVICE_FROM]
        if day is None:
            if first is None:
                _report_line(state, "service_date_missing", "DTP", line, "DTP03")
            line[LINE_SERVICE_FROM] = first
            line[LINE_SERVICE_TO] = last
        else:
            if earliest is None or day < earliest:
                earliest = day
            day = line[LINE_SERVICE_TO]
            if latest is None or day > latest:
                latest = day
        pointers = line[LINE_POINTERS]
        if pointers is not None and highest_pointer[pointers] > diagnosis_count:
            _report_pointers(state, line, pointers, diagnosis_count)
        add(line)
    claim[CLAIM_SERVICE_FROM] = earliest
    claim[CLAIM_SERVICE_TO] = latest
    claim[CLAIM_LINE_COUNT] = len(state.lines)
    if -CENTS_MAX < total_cents < CENTS_MAX:
        claim[CLAIM_LINE_TOTAL] = total_cents
    charge_cents = claim[CLAIM_CHARGE]
    if charge_cents is not None:
        state.total_cents += charge_cents
    if not state.lines:
        state.report("claim_without_lines", "LX", claim[CLAIM_POSITION], loop="2400")
    elif is_total_known and charge_cents is not None and total_cents != charge_cents:
        state.report(
            "claim_charge_differs",
            "CLM",
            claim[CLAIM_POSITION],
            "CLM02",
            loop="2300",
            charge=dollars(charge_cents),
            lines=dollars(total_cents),
        )


def _report_line(
    state: State,
    code: str,
    segment: str,
    line: Row,
    element: str = "",
    value: str = "",
    count: int = 0,
) -> None:
    state.report(code, segment, line[LINE_POSITION], element, loop="2400", value=value, count=count)


def _check_service(state: State, line: Row) -> None:
    """Report a line that has no SV segment; one with an unreadable charge is reported already."""
    if not any(line[LINE_SERVICE : LINE_SERVICE + 11]) and not any(
        problem.element in {"SV102", "SV203", "SV302"}
        and problem.position > line[LINE_POSITION]
        and problem.claim_index == state.row_claim
        for problem in state.rows.problems[-50:]
    ):
        _report_line(state, "line_without_service", state.grammar.service, line)


class _HighestPointer(dict[str, int]):
    """Remembers the highest number in a ":"-joined list of pointers; 99 when one is no pointer."""

    def __missing__(self, pointers: str) -> int:
        if len(self) >= MEMORY_MAX:
            self.clear()
        highest = max(_POINTERS.get(pointer, _NO_POINTER) for pointer in pointers.split(":"))
        self[pointers] = highest
        return highest


_NO_POINTER: Final = 99
highest_pointer: Final = _HighestPointer()


def _report_pointers(state: State, line: Row, pointers: str, count: int) -> None:
    element = f"{state.grammar.service}{'11' if state.kind == '837D' else '07'}"
    for pointer in pointers.split(":"):
        if _POINTERS.get(pointer, _NO_POINTER) > count:
            _report_line(
                state,
                "diagnosis_pointer_unmatched",
                state.grammar.service,
                line,
                element,
                value=pointer[:4],
                count=count,
            )


# --- coordination of benefits ---------------------------------------------------------------------


def _close_coverages(state: State, claim: Row) -> None:
    """Add the other payers and their line payments; check that they add up."""
    for coverage in state.coverages:
        state.rows.cells["coverages"].extend(coverage)
    for prior in state.priors:
        state.rows.cells["prior_payments"].extend(prior)
    _check_prior_payments(state)
    for index, coverage in enumerate(state.coverages, start=1):
        _check_coverage(state, claim, coverage, index)
    state.coverages = []
    state.coverage = None
    state.coverage_adjusted_cents = []
    state.priors = []
    state.prior_adjusted_cents = []


def _check_prior_payments(state: State) -> None:
    """Hold each line's charge against what each payer paid and adjusted on it.

    A payer that unbundled a line has several SVD for it, whose sums count together.
    """
    sums: dict[tuple[int, str | None], list[int]] = {}
    for prior, adjusted in zip(state.priors, state.prior_adjusted_cents, strict=True):
        key = (prior[PRIOR_LINE_INDEX], prior[PRIOR_PAYER_ID])
        known = sums.setdefault(key, [prior[PRIOR_POSITION], 0, 0])
        known[1] += prior[PRIOR_PAID] or 0
        known[2] += adjusted
        if prior[PRIOR_ADJUDICATION] is None and not _has_claim_date(state, prior):
            state.report(
                "adjudication_date_missing", "DTP", prior[PRIOR_POSITION], "DTP03", loop="2430"
            )
    for (line_index, _), (position, paid, adjusted) in sums.items():
        charge = state.lines[line_index - 1][LINE_CHARGE]
        if charge is not None and charge != paid + adjusted:
            state.report(
                "prior_payment_out_of_balance",
                "SVD",
                position,
                "SVD02",
                loop="2430",
                charge=dollars(charge),
                paid=dollars(paid),
                adjusted=dollars(adjusted),
            )


def _has_claim_date(state: State, prior: Row) -> bool:
    index = prior[PRIOR_COVERAGE]
    return index is not None and state.coverages[index - 1][COVERAGE_ADJUDICATION] is not None


def _check_coverage(state: State, claim: Row, coverage: Row, index: int) -> None:
    """Hold the claim's charge against what one payer paid and adjusted in all.

    Left alone when the payer did not adjudicate (AMT*A8: it never covers this), or when the file
    has no adjustments of it at all, as then there is nothing to add up.
    """
    charge, paid = claim[CLAIM_CHARGE], coverage[COVERAGE_PAID]
    if charge is None or paid is None or coverage[COVERAGE_NONCOVERED] is not None:
        return
    own = [
        adjusted
        for prior, adjusted in zip(state.priors, state.prior_adjusted_cents, strict=True)
        if prior[PRIOR_COVERAGE] == index
    ]
    adjusted = sum(own) + state.coverage_adjusted_cents[index - 1]
    if (own or adjusted) and charge != paid + adjusted:
        state.report(
            "coverage_out_of_balance",
            "AMT",
            coverage[COVERAGE_POSITION],
            "AMT02",
            loop="2320",
            charge=dollars(charge),
            paid=dollars(paid),
            adjusted=dollars(adjusted),
        )
