"""From the parts of an original to claim documents, in one pass and without keeping the file.

A claim needs the segments between its CLM and what ends it (HL, CLM, SE), and what stands above it:
the head of the transaction set and the last billing provider, subscriber and patient.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from sanderling.core.resubmission.document import (
    ESCAPES,
    ClaimDocument,
    Loop,
    Partners,
    Segment,
    normal,
)
from sanderling.core.x12.batches import TransactionSet
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.parts import Part, SetPart
from sanderling.core.x12.read.set_837 import grammar_of
from sanderling.core.x12.read.set_837_state import (
    BILLING,
    CLAIM,
    HEAD,
    LINE,
    OTHER_PAYER,
    PATIENT,
    SUBSCRIBER,
)
from sanderling.core.x12.read.stream import CHUNK_BYTES, parts_of

_LEVELS: Final = {"20": BILLING, "22": SUBSCRIBER, "23": PATIENT}
_ROOTS: Final = {BILLING: "2000A", SUBSCRIBER: "2000B", PATIENT: "2000C"}
# Segments that open a loop below a line, or an other payer.
_LINE_LOOPS: Final = {"LIN": "2410", "SVD": "2430", "LQ": "2440"}
_ENDINGS: Final = frozenset({"HL", "CLM", "SE"})
_WITH_COVERAGE: Final = frozenset({SUBSCRIBER, CLAIM, OTHER_PAYER})
_KINDS: Final = frozenset({"837P", "837I", "837D"})


def documents_in(data: bytes) -> list[ClaimDocument]:
    """Return every claim of a small file."""
    parts = parts_of([data], window_max=CHUNK_BYTES)
    return [document for _, document in read_documents(parts)]


def read_documents(
    parts: Iterable[Part], wanted: Container[int] | None = None
) -> Iterator[tuple[int, ClaimDocument]]:
    """Yield the position of a claim's CLM and the claim, in the order of the file.

    `wanted` are the positions asked for; None asks for all. Claims without a subscriber's level
    above them are left out: nothing says whose they are.
    """
    reading: _Reading | None = None
    for part in parts:
        if not isinstance(part, SetPart) or part.transaction.kind not in _KINDS:
            continue
        if part.is_first or reading is None:
            reading = _Reading(part.transaction, part.delimiters)
        for position, texts in _stretches(part, None if reading.is_reading else wanted):
            for place, text in enumerate(texts, start=position):
                found = reading.take(text, place, wanted)
                if found is not None:
                    yield found
        if part.is_last:
            found = reading.close()
            if found is not None:
                yield found


def _stretches(part: SetPart, wanted: Container[int] | None) -> Iterator[tuple[int, list[str]]]:
    """Yield the segments that must be read of a part, with the position of the first.

    Of a part without a wanted claim only the levels count that stand at its end: what is left of
    those that began before, the last billing provider and what follows the last subscriber. Their
    positions are not the true ones.
    """
    end, separator = part.delimiters.terminator, part.delimiters.element
    if not part.text:
        return
    count = part.text.count(end) + 1
    places = range(part.position, part.position + count)
    if wanted is None or any(place in wanted for place in places):
        yield part.position, part.text.split(end)
        return
    begin = f"{end}HL{separator}"
    text = end + part.text
    levels = [match.start() for match in _level(end, separator).finditer(text)]
    subscribers = text.rfind(begin)
    while subscribers >= 0 and _code_at(text, subscribers, separator) == "23":
        subscribers = text.rfind(begin, 0, subscribers)
    if subscribers < 0:
        yield 0, part.text.split(end)
        return
    first = text.find(begin)
    if first > 0:  # the head, or what is left of a level that began before
        yield 0, text[1:first].split(end)
    if levels and levels[-1] < subscribers:
        after = text.find(begin, levels[-1] + 1)
        yield 0, text[levels[-1] + 1 : after].split(end)
    yield 0, text[subscribers + 1 :].split(end)


@cache
def _level(end: str, separator: str) -> re.Pattern[str]:
    """Return what finds the beginning of a billing provider's level."""
    stop, mark = re.escape(end), re.escape(separator)
    element = f"[^{stop}{mark}]*{mark}"
    return re.compile(f"{stop}HL{mark}{element}{element}20(?![0-9])")


def _code_at(text: str, place: int, separator: str) -> str:
    return text[place + 1 : place + 60].split(separator)[3:4][0][:2]


@dataclass(slots=True)
class _Open:
    """A loop that is being read."""

    name: str
    segments: list[Segment] = field(default_factory=list)
    loops: list[_Open] = field(default_factory=list)

    def loop(self) -> Loop:
        return Loop(self.name, tuple(self.segments), tuple(one.loop() for one in self.loops))


