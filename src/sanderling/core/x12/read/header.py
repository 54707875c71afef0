"""Finding an ISA and learning from it how its interchange is divided.

The ISA is meant to be 106 characters wide. Files from the wild have blanks missing or added, so
the elements are counted instead: the character after the sixteenth separator is the component
separator, the next the terminator.

Source: X12.5 interchange control structures; 835 TR3 005010X221A1 appendix B.1.1.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from sanderling.core.x12.batches import Interchange
from sanderling.core.x12.problems import Problem, problem_at
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.values import parse_date

# "ISA" and a separator; a name such as ISAAC or LISA is none.
ISA: Final = re.compile(rb"(?<![A-Za-z0-9])ISA(?=[^A-Za-z0-9\s])")
HEADER_MAX: Final = 1_000  # bytes within which an ISA must end
_ISA_LENGTH: Final = 106
_ELEMENTS: Final = 16
_LINE_BREAKS: Final = b"\r\n"
_REPETITION_SINCE: Final = "00402"  # ISA11 was a standards identifier before
SAMPLE_MAX: Final = 16_384  # bytes from the ISA on that are looked at for composites
_COMPONENT_CANDIDATES: Final = ":><|\\+&^"
_NEXT_SEGMENT: Final = re.compile(rb"\s*(?:GS|TA1|IEA|ST)[^A-Za-z0-9\s]")


@dataclass(frozen=True, slots=True)
class Header:
    """An ISA that was read, and how many bytes it took, terminator included."""

    interchange: Interchange
    delimiters: Delimiters
    length: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class BadHeader:
    """An ISA that could not be read."""

    problem: Problem


def read_header(data: bytes, index: int, position: int) -> Header | BadHeader:
    """Read the ISA at the start of `data`, which holds HEADER_MAX bytes or all there are."""
    separator = data[3:4]
    ends = _separator_places(data, separator)
    if len(ends) < _ELEMENTS:
        return BadHeader(
            problem_at(
                "isa_unreadable",
                f"The ISA has {max(len(ends) - 1, 0)} elements instead of 16 within "
                f"{HEADER_MAX} bytes; ask the sender to send the file again.",
                segment="ISA",
                position=position,
            )
        )
    place = _skip_line_breaks(data, ends[-1] + 1)
    component = data[place : place + 1]
    terminator, length = _terminator(data, place, separator)
    text = data[: ends[-1]].translate(None, _LINE_BREAKS).decode("latin-1")
    elements = text.split(separator.decode("latin-1"))
    delimiters = Delimiters(
        element=separator.decode("latin-1"),
        component=component.decode("latin-1"),
        repetition=_repetition(elements),
        terminator=terminator.decode("latin-1"),
    )
    if not _usable(delimiters):
        return BadHeader(
            problem_at(
                "delimiters_unusable",
                "The delimiters that the ISA declares are letters, digits, missing or the same "
                "character twice; ask the sender to send the file again.",
                segment="ISA",
                position=position,
            )
        )
    interchange = _interchange(elements, delimiters, index, position)
    return Header(interchange, delimiters, length, _header_problems(interchange, len(text)))


def with_used_component(header: Header, sample: bytes) -> Header:
    """Return `header` with the component separator that its composites are divided by.

    Some senders change the one and forget ISA16. `sample` begins with the ISA. Where the declared
    character stands nowhere after it, and every composite there whose first part is a known code
    (procedures, diagnoses, claim statuses, places of service) goes on with one and the same other
    character, that one is meant.
    """
    delimiters = header.delimiters
    declared = delimiters.component.encode("latin-1")
    end = sample.find(b"IEA" + delimiters.element.encode("latin-1"), header.length)
    end = len(sample) if end < 0 else end
    if sample.find(declared, header.length, end) >= 0:
        return header
    taken = {delimiters.element, delimiters.terminator, delimiters.repetition}
    others = "".join(c for c in _COMPONENT_CANDIDATES if c not in taken).encode("latin-1")
    pattern = _composites(delimiters.element, delimiters.terminator, others)
    found = pattern.findall(sample, header.length - 1, end)
    used = {next(filter(None, groups)) for groups in found}
    if len(used) != 1:
        return header
    component = used.pop().decode("latin-1")
    problem = problem_at(
        "component_separator_differs",
        f"ISA16 says that {delimiters.component!r} divides composites, but {component!r} does; "
        "read by the latter. Ask the sender to correct ISA16.",
        segment="ISA",
        position=header.interchange.position,
        element="ISA16",
    )
    return replace(
        header,
        interchange=replace(header.interchange, component_separator=component),
        delimiters=replace(delimiters, component=component),
        problems=(*header.problems, problem),
    )


@cache
def _composites(element: str, terminator: str, others: bytes) -> re.Pattern[bytes]:
    """Return what finds the character after the first part of a composite, as one of its groups."""
    e, t = (re.escape(character.encode("latin-1")) for character in (element, terminator))
    used = b"([" + re.escape(others) + b"])"
    any_element = b"[^" + e + t + b"]*" + e
    return re.compile(
        b"[" + t + rb"\n]\s*(?:"
        rb"(?:SV1|SV3|SVC)" + e + b"(?:AD|ER|HC|HP|IV|N4|NU|WK)" + used + b"|"
        rb"SV2" + e + any_element + b"(?:ER|HC|HP|IV|WK)" + used + b"|"
        rb"HI" + e + b"(?:ABK|ABF|ABJ|APR|BK|BF|BJ|PR|BH|BE|BG|DR)" + used + b"|"
        rb"STC" + e + rb"[A-Z][0-9]{1,2}" + used + rb"[0-9]|"
        rb"CLM" + e + any_element * 4 + rb"[0-9]{2}" + used + b"[AB])"
    )


def _separator_places(data: bytes, separator: bytes) -> list[int]:
    places: list[int] = []
    place = data.find(separator, 0, HEADER_MAX)
    while place >= 0 and len(places) < _ELEMENTS:
        places.append(place)
        place = data.find(separator, place + 1, HEADER_MAX)
    return places


def _skip_line_breaks(data: bytes, place: int) -> int:
    while data[place : place + 1] in (b"\r", b"\n"):
        place += 1
    return place


def _terminator(data: bytes, component_place: int, separator: bytes) -> tuple[bytes, int]:
    """Return the terminator and the length of the ISA with it."""
    after = data[component_place + 1 : component_place + 2]
    component = data[component_place : component_place + 1]
    if _NEXT_SEGMENT.match(data, component_place + 1) and _ends_lines(
        data[component_place + 1 :], component, separator
    ):
        return component, component_place + 1  # ISA16 left out: what stands there ends segments
    place = component_place + 1
    while data[place : place + 1] in (b" ", b"\t"):
        place += 1
    after = data[place : place + 1]
    if after not in (b"\r", b"\n"):
        return after, place + 1
    visible = _skip_line_breaks(data, place)
    following = data[visible : visible + 1]
    if following and not following.isalnum() and not following.isspace():
        return following, visible + 1  # the line was wrapped just before the terminator
    if data[place : place + 2] == _LINE_BREAKS:
        return b"\n", place + 2
    return after, place + 1


def _ends_lines(rest: bytes, character: bytes, separator: bytes) -> bool:
    """Tell whether the segment after the ISA ends with `character`, followed by a line or a tag."""
    end = rest.find(character)
    return (
        end >= 0
        and separator in rest[:end]
        and rest.strip()[:1].isalnum()
        and bool(re.match(rb"\s*[A-Z][A-Z0-9]{1,2}" + re.escape(separator), rest[end + 1 :]))
    )


def _repetition(elements: list[str]) -> str:
    character = elements[11]
    is_one = len(character) == 1 and not character.isalnum() and not character.isspace()
    return character if elements[12].strip() >= _REPETITION_SINCE and is_one else ""


def _usable(delimiters: Delimiters) -> bool:
    characters = (delimiters.element, delimiters.component, delimiters.terminator)
    if len(set(characters)) < len(characters) or "" in characters:
        return False
    return not any(character.isalnum() or character == " " for character in characters)


def _interchange(
    elements: list[str], delimiters: Delimiters, index: int, position: int
) -> Interchange:
    return Interchange(
        index=index,
        position=position,
        sender_qualifier=elements[5].strip(),
        sender_id=elements[6].strip(),
        receiver_qualifier=elements[7].strip(),
        receiver_id=elements[8].strip(),
        created_date=parse_date(elements[9].strip()),
        created_time=elements[10].strip(),
        version=elements[12].strip(),
        control_number=elements[13].strip(),
        usage=elements[15].strip(),
        element_separator=delimiters.element,
        component_separator=delimiters.component,
        repetition_separator=delimiters.repetition,
        segment_terminator=delimiters.terminator,
    )


def _header_problems(interchange: Interchange, length: int) -> tuple[Problem, ...]:
    problems = []
    position = interchange.position
    # `length` ends before the last separator; that, the component separator, the terminator follow.
    if length + 3 != _ISA_LENGTH:
        problems.append(
            problem_at(
                "isa_length",
                f"The ISA is {length + 3} characters long instead of {_ISA_LENGTH}; it was read "
                "by its separators.",
                segment="ISA",
                position=position,
            )
        )
    if interchange.created_date is None:
        problems.append(
            problem_at(
                "date_unreadable",
                "ISA09 is no date (YYMMDD).",
                segment="ISA",
                position=position,
                element="ISA09",
            )
        )
    if interchange.usage == "T":
        problems.append(
            problem_at(
                "test_usage",
                "The sender marks this interchange as a test; it is posted all the same. Take it "
                "out if it was one.",
                segment="ISA",
                position=position,
                element="ISA15",
            )
        )
    elif interchange.usage != "P":
        problems.append(
            problem_at(
                "code_unknown",
                "ISA15 is neither P nor T; read as production.",
                segment="ISA",
                position=position,
                element="ISA15",
            )
        )
    return tuple(problems)
