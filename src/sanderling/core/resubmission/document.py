"""A claim as sent, as a tree of loops that keeps every segment, known or not.

A `ClaimDocument` is what one claim needs to be sent again: who sends to whom, the billing provider,
the subscriber, the patient, and the claim with its providers, other payers and lines. Nothing in it
depends on the file it came from: delimiters are the usual ones, HL numbers and counts are left out,
since they are made anew when it is written (`writing`).

Source: 837 TR3s 005010X222A1, 005010X223A2 and 005010X224A2, section 2.3 (loops).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from sanderling.core.money import NotAnAmount, parse_cents

# Data of other senders may hold what are delimiters here. Such a character stands in a document as
# one that no data has, and is written as itself in a file with other delimiters.
ESCAPES: Final = {"*": "\ue000", ":": "\ue001", "^": "\ue002", "~": "\ue003"}
_ESCAPE: Final = {ord(mark): stand_in for mark, stand_in in ESCAPES.items()}
UNESCAPE: Final = {ord(stand_in): mark for mark, stand_in in ESCAPES.items()}


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: the identifier, then the elements as text.

    Components are divided by ":" and repetitions by "^"; nothing empty stands at the end. `get` and
    `put` speak of data; `elements` may hold stand-ins of `ESCAPES`.
    """

    elements: tuple[str, ...]

    @property
    def tag(self) -> str:
        """The segment's identifier: CLM."""
        return self.elements[0]

    @property
    def text(self) -> str:
        """The segment with the usual delimiters, for people: CLM*1*100***11:B:1."""
        return "*".join(self.elements).translate(UNESCAPE)

    def get(self, place: int, component: int = 0) -> str:
        """Return the data of an element, or of one of its components (1, 2, ...); "" for none."""
        value = self.elements[place] if place < len(self.elements) else ""
        if component:
            parts = value.split(":")
            value = parts[component - 1] if component <= len(parts) else ""
        return value.translate(UNESCAPE)

    def components(self, place: int) -> tuple[str, ...]:
        """Return the components of an element; none when it is empty."""
        value = self.elements[place] if place < len(self.elements) else ""
        return tuple(part.translate(UNESCAPE) for part in value.split(":")) if value else ()

    def put(self, place: int, value: str, component: int = 0) -> Segment:
        """Return the segment with other data in an element or one of its components."""
        elements = [*self.elements, *[""] * (place + 1 - len(self.elements))]
        data = value.translate(_ESCAPE)
        if component:
            parts = elements[place].split(":")
            parts += [""] * (component - len(parts))
            parts[component - 1] = data
            data = ":".join(parts).rstrip(":")
        elements[place] = data
        return normal(elements)

    def put_composite(self, place: int, *components: str) -> Segment:
        """Return the segment with another composite element."""
        elements = [*self.elements, *[""] * (place + 1 - len(self.elements))]
        elements[place] = ":".join(part.translate(_ESCAPE) for part in components).rstrip(":")
        return normal(elements)


def segment(*elements: str) -> Segment:
    """Make a segment of an identifier and the data of its elements; composites by `put`."""
    return normal([elements[0], *(element.translate(_ESCAPE) for element in elements[1:])])


def normal(elements: list[str]) -> Segment:
    """Make a segment of elements in canonical text; empty ones at the end are dropped."""
    kept = elements.copy()
    while len(kept) > 1 and not kept[-1]:
        kept.pop()
    return Segment(tuple(kept))


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop of the guide: its own segments, then the loops in it, each in the order sent."""

    name: str  # 2010AA, 2300, 2310B, 2400, ...
    segments: tuple[Segment, ...] = ()
    loops: tuple[Loop, ...] = ()

    def walk(self) -> Iterator[Segment]:
        """Yield all segments in the order of the file."""
        yield from self.segments
        for loop in self.loops:
            yield from loop.walk()

    def first(self, tag: str, *qualifiers: str) -> Segment | None:
        """Return the first segment with this tag and, when given, one of these first elements."""
        return next(self.every(tag, *qualifiers), None)

    def every(self, tag: str, *qualifiers: str) -> Iterator[Segment]:
        """Yield the loop's own segments with this tag and one of these first elements."""
        for one in self.segments:
            if one.tag == tag and (not qualifiers or one.get(1, 1) in qualifiers):
                yield one

    def value(self, tag: str, qualifier: str = "", place: int = 2) -> str:
        """Return the data of an element of the first such segment; "" for none."""
        found = self.first(tag, *((qualifier,) if qualifier else ()))
        return found.get(place) if found else ""

    def child(self, *names: str) -> Loop | None:
        """Return the first loop in it with one of these names."""
        return next((loop for loop in self.loops if loop.name in names), None)

    def children(self, *names: str) -> tuple[Loop, ...]:
        """Return the loops in it with these names."""
        return tuple(loop for loop in self.loops if loop.name in names)

    def with_segment(self, old: Segment | None, new: Segment | None) -> Loop:
        """Return the loop with `new` in the place of `old`, or without `old`.

        With `old` None, `new` stands at the end: see `order.added` for the place of the guide.
        """
        if old is None:
            return replace(self, segments=(*self.segments, *([new] if new else [])))
        at = next(place for place, one in enumerate(self.segments) if one is old)
        middle = (new,) if new else ()
        return replace(self, segments=(*self.segments[:at], *middle, *self.segments[at + 1 :]))

    def with_loop(self, old: Loop, new: Loop | None) -> Loop:
        """Return the loop with `new` in the place of the loop `old` in it, or without that."""
        at = next(place for place, one in enumerate(self.loops) if one is old)
        middle = (new,) if new else ()
        return replace(self, loops=(*self.loops[:at], *middle, *self.loops[at + 1 :]))


