"""Loops 2300 and 2310 of an 837: the claim itself, its diagnoses and providers.

Source: 837 TR3s 005010X222A1, 005010X223A2 and 005010X224A2, loop 2300.
"""
# ruff: noqa: PLR2004 - the guides number their elements, and so does this.

from __future__ import annotations

import re
from typing import Final

from sanderling.core.x12.problems import Severity
from sanderling.core.x12.read.set_837_checks import close_claim
from sanderling.core.x12.read.set_837_levels import (
    BLANKS,
    flush_party,
    keep_rest,
    name_of,
    reference,
)
from sanderling.core.x12.read.set_837_state import (
    BILLING,
    CLAIM,
    CLAIM_ADMISSION,
    CLAIM_ATTENDING_NPI,
    CLAIM_FACILITY_NAME,
    CLAIM_FACILITY_NPI,
    CLAIM_PATIENT_PAID,
    CLAIM_PRINCIPAL_DIAGNOSIS,
    CLAIM_REFERENCES,
    CLAIM_RELATIONSHIP,
    CLAIM_RENDERING_NAME,
    CLAIM_RENDERING_NPI,
    CLAIM_SERVICE_FROM,
    CLAIM_SERVICE_TO,
    CLAIM_SIGNATURE,
    CLAIM_STATEMENT_FROM,
    CLAIM_STATEMENT_TO,
    HEAD,
    PARTY_ID_QUALIFIER,
    PARTY_IDENTIFIER,
    SUBSCRIBER_FIRST_NAME,
    SUBSCRIBER_LAST_NAME,
    Row,
    State,
)
from sanderling.core.x12.read.values import CENTS, DAYS, MEMORY_MAX, day_range

FREQUENCIES: Final = frozenset("0123456789")
# The institutional list goes on in letters: adjustments that payers make, and reopening (Q).
_BILL_FREQUENCIES: Final = FREQUENCIES | frozenset("ABCDEFGHIJKMPQ")
PRINCIPAL: Final = frozenset({"ABK", "BK"})
POINTED_AT: Final = frozenset({"ABK", "ABF", "BK", "BF"})  # diagnosis pointers count these
_TYPE_OF_BILL: Final = re.compile(r"0?[1-8][1-9][0-9A-Z]")  # UB-04 field 4, its zero left out
_EMPTY_MIDDLE: Final = [None] * (CLAIM_SIGNATURE - CLAIM_STATEMENT_FROM)


def claim(state: State, elements: list[str], position: int) -> None:
    """Read a CLM: close the claim before it and open this one."""
    if state.claim is not None:
        close_claim(state, position - 1)
    if state.party is not None:
        flush_party(state)
    if state.context in {HEAD, BILLING}:
        state.report("level_missing", "CLM", position, loop="2300")
        state.is_in_doubt = True
    if state.pending:
        state.pending = []
    e = elements if len(elements) > 20 else elements + BLANKS
    state.row_claim = index = state.claim_count
    state.row_line = 0
    subscriber = state.subscriber
    charge_cents = CENTS[e[2]]
    is_unusual = len(elements) > 10 and (any(e[12:20]) or bool(e[10]) or len(elements) > 21)
    place = state.places_of_service.get(e[5])
    if place is None:
        place = _place_of_service(state, e[5])
        is_unusual = is_unusual or e[5].count(state.component) > 2
    state.claim = row = [
        index,
        position,
        None,
        *state.billing,
        *subscriber,
        *(state.patient or _subscriber_as_patient(state)),
        e[1] or None,
        charge_cents,
        *place,
        e[7] or None,
        e[11].replace(state.component, ":") or None,
        e[20] or None,
        *_EMPTY_MIDDLE,
        e[6] or None,
        e[8] or None,
        e[9] or None,
        state.subscriber_position,
        state.payer_position,
        state.patient_position,
    ]
    if state.relationship is not None:
        row[CLAIM_RELATIONSHIP] = state.relationship
    state.enter("2300", CLAIM)
    if charge_cents is None:
        state.report("amount_unreadable", "CLM", position, "CLM02")
        state.keep(elements, position)
    elif is_unusual or e[3] or e[4]:
        state.keep(elements, position)
    if len(elements) > 21 and any(elements[21:]):
        state.report("element_not_in_guide", "CLM", position)
    _check_opening(state, e, place[2], position)


def _subscriber_as_patient(state: State) -> Row:
    """Return the patient's columns of a claim whose subscriber is the patient."""
    return [
        state.subscriber[SUBSCRIBER_LAST_NAME],
        state.subscriber[SUBSCRIBER_FIRST_NAME],
        state.subscriber_birth_date,
        state.subscriber_sex,
    ]


