"""Reads an 835: what a payer paid, line by line, and whether it adds up.

Three sums must agree to the cent: each line (SVC03 = SVC02 less its adjustments), each claim (CLP04
= CLP03 less all its adjustments) and the whole (BPR02 = all CLP04 less all PLB). What does not add
up is said and never repaired.

Loops follow one another without closing segments: LX opens 2000, CLP 2100, SVC 2110; N1*PR opens
1000A, N1*PE 1000B; PLB ends the claims. A claim is complete when the next one, an LX, a PLB or SE
comes.

Segments are millions, so rows are added to flat lists of cells and the open claim and line are plain
lists, their places named by the constants below.

Source: 835 TR3 005010X221A1, "Balancing" and the segment notes; DOMAIN 2.5 to 2.9.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self

import polars as pl

from sanderling.core.x12.batches import TransactionSet
from sanderling.core.x12.problems import Problem, Severity, problem_at
from sanderling.core.x12.read.column_tools import ClaimsText
from sanderling.core.x12.read.columns_835 import (
    CLAIM_STATUSES,
    GROUP_CODES,
    ColumnsRead,
    read_columns,
)
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.garbage import collection_held_off
from sanderling.core.x12.read.rows import ABOVE_CLAIMS, Rows
from sanderling.core.x12.read.set_reader import Tables
from sanderling.core.x12.read.values import CENTS, DAYS, MEMORY_MAX, NPI
from sanderling.core.x12.tables import (
    CLAIM_PAYMENTS,
    PARTIES,
    REMITTANCES,
    SERVICE_PAYMENTS,
    TABLES_835,
    Schema,
)

Elements = list[str]


def _places(schema: Schema) -> dict[str, int]:
    return {name: place for place, name in enumerate(schema)}


_C: Final = _places(CLAIM_PAYMENTS)
C_END: Final = _C["end_position"]
C_ADJUSTMENTS: Final = _C["adjustment_total_cents"]
C_GAP: Final = _C["gap_cents"]
C_LINE_GAPS: Final = _C["line_gap_count"]
C_LINES: Final = _C["line_count"]
C_PROVIDER: Final = _C["provider_npi"]
C_CHARGE: Final = _C["charge_cents"]
C_PAID: Final = _C["paid_cents"]
C_SHARE: Final = _C["patient_share_cents"]
C_PATIENT_LAST: Final = _C["patient_last_name"]
C_PATIENT_FIRST: Final = _C["patient_first_name"]
C_PATIENT_ID: Final = _C["patient_id"]
C_CROSSOVER_NAME: Final = _C["crossover_name"]
C_CROSSOVER_ID: Final = _C["crossover_id"]
_CLAIM_TAIL: Final = (None,) * (len(CLAIM_PAYMENTS) - _C["patient_last_name"])

_S: Final = _places(SERVICE_PAYMENTS)
S_CHARGE: Final = _S["charge_cents"]
S_PAID: Final = _S["paid_cents"]
S_FROM: Final = _S["service_from_date"]
S_TO: Final = _S["service_to_date"]
S_CONTROL: Final = _S["line_control_number"]
S_ALLOWED: Final = _S["allowed_cents"]
S_ADJUSTMENTS: Final = _S["adjustment_total_cents"]
S_GAP: Final = _S["gap_cents"]

_P: Final = _places(PARTIES)
P_ADDRESS: Final = _P["address"]
P_CITY: Final = _P["city"]
P_STATE: Final = _P["state"]
P_POSTAL_CODE: Final = _P["postal_code"]
_PARTY_TAIL: Final = (None,) * (len(PARTIES) - P_ADDRESS)

_R: Final = _places(REMITTANCES)

# REF01 and DTM01 that have a column of their own: at the claim, at the line.
_CLAIM_REFERENCES: Final = {
    "F8": _C["original_reference"],
    "EA": _C["medical_record"],
    "CE": _C["contract_class"],
}
_CLAIM_DATES: Final = {
    "232": _C["statement_from_date"],
    "233": _C["statement_to_date"],
    "050": _C["received_date"],
}
_CLAIM_PARTIES: Final = {
    "IL": _C["insured_id"],
    "74": _C["corrected_id"],
    "82": _C["rendering_npi"],
}
_REASON: Final = re.compile(r"(?:[A-Z]{1,2}[0-9]{1,3}|[0-9]{1,3})")
_INPATIENT_REMARKS: Final = frozenset([5, 20, 21, 22, 23])
_OUTPATIENT_REMARKS: Final = frozenset([3, 4, 5, 6, 7])
_TRIPLETS_MAX: Final = 6

# Segments that the guide has and that no table holds whole: kept without a warning.
_KEPT: Final = frozenset(["CUR", "RDM", "TS2"])

# Characters from which on a stretch of claims is read column by column: that has a fixed cost.
COLUMNS_MIN: Final = 200_000

HEADER: Final = "header"
FOOTER: Final = "footer"


class _ReasonMemory(dict[str, str]):
    """Reason codes as sent -> upper case, without leading zeros."""

    def __missing__(self, text: str) -> str:
        if len(self) >= MEMORY_MAX:
            self.clear()
        code = text.strip().upper()
        value = self[text] = code.lstrip("0") or code
        return value


_REASONS: Final = _ReasonMemory()


@dataclass(frozen=True, slots=True)
class PieceRead:
    """Whole claims of an 835, and what they add to its totals."""

    tables: Tables
    problems: list[Problem]
    paid_cents: int
    provider_adjustment_cents: int
    refused: bool


def read_piece(  # noqa: PLR0913, PLR0917 (a task for another process)
    transaction: TransactionSet,
    delimiters: Delimiters,
    text: str,
    position: int,
    claim_index: int,
    provider_npi: str | None,
) -> PieceRead:
    """Read whole claims from the middle of a transaction set; `text` begins with a CLP."""
    reader = Reader835(transaction, delimiters)
    with collection_held_off():
        return reader.read_piece(text, position, (claim_index, provider_npi))


class Reader835:
    """See `SetReader`."""

    def __init__(self, transaction: TransactionSet, delimiters: Delimiters) -> None:
        self._transaction = transaction
        self._delimiters = delimiters
        self._separator = delimiters.element
        self._terminator = delimiters.terminator
        self._component = delimiters.component
        self.rows = Rows(TABLES_835)
        self._problems = self.rows.problems
        cells = self.rows.cells
        self._adjustments = cells["adjustments"]
        self._amounts = cells["amounts"]
        self._claim_payments = cells["claim_payments"]
        self._contacts = cells["contacts"]
        self._dates = cells["dates"]
        self._other_segments = cells["other_segments"]
        self._parties = cells["parties"]
        self._provider_adjustments = cells["provider_adjustments"]
        self._quantities = cells["quantities"]
        self._references = cells["references"]
        self._remarks = cells["remarks"]
        self._service_payments = cells["service_payments"]
        self._loop = HEADER
        self._index = ABOVE_CLAIMS  # claim_index of the rows to come
        self._line_index = 0
        self._claim: list[Any] | None = None
        self._line: list[Any] | None = None
        self._party: list[Any] | None = None
        self._claim_adjustments = 0  # of the open claim, lines included
        self._line_adjustments = 0
        self._patient_adjustments = 0  # group PR
        self._line_charges = 0
        self._claim_lines_read = True  # whether every SVC02 of the claim could be read
        self._line_gaps = 0
        self._patient_seen = False
        self._provider_npi: str | None = None  # TS301
        self._claim_count = 0
        self._untaken = 0
        self._last_position = transaction.position
        self._remittance: list[Any] = [None] * len(REMITTANCES)
        self._remittance[0] = transaction.position
        self._paid_total = 0
        self._provider_total = 0
        self._refused = False
        self._seen: set[str] = set()  # BPR, TRN, N1*PR, N1*PE
        self._memory: dict[str, tuple[str | None, str | None, str | None, bool]] = {}
        self._handlers: dict[str, Callable[[Elements, int], None]] = {
            "ST": self._envelope,
            "SE": self._envelope,
            "BPR": self._bpr,
            "TRN": self._trn,
            "N1": self._n1,
            "N3": self._n3,
            "N4": self._n4,
            "PER": self._per,
            "LX": self._lx,
            "TS3": self._ts3,
            "CLP": self._clp,
            "CAS": self._cas,
            "NM1": self._nm1,
            "MIA": self._mia,
            "MOA": self._moa,
            "REF": self._ref,
            "DTM": self._dtm,
            "AMT": self._amt,
            "QTY": self._qty,
            "SVC": self._svc,
            "LQ": self._lq,
            "PLB": self._plb,
        }

    # --- the protocol -----------------------------------------------------------------------------

    def feed(self, segments: list[str], position: int) -> None:
        """Read consecutive segments; `position` is that of the first."""
        separator = self._separator
        find = self._handlers.get
        unknown = self._unknown
        for segment in segments:
            elements = segment.split(separator)
            find(elements[0], unknown)(elements, position)
            position += 1
        self._last_position = position - 1

    def feed_text(self, text: str, position: int) -> None:
        """Read consecutive segments given as text; long stretches of claims column by column."""
        stretch, after = self.before_claims(text, position, COLUMNS_MIN)
        if stretch is not None:
            self.rows.flush()
            self.add_claims(stretch, read_columns([stretch], self._delimiters)[0])
            self.feed_text(
                text[-after:], stretch.position + stretch.text.count(self._terminator) + 1
            )

    def before_claims(
        self, text: str, position: int, minimum: int, *, is_whole: bool = False
    ) -> tuple[ClaimsText | None, int]:
        """Read what stands before the whole claims in `text`; return those, unread.

        Whole claims reach up to the last CLP, whose claim may go on in the next text, or up to the
        PLB or SE after it when `text` is the rest of the transaction set (`is_whole`). The count of
        characters after them is returned too. When the claims are shorter than `minimum`,
        everything is read and there are none.
        """
        terminator = self._terminator
        begin = terminator + "CLP" + self._separator
        last = text.rfind(begin)
        first = -1 if text.startswith(begin[1:]) else text.find(begin)
        if is_whole and last >= 0:
            ends = (text.find(terminator + tag + self._separator, last) for tag in ("PLB", "SE"))
            last = min((end for end in ends if end >= 0), default=last)
        if last <= first or last - first < minimum:
            self.feed(text.split(terminator), position)
            return None, 0
        if first >= 0:
            head = text[:first].split(terminator)
            self.feed(head, position)
            position += len(head)
        self._close_claim(position - 1)
        self._close_party()
        claims = ClaimsText(text[first + 1 : last], position, self._claim_count, self._provider_npi)
        return claims, len(text) - last - 1

    def add_claims(self, claims: ClaimsText, read: ColumnsRead) -> None:
        """Take in `claims`, read column by column, and read the odd ones among them.

        The rows before have been turned into frames.
        """
        base = self._claim_count
        for odd in read.odd:
            self._claim_count = odd.claim_index
            self._provider_npi = odd.provider_npi
            self.feed(odd.segments, odd.position)
            self._close_claim(odd.position + len(odd.segments) - 1)
            self._close_party()
        self.rows.merge(read.frames)
        self._claim_count = base + read.claim_count
        self._untaken += read.regular_count
        self._paid_total += read.paid_cents
        self._provider_npi = read.provider_npi
        self._last_position = claims.position + claims.text.count(self._terminator)

    def closed_claims(self) -> int:
        """Return the count of claims complete and not yet taken."""
        return self._untaken

    def take(self) -> tuple[Tables, list[Problem]]:
        """Return rows and problems of the complete claims."""
        self._untaken = 0
        return self.rows.take_closed(self._index)

    def finish(self) -> tuple[Tables, list[Problem], bool]:
        """Return the rest, the row of totals, and whether the whole may not be posted."""
        return self.complete().taken()

    def complete(self) -> Self:
        """Close what is open and check the totals."""
        self._close_claim(self._last_position)
        self._close_party()
        self._check_required()
        self._check_balance()
        self.rows.cells["remittances"] += self._remittance
        return self

    def taken(self) -> tuple[Tables, list[Problem], bool]:
        """Return what `finish` does, after `complete`."""
        tables, problems = self.rows.take_all()
        return tables, problems, self._refused

    # --- reading in pieces (`parallel`) -----------------------------------------------------------

    def place(self) -> tuple[int, str | None]:
        """Return the index of the next claim and the provider (TS301) above it."""
        return self._claim_count, self._provider_npi

    def skip_claims(self, text: str) -> None:
        """Note what whole claims that someone else reads mean for those after them."""
        terminator, separator = self._terminator, self._separator
        tag = terminator + "CLP"
        self._claim_count += 1 + text.count(tag + separator) + text.count(tag + terminator)
        place = text.rfind(terminator + "LX")
        while place >= 0 and text[place + 3 : place + 4] not in (separator, terminator):
            place = text.rfind(terminator + "LX", 0, place)
        if place >= 0:
            between = text[place + 1 :].partition(tag + separator)[0]
            above = Reader835(self._transaction, self._delimiters)
            above.feed(between.split(terminator), 0)
            self._provider_npi = above.place()[1]

    def with_header(self, tables: Tables, problems: list[Problem]) -> tuple[Tables, list[Problem]]:
        """Return the rows read so far, and `tables` after them."""
        self._close_party()
        header, found = self.rows.take_all()
        joined = {name: pl.concat([header[name], rows]) for name, rows in tables.items()}
        return joined, [*found, *problems]

    def add_totals(self, read: PieceRead) -> None:
        """Add the sums of claims that someone else has read."""
        self._paid_total += read.paid_cents
        self._provider_total += read.provider_adjustment_cents
        self._refused = self._refused or read.refused

    def read_piece(self, text: str, position: int, place: tuple[int, str | None]) -> PieceRead:
        """Read whole claims, being the first to read anything, at `place` of the set."""
        self._claim_count, self._provider_npi = place
        self._seen = {"BPR", "TRN", "N1*PR", "N1*PE"}  # read by who began the set
        self.feed_text(text, position)
        self._close_claim(self._last_position)
        self._close_party()
        tables, problems = self.rows.take_all()
        return PieceRead(tables, problems, self._paid_total, self._provider_total, self._refused)

    # --- problems and what is kept ----------------------------------------------------------------

    def _problem(
        self,
        code: str,
        message: str,
        tag: str,
        position: int,
        *,
        element: str = "",
        severity: Severity | None = None,
    ) -> None:
        problem = problem_at(
            code,
            message,
            severity=severity,
            segment=tag,
            position=position,
            loop=self._loop,
            element=element,
            claim_index=self._index,
        )
        self._problems.append(problem)
        self._refused = self._refused or problem.severity is Severity.REFUSED

    def _keep(self, elements: Elements, position: int) -> None:
        """Keep the whole text of a segment that the tables do not hold whole."""
        self._other_segments += (
            self._index,
            self._line_index,
            position,
            self._loop,
            self._separator.join(elements),
        )

    def _surplus(self, elements: Elements, position: int, known: int, guide: int) -> None:
        """Keep a segment with elements after the `known` that the tables hold."""
        if not any(elements[known + 1 :]):
            return
        self._keep(elements, position)
        if any(elements[guide + 1 :]):
            tag = elements[0]
            message = f"{tag} has more than {guide} elements; the segment was kept as it is."
            self._problem("element_not_in_guide", message, tag, position)

    def _unknown(self, elements: Elements, position: int) -> None:
        tag = elements[0]
        self._keep(elements, position)
        if tag in _KEPT:
            return
        shown = tag if len(tag) <= 3 and tag.isalnum() else "(not readable)"  # noqa: PLR2004 (tags)
        message = f"Segment {shown} does not occur in an 835; it was kept as it is."
        self._problem("segment_unknown", message, shown, position)

    def _misplaced(
        self, elements: Elements, position: int, *, severity: Severity | None = None
    ) -> None:
        tag = elements[0]
        self._keep(elements, position)
        message = f"{tag} does not belong in loop {self._loop}; it was kept as it is."
        self._problem("segment_out_of_place", message, tag, position, severity=severity)

    def _envelope(self, elements: Elements, position: int) -> None:
        """ST and SE are checked by the envelope."""
        if elements[0] == "SE":
            self._close_claim(position - 1)
            self._close_party()

    # --- values -----------------------------------------------------------------------------------

    def _bad_amount(
        self, elements: Elements, number: int, position: int, severity: Severity | None = None
    ) -> None:
        """Tell that element `number` is no amount, when there is anything in it."""
        tag = elements[0]
        element = f"{tag}{number:02}"
        if len(elements) > number and elements[number]:
            self._keep(elements, position)
            message = (
                f"{element} is not an amount in dollars and cents; ask the payer to correct it."
            )
            self._problem(
                "amount_unreadable", message, tag, position, element=element, severity=severity
            )
        else:
            message = f"{element} is empty and the guide requires it; ask the payer to correct it."
            self._problem(
                "required_element_missing",
                message,
                tag,
                position,
                element=element,
                severity=severity or Severity.CLAIM,
            )

    def _day(self, elements: Elements, number: int, position: int) -> int | None:
        """Return the day in element `number`; one that cannot be read is told and kept."""
        text = elements[number] if len(elements) > number else ""
        day = DAYS[text] if text else None
        if day is None and text:
            tag = elements[0]
            self._keep(elements, position)
            message = f"{tag}{number:02} is no day of the calendar (CCYYMMDD); it was left out."
            self._problem("date_unreadable", message, tag, position, element=f"{tag}{number:02}")
        return day

    def _check_npi(self, text: str, tag: str, element: str, position: int) -> None:
        if not NPI[text]:
            message = f"{element} is no valid NPI: ten digits of which the last is a check digit."
            self._problem("npi_invalid", message, tag, position, element=element)

    def _composite(self, text: str) -> tuple[str | None, str | None, str | None, bool]:
        """Return qualifier, code, modifiers of a procedure composite, and whether there is more."""
        known = self._memory.get(text)
        if known is not None:
            return known
        parts = text.split(self._component)
        parts += [""] * (6 - len(parts))
        modifiers = ":".join(part for part in parts[2:6] if part)
        if len(self._memory) >= MEMORY_MAX:
            self._memory.clear()
        value = (parts[0] or None, parts[1] or None, modifiers or None, any(parts[6:]))
        self._memory[text] = value
        return value

    # --- header -----------------------------------------------------------------------------------

    def _once(self, key: str, elements: Elements, position: int, severity: Severity) -> bool:
        """Tell whether this is the first `key`, in the header; another one is kept and told."""
        tag = elements[0]
        if key in self._seen:
            self._keep(elements, position)
            message = f"{key} stands here a second time; the first one counts."
            self._problem("segment_repeated", message, tag, position, severity=severity)
            return False
        if self._loop not in (HEADER, "1000A", "1000B"):
            message = f"{key} stands after the header; it was read all the same."
            self._problem("segment_out_of_place", message, tag, position)
        self._seen.add(key)
        return True

    def _bpr(self, elements: Elements, position: int) -> None:
        if not self._once("BPR", elements, position, Severity.REFUSED):
            return
        row = self._remittance
        padded = elements + [""] * (17 - len(elements))
        row[_R["handling"]] = padded[1] or None
        amount = CENTS[padded[2]]
        row[_R["amount_cents"]] = amount
        row[_R["credit_debit"]] = padded[3] or None
        row[_R["method"]] = padded[4] or None
        kept = len(self._other_segments)
        row[_R["payment_date"]] = self._day(padded, 16, position)
        if amount is None:
            self._bad_amount(elements, 2, position, Severity.REFUSED)
        elif amount < 0:
            message = "BPR02 is negative, which the guide does not allow; a forward balance (PLB) "
            message += "should carry it."
            self._problem("payment_negative", message, "BPR", position, element="BPR02")
        if any(padded[5:16]) or any(padded[17:]):
            if len(self._other_segments) == kept:  # banks and accounts have no column
                self._keep(elements, position)
            self._surplus_warning(elements, position, 21)

    def _surplus_warning(self, elements: Elements, position: int, guide: int) -> None:
        if any(elements[guide + 1 :]):
            tag = elements[0]
            message = f"{tag} has more than {guide} elements; the segment was kept as it is."
            self._problem("element_not_in_guide", message, tag, position)

    def _trn(self, elements: Elements, position: int) -> None:
        if not self._once("TRN", elements, position, Severity.WARNING):
            return
        padded = elements + [""] * (5 - len(elements))
        row = self._remittance
        row[_R["trace"]] = padded[2] or None
        row[_R["payer_trace_id"]] = padded[3] or None
        row[_R["trace_suffix"]] = padded[4] or None
        if not padded[2]:
            message = "TRN02 is empty: without the check or EFT number the payment cannot be found."
            self._problem("required_element_missing", message, "TRN", position, element="TRN02")
        self._surplus(elements, position, 4, 4)

    def _n1(self, elements: Elements, position: int) -> None:
        self._close_party()
        padded = elements + [""] * (5 - len(elements))
        entity = padded[1]
        if self._claim_count or self._loop not in (HEADER, "1000A", "1000B"):
            self._misplaced(elements, position)
            return
        if entity == "PR":
            self._loop = "1000A"
            if self._once("N1*PR", elements, position, Severity.WARNING):
                self._remittance[_R["payer_name"]] = padded[2] or None
                self._remittance[_R["payer_id"]] = padded[4] or None
        elif entity == "PE":
            self._loop = "1000B"
            if self._once("N1*PE", elements, position, Severity.WARNING):
                self._payee(padded, position)
        else:
            message = "N101 is neither PR (payer) nor PE (payee); the party was read as it is."
            self._problem("code_unknown", message, "N1", position, element="N101")
        self._open_party(
            position, entity, None, padded[2], (None, None, None), padded[3], padded[4]
        )
        self._surplus(elements, position, 4, 6)

    def _payee(self, padded: Elements, position: int) -> None:
        row = self._remittance
        row[_R["payee_name"]] = padded[2] or None
        if padded[3] == "XX":
            row[_R["payee_npi"]] = padded[4] or None
            self._check_npi(padded[4], "N1", "N104", position)
        elif padded[3] == "FI":
            row[_R["payee_tin"]] = padded[4] or None

    def _open_party(
        self,
        position: int,
        entity: str,
        entity_type: str | None,
        name: str | None,
        names: tuple[str | None, str | None, str | None],
        qualifier: str | None,
        identifier: str | None,
    ) -> None:
        self._party = [
            self._index,
            self._line_index,
            position,
            self._loop,
            entity or None,
            entity_type,
            name or None,
            *names,
            qualifier or None,
            identifier or None,
            *_PARTY_TAIL,
        ]

    def _close_party(self) -> None:
        if self._party is not None:
            self._parties += self._party
            self._party = None

    def _n3(self, elements: Elements, position: int) -> None:
        party = self._party
        if party is None:
            self._misplaced(elements, position)
        elif party[P_ADDRESS] is not None:
            self._repeated(elements, position)
        else:
            party[P_ADDRESS] = ", ".join(text for text in elements[1:3] if text)
            self._surplus(elements, position, 2, 2)

    def _n4(self, elements: Elements, position: int) -> None:
        party = self._party
        if party is None:
            self._misplaced(elements, position)
        elif party[P_CITY] is not None:
            self._repeated(elements, position)
        else:
            padded = elements + [""] * (4 - len(elements))
            party[P_CITY] = padded[1]
            party[P_STATE] = padded[2] or None
            party[P_POSTAL_CODE] = padded[3] or None
            self._surplus(elements, position, 3, 7)

    def _repeated(self, elements: Elements, position: int) -> None:
        tag = elements[0]
        self._keep(elements, position)
        message = f"{tag} stands here a second time; the first one counts, this one was kept."
        self._problem("segment_repeated", message, tag, position)

    def _per(self, elements: Elements, position: int) -> None:
        padded = elements + [""] * (9 - len(elements))
        row_count = 0
        for number in (3, 5, 7):
            if padded[number] or padded[number + 1] or (number == 3 and padded[2]):
                row_count += 1
                self._contacts += (
                    self._index,
                    self._line_index,
                    position,
                    self._loop,
                    padded[1] or None,
                    padded[2] or None,
                    padded[number] or None,
                    padded[number + 1] or None,
                )
        if not row_count:
            self._keep(elements, position)
        self._surplus(elements, position, 8, 9)

    # --- claims -----------------------------------------------------------------------------------

    def _lx(self, elements: Elements, position: int) -> None:
        self._close_claim(position - 1)
        self._loop = "2000"
        self._provider_npi = None
        self._keep(elements, position)

    def _ts3(self, elements: Elements, position: int) -> None:
        if self._loop != "2000":
            self._misplaced(elements, position)
            return
        if len(elements) > 1 and elements[1]:
            self._provider_npi = elements[1]
            if elements[1].isdigit():
                self._check_npi(elements[1], "TS3", "TS301", position)
        self._keep(elements, position)
        self._surplus_warning(elements, position, 24)

    def _clp(self, elements: Elements, position: int) -> None:
        self._close_claim(position - 1)
        if self._party is not None:
            self._close_party()
        self._index = self._claim_count
        self._claim_count += 1
        self._loop = "2100"
        count = len(elements)
        if count < 15:
            padded = elements + [""] * (15 - count)
        else:
            padded = elements
        charge = CENTS[padded[3]]
        paid = CENTS[padded[4]]
        share = CENTS[padded[5]]
        self._claim = [
            self._index,
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
            *_CLAIM_TAIL,
        ]
        self._claim_adjustments = 0
        self._patient_adjustments = 0
        self._line_charges = 0
        self._claim_lines_read = True
        self._patient_seen = False
        self._line_gaps = 0
        if charge is None or paid is None or (share is None and padded[5]):
            self._claim_amounts(padded, position)
        if padded[2] not in CLAIM_STATUSES or not padded[1] or not padded[7]:
            self._claim_codes(padded, position)
        if padded[10] or count > 14:  # CLP10, CLP14 have no column
            self._surplus(elements, position, 9 if padded[10] else 13, 14)

    def _claim_amounts(self, padded: Elements, position: int) -> None:
        for number in (3, 4):
            if CENTS[padded[number]] is None:
                self._bad_amount(padded, number, position)
        if CENTS[padded[5]] is None and padded[5]:
            self._bad_amount(padded, 5, position, Severity.WARNING)

    def _claim_codes(self, padded: Elements, position: int) -> None:
        if not padded[1]:
            message = "CLP01 is empty: the payment names no claim. Find it by the payer's number."
            self._problem("claim_number_missing", message, "CLP", position, element="CLP01")
        if padded[2] not in CLAIM_STATUSES:
            message = "CLP02 is no claim status of the guide; the claim was read all the same."
            code = "code_unknown" if padded[2] else "required_element_missing"
            self._problem(code, message, "CLP", position, element="CLP02")
        if not padded[7]:
            message = "CLP07, the payer's claim number, is empty."
            self._problem("required_element_missing", message, "CLP", position, element="CLP07")

    def _close_line(self) -> None:
        line = self._line
        if line is None:
            return
        adjustments = self._line_adjustments
        line[S_ADJUSTMENTS] = adjustments
        charge, paid = line[S_CHARGE], line[S_PAID]
        if charge is not None and paid is not None:
            gap = line[S_GAP] = paid - charge + adjustments
            if gap:
                self._line_gaps += 1
                self._tell_gap(
                    "line_out_of_balance",
                    f"Line {self._line_index}: SVC03 {_money(paid)} is not SVC02 {_money(charge)} "
                    f"less adjustments {_money(adjustments)}",
                    gap,
                    "SVC",
                    line[2],
                )
        self._service_payments += line
        self._line = None

    def _tell_gap(self, code: str, message: str, gap: int, tag: str, position: int) -> None:
        element = "SVC03" if tag == "SVC" else "CLP04"
        message += f" (difference {_money(gap)}); this claim payment cannot be posted as it stands."
        self._problem(code, message, tag, position, element=element)

    def _close_claim(self, end_position: int) -> None:
        claim = self._claim
        if claim is None:
            return
        if self._line is not None:
            self._close_line()
        self._loop = "2100"
        claim[C_END] = end_position
        adjustments = claim[C_ADJUSTMENTS] = self._claim_adjustments
        claim[C_LINE_GAPS] = self._line_gaps
        line_count = claim[C_LINES] = self._line_index
        self._line_index = 0
        charge, paid, share = claim[C_CHARGE], claim[C_PAID], claim[C_SHARE]
        if paid is not None:
            self._paid_total += paid
            if charge is not None:
                gap = claim[C_GAP] = paid - charge + adjustments
                if gap:
                    self._tell_gap(
                        "claim_out_of_balance",
                        f"CLP04 {_money(paid)} is not CLP03 {_money(charge)} less adjustments "
                        f"{_money(adjustments)}",
                        gap,
                        "CLP",
                        claim[1],
                    )
        if share is not None and share != self._patient_adjustments:
            message = f"CLP05 {_money(share)} is not the sum of the PR adjustments "
            message += f"{_money(self._patient_adjustments)}."
            self._problem("patient_share_differs", message, "CLP", claim[1], element="CLP05")
        if line_count and charge != self._line_charges and charge is not None:
            if self._claim_lines_read:
                message = f"The lines' charges {_money(self._line_charges)} are not CLP03 "
                message += f"{_money(charge)}."
                self._problem("line_charges_differ", message, "CLP", claim[1], element="CLP03")
        if self._party is not None:
            self._close_party()
        claim[C_PROVIDER] = self._provider_npi
        if not self._patient_seen:
            message = "NM1*QC, the patient, is missing in this claim."
            self._problem("required_segment_missing", message, "NM1", claim[1])
        self._claim_payments += claim
        self._claim = None
        self._index = ABOVE_CLAIMS
        self._untaken += 1

    def _cas(self, elements: Elements, position: int) -> None:
        count = len(elements)
        if self._claim is None:
            self._misplaced(elements, position, severity=Severity.REFUSED)
            return
        group = elements[1] if count > 1 else ""
        if group not in GROUP_CODES:
            self._group_code(group, position)
        total = 0
        number = 2
        sequence = 1
        while number < count and sequence <= _TRIPLETS_MAX:
            reason = elements[number]
            text = elements[number + 1] if number + 1 < count else ""
            quantity = elements[number + 2] if number + 2 < count else ""
            if not (reason or text or quantity):
                number += 3
                sequence += 1
                continue
            amount = CENTS[text]
            if amount is None or not reason or not _REASON.fullmatch(_REASONS[reason]):
                amount = self._odd_adjustment(elements, number, position)
            if amount is not None:
                total += amount
            self._adjustments += (
                self._index,
                self._line_index,
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
            self._odd_cas(elements, position)
        self._claim_adjustments += total
        if group == "PR":
            self._patient_adjustments += total
        if self._line is not None:
            self._line_adjustments += total

    def _odd_cas(self, elements: Elements, position: int) -> None:
        if not any(elements[2:20]):
            self._keep(elements, position)
            message = "CAS names no adjustment; it was kept as it is."
            self._problem("required_element_missing", message, "CAS", position, element="CAS02")
        self._surplus(elements, position, 19, 19)

    def _group_code(self, group: str, position: int) -> None:
        if group == "CR":
            message = "Group code CR does not exist in version 5010; the adjustment was read as it "
            message += "is and counts."
            self._problem("group_code_retired", message, "CAS", position, element="CAS01")
        else:
            code = "code_unknown" if group else "required_element_missing"
            message = (
                "CAS01 is none of CO, PR, OA, PI; the adjustment was read as it is and counts."
            )
            self._problem(code, message, "CAS", position, element="CAS01")

    def _odd_adjustment(self, elements: Elements, number: int, position: int) -> int | None:
        """Tell what is wrong with the triplet at `number`; return its amount."""
        reason = elements[number]
        text = elements[number + 1] if number + 1 < len(elements) else ""
        element = f"CAS{number:02}"
        if not reason:
            message = f"{element} is empty: an amount without a reason cannot be posted."
            self._problem("adjustment_without_reason", message, "CAS", position, element=element)
        elif not _REASON.fullmatch(_REASONS[reason]):
            message = f"{element} is not written like a reason code (CARC); it was kept as it is."
            self._problem("reason_code_unreadable", message, "CAS", position, element=element)
        amount = CENTS[text]
        if amount is None and not text:
            message = f"CAS{number + 1:02} is empty; the adjustment counts as 0.00."
            self._problem(
                "adjustment_without_amount", message, "CAS", position, element=f"CAS{number + 1:02}"
            )
            return 0
        if amount is None:
            self._bad_amount(elements, number + 1, position)
        return amount

    def _nm1(self, elements: Elements, position: int) -> None:
        if self._party is not None:
            self._close_party()
        count = len(elements)
        padded = elements + [""] * (10 - count) if count < 10 else elements
        _, entity, entity_type, last, first, middle, prefix, suffix, qualifier, identifier = padded[
            :10
        ]
        self._party = [
            self._index,
            self._line_index,
            position,
            self._loop,
            entity or None,
            entity_type or None,
            last or None,
            first or None,
            middle or None,
            suffix or None,
            qualifier or None,
            identifier or None,
            *_PARTY_TAIL,
        ]
        claim = self._claim
        if claim is None or self._line is not None:
            message = f"NM1 does not belong in loop {self._loop}; it was read as a party of it."
            self._problem("segment_out_of_place", message, "NM1", position)
        if claim is not None:
            if entity == "QC":
                self._patient_seen = True
                if claim[C_PATIENT_LAST] is None:
                    claim[C_PATIENT_LAST] = last or None
                    claim[C_PATIENT_FIRST] = first or None
                    claim[C_PATIENT_ID] = identifier or None
            elif entity == "TT":
                claim[C_CROSSOVER_NAME] = last or None
                claim[C_CROSSOVER_ID] = identifier or None
            elif entity in _CLAIM_PARTIES:
                place = _CLAIM_PARTIES[entity]
                if claim[place] is None and (entity != "82" or qualifier == "XX"):
                    claim[place] = identifier or None
            if qualifier == "XX" and not NPI[identifier]:
                self._check_npi(identifier, "NM1", "NM109", position)
        if prefix or count > 10:
            self._surplus(elements, position, 5 if prefix else 9, 12)

    def _mia(self, elements: Elements, position: int) -> None:
        self._remark_segment(elements, position, "MIA", _INPATIENT_REMARKS, 24)

    def _moa(self, elements: Elements, position: int) -> None:
        self._remark_segment(elements, position, "MOA", _OUTPATIENT_REMARKS, 9)

    def _remark_segment(
        self, elements: Elements, position: int, tag: str, remarks: frozenset[int], guide: int
    ) -> None:
        """Read the remark codes; the segment is kept when it holds anything else, or nothing."""
        if self._claim is None:
            self._misplaced(elements, position)
            return
        has_more, has_remark = False, False
        for number, text in enumerate(elements):
            if not text or not number:
                continue
            if number not in remarks:
                has_more = True
                continue
            has_remark = True
            self._remarks += (self._index, 0, position, tag, text.upper())
        if has_more or not has_remark:
            self._keep(elements, position)
            self._surplus_warning(elements, position, guide)

    def _ref(self, elements: Elements, position: int) -> None:
        count = len(elements)
        qualifier = elements[1] if count > 1 else ""
        value = elements[2] if count > 2 else ""
        self._references += (
            self._index,
            self._line_index,
            position,
            self._loop,
            qualifier or None,
            value or None,
        )
        line = self._line
        if line is not None:
            if qualifier == "6R" and line[S_CONTROL] is None:
                line[S_CONTROL] = value or None
        elif self._claim is not None:
            place = _CLAIM_REFERENCES.get(qualifier)
            if place is not None and self._claim[place] is None:
                self._claim[place] = value or None
        else:
            self._header_reference(qualifier, value)
        if count != 3 or not qualifier or not value:
            self._odd_pair(elements, position, 4)

    def _header_reference(self, qualifier: str, value: str) -> None:
        row = self._remittance
        if qualifier == "2U" and self._loop == "1000A" and row[_R["payer_id"]] is None:
            row[_R["payer_id"]] = value or None
        elif qualifier == "TJ" and self._loop == "1000B" and row[_R["payee_tin"]] is None:
            row[_R["payee_tin"]] = value or None

    def _odd_pair(self, elements: Elements, position: int, guide: int) -> None:
        """Tell what is missing or too much in a segment of qualifier and value."""
        tag = elements[0]
        for number in (1, 2):
            if len(elements) <= number or not elements[number]:
                element = f"{tag}{number:02}"
                message = f"{element} is empty and the guide requires it."
                self._problem("required_element_missing", message, tag, position, element=element)
        self._surplus(elements, position, 2, guide)

    def _dtm(self, elements: Elements, position: int) -> None:
        count = len(elements)
        qualifier = elements[1] if count > 1 else ""
        text = elements[2] if count > 2 else ""
        day = DAYS[text] if text else None
        if day is None or count != 3 or not qualifier:
            if text:
                self._day(elements, 2, position)
            if count != 3 or not qualifier or not text:
                self._odd_pair(elements, position, 6)
        self._dates += (
            self._index,
            self._line_index,
            position,
            self._loop,
            qualifier or None,
            day,
            day,
        )
        line = self._line
        if line is not None:
            if qualifier == "472" or qualifier == "150":
                if line[S_FROM] is None:
                    line[S_FROM] = day
                    if line[S_TO] is None:
                        line[S_TO] = day
            elif qualifier == "151":
                line[S_TO] = day
        elif self._claim is not None:
            place = _CLAIM_DATES.get(qualifier)
            if place is not None and self._claim[place] is None:
                self._claim[place] = day
        elif (
            qualifier == "405"
            and not self._claim_count
            and self._remittance[_R["production_date"]] is None
        ):
            self._remittance[_R["production_date"]] = day

    def _amt(self, elements: Elements, position: int) -> None:
        count = len(elements)
        qualifier = elements[1] if count > 1 else ""
        text = elements[2] if count > 2 else ""
        amount = CENTS[text]
        self._amounts += (
            self._index,
            self._line_index,
            position,
            self._loop,
            qualifier or None,
            amount,
        )
        if self._line is not None and qualifier == "B6" and self._line[S_ALLOWED] is None:
            self._line[S_ALLOWED] = amount
        if amount is None or count != 3 or not qualifier:
            if amount is None and text:
                # Amounts outside the balance: the claim can be posted without.
                self._bad_amount(elements, 2, position, Severity.WARNING)
            if count != 3 or not qualifier or not text:
                self._odd_pair(elements, position, 3)

    def _qty(self, elements: Elements, position: int) -> None:
        count = len(elements)
        qualifier = elements[1] if count > 1 else ""
        value = elements[2] if count > 2 else ""
        self._quantities += (
            self._index,
            self._line_index,
            position,
            self._loop,
            qualifier or None,
            value or None,
        )
        if count != 3 or not qualifier or not value:
            self._odd_pair(elements, position, 4)

    def _svc(self, elements: Elements, position: int) -> None:
        claim = self._claim
        if claim is None:
            self._misplaced(elements, position, severity=Severity.REFUSED)
            return
        if self._line is not None:
            self._close_line()
        if self._party is not None:
            self._close_party()
        self._loop = "2110"
        self._line_index += 1
        self._line_adjustments = 0
        count = len(elements)
        padded = elements + [""] * (8 - count) if count < 8 else elements
        qualifier, procedure, modifiers, has_more = self._composite(padded[1])
        charge = CENTS[padded[2]]
        paid = CENTS[padded[3]]
        revenue = padded[4]
        if padded[6]:
            submitted = self._composite(padded[6])
            has_more = has_more or submitted[3]
        else:
            submitted = _NO_COMPOSITE
        self._line = [
            self._index,
            self._line_index,
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
            self._odd_line(padded, position)
        if charge is None:
            self._claim_lines_read = False
        else:
            self._line_charges += charge
        if has_more:  # the procedure's description (SVC01-7) has no column
            self._keep(elements, position)
            self._surplus_warning(elements, position, 7)
        elif count > 8:
            self._surplus(elements, position, 7, 7)

    def _odd_line(self, padded: Elements, position: int) -> None:
        for number in (2, 3):
            if CENTS[padded[number]] is None:
                self._bad_amount(padded, number, position)
        if not padded[1]:
            message = "SVC01 is empty: the line names no procedure."
            self._problem("required_element_missing", message, "SVC", position, element="SVC01")

    def _lq(self, elements: Elements, position: int) -> None:
        count = len(elements)
        qualifier = elements[1] if count > 1 else ""
        code = elements[2] if count > 2 else ""
        if self._claim is None:
            self._misplaced(elements, position)
            return
        self._remarks += (
            self._index,
            self._line_index,
            position,
            qualifier or None,
            code.upper() or None,
        )
        if count != 3 or not qualifier or not code:
            self._odd_pair(elements, position, 2)

    # --- provider adjustments and the end ---------------------------------------------------------

    def _plb(self, elements: Elements, position: int) -> None:
        self._close_claim(position - 1)
        self._close_party()
        self._loop = FOOTER
        padded = elements + [""] * (15 - len(elements))
        fiscal_date = self._day(padded, 2, position)
        for sequence in range(1, _TRIPLETS_MAX + 1):
            number = 1 + 2 * sequence
            composite, text = padded[number], padded[number + 1]
            if not composite and not text:
                continue
            amount = CENTS[text]
            if amount is None:
                self._bad_amount(padded, number + 1, position, Severity.REFUSED)
            else:
                self._provider_total += amount
            code, _, reference = composite.partition(self._component)
            if not code:
                message = f"PLB{number:02} is empty: the adjustment has no reason."
                self._problem(
                    "required_element_missing", message, "PLB", position, element=f"PLB{number:02}"
                )
            self._provider_adjustments += (
                position,
                sequence,
                padded[1] or None,
                fiscal_date,
                code or None,
                reference or None,
                amount,
            )
        if not any(padded[3:15]):
            self._keep(elements, position)
            message = "PLB names no adjustment; it was kept as it is."
            self._problem("required_element_missing", message, "PLB", position, element="PLB03")
        self._surplus(elements, position, 14, 14)

    def _check_required(self) -> None:
        """Tell the segments of the header that are missing."""
        severities = {
            "BPR": Severity.REFUSED,
            "TRN": Severity.WARNING,
            "N1*PR": Severity.WARNING,
            "N1*PE": Severity.WARNING,
        }
        self._loop = HEADER
        for key, severity in severities.items():
            if key in self._seen:
                continue
            message = f"{key} is missing; ask the payer to send the remittance again with it."
            self._problem(
                "required_segment_missing",
                message,
                key[:3].rstrip("*"),
                self._transaction.position,
                severity=severity,
            )

    def _check_balance(self) -> None:
        """Fill in the totals and tell whether the transaction set adds up."""
        row = self._remittance
        row[_R["claim_count"]] = self._claim_count
        row[_R["paid_total_cents"]] = self._paid_total
        row[_R["provider_adjustment_total_cents"]] = self._provider_total
        amount = row[_R["amount_cents"]]
        if amount is None:
            return
        gap = row[_R["gap_cents"]] = amount - (self._paid_total - self._provider_total)
        if gap:
            message = (
                f"BPR02 {_money(amount)} is not the claims' payments {_money(self._paid_total)} "
                f"less the provider adjustments {_money(self._provider_total)} (difference "
                f"{_money(gap)}); nothing of it may be posted before the payer explains it."
            )
            self._problem(
                "transaction_out_of_balance",
                message,
                "BPR",
                self._transaction.position + 1,
                element="BPR02",
            )


_NO_COMPOSITE: Final = (None, None, None, False)


def _money(cents: int) -> str:
    """Return cents as dollars, for a message."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
