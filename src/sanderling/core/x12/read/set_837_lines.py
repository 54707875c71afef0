"""Loops 2400 to 2440 of an 837: service lines.

Source: 837 TR3s 005010X222A1 (SV1), 005010X223A2 (SV2) and 005010X224A2 (SV3), loop 2400.
"""
# ruff: noqa: PLR2004 - the guides number their elements, and so does this.

from __future__ import annotations

from typing import Final

from sanderling.core.x12.problems import Severity
from sanderling.core.x12.read.set_837_claim import read_period
from sanderling.core.x12.read.set_837_levels import BLANKS, flush_party, keep_rest, reference
from sanderling.core.x12.read.set_837_state import (
    LINE,
    LINE_ASSIGNED,
    LINE_CHARGE,
    LINE_CONTROL_NUMBER,
    LINE_NDC,
    LINE_POINTERS,
    LINE_RENDERING_NPI,
    LINE_SERVICE,
    LINE_SERVICE_FROM,
    LINE_SERVICE_TO,
    LINE_TOOTH,
    LINE_WIDTH,
    PARTY_ID_QUALIFIER,
    PARTY_IDENTIFIER,
    Row,
    State,
)
from sanderling.core.x12.read.values import CENTS, DAYS, MEMORY_MAX

USUAL_LINE_LENGTH: Final = 4  # segments
LINE_POINTERS_END: Final = LINE_POINTERS + 1
_LINE_TAIL: Final = [None] * (LINE_WIDTH - LINE_SERVICE)

Procedure = tuple[str | None, str | None, str | None, str | None]
"""Qualifier, code, modifiers joined by ":", description."""


def line(state: State, elements: list[str], position: int) -> None:
    """Read an LX: open a service line."""
    if state.party is not None:
        flush_party(state)
    lines = state.lines
    state.row_line = number = len(lines) + 1
    assigned = elements[1] if len(elements) > 1 else ""
    lines.append([state.row_claim, number, position, assigned or None, *_LINE_TAIL])
    # As `enter` does; spelled out for speed, like much here that runs for every line.
    grammar = state.grammar
    state.loop = "2400"
    state.context = LINE
    state.handlers = grammar.line_handlers
    state.entities = grammar.line_entities
    if assigned != str(number):
        state.report("line_number_out_of_order", "LX", position, "LX01", expected=number)
    if len(elements) > 2:
        keep_rest(state, elements, position, 1)


def is_line_open(state: State) -> bool:
    """Tell whether a service may still be filled into the open line."""
    if state.context != LINE or not state.lines:
        return False
    return not _has_service(state.lines[-1])


def _has_service(row: Row) -> bool:
    return row[LINE_CHARGE] is not None or row[LINE_SERVICE + 1] is not None


def open_line(state: State, position: int) -> None:
    """Open the line of a service before which the LX is missing."""
    state.report("required_segment_missing", "LX", position, loop="2400")
    line(state, ["LX", str(len(state.lines) + 1)], position)
    state.lines[-1][LINE_ASSIGNED] = None


def usual_line(state: State, segments: list[str], place: int, position: int) -> bool:
    """Read a whole line of an 837P at once if it is the usual one; tell whether it was.

    The usual one is LX, SV1 with a procedure that was seen before, DTP*472*D8 and REF*6R, all of
    them right. More than a third of the segments of a file stand in such lines, and reading them in
    one go takes half the time of four calls. Rows come out the same; a test holds it to that.
    `position` is that of `segments[0]`.
    """
    block = segments[place : place + USUAL_LINE_LENGTH]
    if len(block) < USUAL_LINE_LENGTH or "LX" not in state.handlers:
        return False
    opening, service, period_text, number_text = block
    if not (
        service.startswith(state.service_start)
        and period_text.startswith(state.service_date_start)
        and number_text.startswith(state.line_number_start)
    ):
        return False
    separator = state.separator
    lines = state.lines
    number = len(lines) + 1
    e = service.split(separator)
    day = DAYS[period_text[len(state.service_date_start) :]]
    control_number = number_text[len(state.line_number_start) :]
    if (
        len(e) != 8
        or e[6]
        or day is None
        or not control_number
        or separator in control_number
        or control_number in state.control_numbers
        or opening != f"LX{separator}{number}"
        or state.component != ":"
    ):
        return False
    procedure = state.procedures.get(e[1])
    charge_cents = CENTS[e[2]]
    if procedure is None or charge_cents is None:
        return False
    if state.party is not None:
        flush_party(state)
    row_claim = state.row_claim
    at = position + place
    lines.append(
        [
            row_claim,
            number,
            at,
            str(number),
            *procedure,
            charge_cents,
            e[3] or None,
            e[4] or None,
            e[5] or None,
            e[7] or None,
            None,
            None,
            None,
            day,
            day,
            control_number,
            None,
            None,
        ]
    )
    state.dates((row_claim, number, at + 2, "2400", "472", day, day))
    state.references((row_claim, number, at + 3, "2400", "6R", control_number))
    state.control_numbers.add(control_number)
    grammar = state.grammar
    state.row_line = number
    state.loop = "2400"
    state.context = LINE
    state.handlers = grammar.line_handlers
    state.entities = grammar.line_entities
    return True


