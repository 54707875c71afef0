"""Levels and parties of an 837: HL, SBR, PAT, NM1 and the segments that complete a party.

Source: 837 TR3s 005010X222A1, 005010X223A2 and 005010X224A2, loops 1000A to 2010CA.
"""
# ruff: noqa: PLR2004 - the guides number their elements, and so does this.

from __future__ import annotations

from typing import Final

from sanderling.core.x12.read.rows import ABOVE_CLAIMS
from sanderling.core.x12.read.set_837_checks import close_claim
from sanderling.core.x12.read.set_837_state import (
    BILLING,
    BILLING_NAME,
    BILLING_NPI,
    BILLING_POSITION,
    BILLING_TAXONOMY,
    BILLING_TIN,
    BILLING_WIDTH,
    HEAD,
    PARTY_ADDRESS,
    PARTY_BIRTH_DATE,
    PARTY_CITY,
    PARTY_FIRST_NAME,
    PARTY_ID_QUALIFIER,
    PARTY_IDENTIFIER,
    PARTY_LAST_NAME,
    PARTY_POSITION,
    PARTY_POSTAL_CODE,
    PARTY_SEX,
    PARTY_TAXONOMY,
    PATIENT,
    PATIENT_BIRTH_DATE,
    PATIENT_FIRST_NAME,
    PATIENT_LAST_NAME,
    PATIENT_SEX,
    PATIENT_WIDTH,
    SUBSCRIBER,
    SUBSCRIBER_FIRST_NAME,
    SUBSCRIBER_ID,
    SUBSCRIBER_LAST_NAME,
    SUBSCRIBER_PAYER_ID,
    SUBSCRIBER_PAYER_NAME,
    SUBSCRIBER_PAYER_SEQUENCE,
    SUBSCRIBER_WIDTH,
    Row,
    State,
)
from sanderling.core.x12.read.values import DAYS, NPI

LEVELS: Final = {"20": BILLING, "22": SUBSCRIBER, "23": PATIENT}
_PARENTS: Final = {"22": "20", "23": "22"}
PAYER_SEQUENCES: Final = frozenset("PSTABCDEFGHU")
BLANKS: Final = [""] * 24  # fills a short segment up

# How many elements each segment may have by the guides; more give a warning.
ELEMENTS_MAX: Final = {
    "AMT": 3,
    "BHT": 6,
    "CAS": 19,
    "CLM": 20,
    "DMG": 11,
    "DTP": 3,
    "HI": 12,
    "HL": 4,
    "LIN": 31,
    "LX": 1,
    "N3": 2,
    "N4": 7,
    "NM1": 12,
    "PAT": 9,
    "PER": 9,
    "PRV": 6,
    "QTY": 4,
    "REF": 4,
    "SBR": 9,
    "SV1": 21,
    "SV2": 10,
    "SV3": 11,
    "SVD": 6,
    "TOO": 3,
}


def keep_rest(state: State, elements: list[str], position: int, known: int) -> None:
    """Keep the segment when something stands after its element `known`."""
    if any(elements[known + 1 :]):
        state.keep(elements, position)
        tag = elements[0]
        if any(elements[ELEMENTS_MAX[tag] + 1 :]):
            state.report("element_not_in_guide", tag, position)


# --- levels ---------------------------------------------------------------------------------------


def hierarchy(state: State, elements: list[str], position: int) -> None:
    """Read an HL: close the claim above it and open a level."""
    if state.claim is not None:
        close_claim(state, position - 1)
    flush_party(state)
    e = elements if len(elements) == 5 else elements + BLANKS
    level = e[3]
    context = LEVELS.get(level)
    if context is None:
        state.enter("", HEAD)
        state.report("level_unknown", "HL", position, "HL03", value=level[:4])
        state.keep(elements, position)
        state.is_in_doubt = True
        return
    state.row_claim = ABOVE_CLAIMS if level == "20" else state.claim_count
    _check_level(state, e, position)
    _open_level(state, context)
    if len(elements) > 5:
        keep_rest(state, elements, position, 4)


