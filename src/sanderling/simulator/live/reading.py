"""Takes an interchange apart: a reader of its own, so that it cannot share the product's errors.

Source: X12 005010 TR3s, appendix C (ISA is 106 characters; control numbers and counts of the
envelope).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

Segment = tuple[str, ...]  # element 0 is the segment's identifier

_ISA_LENGTH = 106
_ISA_ELEMENTS = 17


class NotAnInterchange(ValueError):
    """Nothing that an interchange could be read from."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The separators an interchange declares."""

    element: str
    component: str
    repetition: str
    segment: str


@dataclass(frozen=True, slots=True)
class TransactionSet:
    """ST to SE, with both."""

    set_id: str  # ST01
    control_number: str  # ST02
    guide: str  # ST03, or GS08 when ST03 is empty
    segments: tuple[Segment, ...]
    marks: Marks

    def composite(self, element: str) -> tuple[str, ...]:
        """Take a composite element apart."""
        return tuple(element.split(self.marks.component))


@dataclass(frozen=True, slots=True)
class FunctionalGroup:
    """GS to GE."""

    functional_id: str  # GS01
    control_number: str  # GS06
    guide: str  # GS08
    sets: tuple[TransactionSet, ...]
    is_closed: bool  # GE with the right control number and count


@dataclass(frozen=True, slots=True)
class Received:
    """One interchange as it came in."""

    sender: str
    receiver: str
    control_number: int  # -1 when ISA13 is no number
    created_at: datetime
    is_test: bool
    wants_ta1: bool
    groups: tuple[FunctionalGroup, ...]
    fault: str = ""  # TA105; empty when the envelope is sound


@dataclass(slots=True)
class _Builder:
    groups: list[FunctionalGroup] = field(default_factory=list)
    head: Segment = ()
    sets: list[TransactionSet] = field(default_factory=list)
    current: list[Segment] = field(default_factory=list)
    trailer: Segment = ()


def read_interchange(text: str) -> Received:
    """Read one interchange; what is wrong with its envelope is named in `fault`.

    Raises NotAnInterchange when there is no ISA of the right length.
    """
    text = text.lstrip()
    if not text.startswith("ISA") or len(text) < _ISA_LENGTH:
        raise NotAnInterchange
    marks = Marks(text[3], text[104], text[82], text[105])
    isa = text[: _ISA_LENGTH - 1].split(marks.element)
    if len(isa) != _ISA_ELEMENTS:
        raise NotAnInterchange
    raw = [piece.strip("\r\n") for piece in text[_ISA_LENGTH:].split(marks.segment)]
    is_cut = bool(raw[-1].strip())  # what follows the last terminator
    segments = [tuple(piece.split(marks.element)) for piece in raw[:-1] if piece]
    builder = _build(segments, marks)
    number = int(isa[13]) if isa[13].isdigit() else -1
    return Received(
        sender=isa[6].strip(),
        receiver=isa[8].strip(),
        control_number=number,
        created_at=_instant(isa[9], isa[10]),
        is_test=isa[15] == "T",
        wants_ta1=isa[14] == "1",
        groups=tuple(builder.groups),
        fault=_fault(isa, builder, is_cut=is_cut),
    )


def _instant(day: str, clock: str) -> datetime:
    try:
        return datetime.strptime(f"{day}{clock}", "%y%m%d%H%M")  # noqa: DTZ007 - as written
    except ValueError:
        return datetime(2000, 1, 1)  # noqa: DTZ001 - TA1 repeats what it can


def _build(segments: list[Segment], marks: Marks) -> _Builder:
    builder = _Builder()
    for segment in segments:
        name = segment[0]
        if name == "GS":
            builder.head, builder.sets = segment, []
        elif name == "GE":
            _close_group(builder, segment)
        elif name == "IEA":
            builder.trailer = segment
        elif name == "ST":
            builder.current = [segment]
        elif builder.current:
            builder.current.append(segment)
            if name == "SE":
                builder.sets.append(_set_of(builder, marks))
                builder.current = []
    return builder


def _set_of(builder: _Builder, marks: Marks) -> TransactionSet:
    head = builder.current[0]
    guide = _at(head, 3) or _at(builder.head, 8)
    return TransactionSet(_at(head, 1), _at(head, 2), guide, tuple(builder.current), marks)


def _close_group(builder: _Builder, trailer: Segment) -> None:
    head = builder.head
    is_closed = _at(trailer, 2) == _at(head, 6) and _at(trailer, 1) == str(len(builder.sets))
    builder.groups.append(
        FunctionalGroup(
            _at(head, 1), _at(head, 6), _at(head, 8), tuple(builder.sets), is_closed=is_closed
        )
    )
    builder.head, builder.sets = (), []


def _fault(isa: list[str], builder: _Builder, *, is_cut: bool) -> str:
    """Answer the first fault of the envelope as TA105."""
    if not isa[13].isdigit():
        return "018"
    trailer = builder.trailer
    if is_cut or not trailer or builder.head or builder.current:
        return "023"  # improper end of file
    if _at(trailer, 2) != isa[13]:
        return "001"
    if _at(trailer, 1) != str(len(builder.groups)):
        return "021"
    if not builder.groups or not all(group.is_closed for group in builder.groups):
        return "022"
    return ""


def _at(segment: Segment, place: int) -> str:
    return segment[place] if place < len(segment) else ""