def procedure_of(state: State, text: str) -> Procedure:
    """Return the parts of a procedure composite (SV101, SV202, SV301, SVD03), remembering them."""
    known = state.procedures.get(text)
    if known is not None:
        return known
    parts = text.split(state.component) + BLANKS
    modifiers = ":".join(filter(None, parts[2:6]))
    procedure = (parts[0] or None, parts[1] or None, modifiers or None, parts[6] or None)
    if len(parts) - len(BLANKS) > 7:
        return procedure  # not remembered, as such a segment is kept each time
    if len(state.procedures) >= MEMORY_MAX:
        state.procedures.clear()
    state.procedures[text] = procedure
    return procedure


def _fill_service(  # noqa: PLR0913 - the columns of a service
    state: State,
    elements: list[str],
    position: int,
    *,
    procedure: str,
    charge: str,
    charge_element: str,
    unit: str | None,
    quantity: str | None,
    place: str | None,
    pointers: str | None,
    revenue_code: str | None,
    noncovered_cents: int | None,
    is_unusual: bool,
) -> None:
    """Fill the open line from an SV1, SV2 or SV3."""
    row = state.lines[-1]
    if _has_service(row):
        if row[LINE_ASSIGNED] is not None:
            state.report("segment_repeated", elements[0], position)
            state.keep(elements, position)
            return
        open_line(state, position)  # this sender leaves out every LX
        row = state.lines[-1]
    charge_cents = CENTS[charge]
    row[LINE_SERVICE : LINE_SERVICE + 11] = (
        *procedure_of(state, procedure),
        charge_cents,
        unit or None,
        quantity or None,
        place or None,
        pointers or None,
        revenue_code or None,
        noncovered_cents,
    )
    if charge_cents is None:
        state.report("amount_unreadable", elements[0], position, charge_element)
        state.keep(elements, position)
    elif is_unusual or procedure.count(state.component) > 6:
        state.keep(elements, position)


def professional_service(state: State, elements: list[str], position: int) -> None:
    """Read an SV1.

    The usual one is filled in here, without the detour over `_fill_service`: there are more SV1
    than anything else in an 837P.
    """
    e = elements if len(elements) > 7 else elements + BLANKS
    pointers = e[7]
    if state.component != ":":
        pointers = pointers.replace(state.component, ":")
    procedure = state.procedures.get(e[1])
    charge_cents = CENTS[e[2]]
    row = state.lines[-1]
    if (
        len(elements) < 9
        and procedure is not None
        and charge_cents is not None
        and row[LINE_CHARGE] is None
        and not e[6]
    ):
        row[LINE_SERVICE:LINE_POINTERS_END] = (
            *procedure,
            charge_cents,
            e[3] or None,
            e[4] or None,
            e[5] or None,
            pointers or None,
        )
        return
    _fill_service(
        state,
        elements,
        position,
        procedure=e[1],
        charge=e[2],
        charge_element="SV102",
        unit=e[3],
        quantity=e[4],
        place=e[5],
        pointers=pointers,
        revenue_code=None,
        noncovered_cents=None,
        is_unusual=bool(e[6]) or any(elements[8:]),
    )
    if not e[1]:
        state.report("required_element_missing", "SV1", position, "SV101")
    _check_length(state, elements, position, 21)