def _check_level(state: State, e: list[str], position: int) -> None:
    number, parent, level, child = e[1], e[2], e[3], e[4]
    numbers = state.level_numbers
    if number != str(state.next_level):
        _report_level(
            state, "level_number_out_of_order", level, position, "HL01", expected=state.next_level
        )
        # After a gap the sender's own count goes on, so that one fault is one problem.
        if number.isascii() and number.isdigit() and len(number) < 10:
            state.next_level = int(number)
    state.next_level += 1
    if level == "20":
        numbers.clear()
        is_parent_right = not parent
    else:
        is_parent_right = parent == numbers.get(_PARENTS[level])
    if not is_parent_right:
        _report_level(state, "level_parent_wrong", level, position, "HL02")
        state.is_in_doubt = True
    elif level != "23":
        state.is_in_doubt = False
    if child not in {"0", "1"} and not (level == "23" and not child):
        _report_level(state, "level_child_code_wrong", level, position, "HL04", value=child[:4])
    above = state.open_child
    if above and (above == "1") != (level > state.open_level):
        _check_children(state, level)
    state.level_position = position
    numbers[level] = number
    state.open_level = level
    state.open_child = child


def _check_children(state: State, level: str) -> None:
    """Hold the HL04 of the level above against the level that now begins (`""`: the end)."""
    declared = state.open_child
    if declared and (declared == "1") != (level > state.open_level):
        above, position = state.open_level, state.level_position
        _report_level(state, "level_child_code_wrong", above, position, "HL04", value=declared[:4])


def _report_level(
    state: State,
    code: str,
    level: str,
    position: int,
    element: str,
    *,
    value: str = "",
    expected: int = 0,
) -> None:
    loop = _LEVEL_LOOPS[LEVELS[level]]
    state.report(code, "HL", position, element, loop=loop, value=value, expected=expected)


_LEVEL_LOOPS: Final = {BILLING: "2000A", SUBSCRIBER: "2000B", PATIENT: "2000C"}


def _open_level(state: State, context: str) -> None:
    state.row_line = 0
    state.relationship = None
    state.has_levels = False
    if state.pending and context != PATIENT:
        state.keep_pending()
    if context == BILLING:
        state.billing = [None] * BILLING_WIDTH
        state.pending_taxonomy = None
    if context != PATIENT:
        state.subscriber = [None] * SUBSCRIBER_WIDTH
        state.subscriber_birth_date = state.subscriber_sex = None
        state.subscriber_position = state.payer_position = None
        state.patient = state.patient_position = None
    else:
        state.patient = [None] * PATIENT_WIDTH
        state.patient_position = None
    state.enter(_LEVEL_LOOPS[context], context)


def hierarchy_without_level(state: State) -> None:
    """Open the subscriber's level whose HL is missing; its claims are in doubt."""
    flush_party(state)
    state.row_claim = state.claim_count
    _open_level(state, SUBSCRIBER)
    state.is_in_doubt = True


def subscriber(state: State, elements: list[str], position: int) -> None:
    """Read the SBR of loop 2000B: the destination payer's coverage."""
    row = state.subscriber
    if row[SUBSCRIBER_PAYER_SEQUENCE] is not None:
        repeated(state, elements, position)
        return
    state.pending.append((state.row_claim, position, state.loop, elements))
    e = elements if len(elements) > 9 else elements + BLANKS
    row[:6] = (
        e[1],
        e[2] or None,
        e[3] or None,
        e[4] or None,
        e[5] or None,
        e[9] or None,
    )
    if e[1] not in PAYER_SEQUENCES:
        check_payer_sequence(state, e[1], position)
    if e[6] or e[7] or e[8] or len(elements) > 10:
        state.keep(elements, position)
        keep_rest(state, elements, position, 9)


