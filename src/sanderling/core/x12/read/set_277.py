"""Reads 277 (claim status), 277CA (claim acknowledgement) and 276 (claim status request).

The three share their levels: information source (HL 20), receiver (21), provider (19), then the
patient: subscriber (22) and dependent (23) in a 277 and a 276, PT in a 277CA. A TRN at a patient's
level begins a claim, of which one patient may have several; an SVC begins a line. Statuses (STC)
may stand at every level: one at the receiver's with action U rejects the whole batch, and then
there are no claims at all.

Above the claims a TRN is kept as a reference with the qualifier "TRN".

Source: TR3s 005010X212 (276/277) and 005010X214 (277CA).
"""
# ruff: noqa: PLR2004 - the guides number their elements, and so does this.

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sanderling.core.x12.batches import TransactionSet
from sanderling.core.x12.problems import Problem, Severity
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.deviations import deviation, shown_tag
from sanderling.core.x12.read.rows import ABOVE_CLAIMS, Frames, Rows
from sanderling.core.x12.read.values import CENTS, DAYS, NPI, day_range
from sanderling.core.x12.tables import (
    PARTIES,
    STATUS_BATCHES,
    STATUS_CLAIMS,
    STATUS_LINES,
    TABLES_277,
)

Row = dict[str, Any]

_BLANKS: Final = [""] * 24
_CATEGORY: Final = re.compile(r"[A-Z][0-9]{1,2}[A-Z]?")
_STATUS: Final = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class _Level:
    letter: str  # of its loops: 2000A, 2100A, 2200A
    name: str  # of its statuses
    parent: str  # HL03 of the level around it


_LEVELS: Final = {
    "20": _Level("A", "source", ""),
    "21": _Level("B", "receiver", "20"),
    "19": _Level("C", "provider", "21"),
    "22": _Level("D", "claim", "19"),
    "PT": _Level("D", "claim", "19"),
    "23": _Level("E", "claim", "22"),
}
_BY_KIND: Final = {
    "276": frozenset({"20", "21", "19", "22", "23"}),
    "277": frozenset({"20", "21", "19", "22", "23"}),
    "277CA": frozenset({"20", "21", "19", "PT"}),
}
_STRUCTURES: Final = {"276": "0010", "277": "0010", "277CA": "0085"}  # BHT01
_CLAIM_REFERENCES: Final = {
    "1K": "payer_claim_number",
    "EJ": "claim_number",
    "D9": "clearinghouse_trace",
    "BLT": "bill_type",
}
_ELEMENTS_MAX: Final = {
    "AMT": 3,
    "BHT": 6,
    "DMG": 11,
    "DTP": 3,
    "HL": 4,
    "N3": 2,
    "N4": 7,
    "NM1": 12,
    "PER": 8,
    "QTY": 4,
    "REF": 4,
    "STC": 12,
    "SVC": 7,
    "TRN": 4,
}
# Counts of accepted and rejected claims, of the whole batch (level 21) and of a provider (19).
_COUNTS: Final = {"21": frozenset({"90", "AA"}), "19": frozenset({"QA", "QC"})}


