"""Segments of an 835 that stand at a claim or a line: adjustments, references, dates, amounts.

Source: 835 TR3 005010X221A1, loops 2100 and 2110, "Balancing"; DOMAIN 2.5 and 2.6.
"""

# ruff: noqa: PLR2004 (numbers of elements, as the guide counts them)
from __future__ import annotations

import re
from typing import Final

from sanderling.core.x12.problems import Severity
from sanderling.core.x12.read.columns_835 import GROUP_CODES
from sanderling.core.x12.read.set_835_state import (
    CLAIM,
    REMITTANCE,
    S_ADJUSTMENTS,
    S_ALLOWED,
    S_CHARGE,
    S_CONTROL,
    S_FROM,
    S_GAP,
    S_PAID,
    S_TO,
    TRIPLETS_MAX,
    Elements,
    State,
    money,
)
from sanderling.core.x12.read.values import CENTS, DAYS, MEMORY_MAX

# REF01 and DTM01 that have a column of their own: at the claim, at the line.
_CLAIM_REFERENCES: Final = {
    "F8": CLAIM["original_reference"],
    "EA": CLAIM["medical_record"],
    "CE": CLAIM["contract_class"],
}
_CLAIM_DATES: Final = {
    "232": CLAIM["statement_from_date"],
    "233": CLAIM["statement_to_date"],
    "050": CLAIM["received_date"],
}
_LINE_DATES: Final = frozenset(["472", "150"])
_REASON: Final = re.compile(r"(?:[A-Z]{1,2}[0-9]{1,3}|[0-9]{1,3})")
_NO_COMPOSITE: Final = (None, None, None, False)


class _ReasonMemory(dict[str, str]):
    """Reason codes as sent -> upper case, without leading zeros."""

    def __missing__(self, text: str) -> str:
        if len(self) >= MEMORY_MAX:
            self.clear()
        code = text.strip().upper()
        value = self[text] = code.lstrip("0") or code
        return value


_REASONS: Final = _ReasonMemory()


def svc(state: State, elements: Elements, position: int) -> None:
    """Read SVC: a line begins; the one before is complete."""
    claim = state.claim
    if claim is None:
        state.misplaced(elements, position, severity=Severity.REFUSED)
        return
    if state.line is not None:
        close_line(state)
    if state.party is not None:
        state.close_party()
    state.loop = "2110"
    state.line_index += 1
    state.line_adjustments = 0
    count = len(elements)
    padded = elements + [""] * (8 - count) if count < 8 else elements
    qualifier, procedure, modifiers, has_more = state.composite(padded[1])
    charge = CENTS[padded[2]]
    paid = CENTS[padded[3]]
    revenue = padded[4]
    if padded[6]:
        submitted = state.composite(padded[6])
        has_more = has_more or submitted[3]
    else:
        submitted = _NO_COMPOSITE
    state.line = [
        state.index,
        state.line_index,
        position,
        qualifier,
        procedure,
        modifiers,
        charge,
        paid,
        revenue or (procedure if qualifier == "NU" else None),
        padded[5] or None,
        submitted[0],
        submitted[1],
        submitted[2],
        padded[7] or None,
        None,
        None,
        None,
        None,
        0,
        None,
    ]
    if charge is None or paid is None or qualifier is None:
        odd_line(state, padded, position)
    if charge is None:
        state.claim_lines_read = False
    else:
        state.line_charges += charge
    if has_more:  # the procedure's description (SVC01-7) has no column
        state.keep(elements, position)
        state.tell_surplus(elements, position, 7)
    elif count > 8:
        state.surplus(elements, position, 7, 7)


def odd_line(state: State, padded: Elements, position: int) -> None:
    """Tell what of an SVC is missing or cannot be read."""
    for number in (2, 3):
        if CENTS[padded[number]] is None:
            state.bad_amount(padded, number, position)
    if not padded[1]:
        message = "SVC01 is empty: the line names no procedure."
        state.problem("required_element_missing", message, "SVC", position, element="SVC01")