def check_payer_sequence(state: State, sequence: str, position: int) -> None:
    """Report an SBR01 that names no place in the order of payers."""
    if not sequence:
        state.report("required_element_missing", "SBR", position, "SBR01")
    elif sequence not in PAYER_SEQUENCES:
        state.report("code_unknown", "SBR", position, "SBR01", value=sequence[:4])


def patient(state: State, elements: list[str], position: int) -> None:
    """Read a PAT: the relationship counts, everything else is kept as it came."""
    relationship = (elements + BLANKS)[1]
    if state.context == PATIENT:
        state.relationship = relationship or None  # goes before SBR02
        state.pending.append((state.row_claim, position, state.loop, elements))
        keep_rest(state, elements, position, 1)
    else:
        state.keep(elements, position)


# --- parties --------------------------------------------------------------------------------------


def flush_party(state: State) -> None:
    """Add the open party's row; nothing more can belong to it."""
    if state.party is not None:
        state.parties(state.party)
        state.party = None


def party(state: State, elements: list[str], position: int) -> None:
    """Read an NM1: open the party's loop."""
    e = elements if len(elements) > 9 else elements + BLANKS
    found = state.entities.get(e[1])
    if found is None:
        _strange_party(state, e, position)
        found = (state.loop, state.handlers, None)
    state.loop, state.handlers, fill = found
    if state.party is not None:
        state.parties(state.party)
    identifier = e[9] or None
    state.party = row = [
        state.row_claim,
        state.row_line,
        position,
        state.loop,
        e[1] or None,
        e[2] or None,
        e[3] or None,
        e[4] or None,
        e[5] or None,
        e[7] or None,
        e[8] or None,
        identifier,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
    ]
    if e[8] == "XX" and not NPI[e[9]]:
        state.report("npi_invalid", "NM1", position, "NM109")
    if fill is not None:
        fill(state, row)
    if e[6] or len(elements) > 10:
        state.keep(elements, position)
        keep_rest(state, elements, position, 12)


def _strange_party(state: State, e: list[str], position: int) -> None:
    state.report("code_unknown", "NM1", position, "NM101", value=e[1][:4])
    if state.context in {BILLING, SUBSCRIBER, PATIENT}:
        state.is_in_doubt = True  # a level may have begun without its HL


def name_of(row: Row) -> str | None:
    """Return an organization's name, or a person's as "last, first"."""
    if row[PARTY_FIRST_NAME]:
        return f"{row[PARTY_LAST_NAME] or ''}, {row[PARTY_FIRST_NAME]}"
    name: str | None = row[PARTY_LAST_NAME]
    return name


def fill_submitter(state: State, row: Row) -> None:
    """Take the submitter, loop 1000A."""
    state.batch["submitter_id"] = row[PARTY_IDENTIFIER]
    state.batch["submitter_name"] = name_of(row)


def fill_receiver(state: State, row: Row) -> None:
    """Take the receiver, loop 1000B."""
    state.batch["receiver_id"] = row[PARTY_IDENTIFIER]
    state.batch["receiver_name"] = name_of(row)


def fill_billing(state: State, row: Row) -> None:
    """Take the billing provider, loop 2010AA."""
    billing = state.billing
    billing[BILLING_POSITION] = row[PARTY_POSITION]
    billing[BILLING_NAME] = name_of(row)
    billing[BILLING_NPI] = row[PARTY_IDENTIFIER] if row[PARTY_ID_QUALIFIER] == "XX" else None
    row[PARTY_TAXONOMY] = state.pending_taxonomy
    state.pending = []  # the party has what the PRV said
    if row[PARTY_ID_QUALIFIER] in _TAX_QUALIFIERS:
        billing[BILLING_TIN] = row[PARTY_IDENTIFIER]