def institutional_service(state: State, elements: list[str], position: int) -> None:
    """Read an SV2."""
    e = elements if len(elements) > 7 else elements + BLANKS
    noncovered_cents = CENTS[e[7]]
    if e[7] and noncovered_cents is None:
        state.report("amount_unreadable", "SV2", position, "SV207", severity=Severity.WARNING)
    _fill_service(
        state,
        elements,
        position,
        procedure=e[2],
        charge=e[3],
        charge_element="SV203",
        unit=e[4],
        quantity=e[5],
        place=None,
        pointers=None,
        revenue_code=e[1],
        noncovered_cents=noncovered_cents,
        is_unusual=bool(e[6]) or (bool(e[7]) and noncovered_cents is None) or any(elements[8:]),
    )
    if not e[1]:
        state.report("required_element_missing", "SV2", position, "SV201")
    _check_length(state, elements, position, 10)


def dental_service(state: State, elements: list[str], position: int) -> None:
    """Read an SV3."""
    e = elements + BLANKS
    _fill_service(
        state,
        elements,
        position,
        procedure=e[1],
        charge=e[2],
        charge_element="SV302",
        unit="UN" if e[6] else None,
        quantity=e[6],
        place=e[3],
        pointers=e[11].replace(state.component, ":"),
        revenue_code=None,
        noncovered_cents=None,
        is_unusual=bool(e[4] or e[5]) or any(elements[7:11]) or any(elements[12:]),
    )
    if not e[1]:
        state.report("required_element_missing", "SV3", position, "SV301")
    _check_length(state, elements, position, 11)


def _check_length(state: State, elements: list[str], position: int, most: int) -> None:
    if len(elements) > most + 1 and any(elements[most + 1 :]):
        state.report("element_not_in_guide", elements[0], position)


def tooth(state: State, elements: list[str], position: int) -> None:
    """Read a TOO: one tooth of the open line; its surfaces are kept as they came."""
    e = elements + BLANKS
    row = state.lines[-1]
    row[LINE_TOOTH] = f"{row[LINE_TOOTH]},{e[2]}" if row[LINE_TOOTH] else e[2] or None
    keep_rest(state, elements, position, 2)


def line_period(state: State, elements: list[str], position: int) -> None:
    """Read a DTP of loop 2400: the service date among others."""
    if len(elements) == 4 and elements[2] == "D8":
        qualifier = elements[1]
        first = last = DAYS[elements[3]]
        if first is None:
            read_period(state, elements, position)
            return
        state.dates((state.row_claim, state.row_line, position, "2400", qualifier, first, first))
    else:
        qualifier, first, last = read_period(state, elements, position)
    if qualifier == "472":
        row = state.lines[-1]
        if row[LINE_SERVICE_FROM] is not None:
            state.report("segment_repeated", "DTP", position, "DTP01")
            return
        row[LINE_SERVICE_FROM] = first
        row[LINE_SERVICE_TO] = last


def line_reference(state: State, elements: list[str], position: int) -> None:
    """Read a REF of loop 2400: the line control number among others."""
    if len(elements) != 3 or elements[1] != "6R" or not elements[2]:
        reference(state, elements, position)
        if len(elements) < 3 or elements[1] != "6R" or not elements[2]:
            return
    else:
        state.references((state.row_claim, state.row_line, position, "2400", "6R", elements[2]))
    number = elements[2]
    row = state.lines[-1]
    if row[LINE_CONTROL_NUMBER] is not None:
        state.report("segment_repeated", "REF", position, "REF01")
        return
    row[LINE_CONTROL_NUMBER] = number
    if number in state.control_numbers:
        state.report("line_control_number_repeated", "REF", position, "REF02")
    state.control_numbers.add(number)


def drug(state: State, elements: list[str], position: int) -> None:
    """Read a LIN: the drug's code."""
    flush_party(state)
    state.enter("2410", LINE)
    e = elements + BLANKS
    row = state.lines[-1]
    if e[2] == "N4" and row[LINE_NDC] is None:
        row[LINE_NDC] = e[3] or None
        if e[1] or any(elements[4:]):
            state.keep(elements, position)
    else:
        state.keep(elements, position)


def form(state: State, elements: list[str], position: int) -> None:
    """Read an LQ: a form begins; it is kept as it came."""
    flush_party(state)
    state.enter("2440", LINE)
    state.keep(elements, position)


def fill_line_rendering(state: State, row: Row) -> None:
    """Take the line's own rendering provider, loop 2420."""
    if row[PARTY_ID_QUALIFIER] == "XX":
        state.lines[-1][LINE_RENDERING_NPI] = row[PARTY_IDENTIFIER]
