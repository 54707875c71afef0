"""Segments of an 835 that stand once in a claim (loop 2100), and what a claim must add up to.

Source: 835 TR3 005010X221A1, loop 2100, "Balancing"; DOMAIN 2.5 to 2.9.
"""

# ruff: noqa: PLR2004 (numbers of elements, as the guide counts them)
from __future__ import annotations

from typing import Any, Final

from sanderling.core.x12.problems import Severity
from sanderling.core.x12.read.columns_835 import CLAIM_STATUSES
from sanderling.core.x12.read.rows import ABOVE_CLAIMS
from sanderling.core.x12.read.set_835_lines import close_line, tell_gap
from sanderling.core.x12.read.set_835_state import (
    C_ADJUSTMENTS,
    C_CHARGE,
    C_CROSSOVER_ID,
    C_CROSSOVER_NAME,
    C_END,
    C_GAP,
    C_LINE_GAPS,
    C_LINES,
    C_PAID,
    C_PATIENT_FIRST,
    C_PATIENT_ID,
    C_PATIENT_LAST,
    C_PROVIDER,
    C_SHARE,
    CLAIM,
    CLAIM_TAIL,
    PARTY_TAIL,
    Elements,
    State,
    money,
)
from sanderling.core.x12.read.values import CENTS, NPI

_CLAIM_PARTIES: Final = {
    "IL": CLAIM["insured_id"],
    "74": CLAIM["corrected_id"],
    "82": CLAIM["rendering_npi"],
}
_INPATIENT_REMARKS: Final = frozenset([5, 20, 21, 22, 23])
_OUTPATIENT_REMARKS: Final = frozenset([3, 4, 5, 6, 7])


def clp(state: State, elements: Elements, position: int) -> None:
    """Read CLP: a claim payment begins; the one before is complete."""
    close_claim(state, position - 1)
    if state.party is not None:
        state.close_party()
    state.index = state.claim_count
    state.claim_count += 1
    state.loop = "2100"
    count = len(elements)
    padded = elements + [""] * (15 - count)
    charge = CENTS[padded[3]]
    paid = CENTS[padded[4]]
    share = CENTS[padded[5]]
    state.claim = [
        state.index,
        position,
        position,
        padded[1] or None,
        padded[2] or None,
        charge,
        paid,
        share,
        padded[6] or None,
        padded[7] or None,
        padded[8] or None,
        padded[9] or None,
        padded[11] or None,
        padded[12] or None,
        padded[13] or None,
        *CLAIM_TAIL,
    ]
    state.claim_adjustments = 0
    state.patient_adjustments = 0
    state.line_charges = 0
    state.claim_lines_read = True
    state.patient_seen = False
    state.line_gaps = 0
    if charge is None or paid is None or (share is None and padded[5]):
        claim_amounts(state, padded, position)
    if padded[2] not in CLAIM_STATUSES or not padded[1] or not padded[7]:
        claim_codes(state, padded, position)
    if padded[10] or count > 14:  # CLP10, CLP14 have no column
        state.surplus(elements, position, 9 if padded[10] else 13, 14)


def claim_amounts(state: State, padded: Elements, position: int) -> None:
    """Tell the amounts of a CLP that cannot be read."""
    for number in (3, 4):
        if CENTS[padded[number]] is None:
            state.bad_amount(padded, number, position)
    if CENTS[padded[5]] is None and padded[5]:
        state.bad_amount(padded, 5, position, Severity.WARNING)


def claim_codes(state: State, padded: Elements, position: int) -> None:
    """Tell the codes and numbers of a CLP that are missing or unknown."""
    if not padded[1]:
        message = "CLP01 is empty: the payment names no claim. Find it by the payer's number."
        state.problem("claim_number_missing", message, "CLP", position, element="CLP01")
    if padded[2] not in CLAIM_STATUSES:
        message = "CLP02 is no claim status of the guide; the claim was read all the same."
        code = "code_unknown" if padded[2] else "required_element_missing"
        state.problem(code, message, "CLP", position, element="CLP02")
    if not padded[7]:
        message = "CLP07, the payer's claim number, is empty."
        state.problem("required_element_missing", message, "CLP", position, element="CLP07")