def _check_opening(state: State, e: list[str], frequency: str | None, position: int) -> None:
    """Report what a CLM and the levels above it lack."""
    if not e[1]:
        state.report("claim_number_missing", "CLM", position, "CLM01")
    allowed = _BILL_FREQUENCIES if state.kind == "837I" else FREQUENCIES
    if frequency is None:
        state.report("frequency_missing", "CLM", position, "CLM05-3")
    elif frequency not in allowed:
        state.report("frequency_unknown", "CLM", position, "CLM05-3", value=frequency[:4])
    if state.is_in_doubt:
        state.report("claim_level_in_doubt", "CLM", position)
    if not state.has_levels:
        _report_missing(state, position)


def _report_missing(state: State, position: int) -> None:
    needs = (
        ("NM1*85", "2010AA", state.billing[0]),
        ("REF*EI", "2010AA", state.billing[3]),
        ("SBR", "2000B", state.subscriber[0]),
        ("NM1*IL", "2010BA", state.subscriber_position),
        ("NM1*PR", "2010BB", state.payer_position),
        ("NM1*QC", "2010CA", state.patient is None or state.patient_position),
    )
    missing = [(segment, loop) for segment, loop, found in needs if found is None]
    for segment, loop in missing:
        state.report("required_segment_missing", segment, position, loop=loop)
    state.has_levels = not missing  # else each claim of the level is told of


def _place_of_service(state: State, text: str) -> tuple[str | None, str | None, str | None]:
    """Return facility, qualifier and frequency of a CLM05, and remember them."""
    if state.kind == "837I" and _TYPE_OF_BILL.fullmatch(text):
        text = state.component.join((text[-3:-1], "A", text[-1]))  # in one piece, as on paper
    parts = [*text.split(state.component), "", ""]
    place = (parts[0] or None, parts[1] or None, parts[2] or None)
    if len(parts) > 5:
        return place  # not remembered, as such a segment is kept each time
    if len(state.places_of_service) >= MEMORY_MAX:
        state.places_of_service.clear()
    state.places_of_service[text] = place
    return place


# --- 2300 -----------------------------------------------------------------------------------------


def claim_reference(state: State, elements: list[str], position: int) -> None:
    """Read a REF of loop 2300: numbers the claim is known by."""
    reference(state, elements, position)
    place = CLAIM_REFERENCES.get(elements[1]) if len(elements) > 2 else None
    if place is not None and state.claim is not None:
        if state.claim[place] is None:
            state.claim[place] = elements[2] or None
        else:
            state.report("segment_repeated", "REF", position, "REF01")


def read_period(
    state: State, elements: list[str], position: int
) -> tuple[str, int | None, int | None]:
    """Read a DTP into the dates; return its qualifier and both days (None: unreadable)."""
    e = elements if len(elements) > 3 else elements + BLANKS
    if e[2] == "D8":
        first = last = DAYS[e[3]]
    else:
        first, last = day_range(e[2], e[3])
    if first is None or last is None:
        if e[2] != "TM":  # an hour is no date: kept, and nothing is wrong with it
            state.report("date_unreadable", "DTP", position, "DTP03")
        state.keep(elements, position)
        return e[1], None, None
    state.dates((state.row_claim, state.row_line, position, state.loop, e[1] or None, first, last))
    if last < first:
        state.report("dates_reversed", "DTP", position, "DTP03")
    if e[2] == "DT" or len(elements) > 4:
        state.keep(elements, position)
    return e[1], first, last


def period(state: State, elements: list[str], position: int) -> None:
    """Read a DTP that only the dates table wants."""
    read_period(state, elements, position)


def claim_period(state: State, elements: list[str], position: int) -> None:
    """Read a DTP of loop 2300."""
    qualifier, first, last = read_period(state, elements, position)
    row = state.claim
    if row is None or first is None:
        return
    if qualifier == "434":
        row[CLAIM_STATEMENT_FROM] = row[CLAIM_SERVICE_FROM] = first
        row[CLAIM_STATEMENT_TO] = row[CLAIM_SERVICE_TO] = last
    elif qualifier == "472":  # 837D: one date for all lines
        row[CLAIM_SERVICE_FROM] = first
        row[CLAIM_SERVICE_TO] = last
    elif qualifier == "435":
        row[CLAIM_ADMISSION] = first


