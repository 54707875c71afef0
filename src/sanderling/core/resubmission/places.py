"""Reads and changes named places of a claim document: an element of a segment of a loop.

A place is a pair of functions; what `put` gives an empty value to goes away, segments and loops
that were there for it alone included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from sanderling.core.money import NotAnAmount, parse_cents
from sanderling.core.resubmission.document import ClaimDocument, Loop, Segment, segment
from sanderling.core.resubmission.order import added, added_loop
from sanderling.core.x12.write.segments import amount

# The root ("billing", "subscriber", "patient", "claim"), then loops; "2400#2" is the second.
Path = tuple[str, ...]
_DAY_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands: how it is read, as people write it, and how it is changed."""

    get: Callable[[ClaimDocument], str]
    put: Callable[[ClaimDocument, str], ClaimDocument]


def loop_at(document: ClaimDocument, path: Path) -> Loop | None:
    """Return the loop at a path, None when the claim has none there."""
    loop: Loop | None = getattr(document, path[0])
    for step in path[1:]:
        loop = _step(loop, step) if loop else None
    return loop


def _step(loop: Loop, step: str) -> Loop | None:
    name, _, number = step.partition("#")
    found = loop.children(name)
    index = int(number or 1) - 1
    return found[index] if index < len(found) else None


def changed(
    document: ClaimDocument, path: Path, change: Callable[[Loop], Loop | None]
) -> ClaimDocument:
    """Return the document with the loop at a path changed; a loop that is missing is made."""
    root: Loop | None = getattr(document, path[0])
    if root is None:
        return document
    part: dict[str, Any] = {path[0]: _changed(root, path[1:], change)}
    return replace(document, **part)


def _changed(loop: Loop, steps: Path, change: Callable[[Loop], Loop | None]) -> Loop:
    if not steps:
        return change(loop) or loop
    old = _step(loop, steps[0])
    below = old or Loop(steps[0].partition("#")[0])
    new = change(below) if len(steps) == 1 else _changed(below, steps[1:], change)
    if new is not None and not new.segments and not new.loops:
        new = None
    if old is None:
        return added_loop(loop, new) if new else loop
    return loop.with_loop(old, new)


def element(
    path: Path,
    tag: str,
    place: int,
    *,
    component: int = 0,
    qualifier: str = "",
    new: tuple[str, ...] = (),
    keeps: int | None = None,
) -> Place:
    """Return the place of an element of a loop's first segment `tag` (with this qualifier).

    `new`: a segment to begin with where there is none. `keeps`: the segment goes when nothing
    stands after its element of that number; None: it stays.
    """

    def find(document: ClaimDocument) -> Segment | None:
        loop = loop_at(document, path)
        return loop.first(tag, *([qualifier] if qualifier else [])) if loop else None

    def get(document: ClaimDocument) -> str:
        found = find(document)
        return found.get(place, component) if found else ""

    def put(document: ClaimDocument, value: str) -> ClaimDocument:
        found = find(document)
        if found is None and not value:
            return document
        after = (found or segment(tag, *new)).put(place, value, component)
        gone = keeps is not None and not value and not any(after.elements[keeps + 1 :])

        def change(loop: Loop) -> Loop:
            if found is None:
                return added(loop, after)
            return loop.with_segment(found, None if gone else after)

        return changed(document, path, change)

    return Place(get, put)


def reference(path: Path, qualifier: str) -> Place:
    """Return the place of a REF02."""
    return element(path, "REF", 2, qualifier=qualifier, new=(qualifier,), keeps=1)


def name_part(path: Path, place: int, *, entity: str, is_person: bool = True) -> Place:
    """Return the place of an element of a party's NM1; an identifier is an NPI where it is new."""
    new = [entity, "1" if is_person else "2"]
    inner = element(path, "NM1", place, new=tuple(new), keeps=2)

    def put(document: ClaimDocument, value: str) -> ClaimDocument:
        after = inner.put(document, value)
        loop = loop_at(after, path)
        nm1 = loop.first("NM1") if loop else None
        if place != _IDENTIFIER or loop is None or nm1 is None:
            return after
        qualifier = (nm1.get(_IDENTIFIER - 1) or "XX") if value else ""
        return changed(
            after, path, lambda one: one.with_segment(nm1, nm1.put(_IDENTIFIER - 1, qualifier))
        )

    return Place(inner.get, put)


_IDENTIFIER: Final = 9  # NM109


def day_text(text: str) -> str:
    """Return CCYYMMDD as people write it, 2026-01-02; as it is when it is no such day."""
    head = text[:_DAY_DIGITS]
    if len(head) == _DAY_DIGITS and head.isascii() and head.isdigit():
        return f"{head[:4]}-{head[4:6]}-{head[6:]}"
    return text