def close_line(state: State) -> None:
    """Complete the open line and tell when it does not add up."""
    line = state.line
    if line is None:
        return
    adjustments = state.line_adjustments
    line[S_ADJUSTMENTS] = adjustments
    charge, paid = line[S_CHARGE], line[S_PAID]
    if charge is not None and paid is not None:
        gap = line[S_GAP] = paid - charge + adjustments
        if gap:
            state.line_gaps += 1
            tell_gap(
                state,
                "line_out_of_balance",
                f"Line {state.line_index}: SVC03 {money(paid)} is not SVC02 {money(charge)} "
                f"less adjustments {money(adjustments)}",
                gap,
                "SVC",
                line[2],
            )
    state.service_payments += line
    state.line = None


def tell_gap(state: State, code: str, message: str, gap: int, tag: str, position: int) -> None:
    """Tell that a line or claim does not add up."""
    element = "SVC03" if tag == "SVC" else "CLP04"
    message += f" (difference {money(gap)}); this claim payment cannot be posted as it stands."
    state.problem(code, message, tag, position, element=element)


def cas(state: State, elements: Elements, position: int) -> None:
    """Read CAS: up to six adjustments of the open line, else of the claim."""
    count = len(elements)
    if state.claim is None:
        state.misplaced(elements, position, severity=Severity.REFUSED)
        return
    group = elements[1] if count > 1 else ""
    if group not in GROUP_CODES:
        group_code(state, group, position)
    total = 0
    number = 2
    sequence = 1
    while number < count and sequence <= TRIPLETS_MAX:
        reason = elements[number]
        text = elements[number + 1] if number + 1 < count else ""
        quantity = elements[number + 2] if number + 2 < count else ""
        if not (reason or text or quantity):
            number += 3
            sequence += 1
            continue
        amount = CENTS[text]
        if amount is None or not reason or not _REASON.fullmatch(_REASONS[reason]):
            amount = odd_adjustment(state, elements, number, position)
        if amount is not None:
            total += amount
        state.adjustments += (
            state.index,
            state.line_index,
            position,
            sequence,
            None,
            group or None,
            _REASONS[reason] or None,
            amount,
            quantity or None,
        )
        number += 3
        sequence += 1
    if count > 20 or not (count > 2 and elements[2]):
        odd_cas(state, elements, position)
    state.claim_adjustments += total
    if group == "PR":
        state.patient_adjustments += total
    if state.line is not None:
        state.line_adjustments += total


def odd_cas(state: State, elements: Elements, position: int) -> None:
    """Tell a CAS that names no adjustment, or too many."""
    if not any(elements[2:20]):
        state.keep(elements, position)
        message = "CAS names no adjustment; it was kept as it is."
        state.problem("required_element_missing", message, "CAS", position, element="CAS02")
    state.surplus(elements, position, 19, 19)


def group_code(state: State, group: str, position: int) -> None:
    """Tell a group code that version 5010 does not have."""
    if group == "CR":
        message = "Group code CR does not exist in version 5010; the adjustment was read as it "
        message += "is and counts."
        state.problem("group_code_retired", message, "CAS", position, element="CAS01")
    else:
        code = "code_unknown" if group else "required_element_missing"
        message = "CAS01 is none of CO, PR, OA, PI; the adjustment was read as it is and counts."
        state.problem(code, message, "CAS", position, element="CAS01")


def odd_adjustment(state: State, elements: Elements, number: int, position: int) -> int | None:
    """Tell what is wrong with the triplet at `number`; return its amount."""
    reason = elements[number]
    text = elements[number + 1] if number + 1 < len(elements) else ""
    element = f"CAS{number:02}"
    if not reason:
        message = f"{element} is empty: an amount without a reason cannot be posted."
        state.problem("adjustment_without_reason", message, "CAS", position, element=element)
    elif not _REASON.fullmatch(_REASONS[reason]):
        message = f"{element} is not written like a reason code (CARC); it was kept as it is."
        state.problem("reason_code_unreadable", message, "CAS", position, element=element)
    amount = CENTS[text]
    if amount is None and not text:
        message = f"CAS{number + 1:02} is empty; the adjustment counts as 0.00."
        state.problem(
            "adjustment_without_amount", message, "CAS", position, element=f"CAS{number + 1:02}"
        )
        return 0
    if amount is None:
        state.bad_amount(elements, number + 1, position)
    return amount