def read_amount(state: State, elements: list[str], position: int) -> tuple[str, int | None]:
    """Read an AMT into the amounts; return its qualifier and the cents (None: unreadable)."""
    e = elements if len(elements) > 2 else elements + BLANKS
    cents = CENTS[e[2]]
    if cents is None:
        state.report("amount_unreadable", "AMT", position, "AMT02", severity=Severity.WARNING)
        state.keep(elements, position)
        return e[1], None
    state.amounts((state.row_claim, state.row_line, position, state.loop, e[1] or None, cents))
    keep_rest(state, elements, position, 2)
    return e[1], cents


def amount(state: State, elements: list[str], position: int) -> None:
    """Read an AMT that only the amounts table wants."""
    read_amount(state, elements, position)


def claim_amount(state: State, elements: list[str], position: int) -> None:
    """Read an AMT of loop 2300."""
    qualifier, cents = read_amount(state, elements, position)
    if qualifier == "F5" and state.claim is not None:
        state.claim[CLAIM_PATIENT_PAID] = cents


def quantity(state: State, elements: list[str], position: int) -> None:
    """Read a QTY."""
    e = elements + BLANKS
    state.rows.cells["quantities"].extend(
        (state.row_claim, state.row_line, position, state.loop, e[1] or None, e[2] or None)
    )
    keep_rest(state, elements, position, 2)


# --- HI -------------------------------------------------------------------------------------------


def health_codes(state: State, elements: list[str], position: int) -> None:
    """Read an HI: one row a composite, whatever kind of code it holds."""
    row = state.claim
    if row is None:
        state.keep(elements, position)
        return
    component = state.component
    counts = state.diagnosis_counts
    add = state.diagnoses
    is_kept = len(elements) > 13
    for number, text in enumerate(elements):
        if not text or not number:
            continue
        parts = text.split(component)
        qualifier = parts[0]
        counted = "diagnosis" if qualifier in POINTED_AT else qualifier
        counts[counted] = sequence = counts.get(counted, 0) + 1
        if len(parts) == 2:
            code = parts[1]
            add((row[0], 0, position, sequence, qualifier, code, None, None, None, None))
        else:
            code = parts[1] if len(parts) > 1 else ""
            is_kept |= _long_composite(state, parts, position, number, sequence)
        if qualifier in PRINCIPAL and row[CLAIM_PRINCIPAL_DIAGNOSIS] is None:
            row[CLAIM_PRINCIPAL_DIAGNOSIS] = code or None
        if not code:
            element = f"HI{number:02}-2"
            state.report("required_element_missing", "HI", position, element)
    if is_kept:
        state.keep(elements, position)
        if len(elements) > 13:
            state.report("element_not_in_guide", "HI", position)
    elif not any(elements[1:]):
        state.report("required_element_missing", "HI", position, "HI01")


def _long_composite(
    state: State, parts: list[str], position: int, number: int, sequence: int
) -> bool:
    """Add a composite with dates, an amount or an indicator; tell whether anything is left over.

    Components: 1 qualifier, 2 code, 3 date format, 4 dates, 5 amount, 9 present on admission.
    """
    p = parts + BLANKS
    first, last = (None, None)
    is_left = bool(p[5] or p[6] or p[7] or any(parts[9:]))
    if p[2] or p[3]:
        first, last = day_range(p[2], p[3])
        if first is None:
            state.report("date_unreadable", "HI", position, f"HI{number:02}-4")
            is_left = True
    cents = None
    if p[4]:
        cents = CENTS[p[4]]
        if cents is None:
            state.report(
                "amount_unreadable", "HI", position, f"HI{number:02}-5", severity=Severity.WARNING
            )
            is_left = True
    state.diagnoses(
        (
            state.row_claim,
            0,
            position,
            sequence,
            p[0] or None,
            p[1] or None,
            first,
            last,
            cents,
            p[8] or None,
        )
    )
    return is_left


# --- 2310 -----------------------------------------------------------------------------------------


def _npi(row: Row) -> str | None:
    return row[PARTY_IDENTIFIER] if row[PARTY_ID_QUALIFIER] == "XX" else None


def fill_rendering(state: State, row: Row) -> None:
    """Take the claim's rendering provider."""
    if state.claim is not None:
        state.claim[CLAIM_RENDERING_NPI] = _npi(row)
        state.claim[CLAIM_RENDERING_NAME] = name_of(row)


def fill_facility(state: State, row: Row) -> None:
    """Take the claim's service facility."""
    if state.claim is not None:
        state.claim[CLAIM_FACILITY_NPI] = _npi(row)
        state.claim[CLAIM_FACILITY_NAME] = name_of(row)


def fill_attending(state: State, row: Row) -> None:
    """Take the attending provider, 837I."""
    if state.claim is not None:
        state.claim[CLAIM_ATTENDING_NPI] = _npi(row)