def fill_subscriber(state: State, row: Row) -> None:
    """Take the subscriber, loop 2010BA."""
    subscriber_row = state.subscriber
    state.subscriber_position = row[PARTY_POSITION]
    subscriber_row[SUBSCRIBER_LAST_NAME] = row[PARTY_LAST_NAME]
    subscriber_row[SUBSCRIBER_FIRST_NAME] = row[PARTY_FIRST_NAME]
    subscriber_row[SUBSCRIBER_ID] = row[PARTY_IDENTIFIER]


def fill_payer(state: State, row: Row) -> None:
    """Take the destination payer, loop 2010BB."""
    state.payer_position = row[PARTY_POSITION]
    state.subscriber[SUBSCRIBER_PAYER_NAME] = name_of(row)
    state.subscriber[SUBSCRIBER_PAYER_ID] = row[PARTY_IDENTIFIER]


def fill_patient(state: State, row: Row) -> None:
    """Take the patient, loop 2010CA."""
    if state.patient is None:
        state.patient = [None] * PATIENT_WIDTH
    state.patient_position = row[PARTY_POSITION]
    state.patient[PATIENT_LAST_NAME] = row[PARTY_LAST_NAME]
    state.patient[PATIENT_FIRST_NAME] = row[PARTY_FIRST_NAME]


# --- what completes a party -----------------------------------------------------------------------


def repeated(state: State, elements: list[str], position: int) -> None:
    """Keep a segment that may stand only once and already did."""
    state.report("segment_repeated", elements[0], position)
    state.keep(elements, position)


def address(state: State, elements: list[str], position: int) -> None:
    """Read an N3: street address."""
    row = state.party
    if row is None:
        state.keep(elements, position)
    elif row[PARTY_ADDRESS] is not None:
        repeated(state, elements, position)
    elif len(elements) == 2:
        row[PARTY_ADDRESS] = elements[1]
    else:
        row[PARTY_ADDRESS] = ", ".join(filter(None, elements[1:3]))
        keep_rest(state, elements, position, 2)


def city(state: State, elements: list[str], position: int) -> None:
    """Read an N4: city, state, postal code; country and the rest are kept as they came."""
    row = state.party
    if row is None:
        state.keep(elements, position)
    elif row[PARTY_CITY] is not None or row[PARTY_POSTAL_CODE] is not None:
        repeated(state, elements, position)
    elif len(elements) == 4:
        row[PARTY_CITY : PARTY_CITY + 3] = elements[1:]
    else:
        place = (elements + BLANKS)[1:4]
        row[PARTY_CITY : PARTY_CITY + 3] = [text or None for text in place]
        keep_rest(state, elements, position, 3)


def demographics(state: State, elements: list[str], position: int) -> None:
    """Read a DMG: birth date and sex of the subscriber or the patient."""
    row = state.party
    if row is None:
        state.keep(elements, position)
        return
    if row[PARTY_BIRTH_DATE] is not None or row[PARTY_SEX] is not None:
        repeated(state, elements, position)
        return
    e = elements if len(elements) > 3 else elements + BLANKS
    birth_date = DAYS[e[2]] if e[1] == "D8" else None
    if birth_date is None and (e[1] or e[2]):
        state.report("date_unreadable", "DMG", position, "DMG02")
        state.keep(elements, position)
    sex = e[3] or None
    row[PARTY_BIRTH_DATE] = birth_date
    row[PARTY_SEX] = sex
    if state.context == PATIENT and state.patient is not None:
        state.patient[PATIENT_BIRTH_DATE] = birth_date
        state.patient[PATIENT_SEX] = sex
    elif state.context == SUBSCRIBER:
        state.subscriber_birth_date = birth_date
        state.subscriber_sex = sex
    if len(elements) > 4:
        keep_rest(state, elements, position, 3)


def billing_taxonomy(state: State, elements: list[str], position: int) -> None:
    """Read the PRV of loop 2000A; it stands before the provider's NM1."""
    if state.pending_taxonomy is not None:
        repeated(state, elements, position)
        return
    code = (elements + BLANKS)[3] or None
    state.pending.append((state.row_claim, position, state.loop, elements))
    state.pending_taxonomy = state.billing[BILLING_TAXONOMY] = code
    _keep_unusual_taxonomy(state, elements, position)