def lq(state: State, elements: Elements, position: int) -> None:
    """Read LQ: a remark code."""
    count = len(elements)
    qualifier = elements[1] if count > 1 else ""
    code = elements[2] if count > 2 else ""
    if state.claim is None:
        state.misplaced(elements, position)
        return
    state.remarks += (
        state.index,
        state.line_index,
        position,
        qualifier or None,
        code.upper() or None,
    )
    if count != 3 or not qualifier or not code:
        state.odd_pair(elements, position, 2)


def ref(state: State, elements: Elements, position: int) -> None:
    """Read REF."""
    count = len(elements)
    qualifier = elements[1] if count > 1 else ""
    value = elements[2] if count > 2 else ""
    state.references += (
        state.index,
        state.line_index,
        position,
        state.loop,
        qualifier or None,
        value or None,
    )
    line = state.line
    if line is not None:
        if qualifier == "6R" and line[S_CONTROL] is None:
            line[S_CONTROL] = value or None
    elif state.claim is not None:
        place = _CLAIM_REFERENCES.get(qualifier)
        if place is not None and state.claim[place] is None:
            state.claim[place] = value or None
    else:
        header_reference(state, qualifier, value)
    if count != 3 or not qualifier or not value:
        state.odd_pair(elements, position, 4)


def header_reference(state: State, qualifier: str, value: str) -> None:
    """Note the references of payer and payee that have columns."""
    row = state.remittance
    if qualifier == "2U" and state.loop == "1000A" and row[REMITTANCE["payer_id"]] is None:
        row[REMITTANCE["payer_id"]] = value or None
    elif qualifier == "TJ" and state.loop == "1000B" and row[REMITTANCE["payee_tin"]] is None:
        row[REMITTANCE["payee_tin"]] = value or None


def dtm(state: State, elements: Elements, position: int) -> None:
    """Read DTM."""
    count = len(elements)
    qualifier = elements[1] if count > 1 else ""
    text = elements[2] if count > 2 else ""
    day = DAYS[text] if text else None
    if day is None or count != 3 or not qualifier:
        if text:
            state.day(elements, 2, position)
        if count != 3 or not qualifier or not text:
            state.odd_pair(elements, position, 6)
    state.dates += (
        state.index,
        state.line_index,
        position,
        state.loop,
        qualifier or None,
        day,
        day,
    )
    _note_date(state, qualifier, day)


def _note_date(state: State, qualifier: str, day: int | None) -> None:
    """Fill in the column of a date that has one; the first of each kind counts."""
    line, claim = state.line, state.claim
    if line is not None:
        if qualifier in _LINE_DATES and line[S_FROM] is None:
            line[S_FROM] = day
            line[S_TO] = line[S_TO] or day
        elif qualifier == "151":
            line[S_TO] = day
    elif claim is not None:
        place = _CLAIM_DATES.get(qualifier)
        if place is not None and claim[place] is None:
            claim[place] = day
    elif qualifier == "405" and not state.claim_count:
        row, place = state.remittance, REMITTANCE["production_date"]
        row[place] = day if row[place] is None else row[place]


def amt(state: State, elements: Elements, position: int) -> None:
    """Read AMT."""
    count = len(elements)
    qualifier = elements[1] if count > 1 else ""
    text = elements[2] if count > 2 else ""
    amount = CENTS[text]
    state.amounts += (
        state.index,
        state.line_index,
        position,
        state.loop,
        qualifier or None,
        amount,
    )
    if state.line is not None and qualifier == "B6" and state.line[S_ALLOWED] is None:
        state.line[S_ALLOWED] = amount
    if amount is None or count != 3 or not qualifier:
        if amount is None and text:
            # Amounts outside the balance: the claim can be posted without.
            state.bad_amount(elements, 2, position, Severity.WARNING)
        if count != 3 or not qualifier or not text:
            state.odd_pair(elements, position, 3)


def qty(state: State, elements: Elements, position: int) -> None:
    """Read QTY."""
    count = len(elements)
    qualifier = elements[1] if count > 1 else ""
    value = elements[2] if count > 2 else ""
    state.quantities += (
        state.index,
        state.line_index,
        position,
        state.loop,
        qualifier or None,
        value or None,
    )
    if count != 3 or not qualifier or not value:
        state.odd_pair(elements, position, 4)
