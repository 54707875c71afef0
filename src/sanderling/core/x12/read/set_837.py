"""Reads an 837 (professional, institutional, dental) into typed tables.

Each segment is looked up in the handlers of the loop it stands in, so that the loop decides what a
REF or a DTP means and nothing is asked twice; what a loop does not expect goes through
`_out_of_place`. The grammar below is the part of the guides that decides where things go.

Source: 837 TR3s 005010X222A1, 005010X223A2 and 005010X224A2.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final, Self

from sanderling.core.x12.batches import TransactionSet
from sanderling.core.x12.problems import Problem
from sanderling.core.x12.read.columns_837 import Level, UnitsRead, UnitsText, read_units
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.deviations import shown_tag
from sanderling.core.x12.read.rows import Frames, Rows
from sanderling.core.x12.read.set_837_checks import CENTS_MAX, close_claim
from sanderling.core.x12.read.set_837_claim import (
    amount,
    claim,
    claim_amount,
    claim_period,
    claim_reference,
    fill_attending,
    fill_facility,
    fill_rendering,
    health_codes,
    period,
    quantity,
)
from sanderling.core.x12.read.set_837_coverage import (
    coverage,
    coverage_adjustment,
    coverage_amount,
    coverage_period,
    coverage_reference,
    fill_other_payer,
    fill_other_subscriber,
    prior_adjustment,
    prior_amount,
    prior_payment,
    prior_period,
)
from sanderling.core.x12.read.set_837_levels import (
    address,
    beginning,
    billing_reference,
    billing_taxonomy,
    city,
    contact,
    demographics,
    end,
    fill_billing,
    fill_patient,
    fill_payer,
    fill_receiver,
    fill_submitter,
    fill_subscriber,
    flush_party,
    hierarchy,
    nothing,
    party,
    patient,
    reference,
    subscriber,
    taxonomy,
)
from sanderling.core.x12.read.set_837_lines import (
    USUAL_LINE_LENGTH,
    dental_service,
    drug,
    fill_line_rendering,
    form,
    institutional_service,
    is_line_open,
    line,
    line_period,
    line_reference,
    open_line,
    professional_service,
    tooth,
    usual_line,
)
from sanderling.core.x12.read.set_837_state import (
    BILLING,
    BILLING_POSITION,
    BILLING_TIN,
    CLAIM,
    HEAD,
    LINE,
    OTHER_PAYER,
    PATIENT,
    SUBSCRIBER,
    Entity,
    Grammar,
    Handler,
    State,
)
from sanderling.core.x12.tables import BATCHES

Handlers = dict[str, Handler]


def _keep(state: State, elements: list[str], position: int) -> None:
    """Keep a segment that the guide has here and no table wants."""
    state.keep(elements, position)


# --- which segments stand in which loop -----------------------------------------------------------

_ANYWHERE: Final[Handlers] = {"HL": hierarchy, "SE": end}
_PARTY: Final[Handlers] = {**_ANYWHERE, "NM1": party, "N2": _keep, "N3": address, "N4": city}
_CLAIM_GOES_ON: Final[Handlers] = {
    **_ANYWHERE,
    "NM1": party,
    "SBR": coverage,
    "LX": line,
    "CLM": claim,
}
_LINE_GOES_ON: Final[Handlers] = {**_ANYWHERE, "LX": line, "CLM": claim, "SVD": prior_payment}

_LOOPS: Final[dict[str, Handlers]] = {
    "": {**_ANYWHERE, "ST": nothing, "BHT": beginning, "NM1": party},
    "1000A": {**_ANYWHERE, "NM1": party, "N2": _keep, "PER": contact},
    "1000B": {**_ANYWHERE, "NM1": party, "N2": _keep},
    "2000A": {**_ANYWHERE, "NM1": party, "PRV": billing_taxonomy, "CUR": _keep},
    "2010AA": {**_PARTY, "REF": billing_reference, "PER": contact},
    "2010AB": _PARTY,
    "2010AC": {**_PARTY, "REF": reference},
    "2000B": {**_ANYWHERE, "NM1": party, "SBR": subscriber, "PAT": patient},
    "2010BA": {
        **_PARTY,
        "DMG": demographics,
        "REF": reference,
        "PER": contact,
        "CLM": claim,
    },
    "2010BB": {**_PARTY, "REF": reference, "CLM": claim},
    "2000C": {**_ANYWHERE, "NM1": party, "PAT": patient},
    "2010CA": {**_PARTY, "DMG": demographics, "REF": reference, "PER": contact, "CLM": claim},
    "2300": {
        **_CLAIM_GOES_ON,
        **dict.fromkeys(
            ("CL1", "CN1", "CR1", "CR2", "CRC", "DN1", "DN2", "HCP", "K3", "NTE", "PWK"), _keep
        ),
        "AMT": claim_amount,
        "DTP": claim_period,
        "HI": health_codes,
        "QTY": quantity,
        "REF": claim_reference,
    },
    "2310": {
        **_CLAIM_GOES_ON,
        "N2": _keep,
        "N3": address,
        "N4": city,
        "PER": contact,
        "PRV": taxonomy,
        "REF": reference,
    },
    "2320": {
        **_CLAIM_GOES_ON,
        "AMT": coverage_amount,
        "CAS": coverage_adjustment,
        "MIA": _keep,
        "MOA": _keep,
        "OI": _keep,
    },
    "2330A": {**_CLAIM_GOES_ON, "N2": _keep, "N3": address, "N4": city, "REF": reference},
    "2330B": {
        **_CLAIM_GOES_ON,
        "DTP": coverage_period,
        "N2": _keep,
        "N3": address,
        "N4": city,
        "PER": contact,
        "REF": coverage_reference,
    },
    "2330": {**_CLAIM_GOES_ON, "REF": reference},
    "2400": {
        **_LINE_GOES_ON,
        **dict.fromkeys(
            ("CN1", "CR1", "CR3", "CRC", "HCP", "K3", "MEA", "NTE", "PS1", "PWK", "SV5"), _keep
        ),
        "AMT": amount,
        "DTP": line_period,
        "LIN": drug,
        "LQ": form,
        "NM1": party,
        "QTY": quantity,
        "REF": line_reference,
    },
    "2410": {
        **_LINE_GOES_ON,
        "CTP": _keep,
        "LIN": drug,
        "LQ": form,
        "NM1": party,
        "REF": reference,
    },
    "2420": {
        **_LINE_GOES_ON,
        "LQ": form,
        "N2": _keep,
        "N3": address,
        "N4": city,
        "NM1": party,
        "PER": contact,
        "PRV": taxonomy,
        "REF": reference,
    },
    "2430": {
        **_LINE_GOES_ON,
        "AMT": prior_amount,
        "CAS": prior_adjustment,
        "DTP": prior_period,
        "LQ": form,
    },
    "2440": {**_LINE_GOES_ON, "FRM": _keep, "LQ": form},
}

_SERVICES: Final[dict[str, Handlers]] = {
    "837P": {"SV1": professional_service},
    "837I": {"SV2": institutional_service},
    "837D": {"SV3": dental_service, "TOO": tooth},
}

# --- which party opens which loop -----------------------------------------------------------------

# (context, entity, 837P, 837I, 837D): the loop in each guide, "" where it has no such party.
_PARTIES: Final = (
    (HEAD, "41", "1000A", "1000A", "1000A", fill_submitter),
    (HEAD, "40", "1000B", "1000B", "1000B", fill_receiver),
    (BILLING, "85", "2010AA", "2010AA", "2010AA", fill_billing),
    (BILLING, "87", "2010AB", "2010AB", "2010AB", None),
    (BILLING, "PE", "2010AC", "2010AC", "2010AC", None),
    (SUBSCRIBER, "IL", "2010BA", "2010BA", "2010BA", fill_subscriber),
    (SUBSCRIBER, "PR", "2010BB", "2010BB", "2010BB", fill_payer),
    (PATIENT, "QC", "2010CA", "2010CA", "2010CA", fill_patient),
    (CLAIM, "DN", "2310A", "2310F", "2310A", None),
    (CLAIM, "P3", "2310A", "", "2310A", None),
    (CLAIM, "82", "2310B", "2310D", "2310B", fill_rendering),
    (CLAIM, "77", "2310C", "2310E", "2310C", fill_facility),
    (CLAIM, "DQ", "2310D", "", "2310E", None),
    (CLAIM, "PW", "2310E", "", "", None),
    (CLAIM, "45", "2310F", "", "", None),
    (CLAIM, "DD", "", "", "2310D", None),
    (CLAIM, "71", "", "2310A", "", fill_attending),
    (CLAIM, "72", "", "2310B", "", None),
    (CLAIM, "ZZ", "", "2310C", "", None),
    (OTHER_PAYER, "IL", "2330A", "2330A", "2330A", fill_other_subscriber),
    (OTHER_PAYER, "PR", "2330B", "2330B", "2330B", fill_other_payer),
    (OTHER_PAYER, "DN", "2330C", "2330H", "2330C", None),
    (OTHER_PAYER, "P3", "2330C", "", "2330C", None),
    (OTHER_PAYER, "82", "2330D", "2330G", "2330D", None),
    (OTHER_PAYER, "77", "2330E", "2330F", "2330G", None),
    (OTHER_PAYER, "DQ", "2330F", "", "2330E", None),
    (OTHER_PAYER, "85", "2330G", "2330I", "2330F", None),
    (OTHER_PAYER, "DD", "", "", "2330H", None),
    (OTHER_PAYER, "71", "", "2330C", "", None),
    (OTHER_PAYER, "72", "", "2330D", "", None),
    (OTHER_PAYER, "ZZ", "", "2330E", "", None),
    (LINE, "82", "2420A", "2420C", "2420A", fill_line_rendering),
    (LINE, "QB", "2420B", "", "", None),
    (LINE, "77", "2420C", "", "2420D", None),
    (LINE, "DQ", "2420D", "", "2420C", None),
    (LINE, "DK", "2420E", "", "", None),
    (LINE, "DN", "2420F", "2420D", "", None),
    (LINE, "P3", "2420F", "", "", None),
    (LINE, "PW", "2420G", "", "", None),
    (LINE, "45", "2420H", "", "", None),
    (LINE, "DD", "", "", "2420B", None),
    (LINE, "72", "", "2420A", "", None),
    (LINE, "ZZ", "", "2420B", "", None),
)
_KINDS: Final = ("837P", "837I", "837D")
_SERVICE_TAGS: Final = {"837P": "SV1", "837I": "SV2", "837D": "SV3"}


def _grammar(kind: str) -> Grammar:
    loops = {loop: handlers for loop, handlers in _LOOPS.items() if len(loop) != len("2310")}
    loops |= {loop: _LOOPS[loop] for loop in ("2300", "2320", "2410", "2430", "2440")}
    loops["2400"] = {**_LOOPS["2400"], **_SERVICES[kind]}
    contexts = (HEAD, BILLING, SUBSCRIBER, PATIENT, CLAIM, OTHER_PAYER, LINE)
    entities: dict[str, dict[str, Entity]] = {context: {} for context in contexts}
    for context, entity, *by_kind, fill in _PARTIES:
        loop = by_kind[_KINDS.index(kind)]
        if loop:
            handlers = _LOOPS.get(loop) or _LOOPS[loop[:4]]
            loops[loop] = handlers
            entities[context][entity] = (loop, handlers, fill)
    return Grammar(kind, _SERVICE_TAGS[kind], loops, entities, loops["2400"], entities[LINE])


_GRAMMARS: Final = {kind: _grammar(kind) for kind in _KINDS}


def grammar_of(kind: str) -> Grammar:
    """Return the grammar of 837P, 837I or 837D."""
    return _GRAMMARS[kind]


# --- what stands where the guide does not have it -------------------------------------------------

# These are understood wherever they stand.
_GENERAL: Final[Handlers] = {
    "AMT": amount,
    "BHT": beginning,
    "CLM": claim,
    "DMG": demographics,
    "DTP": period,
    "N3": address,
    "N4": city,
    "NM1": party,
    "PER": contact,
    "PRV": taxonomy,
    "QTY": quantity,
    "REF": reference,
    "SBR": coverage,
    "ST": nothing,
}
_IN_CLAIM: Final[Handlers] = {"HI": health_codes, "LX": line}
_IN_LINE: Final[Handlers] = {
    "LIN": drug,
    "SV1": professional_service,
    "SV2": institutional_service,
    "SV3": dental_service,
    "SVD": prior_payment,
    "TOO": tooth,
}
_SERVICES_ANY: Final = frozenset(_SERVICE_TAGS.values())
_KEPT: Final = frozenset(
    {
        *("CAS", "CL1", "CN1", "CR1", "CR2", "CR3", "CRC", "CTP", "CUR", "DN1", "DN2", "FRM"),
        *("HCP", "K3", "LQ", "MEA", "MIA", "MOA", "N2", "NTE", "OI", "PAT", "PS1", "PWK", "SV5"),
    }
)


def _out_of_place(state: State, elements: list[str], position: int) -> None:
    """Read a segment that the open loop does not have, as well as can be."""
    tag = elements[0]
    handler = _GENERAL.get(tag)
    if handler is None and state.claim is not None:
        handler = _IN_CLAIM.get(tag)
        if handler is None and tag in _SERVICES_ANY and not is_line_open(state):
            open_line(state, position)
            handler = _IN_LINE[tag]
            if tag == state.grammar.service:
                handler(state, elements, position)
                return
        if handler is None and state.lines:
            handler = _IN_LINE.get(tag)
    if handler is None:
        is_known = tag in _KEPT or tag in _IN_CLAIM or tag in _IN_LINE
        code = "segment_out_of_place" if is_known else "segment_unknown"
        state.report(code, shown_tag(tag), position)
        state.keep(elements, position)
        return
    state.report("segment_out_of_place", tag, position)
    if tag in {"N3", "N4", "PRV", "DMG"} and state.party is None:
        state.keep(elements, position)
        return
    handler(state, elements, position)


# Characters from which on a stretch of claims is read column by column: that has a fixed cost, as
# high as that of this many characters read segment by segment.
UNITS_MIN: Final = 450_000
_BEGINNINGS_MAX: Final = 8  # units looked at for one after which columns can be read
_ODD_SHARE_MAX: Final = 0.4  # of units left to the segments, above which columns do not pay


@cache
def _billing_level(delimiters: Delimiters) -> re.Pattern[str]:
    end, separator = re.escape(delimiters.terminator), re.escape(delimiters.element)
    element = f"[^{end}{separator}]*{separator}"
    return re.compile(f"{end}HL{separator}{element}{element}20[{end}{separator}]")


_STRETCH: Final = 16_000  # segments read before rows are settled, about 1,000 claims
_SETTLE_CLAIMS: Final = 500
_KNOWN_MAX: Final = 500  # few enough to stay in the processor's cache


class Reader837:
    """A `SetReader` of 837s."""

    def __init__(self, transaction: TransactionSet, delimiters: Delimiters) -> None:
        self._transaction = transaction
        self._state = State(_GRAMMARS[transaction.kind], delimiters.element, delimiters.component)
        self._taken = 0
        self._settled = 0
        # Payers, plans, towns, days, line numbers: half of all segments stood in the file before.
        # Nothing changes the lists of elements, so that they can be shared.
        self._known: dict[str, list[str]] = {}
        self._next_position = transaction.position
        self._delimiters = delimiters
        self._is_columnar = transaction.kind == "837P"

    @property
    def rows(self) -> Rows:
        """The rows so far."""
        return self._state.rows

    def feed(self, segments: list[str], position: int) -> None:
        """Read consecutive segments; `position` is the number of the first."""
        for start in range(0, len(segments), _STRETCH):
            self._read(segments[start : start + _STRETCH], position + start)
            self._settle(segments[min(start + _STRETCH, len(segments)) - 1])
        self._next_position = position + len(segments)

    def feed_text(self, text: str, position: int) -> None:
        """Read consecutive segments given as text; long stretches of claims column by column."""
        while text:
            units, after = self.before_claims(text, position, UNITS_MIN)
            if units is None:
                return
            self.rows.flush()
            read = read_units([units], self._delimiters, self._state.grammar)[0]
            self.add_claims(units, read)
            text, position = text[-after:], self._next_position

    def before_claims(self, text: str, position: int, minimum: int) -> tuple[UnitsText | None, int]:
        """Read what stands before whole units in `text` (see `columns_837`); return those, unread.

        They reach up to the last HL, or to that of the next billing provider. The count of
        characters after them is returned too. When they are shorter than `minimum`, or are none
        that columns can be read of, everything is read and there are none.
        """
        terminator, separator = self._delimiters.terminator, self._delimiters.element
        begin = f"{terminator}HL{separator}"
        at = 0
        for _ in range(_BEGINNINGS_MAX if self._is_columnar else 0):
            # Read up to an HL after which all is as after a usual unit.
            place = text.find(begin, at)
            last = self._last_level(text, begin, place)
            if place < 0 or last <= place or last - place < minimum:
                break
            head = text[at:place].split(terminator)
            self._read(head, position)
            position += len(head)
            at = place + 1
            if self._is_usual(position):
                end = self._end_of_levels(text, place, last)
                if end > place and end - place >= minimum:
                    return self._units_text(text[at:end], position), len(text) - end - 1
        self.feed(text[at:].split(terminator), position)
        return None, 0

    def _is_usual(self, position: int) -> bool:
        """Tell whether all is as after a usual unit; closes its claim, as the HL now would."""
        state = self._state
        close_claim(state, position - 1)
        flush_party(state)
        number = state.level_numbers.get("22", "")
        return (
            state.open_level == "22"
            and state.open_child == "0"
            and not state.pending
            and number == str(state.next_level - 1)
            and bool(state.level_numbers.get("20"))
            and state.billing[BILLING_POSITION] is not None
            and state.billing[BILLING_TIN] is not None
        )

    def _last_level(self, text: str, begin: str, place: int) -> int:
        """Return where the last HL begins that is no patient's: that may be of what is before."""
        last = text.rfind(begin)
        while last > place:
            level = text[last + 1 : last + 40].partition(begin[0])[0].split(begin[-1])[3:4]
            if level in (["20"], ["22"]):
                break
            last = text.rfind(begin, 0, last)
        return last

    def _end_of_levels(self, text: str, place: int, last: int) -> int:
        """Return where the first HL of a billing provider after `place` begins, else `last`."""
        match = _billing_level(self._delimiters).search(text, place, last)
        return last if match is None else match.start()

    def _units_text(self, text: str, position: int) -> UnitsText:
        state = self._state
        return UnitsText(
            text,
            position,
            state.claim_count,
            state.level_numbers["20"],
            next_level=state.next_level,
            billing=tuple(state.billing),
        )

    def add_claims(self, units: UnitsText, read: UnitsRead) -> None:
        """Take in `units`, read column by column, and read the odd ones among them.

        The rows before have been turned into frames.
        """
        state = self._state
        for odd in read.odd:
            if odd.level is not None:
                self._go_on_after(odd.level, odd.claim_index)
            self._read(odd.segments, odd.position)
            if not odd.is_followed:  # else the HL that follows does this
                close_claim(state, odd.position + len(odd.segments) - 1)
                flush_party(state)
        self.rows.merge(read.frames, "claim_index")
        state.total_cents += read.charge_cents
        if read.level is not None:
            self._go_on_after(read.level, units.claim_index + read.claim_count)
        self._next_position = units.position + read.segment_count
        self._settled = state.claim_count
        # Reading columns first and segments after costs more than segments alone.
        self._is_columnar = len(read.odd) <= read.unit_count * _ODD_SHARE_MAX

    def _go_on_after(self, level: Level, claim_index: int) -> None:
        """Stand where the reading of a usual unit would have ended."""
        state = self._state
        state.claim_count = state.row_claim = claim_index
        state.row_line = 0
        state.next_level = level.number + 1
        state.level_numbers["22"] = str(level.number)
        state.level_position = level.position
        state.open_level, state.open_child = "22", "0"
        state.is_in_doubt = False

    def _read(self, segments: list[str], position: int) -> None:
        state = self._state
        separator = state.separator
        known = self._known
        is_professional = state.kind == "837P"
        passed = 0  # segments after an LX that were read along with it
        for place, segment in enumerate(segments):
            if passed:
                passed -= 1
                continue
            elements = known.get(segment)
            if elements is None:
                elements = segment.split(separator)
                if len(known) < _KNOWN_MAX:
                    known[segment] = elements
            tag = elements[0]
            if tag == "LX" and is_professional and usual_line(state, segments, place, position):
                passed = USUAL_LINE_LENGTH - 1
                continue
            try:
                handler = state.handlers[tag]
            except KeyError:
                handler = _out_of_place
            handler(state, elements, position + place)

    def _settle(self, last_segment: str) -> None:
        state = self._state
        # At the end of the set all rows become frames anyhow; twice costs twice.
        is_end = last_segment.startswith("SE" + state.separator)
        if not is_end and state.claim_count - self._settled >= _SETTLE_CLAIMS:
            self._settled = state.claim_count
            state.rows.settle(state.claim_count)

    def closed_claims(self) -> int:
        """Return the count of claims that are complete and not yet taken."""
        return self._state.claim_count - self._taken

    def take(self) -> tuple[Frames, list[Problem]]:
        """Return rows and problems of complete claims; the open claim stays."""
        self._taken = self._state.claim_count
        return self._state.rows.take_closed(self._state.claim_count)

    def finish(self) -> tuple[Frames, list[Problem], bool]:
        """Return what is left and the totals."""
        return self.complete().taken()

    def complete(self) -> Self:
        """Close what is open and check the head."""
        state = self._state
        close_claim(state, self._next_position - 1)
        flush_party(state)
        state.keep_pending()
        self._check_head()
        state.rows.cells["batches"].extend(self._batch_row())
        return self

    def taken(self) -> tuple[Frames, list[Problem], bool]:
        """Return what `finish` does, after `complete`."""
        frames, problems = self.rows.take_all()
        return frames, problems, False

    def _batch_row(self) -> list[Any]:
        state = self._state
        total_cents = state.total_cents if abs(state.total_cents) <= CENTS_MAX else None
        values = {
            **state.batch,
            "position": self._transaction.position,
            "claim_count": state.claim_count,
            "charge_total_cents": total_cents,
        }
        return [values.get(name) for name in BATCHES]

    def _check_head(self) -> None:
        state = self._state
        position = self._transaction.position
        if "purpose" not in state.batch:
            state.report("required_segment_missing", "BHT", position, loop="")
        if "submitter_id" not in state.batch:
            state.report("required_segment_missing", "NM1*41", position, loop="1000A")
        if "receiver_id" not in state.batch:
            state.report("required_segment_missing", "NM1*40", position, loop="1000B")
        if not state.claim_count:
            state.report("set_without_claims", "CLM", position, loop="2300")