def _keep_unusual_taxonomy(state: State, elements: list[str], position: int) -> None:
    e = elements + BLANKS
    if e[2] != "PXC":
        state.report("code_unknown", "PRV", position, "PRV02", value=e[2][:4])
        state.keep(elements, position)
    else:
        keep_rest(state, elements, position, 3)


def taxonomy(state: State, elements: list[str], position: int) -> None:
    """Read the PRV of a provider loop."""
    row = state.party
    if row is None:
        state.keep(elements, position)
    elif row[PARTY_TAXONOMY] is not None:
        repeated(state, elements, position)
    elif len(elements) == 4 and elements[2] == "PXC":
        row[PARTY_TAXONOMY] = elements[3]
    else:
        row[PARTY_TAXONOMY] = (elements + BLANKS)[3] or None
        _keep_unusual_taxonomy(state, elements, position)


def contact(state: State, elements: list[str], position: int) -> None:
    """Read a PER: one row a number, one without a number when there is none."""
    e = elements + BLANKS
    add = state.rows.cells["contacts"].extend
    at = (state.row_claim, state.row_line, position, state.loop, e[1] or None, e[2] or None)
    numbers = [(e[place], e[place + 1]) for place in (3, 5, 7) if e[place] or e[place + 1]]
    for qualifier, number in numbers or [("", "")]:
        add((*at, qualifier or None, number or None))
    keep_rest(state, elements, position, 8)


# --- references -----------------------------------------------------------------------------------

_TAX_QUALIFIERS: Final = frozenset({"EI", "SY", "24", "34"})


def reference(state: State, elements: list[str], position: int) -> None:
    """Read a REF that only the references table wants."""
    if len(elements) == 3:
        state.references(
            (state.row_claim, state.row_line, position, state.loop, elements[1], elements[2])
        )
        return
    e = elements + BLANKS
    state.references(
        (state.row_claim, state.row_line, position, state.loop, e[1] or None, e[2] or None)
    )
    if not e[2]:
        state.report("required_element_missing", "REF", position, "REF02")
    keep_rest(state, elements, position, 2)


def billing_reference(state: State, elements: list[str], position: int) -> None:
    """Read a REF of loop 2010AA: the tax number among others."""
    reference(state, elements, position)
    e = elements + BLANKS
    if e[1] in {"EI", "SY"} and state.billing[BILLING_TIN] is None:
        state.billing[BILLING_TIN] = e[2] or None


# --- head -----------------------------------------------------------------------------------------


def beginning(state: State, elements: list[str], position: int) -> None:
    """Read the BHT."""
    if "reference" in state.batch:
        repeated(state, elements, position)
        return
    e = elements + BLANKS
    created_date = DAYS[e[4]]
    if created_date is None:
        state.report("date_unreadable", "BHT", position, "BHT04")
        state.keep(elements, position)
    if e[1] != "0019":
        state.report("code_unknown", "BHT", position, "BHT01", value=e[1][:4])
    if e[6] not in {"CH", "RP", "31"}:
        state.report("code_unknown", "BHT", position, "BHT06", value=e[6][:4])
    state.batch |= {
        "purpose": e[2] or None,
        "reference": e[3] or None,
        "created_date": created_date,
        "created_time": e[5] or None,
        "claim_kind": e[6] or None,
    }
    keep_rest(state, elements, position, 6)


def end(state: State, _elements: list[str], position: int) -> None:
    """Read the SE: the last claim is complete, and so are all levels."""
    close_claim(state, position - 1)
    flush_party(state)
    state.keep_pending()
    _check_children(state, "")
    state.row_claim = ABOVE_CLAIMS
    state.row_line = 0
    state.enter("", HEAD)


def nothing(state: State, elements: list[str], position: int) -> None:
    """Pass over a segment that the envelope has read already."""