class _Reading:
    """Where the reading of one transaction set stands."""

    def __init__(self, transaction: TransactionSet, delimiters: Delimiters) -> None:
        self._transaction = transaction
        self._delimiters = delimiters
        self._table = _translation(delimiters)
        self._entities = grammar_of(transaction.kind).entities
        self._head = _Open("")
        self._levels: dict[str, _Open | None] = {BILLING: None, SUBSCRIBER: None, PATIENT: None}
        self._context = HEAD
        self._open = self._head  # the loop that the next segment belongs to
        self._above = self._head  # its parent, or itself at the root
        self._root = self._head
        self._claim: _Open | None = None
        self._claim_position = 0
        self._is_passing = False  # a claim that nobody wants
        self._purpose = ""

    @property
    def is_reading(self) -> bool:
        """Whether a wanted claim is open: it may go on in the next part."""
        return self._claim is not None and not self._is_passing

    def take(
        self, text: str, position: int, wanted: Container[int] | None
    ) -> tuple[int, ClaimDocument] | None:
        """Read one segment; return the claim that it ends, when that is wanted."""
        tag = text.partition(self._delimiters.element)[0].strip(" \t")
        found = None
        if tag in _ENDINGS or (tag == "SBR" and self._context not in _WITH_COVERAGE):
            # After a line no other payer can begin: the subscriber's HL is missing.
            found = self.close()
            self._is_passing = False
            if tag == "SBR":
                self._begin_level("22")
        if tag == "CLM":
            self._is_passing = wanted is not None and position not in wanted
            self._begin_claim(position)
        elif tag == "LX" and self._is_passing:
            self._context = LINE
        if self._is_passing or tag in {"ST", "SE"}:
            return found
        one = self._segment(text)
        if tag == "HL":
            self._begin_level(one.get(3))
        elif any(one.elements):
            self._place(one)
        return found

    def close(self) -> tuple[int, ClaimDocument] | None:
        """Return the open claim, complete."""
        claim, self._claim = self._claim, None
        subscriber = self._levels[SUBSCRIBER]
        if claim is None or subscriber is None or self._is_passing:
            return None
        billing, patient = self._levels[BILLING], self._levels[PATIENT]
        loops = {one.name: one.loop() for one in self._head.loops}
        head = [one for one in self._head.segments if one.tag != "BHT"]
        document = ClaimDocument(
            kind=self._transaction.kind,
            partners=_partners(self._transaction),
            purpose=self._purpose,
            header=tuple(head),
            submitter=loops.get("1000A", Loop("1000A")),
            receiver=loops.get("1000B", Loop("1000B")),
            billing=billing.loop() if billing else Loop("2000A"),
            subscriber=subscriber.loop(),
            patient=patient.loop() if patient else None,
            claim=claim.loop(),
        )
        return self._claim_position, document

    def _segment(self, text: str) -> Segment:
        elements = [one.strip(" \t") for one in text.split(self._delimiters.element)]
        if self._table:
            elements = [one.translate(self._table) for one in elements]
        return normal(elements)

    def _begin_level(self, code: str) -> None:
        context = _LEVELS.get(code)
        if context is None:  # a level of another guide: what follows belongs to nobody
            self._stand(HEAD, _Open(""))
            return
        self._levels[PATIENT] = None
        if context != PATIENT:
            self._levels[SUBSCRIBER] = None
        self._levels[context] = level = _Open(_ROOTS[context])
        self._stand(context, level)

    def _begin_claim(self, position: int) -> None:
        self._claim = _Open("2300")
        self._claim_position = position
        self._stand(CLAIM, self._claim)

    def _stand(self, context: str, root: _Open) -> None:
        self._context = context
        self._root = self._above = self._open = root

    def _place(self, one: Segment) -> None:
        """Put a segment into the loop it opens, else into the open one."""
        tag = one.tag
        if tag == "NM1":
            entity = self._entities[self._context].get(one.get(1))
            if entity is not None:
                self._begin_loop(entity[0])
        elif tag == "BHT" and self._context == HEAD:
            self._purpose = one.get(6)
        elif tag == "SBR" and self._claim is not None:
            self._context = OTHER_PAYER
            self._begin_loop("2320")
        elif self._claim is not None:
            if tag == "LX":
                self._context = LINE
                self._begin_loop("2400")
            elif self._context == LINE and tag in _LINE_LOOPS:
                self._begin_loop(_LINE_LOOPS[tag])
        self._open.segments.append(one)

    def _begin_loop(self, name: str) -> None:
        self._open = _Open(name)
        is_second = name[:3] in {"233", "241", "242", "243", "244"}
        if is_second:
            self._above.loops.append(self._open)
        else:
            self._root.loops.append(self._open)
            self._above = self._open


def _translation(delimiters: Delimiters) -> dict[int, str]:
    """Return what makes canonical text of an element; empty when it is canonical already."""
    own = {delimiters.component: ":", delimiters.repetition: "^"}
    own.pop("", None)
    if delimiters == Delimiters():
        return {}
    taken = {*own, delimiters.element, delimiters.terminator}
    table = {mark: stand_in for mark, stand_in in ESCAPES.items() if mark not in taken}
    return {ord(mark): new for mark, new in (table | own).items()}


def _partners(transaction: TransactionSet) -> Partners:
    interchange = transaction.interchange
    return Partners(
        sender_id=interchange.sender_id,
        receiver_id=interchange.receiver_id,
        sender_qualifier=interchange.sender_qualifier,
        receiver_qualifier=interchange.receiver_qualifier,
        group_sender=transaction.sender_code,
        group_receiver=transaction.receiver_code,
        is_test=interchange.usage == "T",
    )