def birth_date(path: Path) -> Place:
    """Return the place of a birth date, DMG02."""
    inner = element(path, "DMG", 2, new=("D8",), keeps=1)
    return Place(
        lambda document: day_text(inner.get(document)),
        lambda document, value: inner.put(document, value.replace("-", "")),
    )


def period_day(path: Path, qualifier: str, part: int) -> Place:
    """Return the place of the first (0) or last (1) day of a DTP; the last is empty for one day.

    The time of a day (DT) is kept.
    """
    inner = element(path, "DTP", 3, qualifier=qualifier, new=(qualifier, "D8"), keeps=2)

    def days(document: ClaimDocument) -> list[str]:
        return inner.get(document).split("-", 1)

    def get(document: ClaimDocument) -> str:
        found = days(document)
        return day_text(found[part]) if part < len(found) else ""

    def put(document: ClaimDocument, value: str) -> ClaimDocument:
        found = days(document)
        day = value.replace("-", "")
        if part == 0:
            time = found[0][_DAY_DIGITS:] if day else ""
            first, last = f"{day}{time}", found[1] if len(found) > 1 else ""
        else:
            first, last = found[0], day
        text = f"{first}-{last}" if last else first
        after = inner.put(document, text)
        kind = "RD8" if last else ("DT" if len(first) > _DAY_DIGITS else "D8")
        return element(path, "DTP", 2, qualifier=qualifier).put(after, kind) if text else after

    return Place(get, put)


def statement_day(part: int) -> Place:
    """Return the place of a statement's first or last day, which are always two (DTP*434)."""
    inner = period_day(("claim",), "434", part)
    other = period_day(("claim",), "434", 1 - part)

    def put(document: ClaimDocument, value: str) -> ClaimDocument:
        after = inner.put(document, value)
        if value and not other.get(after):
            after = other.put(after, value)
        return after

    return Place(inner.get, put)


def dollars(amount_cents: int) -> str:
    """Return an amount as people type it: 150.00."""
    whole, part = divmod(abs(amount_cents), 100)
    return f"{'-' if amount_cents < 0 else ''}{whole}.{part:02d}"


def money_at(inner: Place) -> Place:
    """Return a place that holds an amount: "150.00" for people, 150 in the claim."""

    def get(document: ClaimDocument) -> str:
        text = inner.get(document)
        try:
            return dollars(parse_cents(text)) if text else ""
        except NotAnAmount:
            return text

    def put(document: ClaimDocument, value: str) -> ClaimDocument:
        return inner.put(document, amount(parse_cents(value)) if value else "")

    return Place(get, put)


def list_at(path: Path, tag: str, place: int, *, first: int = 1, most: int = 4) -> Place:
    """Return the place of some components in a row of one element: modifiers, pointers."""

    def find(document: ClaimDocument) -> Segment | None:
        loop = loop_at(document, path)
        return loop.first(tag) if loop else None

    def get(document: ClaimDocument) -> str:
        found = find(document)
        parts = found.components(place) if found else ()
        return " ".join(part for part in parts[first - 1 : first - 1 + most] if part)

    def put(document: ClaimDocument, value: str) -> ClaimDocument:
        found = find(document)
        if found is None:
            return document
        parts = list(found.components(place))
        parts += [""] * (first - 1 + most - len(parts))
        wanted = value.split()[:most]
        parts[first - 1 : first - 1 + most] = [*wanted, *[""] * (most - len(wanted))]
        after = found.put_composite(place, *parts)
        return changed(document, path, lambda loop: loop.with_segment(found, after))

    return Place(get, put)


def health_codes(qualifier: str) -> Place:
    """Return the place of all HI codes with one qualifier in loop 2300, such as BG."""

    def held(document: ClaimDocument) -> list[Segment]:
        return list(document.claim.every("HI", qualifier))

    def get(document: ClaimDocument) -> str:
        codes = [
            one.get(place, 2)
            for one in held(document)
            for place in range(1, len(one.elements))
            if one.get(place, 1) == qualifier
        ]
        return " ".join(code for code in codes if code)

    def put(document: ClaimDocument, value: str) -> ClaimDocument:
        claim = document.claim
        for one in held(document):
            claim = claim.with_segment(one, None)
        codes = value.split()
        for start in range(0, len(codes), _CODES_MAX):
            new = Segment(("HI",))
            for place, code in enumerate(codes[start : start + _CODES_MAX], start=1):
                new = new.put_composite(place, qualifier, code)
            claim = added(claim, new)
        return replace(document, claim=claim)

    return Place(get, put)


_CODES_MAX: Final = 12  # in one HI
