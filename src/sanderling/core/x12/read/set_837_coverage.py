"""Loops 2320, 2330 and 2430 of an 837: other payers and what they paid and adjusted.

Source: 837 TR3s 005010X222A1, 005010X223A2 and 005010X224A2, "Coordination of Benefits".
"""
# ruff: noqa: PLR2004 - the guides number their elements, and so does this.

from __future__ import annotations

import re
from typing import Final

from sanderling.core.x12.problems import Severity
from sanderling.core.x12.read.set_837_checks import close_claim
from sanderling.core.x12.read.set_837_claim import read_amount, read_period
from sanderling.core.x12.read.set_837_levels import (
    BLANKS,
    check_payer_sequence,
    flush_party,
    hierarchy_without_level,
    keep_rest,
    name_of,
    reference,
    subscriber,
)
from sanderling.core.x12.read.set_837_lines import procedure_of
from sanderling.core.x12.read.set_837_state import (
    COVERAGE_ADJUDICATION,
    COVERAGE_AMOUNTS,
    COVERAGE_FIRST_NAME,
    COVERAGE_LAST_NAME,
    COVERAGE_PAYER_CLAIM_NUMBER,
    COVERAGE_PAYER_ID,
    COVERAGE_PAYER_NAME,
    COVERAGE_SUBSCRIBER_ID,
    COVERAGE_WIDTH,
    LINE,
    OTHER_PAYER,
    PARTY_FIRST_NAME,
    PARTY_IDENTIFIER,
    PARTY_LAST_NAME,
    PRIOR_ADJUDICATION,
    PRIOR_COVERAGE,
    PRIOR_REMAINING,
    SUBSCRIBER,
    Row,
    State,
)
from sanderling.core.x12.read.values import CENTS

_GROUPS: Final = frozenset({"CO", "PR", "OA", "PI"})
_REASON: Final = re.compile(r"[A-Z]?[0-9]{1,3}")
_TRIPLETS: Final = ((1, 2), (2, 5), (3, 8), (4, 11), (5, 14), (6, 17))  # sequence, first element


def coverage(state: State, elements: list[str], position: int) -> None:
    """Read an SBR: another payer of the open claim, or the destination payer's coverage.

    After a service line no other payer can begin, so an SBR there is a new subscriber whose HL is
    missing. So is one before any claim.
    """
    if state.context == SUBSCRIBER:
        subscriber(state, elements, position)
        return
    if state.claim is None or state.context == LINE:
        close_claim(state, position - 1)
        state.report("level_missing", "SBR", position, loop="2000B")
        hierarchy_without_level(state)
        subscriber(state, elements, position)
        return
    flush_party(state)
    e = elements if len(elements) > 9 else elements + BLANKS
    row: Row = [None] * COVERAGE_WIDTH
    state.coverage = row
    state.coverages.append(row)
    state.coverage_adjusted_cents.append(0)
    row[:9] = (
        state.row_claim,
        len(state.coverages),
        position,
        e[1] or None,
        e[2] or None,
        e[3] or None,
        e[4] or None,
        e[5] or None,
        e[9] or None,
    )
    state.enter("2320", OTHER_PAYER)
    check_payer_sequence(state, e[1], position)
    if e[6] or e[7] or e[8] or len(elements) > 10:
        state.keep(elements, position)
        keep_rest(state, elements, position, 9)


def coverage_amount(state: State, elements: list[str], position: int) -> None:
    """Read an AMT of loop 2320: paid, non-covered, remaining."""
    qualifier, cents = read_amount(state, elements, position)
    place = COVERAGE_AMOUNTS.get(qualifier)
    if place is not None and state.coverage is not None:
        if state.coverage[place] is not None:
            state.report("segment_repeated", "AMT", position, "AMT01")
        else:
            state.coverage[place] = cents


def coverage_period(state: State, elements: list[str], position: int) -> None:
    """Read a DTP of loop 2330B: the adjudication date."""
    qualifier, first, _ = read_period(state, elements, position)
    if qualifier == "573" and state.coverage is not None:
        state.coverage[COVERAGE_ADJUDICATION] = first


def coverage_reference(state: State, elements: list[str], position: int) -> None:
    """Read a REF of loop 2330B: the payer's own claim number among others."""
    reference(state, elements, position)
    if len(elements) > 2 and elements[1] == "F8" and state.coverage is not None:
        state.coverage[COVERAGE_PAYER_CLAIM_NUMBER] = elements[2] or None


