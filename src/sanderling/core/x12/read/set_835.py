"""Reads an 835: what a payer paid, line by line, and whether it adds up.

Three sums must agree to the cent: each line (SVC03 = SVC02 less its adjustments), each claim (CLP04
= CLP03 less all its adjustments) and the whole (BPR02 = all CLP04 less all PLB). What does not add
up is said and never repaired.

Loops follow one another without closing segments: LX opens 2000, CLP 2100, SVC 2110; N1*PR opens
1000A, N1*PE 1000B; PLB ends the claims. A claim is complete when the next one, an LX, a PLB or SE
comes.

Segments are many, so rows are added to flat lists of cells and the open claim and line are plain
lists, their places named by the constants below. Long stretches of claims that are alike are read
column by column instead (`columns_835`).

Source: 835 TR3 005010X221A1, "Balancing" and the segment notes; DOMAIN 2.5 to 2.9.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from sanderling.core.x12.batches import TransactionSet
from sanderling.core.x12.problems import Problem
from sanderling.core.x12.read.column_tools import ClaimsText
from sanderling.core.x12.read.columns_835 import ColumnsRead, read_columns
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.garbage import collection_held_off
from sanderling.core.x12.read.rows import Rows
from sanderling.core.x12.read.set_835_claims import close_claim, clp, mia, moa, nm1
from sanderling.core.x12.read.set_835_header import (
    bpr,
    check_balance,
    check_required,
    lx,
    n1,
    n3,
    n4,
    per,
    plb,
    trailer,
    trn,
    ts3,
    unknown,
)
from sanderling.core.x12.read.set_835_lines import amt, cas, dtm, lq, qty, ref, svc
from sanderling.core.x12.read.set_835_state import Elements, State
from sanderling.core.x12.read.set_reader import Tables

# Characters from which on a stretch of claims is read column by column: that has a fixed cost.
COLUMNS_MIN: Final = 200_000

_HANDLERS: Final[dict[str, Callable[[State, Elements, int], None]]] = {
    "ST": trailer,
    "SE": trailer,
    "BPR": bpr,
    "TRN": trn,
    "N1": n1,
    "N3": n3,
    "N4": n4,
    "PER": per,
    "LX": lx,
    "TS3": ts3,
    "CLP": clp,
    "CAS": cas,
    "NM1": nm1,
    "MIA": mia,
    "MOA": moa,
    "REF": ref,
    "DTM": dtm,
    "AMT": amt,
    "QTY": qty,
    "SVC": svc,
    "LQ": lq,
    "PLB": plb,
}


@dataclass(frozen=True, slots=True)
class PieceRead:
    """Whole claims of an 835, and what they add to its totals."""

    tables: Tables
    problems: list[Problem]
    paid_cents: int
    provider_adjustment_cents: int
    refused: bool


def read_piece(
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
        self._state = State(transaction, delimiters)

    @property
    def rows(self) -> Rows:
        """The rows so far."""
        return self._state.rows

    def feed(self, segments: list[str], position: int) -> None:
        """Read consecutive segments; `position` is that of the first."""
        state = self._state
        separator = state.separator
        find = _HANDLERS.get
        for segment in segments:
            elements = segment.split(separator)
            find(elements[0], unknown)(state, elements, position)
            position += 1
        self._state.last_position = position - 1

    def feed_text(self, text: str, position: int) -> None:
        """Read consecutive segments given as text; long stretches of claims column by column."""
        stretch, after = self.before_claims(text, position, COLUMNS_MIN)
        if stretch is not None:
            self.rows.flush()
            read = read_columns([stretch], self._state.delimiters)[0]
            self.add_claims(stretch, read)
            self.feed_text(text[-after:], stretch.position + read.segment_count)

    def before_claims(
        self, text: str, position: int, minimum: int, *, is_whole: bool = False
    ) -> tuple[ClaimsText | None, int]:
        """Read what stands before the whole claims in `text`; return those, unread.

        Whole claims reach up to the last CLP, whose claim may go on in the next text, or up to the
        PLB or SE after it when `text` is the rest of the transaction set (`is_whole`). The count of
        characters after them is returned too. When the claims are shorter than `minimum`,
        everything is read and there are none.
        """
        terminator = self._state.terminator
        begin = terminator + "CLP" + self._state.separator
        last = text.rfind(begin)
        first = -1 if text.startswith(begin[1:]) else text.find(begin)
        if is_whole and last >= 0:
            ends = (
                text.find(terminator + tag + self._state.separator, last) for tag in ("PLB", "SE")
            )
            last = min((end for end in ends if end >= 0), default=last)
        if last <= first or last - first < minimum:
            self.feed(text.split(terminator), position)
            return None, 0
        if first >= 0:
            head = text[:first].split(terminator)
            self.feed(head, position)
            position += len(head)
        close_claim(self._state, position - 1)
        self._state.close_party()
        claims = ClaimsText(
            text[first + 1 : last], position, self._state.claim_count, self._state.provider_npi
        )
        return claims, len(text) - last - 1

    def add_claims(self, claims: ClaimsText, read: ColumnsRead) -> None:
        """Take in `claims`, read column by column, and read the odd ones among them.

        The rows before have been turned into frames.
        """
        base = self._state.claim_count
        for odd in read.odd:
            self._state.claim_count = odd.claim_index
            self._state.provider_npi = odd.provider_npi
            self.feed(odd.segments, odd.position)
            close_claim(self._state, odd.position + len(odd.segments) - 1)
            self._state.close_party()
        self.rows.merge(read.frames)
        self._state.claim_count = base + read.claim_count
        self._state.untaken += read.regular_count
        self._state.paid_total += read.paid_cents
        self._state.provider_npi = read.provider_npi
        self._state.last_position = claims.position + read.segment_count - 1

    def closed_claims(self) -> int:
        """Return the count of claims complete and not yet taken."""
        return self._state.untaken

    def take(self) -> tuple[Tables, list[Problem]]:
        """Return rows and problems of the complete claims."""
        self._state.untaken = 0
        return self.rows.take_closed(self._state.index)

    def finish(self) -> tuple[Tables, list[Problem], bool]:
        """Return the rest, the row of totals, and whether the whole may not be posted."""
        return self.complete().taken()

    def complete(self) -> Self:
        """Close what is open and check the totals."""
        close_claim(self._state, self._state.last_position)
        self._state.close_party()
        check_required(self._state)
        check_balance(self._state)
        self.rows.cells["remittances"] += self._state.remittance
        return self

    def taken(self) -> tuple[Tables, list[Problem], bool]:
        """Return what `finish` does, after `complete`."""
        tables, problems = self.rows.take_all()
        return tables, problems, self._state.refused

    def place(self) -> tuple[int, str | None]:
        """Return the index of the next claim and the provider (TS301) above it."""
        return self._state.claim_count, self._state.provider_npi

    def skip_claims(self, text: str) -> None:
        """Note what whole claims that someone else reads mean for those after them."""
        terminator, separator = self._state.terminator, self._state.separator
        tag = terminator + "CLP"
        self._state.claim_count += 1 + text.count(tag + separator) + text.count(tag + terminator)
        place = text.rfind(terminator + "LX")
        while place >= 0 and text[place + 3 : place + 4] not in (separator, terminator):
            place = text.rfind(terminator + "LX", 0, place)
        if place >= 0:
            between = text[place + 1 :].partition(tag + separator)[0]
            above = Reader835(self._state.transaction, self._state.delimiters)
            above.feed(between.split(terminator), 0)
            self._state.provider_npi = above.place()[1]

    def with_header(self, tables: Tables, problems: list[Problem]) -> tuple[Tables, list[Problem]]:
        """Return the rows read so far, and `tables` after them."""
        self._state.close_party()
        header, found = self.rows.take_all()
        joined = {name: header[name].vstack(rows) for name, rows in tables.items()}
        return joined, [*found, *problems]

    def add_totals(self, read: PieceRead) -> None:
        """Add the sums of claims that someone else has read."""
        self._state.paid_total += read.paid_cents
        self._state.provider_total += read.provider_adjustment_cents
        self._state.refused = self._state.refused or read.refused

    def read_piece(self, text: str, position: int, place: tuple[int, str | None]) -> PieceRead:
        """Read whole claims, being the first to read anything, at `place` of the set."""
        self._state.claim_count, self._state.provider_npi = place
        self._state.seen = {"BPR", "TRN", "N1*PR", "N1*PE"}  # read by who began the set
        self.feed_text(text, position)
        close_claim(self._state, self._state.last_position)
        self._state.close_party()
        tables, problems = self.rows.take_all()
        return PieceRead(
            tables,
            problems,
            self._state.paid_total,
            self._state.provider_total,
            self._state.refused,
        )