def close_claim(state: State, end_position: int) -> None:
    """Complete the open claim, whose last segment stands at `end_position`."""
    claim = state.claim
    if claim is None:
        return
    if state.line is not None:
        close_line(state)
    state.loop = "2100"
    claim[C_END] = end_position
    adjustments = claim[C_ADJUSTMENTS] = state.claim_adjustments
    claim[C_LINE_GAPS] = state.line_gaps
    line_count = claim[C_LINES] = state.line_index
    state.line_index = 0
    charge, paid = claim[C_CHARGE], claim[C_PAID]
    if paid is not None:
        state.paid_total += paid
        if charge is not None:
            gap = claim[C_GAP] = paid - charge + adjustments
            if gap:
                tell_gap(
                    state,
                    "claim_out_of_balance",
                    f"CLP04 {money(paid)} is not CLP03 {money(charge)} less adjustments "
                    f"{money(adjustments)}",
                    gap,
                    "CLP",
                    claim[1],
                )
    _soft_checks(state, claim, line_count)
    if state.party is not None:
        state.close_party()
    claim[C_PROVIDER] = state.provider_npi
    if not state.patient_seen:
        message = "NM1*QC, the patient, is missing in this claim."
        state.problem("required_segment_missing", message, "NM1", claim[1])
    state.claim_payments += claim
    state.claim = None
    state.index = ABOVE_CLAIMS
    state.untaken += 1


def _soft_checks(state: State, claim: list[Any], line_count: int) -> None:
    """Compare what should agree but does not decide about posting."""
    charge, share = claim[C_CHARGE], claim[C_SHARE]
    if share is not None and share != state.patient_adjustments:
        message = f"CLP05 {money(share)} is not the sum of the PR adjustments "
        message += f"{money(state.patient_adjustments)}."
        state.problem("patient_share_differs", message, "CLP", claim[1], element="CLP05")
    are_known = line_count and charge is not None and state.claim_lines_read
    if are_known and charge != state.line_charges:
        message = f"The lines' charges {money(state.line_charges)} are not CLP03 {money(charge)}."
        state.problem("line_charges_differ", message, "CLP", claim[1], element="CLP03")


def nm1(state: State, elements: Elements, position: int) -> None:
    """Read NM1: a party of the claim; some have columns in its row."""
    if state.party is not None:
        state.close_party()
    count = len(elements)
    padded = elements + [""] * (10 - count) if count < 10 else elements
    _, entity, entity_type, last, first, middle, prefix, suffix, qualifier, identifier = padded[:10]
    state.party = [
        state.index,
        state.line_index,
        position,
        state.loop,
        entity or None,
        entity_type or None,
        last or None,
        first or None,
        middle or None,
        suffix or None,
        qualifier or None,
        identifier or None,
        *PARTY_TAIL,
    ]
    claim = state.claim
    state.patient_seen = state.patient_seen or entity == "QC"
    if claim is None or state.line is not None:
        message = f"NM1 does not belong in loop {state.loop}; it was read as a party of it."
        state.problem("segment_out_of_place", message, "NM1", position)
    if claim is not None:
        _note_party(claim, padded)
        if qualifier == "XX" and not NPI[identifier]:
            state.check_npi(identifier, "NM1", "NM109", position)
    if prefix or count > 10:
        state.surplus(elements, position, 5 if prefix else 9, 12)


def _note_party(claim: list[Any], padded: Elements) -> None:
    """Fill in the claim's columns of a party; the first of each entity counts."""
    entity, last, first, qualifier, identifier = (padded[number] for number in (1, 3, 4, 8, 9))
    if entity == "QC" and claim[C_PATIENT_LAST] is None:
        claim[C_PATIENT_LAST] = last or None
        claim[C_PATIENT_FIRST] = first or None
        claim[C_PATIENT_ID] = identifier or None
    elif entity == "TT":  # the last of several
        claim[C_CROSSOVER_NAME] = last or claim[C_CROSSOVER_NAME]
        claim[C_CROSSOVER_ID] = identifier or claim[C_CROSSOVER_ID]
    elif entity in _CLAIM_PARTIES and (entity != "82" or qualifier == "XX"):
        place = _CLAIM_PARTIES[entity]
        claim[place] = claim[place] or identifier or None


def mia(state: State, elements: Elements, position: int) -> None:
    """Read MIA: remark codes of inpatient claims."""
    remark_segment(state, elements, position, "MIA", _INPATIENT_REMARKS, 24)


def moa(state: State, elements: Elements, position: int) -> None:
    """Read MOA: remark codes of other claims."""
    remark_segment(state, elements, position, "MOA", _OUTPATIENT_REMARKS, 9)


def remark_segment(
    state: State, elements: Elements, position: int, tag: str, remarks: frozenset[int], guide: int
) -> None:
    """Read the remark codes; the segment is kept when it holds anything else, or nothing."""
    if state.claim is None:
        state.misplaced(elements, position)
        return
    has_more, has_remark = False, False
    for number, text in enumerate(elements):
        if not text or not number:
            continue
        if number not in remarks:
            has_more = True
            continue
        has_remark = True
        state.remarks += (state.index, 0, position, tag, text.upper())
    if has_more or not has_remark:
        state.keep(elements, position)
        state.tell_surplus(elements, position, guide)