class Reader277:
    """A `SetReader` of 277s, 277CAs and 276s."""

    def __init__(self, transaction: TransactionSet, delimiters: Delimiters) -> None:
        self._transaction = transaction
        self._kind = transaction.kind
        self._separator = delimiters.element
        self._component = delimiters.component
        self._rows = Rows(TABLES_277)
        self._batch: Row = {}
        self._level = ""
        self._loop = ""
        self._level_numbers: dict[str, str] = {}
        self._next_level = 1
        self._source: Row = {}
        self._receiver: Row = {}
        self._provider: Row = {}
        self._patient: Row = {}
        self._party: Row | None = None
        self._claim: Row | None = None
        self._line: Row | None = None
        self._line_count = 0
        self._sequences: dict[tuple[str, int], int] = {}  # statuses counted by level and line
        self._declared: dict[str, tuple[int, int]] = {}  # level -> count said, position
        self._counted: dict[str, int] = {"21": 0, "19": 0}
        self._claim_count = 0
        self._status_count = 0
        self._taken = 0
        self._row_claim = ABOVE_CLAIMS
        self._next_position = transaction.position
        self._handlers: dict[str, Callable[[list[str], int], None]] = {
            "ST": self._nothing,
            "SE": self._end,
            "BHT": self._beginning,
            "HL": self._hierarchy,
            "NM1": self._open_party,
            "N3": self._address,
            "N4": self._city,
            "PER": self._contact,
            "DMG": self._demographics,
            "TRN": self._trace,
            "STC": self._status,
            "REF": self._reference,
            "DTP": self._period,
            "AMT": self._amount,
            "QTY": self._quantity,
            "SVC": self._service,
        }

    def feed(self, segments: list[str], position: int) -> None:
        """Read consecutive segments; `position` is the number of the first."""
        for segment in segments:
            elements = segment.split(self._separator)
            handler = self._handlers.get(elements[0])
            if handler is None:
                self._report("segment_unknown", shown_tag(elements[0]), position)
                self._keep(elements, position)
            else:
                handler(elements, position)
            position += 1
        self._next_position = position

    def closed_claims(self) -> int:
        """Return the count of claims that are complete and not yet taken."""
        return self._claim_count - self._taken

    def take(self) -> tuple[Frames, list[Problem]]:
        """Return rows and problems of complete claims; the open claim stays."""
        self._taken = self._claim_count
        return self._rows.take_closed(self._claim_count)

    def finish(self) -> tuple[Frames, list[Problem], bool]:
        """Return what is left and the totals."""
        self._close_levels("", self._next_position - 1)
        position = self._transaction.position
        self._row_claim = ABOVE_CLAIMS
        if "structure" not in self._batch:
            self._report("required_segment_missing", "BHT", position, loop="")
        if not self._source:
            self._report("required_segment_missing", "NM1", position, loop="2100A")
        if not self._claim_count and not self._status_count:
            self._report("set_without_claims", "TRN", position, loop="2200D")
        row = {**self._batch, "position": position, "claim_count": self._claim_count}
        self._rows.cells["status_batches"].extend(row.get(name) for name in STATUS_BATCHES)
        frames, problems = self._rows.take_all()
        return frames, problems, False

    # --- help -------------------------------------------------------------------------------------

    def _keep(self, elements: list[str], position: int) -> None:
        text = self._separator.join(elements)
        self._add("other_segments", position, self._loop, text)

    def _add(self, table: str, position: int, *cells: object) -> None:
        """Add a row that stands at the open line, claim or level."""
        line = self._line_count if self._line is not None else 0
        self._rows.cells[table].extend((self._row_claim, line, position, *cells))

    def _report(
        self,
        code: str,
        segment: str,
        position: int,
        element: str = "",
        *,
        loop: str | None = None,
        severity: Severity | None = None,
        **values: object,
    ) -> None:
        self._rows.problems.append(
            deviation(
                code,
                segment=segment,
                position=position,
                loop=self._loop if loop is None else loop,
                element=element,
                claim_index=self._row_claim,
                severity=severity,
                values=values,
            )
        )

    def _keep_rest(self, elements: list[str], position: int, known: int) -> None:
        """Keep the segment when something stands after its element `known`."""
        if any(elements[known + 1 :]):
            self._keep(elements, position)
            if any(elements[_ELEMENTS_MAX[elements[0]] + 1 :]):
                self._report("element_not_in_guide", elements[0], position)

    def _cents(self, elements: list[str], number: int, position: int) -> int | None:
        """Return an amount; report one that is none."""
        text = elements[number] if number < len(elements) else ""
        cents = CENTS[text]
        if cents is None and text:
            element = f"{elements[0]}{number:02}"
            self._report(
                "amount_unreadable", elements[0], position, element, severity=Severity.WARNING
            )
        return cents

    def _days(self, elements: list[str], number: int, position: int) -> int | None:
        """Return a day; report one that is none."""
        text = elements[number] if number < len(elements) else ""
        day = DAYS[text]
        if day is None and text:
            element = f"{elements[0]}{number:02}"
            self._report("date_unreadable", elements[0], position, element)
        return day

    # --- head and levels --------------------------------------------------------------------------

    def _nothing(self, elements: list[str], position: int) -> None:
        """Pass over a segment that the envelope has read already."""

    def _end(self, _elements: list[str], position: int) -> None:
        self._close_levels("", position - 1)
        self._row_claim = ABOVE_CLAIMS

    def _beginning(self, elements: list[str], position: int) -> None:
        if self._batch:
            self._report("segment_repeated", "BHT", position)
            self._keep(elements, position)
            return
        e = elements + _BLANKS
        self._batch = {
            "structure": e[1] or None,
            "purpose": e[2] or None,
            "reference": e[3] or None,
            "created_date": self._days(elements, 4, position),
            "created_time": e[5] or None,
            "kind": e[6] or None,
        }
        if self._batch["created_date"] is None and e[4]:
            self._keep(elements, position)
        if e[1] != _STRUCTURES[self._kind]:
            self._report("code_unknown", "BHT", position, "BHT01", value=e[1][:4])
        self._keep_rest(elements, position, 6)

    def _hierarchy(self, elements: list[str], position: int) -> None:
        number, parent, level = (elements + _BLANKS)[1:4]
        self._close_levels(level, position - 1)
        meaning = _LEVELS.get(level)
        if meaning is None:
            self._level = self._loop = ""
            self._row_claim = ABOVE_CLAIMS
            self._report("level_unknown", "HL", position, "HL03", value=level[:4])
            self._keep(elements, position)
            return
        if level not in _BY_KIND[self._kind]:
            self._report("code_unknown", "HL", position, "HL03", value=level)
        self._level = level
        self._loop = f"2000{meaning.letter}"
        is_claim_level = meaning.name == "claim"
        self._row_claim = self._claim_count if is_claim_level else ABOVE_CLAIMS
        if number != str(self._next_level):
            self._report(
                "level_number_out_of_order", "HL", position, "HL01", expected=self._next_level
            )
            if number.isascii() and number.isdigit() and len(number) < 10:
                self._next_level = int(number)
        self._next_level += 1
        expected = self._level_numbers.get(meaning.parent) if meaning.parent else ""
        if parent != expected:
            self._report("level_parent_wrong", "HL", position, "HL02")
        self._level_numbers[level] = number
        self._patient = self._patient if level == "23" else {}
        self._keep_rest(elements, position, 4)

    def _close_levels(self, level: str, end_position: int) -> None:
        """End the open claim, and the levels that `level` does not stand in (`""`: all)."""
        self._close_claim(end_position)
        self._flush_party()
        ending = {"20": ("19", "21"), "21": ("19", "21"), "19": ("19",), "": ("19", "21")}
        for ended in ending.get(level, ()):
            said = self._declared.pop(ended, None)
            counted = self._counted[ended]
            self._counted[ended] = 0
            if said is not None and counted and said[0] != counted:
                self._row_claim = ABOVE_CLAIMS
                self._report(
                    "acknowledged_count_differs",
                    "QTY",
                    said[1],
                    "QTY02",
                    loop=f"2200{_LEVELS[ended].letter}",
                    value=said[0],
                    count=counted,
                )

    # --- parties ----------------------------------------------------------------------------------

    def _flush_party(self) -> None:
        if self._party is not None:
            self._rows.cells["parties"].extend(self._party.get(name) for name in PARTIES)
            self._party = None

    def _open_party(self, elements: list[str], position: int) -> None:
        self._flush_party()
        e = elements + _BLANKS
        if self._level:
            self._loop = f"2100{_LEVELS[self._level].letter}"
        else:
            self._report("segment_out_of_place", "NM1", position)
        birth = {name: self._patient.get(name) for name in ("birth_date", "sex")}
        self._party = {
            "claim_index": self._row_claim,
            "line_index": 0,
            "position": position,
            "loop": self._loop,
            "entity": e[1] or None,
            "entity_type": e[2] or None,
            "last_name": e[3] or None,
            "first_name": e[4] or None,
            "middle_name": e[5] or None,
            "suffix": e[7] or None,
            "id_qualifier": e[8] or None,
            "identifier": e[9] or None,
            **(birth if self._is_claim_level() else {}),
        }
        if e[8] == "XX" and not NPI[e[9]]:
            self._report("npi_invalid", "NM1", position, "NM109")
        self._fill_from_party(self._party)
        if e[6]:
            self._keep(elements, position)
        else:
            self._keep_rest(elements, position, 9)

    def _is_claim_level(self) -> bool:
        return bool(self._level) and _LEVELS[self._level].name == "claim"

    def _fill_from_party(self, party: Row) -> None:
        if self._level == "20":
            self._source = party
        elif self._level == "21":
            self._receiver = party
        elif self._level == "19":
            self._provider = party
        elif self._is_claim_level():
            self._patient = {**party}

    def _address(self, elements: list[str], position: int) -> None:
        if self._party is None or "address" in self._party:
            self._report("segment_out_of_place", "N3", position)
            self._keep(elements, position)
            return
        self._party["address"] = ", ".join(filter(None, elements[1:3]))
        self._keep_rest(elements, position, 2)

    def _city(self, elements: list[str], position: int) -> None:
        if self._party is None or "city" in self._party:
            self._report("segment_out_of_place", "N4", position)
            self._keep(elements, position)
            return
        e = elements + _BLANKS
        self._party |= {
            "city": e[1] or None,
            "state": e[2] or None,
            "postal_code": e[3] or None,
        }
        self._keep_rest(elements, position, 3)

    def _contact(self, elements: list[str], position: int) -> None:
        e = elements + _BLANKS
        numbers = [(e[place], e[place + 1]) for place in (3, 5, 7) if e[place] or e[place + 1]]
        for qualifier, number in numbers or [("", "")]:
            self._add(
                "contacts",
                position,
                self._loop,
                e[1] or None,
                e[2] or None,
                qualifier or None,
                number or None,
            )
        self._keep_rest(elements, position, 8)

    def _demographics(self, elements: list[str], position: int) -> None:
        """Read a DMG, which in a 276 stands before the patient's NM1."""
        e = elements + _BLANKS
        birth_date = self._days(elements, 2, position) if e[1] == "D8" else None
        found = {"birth_date": birth_date, "sex": e[3] or None}
        if not self._is_claim_level():
            self._report("segment_out_of_place", "DMG", position)
            self._keep(elements, position)
            return
        # After a dependent's HL the subscriber's name goes on standing in for the patient's.
        self._patient = {**self._patient, **found}
        if self._party is not None:
            self._party |= found
            is_kept = birth_date is None
        else:
            is_kept = True  # until an NM1 takes it up, and there may be none
        if is_kept:
            self._keep(elements, position)
        else:
            self._keep_rest(elements, position, 3)

    # --- claims -----------------------------------------------------------------------------------

    def _trace(self, elements: list[str], position: int) -> None:
        e = elements + _BLANKS
        if not self._is_claim_level():
            if self._level:
                self._loop = f"2200{_LEVELS[self._level].letter}"
            self._add("references", position, self._loop, "TRN", e[2] or None)
            if self._level == "21":
                self._receiver = {**self._receiver, "batch_reference": e[2] or None}
            self._keep_rest(elements, position, 2)
            return
        self._close_claim(position - 1)
        self._open_claim(e[2], position)
        if not e[2]:
            self._report("claim_trace_missing", "TRN", position, "TRN02")
        self._keep_rest(elements, position, 2)

    def _open_claim(self, trace: str, position: int) -> None:
        self._flush_party()
        self._row_claim = self._claim_count
        self._loop = f"2200{_LEVELS[self._level].letter}"
        is_npi = self._provider.get("id_qualifier") == "XX"
        self._claim = {
            "claim_index": self._claim_count,
            "position": position,
            "source_entity": self._source.get("entity"),
            "source_name": _name(self._source),
            "source_id": self._source.get("identifier"),
            "receiver_id": self._receiver.get("identifier"),
            "provider_name": _name(self._provider),
            "provider_npi": self._provider.get("identifier") if is_npi else None,
            "batch_reference": self._receiver.get("batch_reference"),
            "trace": trace or None,
            "patient_last_name": self._patient.get("last_name"),
            "patient_first_name": self._patient.get("first_name"),
            "patient_id": self._patient.get("identifier"),
            "patient_birth_date": self._patient.get("birth_date"),
        }
        self._sequences = {}

    def _close_claim(self, end_position: int) -> None:
        claim, self._claim = self._claim, None
        if claim is None:
            return
        self._close_line()
        self._line_count = 0
        if self._kind == "277CA":
            claim.setdefault("claim_number", claim["trace"])
        if self._kind != "276" and not any(level == "claim" for level, _ in self._sequences):
            self._report("status_missing", "STC", claim["position"], loop="2200D")
        claim["end_position"] = end_position
        claim.setdefault("charge_cents", claim.get("status_charge_cents"))
        self._rows.cells["status_claims"].extend(claim.get(name) for name in STATUS_CLAIMS)
        self._claim_count += 1
        self._row_claim = self._claim_count
        for level in self._counted:
            self._counted[level] += 1

    def _status(self, elements: list[str], position: int) -> None:
        """Read an STC: one row for each of its three composites that is there."""
        if self._is_claim_level() and self._claim is None:
            self._report("required_segment_missing", "TRN", position)
            self._open_claim("", position)
            self._report("claim_trace_missing", "TRN", position, "TRN02")
        if self._level and self._claim is None:
            self._loop = f"2200{_LEVELS[self._level].letter}"
        elif not self._level:
            self._report("segment_out_of_place", "STC", position)
        e = elements + _BLANKS
        known_problems = len(self._rows.problems)
        cells = (
            self._days(elements, 2, position),
            e[3] or None,
            self._cents(elements, 4, position),
            self._cents(elements, 5, position),
            self._days(elements, 6, position),
            self._days(elements, 8, position),
            e[9] or None,
            e[12] or None,
        )
        is_kept = len(self._rows.problems) > known_problems or bool(e[7])
        if e[3] not in {"", "WQ", "U", "F", "15", "NA"}:
            self._report("code_unknown", "STC", position, "STC03", value=e[3][:4])
        if self._claim is not None and self._line is None and cells[2] is not None:
            self._claim.setdefault("status_charge_cents", cells[2])
        composites = [(number, e[number]) for number in (1, 10, 11) if e[number]]
        for number, composite in composites:
            is_kept |= self._add_status(composite, f"STC{number:02}", position, cells)
        if not composites:
            self._report("required_element_missing", "STC", position, "STC01")
            is_kept = True
        if is_kept or any(elements[13:]):
            self._keep(elements, position)
        if any(elements[13:]):
            self._report("element_not_in_guide", "STC", position)

    def _add_status(
        self, composite: str, element: str, position: int, cells: tuple[object, ...]
    ) -> bool:
        """Add one composite; tell whether it has more parts than its row."""
        parts = composite.split(self._component) + _BLANKS
        level = _LEVELS[self._level].name if self._level else ""
        level = "line" if self._line is not None else level
        counted = (level, self._line_count if self._line is not None else 0)
        if level in {"source", "receiver", "provider"}:
            counted = (f"{level} {self._level_numbers[self._level]}", 0)
        self._sequences[counted] = sequence = self._sequences.get(counted, 0) + 1
        self._status_count += 1
        if not _CATEGORY.fullmatch(parts[0]) or not _STATUS.fullmatch(parts[1]):
            self._report("status_malformed", "STC", position, element)
        self._add(
            "statuses",
            position,
            level or None,
            sequence,
            parts[0] or None,
            parts[1] or None,
            parts[2] or None,
            *cells,
        )
        return any(parts[3:])

    def _reference(self, elements: list[str], position: int) -> None:
        e = elements + _BLANKS
        self._add("references", position, self._loop, e[1] or None, e[2] or None)
        if not e[2]:
            self._report("required_element_missing", "REF", position, "REF02")
        if self._line is not None:
            if e[1] == "FJ":
                self._line.setdefault("line_control_number", e[2] or None)
        elif self._claim is not None and e[1] in _CLAIM_REFERENCES:
            self._claim.setdefault(_CLAIM_REFERENCES[e[1]], e[2] or None)
        self._keep_rest(elements, position, 2)

    def _period(self, elements: list[str], position: int) -> None:
        e = elements + _BLANKS
        first, last = day_range(e[2], e[3])
        if first is None or last is None:
            self._report("date_unreadable", "DTP", position, "DTP03")
            self._keep(elements, position)
            return
        self._add("dates", position, self._loop, e[1] or None, first, last)
        if last < first:
            self._report("dates_reversed", "DTP", position, "DTP03")
        if e[1] == "472":
            row = self._line if self._line is not None else self._claim
            if row is not None:
                row.setdefault("service_from_date", first)
                row.setdefault("service_to_date", last)
        elif self._level == "20":
            name = {"050": "received_date", "009": "processed_date"}.get(e[1])
            if name is not None:
                self._batch.setdefault(name, first)
        if e[2] == "DT":
            self._keep(elements, position)  # the hour has no column
        else:
            self._keep_rest(elements, position, 3)

    def _amount(self, elements: list[str], position: int) -> None:
        e = elements + _BLANKS
        cents = self._cents(elements, 2, position)
        if cents is None:
            if not e[2]:
                self._report("required_element_missing", "AMT", position, "AMT02")
            self._keep(elements, position)
            return
        self._add("amounts", position, self._loop, e[1] or None, cents)
        if e[1] == "T3" and self._claim is not None:
            self._claim.setdefault("charge_cents", cents)
        self._keep_rest(elements, position, 2)

    def _quantity(self, elements: list[str], position: int) -> None:
        e = elements + _BLANKS
        self._add("quantities", position, self._loop, e[1] or None, e[2] or None)
        if e[1] in _COUNTS.get(self._level, ()):
            if e[2].isascii() and e[2].isdigit() and len(e[2]) < 10:
                said, _ = self._declared.get(self._level, (0, 0))
                self._declared[self._level] = (said + int(e[2]), position)
            else:
                self._report("count_unreadable", "QTY", position, "QTY02")
        self._keep_rest(elements, position, 2)

    # --- lines ------------------------------------------------------------------------------------

    def _service(self, elements: list[str], position: int) -> None:
        if self._claim is None:
            self._report("segment_out_of_place", "SVC", position)
            self._keep(elements, position)
            return
        self._close_line()
        self._line_count += 1
        self._loop = f"2220{_LEVELS[self._level].letter}"
        e = elements + _BLANKS
        parts = e[1].split(self._component) + _BLANKS
        self._line = {
            "claim_index": self._row_claim,
            "line_index": self._line_count,
            "position": position,
            "procedure_qualifier": parts[0] or None,
            "procedure": parts[1] or None,
            "modifiers": ":".join(filter(None, parts[2:6])) or None,
            "charge_cents": self._cents(elements, 2, position),
            "paid_cents": self._cents(elements, 3, position),
            "revenue_code": e[4] or (parts[1] if parts[0] == "NU" else None),
            "units": e[7] or None,
        }
        is_unread = (e[2] and self._line["charge_cents"] is None) or (
            e[3] and self._line["paid_cents"] is None
        )
        if is_unread or e[5] or e[6] or any(parts[6:]):
            self._keep(elements, position)
        else:
            self._keep_rest(elements, position, 7)

    def _close_line(self) -> None:
        if self._line is not None:
            self._rows.cells["status_lines"].extend(self._line.get(name) for name in STATUS_LINES)
            self._line = None


def _name(party: Row) -> str | None:
    """Return an organization's name, or a person's as "last, first"."""
    last, first = party.get("last_name"), party.get("first_name")
    return f"{last or ''}, {first}" if first else last