def fill_other_subscriber(state: State, row: Row) -> None:
    """Take the other payer's subscriber, loop 2330A."""
    if state.coverage is not None:
        state.coverage[COVERAGE_LAST_NAME] = row[PARTY_LAST_NAME]
        state.coverage[COVERAGE_FIRST_NAME] = row[PARTY_FIRST_NAME]
        state.coverage[COVERAGE_SUBSCRIBER_ID] = row[PARTY_IDENTIFIER]


def fill_other_payer(state: State, row: Row) -> None:
    """Take the other payer, loop 2330B."""
    if state.coverage is not None:
        state.coverage[COVERAGE_PAYER_NAME] = name_of(row)
        state.coverage[COVERAGE_PAYER_ID] = row[PARTY_IDENTIFIER]


# --- 2430 -----------------------------------------------------------------------------------------


def prior_payment(state: State, elements: list[str], position: int) -> None:
    """Read an SVD: what another payer paid for the open line."""
    flush_party(state)
    e = elements if len(elements) > 6 else elements + BLANKS
    state.loop = "2430"
    paid_cents = CENTS[e[2]]
    _, procedure, modifiers, description = procedure_of(state, e[3])
    coverage_index = None
    for index, row in enumerate(state.coverages, start=1):
        if e[1] and row[COVERAGE_PAYER_ID] == e[1]:
            coverage_index = index
            break
    state.priors.append(
        [
            state.row_claim,
            state.row_line,
            position,
            coverage_index,
            e[1] or None,
            paid_cents,
            procedure,
            modifiers,
            e[5] or None,
            e[6] or None,
            None,
            None,
        ]
    )
    state.prior_adjusted_cents.append(0)
    state.enter("2430", LINE)
    if coverage_index is None:
        state.report("prior_payer_unmatched", "SVD", position, "SVD01")
    if paid_cents is None:
        state.report("amount_unreadable", "SVD", position, "SVD02", severity=Severity.WARNING)
        state.keep(elements, position)
    elif e[4] or description or len(elements) > 7 or e[3].count(state.component) > 5:
        state.keep(elements, position)
        keep_rest(state, elements, position, 6)


def prior_period(state: State, elements: list[str], position: int) -> None:
    """Read a DTP of loop 2430: the adjudication date."""
    qualifier, first, _ = read_period(state, elements, position)
    if qualifier == "573" and state.priors:
        state.priors[-1][PRIOR_ADJUDICATION] = first


def prior_amount(state: State, elements: list[str], position: int) -> None:
    """Read an AMT of loop 2430: what the patient still owes."""
    qualifier, cents = read_amount(state, elements, position)
    if qualifier == "EAF" and state.priors:
        state.priors[-1][PRIOR_REMAINING] = cents


# --- adjustments ----------------------------------------------------------------------------------


def coverage_adjustment(state: State, elements: list[str], position: int) -> None:
    """Read a CAS of loop 2320."""
    index = len(state.coverages)
    state.coverage_adjusted_cents[-1] += _adjust(state, elements, position, index)


def prior_adjustment(state: State, elements: list[str], position: int) -> None:
    """Read a CAS of loop 2430."""
    index = state.priors[-1][PRIOR_COVERAGE]
    state.prior_adjusted_cents[-1] += _adjust(state, elements, position, index)


def _adjust(state: State, elements: list[str], position: int, coverage_index: int | None) -> int:
    """Add the triplets of a CAS; return the sum of their cents."""
    e = elements + BLANKS
    group = e[1]
    if group not in _GROUPS:
        state.report("group_code_unknown", "CAS", position, "CAS01", value=group[:4])
    total_cents = 0
    is_unread = False
    found = 0
    for sequence, first in _TRIPLETS:
        reason, amount_text, quantity = e[first : first + 3]
        if not (reason or amount_text or quantity):
            continue
        found += 1
        reason = reason.upper().lstrip("0")
        cents = CENTS[amount_text]
        if cents is None:
            element = f"CAS{first + 1:02}"
            state.report("amount_unreadable", "CAS", position, element, severity=Severity.WARNING)
            is_unread = True
        if not _REASON.fullmatch(reason):
            element = f"CAS{first:02}"
            state.report("reason_code_unreadable", "CAS", position, element, value=reason[:6])
        total_cents += cents or 0
        state.adjustments(
            (
                state.row_claim,
                state.row_line,
                position,
                sequence,
                coverage_index,
                group or None,
                reason or None,
                cents,
                quantity or None,
            )
        )
    if not found:
        state.report("required_element_missing", "CAS", position, "CAS02")
        is_unread = True
    if is_unread:
        state.keep(elements, position)
        if len(elements) > 20:
            state.report("element_not_in_guide", "CAS", position)
    else:
        keep_rest(state, elements, position, 19)
    return total_cents