@dataclass(frozen=True, slots=True)
class Partners:
    """Who sends to whom: what ISA and GS say."""

    sender_id: str  # ISA06
    receiver_id: str  # ISA08
    sender_qualifier: str = "ZZ"  # ISA05
    receiver_qualifier: str = "ZZ"  # ISA07
    group_sender: str = ""  # GS02
    group_receiver: str = ""  # GS03
    is_test: bool = False  # ISA15


@dataclass(frozen=True, slots=True)
class ClaimDocument:
    """One claim as sent, or as it will be sent."""

    kind: str  # 837P, 837I, 837D
    partners: Partners
    purpose: str  # BHT06: CH, RP, 31
    header: tuple[Segment, ...]  # what stands between BHT and loop 1000A
    submitter: Loop  # 1000A
    receiver: Loop  # 1000B
    billing: Loop  # 2000A with 2010AA, 2010AB, 2010AC
    subscriber: Loop  # 2000B with 2010BA, 2010BB
    patient: Loop | None  # 2000C with 2010CA, when the patient is not the subscriber
    claim: Loop  # 2300 with 2310x, 2320 (2330x) and 2400 (2410, 2420x, 2430, 2440)

    @property
    def clm(self) -> Segment:
        """The CLM."""
        return self.claim.segments[0]

    @property
    def number(self) -> str:
        """Our claim number, CLM01."""
        return self.clm.get(1)

    @property
    def charge_cents(self) -> int:
        """The total charge, CLM02; 0 when it cannot be read."""
        return cents(self.clm.get(2))

    @property
    def frequency(self) -> str:
        """CLM05-3: 1 original, 7 replacement, 8 void."""
        return self.clm.get(5, 3)

    @property
    def original_reference(self) -> str:
        """The payer's number of the claim that this one replaces or voids, REF*F8."""
        return self.claim.value("REF", "F8")

    @property
    def lines(self) -> tuple[Loop, ...]:
        """The service lines, loops 2400."""
        return self.claim.children("2400")

    @property
    def other_payers(self) -> tuple[Loop, ...]:
        """The other payers, loops 2320."""
        return self.claim.children("2320")

    @property
    def parts(self) -> tuple[Loop, ...]:
        """All loops from the submitter down, in the order of a file."""
        patient = (self.patient,) if self.patient else ()
        return (
            self.submitter,
            self.receiver,
            self.billing,
            self.subscriber,
            *patient,
            self.claim,
        )

    def with_clm(self, place: int, value: str, component: int = 0) -> ClaimDocument:
        """Return the document with other data in the CLM."""
        clm = self.clm.put(place, value, component)
        return replace(self, claim=self.claim.with_segment(self.clm, clm))

    def with_lines(self, change: Callable[[int, Loop], Loop | None]) -> ClaimDocument:
        """Return the document with each line changed; `change` takes the number (1, 2, ...) too.

        Lines for which it returns None are left out, and those left are numbered anew (LX).
        """
        loops: list[Loop] = []
        seen = kept = 0
        for loop in self.claim.loops:
            if loop.name != "2400":
                loops.append(loop)
                continue
            seen += 1
            changed = change(seen, loop)
            if changed is None:
                continue
            kept += 1
            lx = changed.segments[0]
            if lx.get(1) != str(kept) and seen != kept:
                changed = changed.with_segment(lx, lx.put(1, str(kept)))
            loops.append(changed)
        return replace(self, claim=replace(self.claim, loops=tuple(loops)))


def cents(text: str) -> int:
    """Return an amount's cents; 0 when it is none."""
    try:
        return parse_cents(text)
    except NotAnAmount:
        return 0
