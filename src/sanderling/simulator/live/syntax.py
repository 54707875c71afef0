"""What a clearinghouse says about the syntax of a transaction set: the faults of a 999.

Only what every clearinghouse checks: elements that must be there, amounts, days and codes, the
hierarchy, and the segments a loop cannot do without. Source: 837 TR3s (X222A1, X223A2, X224A2),
276 TR3 (X212); error codes of IK304 and IK403 in the domain reference 2.13.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sanderling.core.x12.write.acknowledgement import ElementFault, SegmentFault, SetResponse
from sanderling.simulator.live.reading import Segment, TransactionSet

GUIDES = {
    "837": ("005010X222A1", "005010X223A2", "005010X224A2"),
    "276": ("005010X212",),
}
FAULTS_MAX = 20

_AMOUNT = re.compile(r"-?(\d{1,15}(\.\d{0,2})?|\.\d{1,2})")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")
_DIAGNOSIS = re.compile(r"[A-Z]\d[0-9A-Z]{1,5}")
_DAYS = {
    "D8": ("%Y%m%d",),
    "RD8": ("%Y%m%d", "%Y%m%d"),
    "TM": ("%H%M",),
    "DT": ("%Y%m%d%H%M",),
}
_SEQUENCES = frozenset("PSTABCDEFGHU")
_INDICATORS = frozenset(
    ("11", "12", "13", "14", "15", "16", "17", "AM", "BL", "CH", "CI", "DS", "FI", "HM", "LM",
     "MA", "MB", "MC", "OF", "TV", "VA", "WC", "ZZ")
)  # fmt: skip
_KNOWN = frozenset(
    ("ST", "SE", "BHT", "NM1", "N3", "N4", "PER", "HL", "PRV", "CUR", "REF", "SBR", "PAT", "DMG",
     "CLM", "DTP", "CL1", "DN1", "DN2", "PWK", "CN1", "AMT", "K3", "NTE", "CR1", "CR2", "CRC", "HI",
     "HCP", "CAS", "OI", "MIA", "MOA", "LX", "SV1", "SV2", "SV3", "SV5", "TOO", "CR3", "QTY", "MEA",
     "PS1", "LIN", "CTP", "SVD", "LQ", "FRM", "TRN", "SVC")
)  # fmt: skip

MISSING, TOO_LONG, BAD_CHARACTER, BAD_CODE, BAD_DATE = "1", "5", "6", "7", "8"


@dataclass(frozen=True, slots=True)
class _Rule:
    """What one element must be."""

    place: int
    kind: str = ""  # amount, number, or a name of _CODES
    is_required: bool = True
    length_max: int = 80


_CODES = {
    "sequence": _SEQUENCES,
    "indicator": _INDICATORS,
    "yes": frozenset({"Y", "N", "W", "I"}),
    "assignment": frozenset({"A", "B", "C"}),
    "group": frozenset({"CO", "CR", "OA", "PI", "PR"}),
    "sex": frozenset({"F", "M", "U"}),
}
_RULES: dict[str, tuple[_Rule, ...]] = {
    "BHT": (_Rule(1), _Rule(2), _Rule(3, length_max=50), _Rule(4), _Rule(5)),
    "NM1": (_Rule(1), _Rule(2)),
    "N3": (_Rule(1, length_max=55),),
    "N4": (_Rule(1, length_max=30),),
    "SBR": (_Rule(1, "sequence"), _Rule(9, "indicator", is_required=False)),
    "CLM": (
        _Rule(1, length_max=38), _Rule(2, "amount"), _Rule(5), _Rule(7, "assignment"),
        _Rule(8, "yes"), _Rule(9, "yes"),
    ),
    "DMG": (_Rule(2), _Rule(3, "sex", is_required=False)),
    "AMT": (_Rule(1), _Rule(2, "amount")),
    "REF": (_Rule(1), _Rule(2, length_max=50)),
    "CAS": (_Rule(1, "group"), _Rule(2, length_max=5), _Rule(3, "amount")),
    "LX": (_Rule(1, "number"),),
    "SV1": (_Rule(1), _Rule(2, "amount"), _Rule(3), _Rule(4, "number")),
    "SV2": (_Rule(1), _Rule(3, "amount"), _Rule(4), _Rule(5, "number")),
    "SV3": (_Rule(1), _Rule(2, "amount")),
    "SVD": (_Rule(1), _Rule(2, "amount"), _Rule(5, "number")),
    "DTP": (_Rule(1), _Rule(2), _Rule(3)),
    "HI": (_Rule(1),),
    "TRN": (_Rule(1), _Rule(2, length_max=50)),
    "PWK": (_Rule(1), _Rule(2)),
}  # fmt: skip


def check_set(received: TransactionSet) -> SetResponse:
    """Answer what a 999 says of one 837 or 276."""
    errors = []
    trailer = received.segments[-1]
    if trailer[-1] != received.control_number:
        errors.append("3")
    if len(trailer) < 3 or trailer[1] != str(len(received.segments)):  # noqa: PLR2004 - SE02
        errors.append("4")
    if received.guide not in GUIDES.get(received.set_id, ()):
        errors.append("1")
    faults = tuple(_faults(received))[:FAULTS_MAX]
    if faults:
        errors.append("5")
    return SetResponse(
        received.set_id,
        received.control_number,
        received.guide,
        "R" if errors else "A",
        faults,
        tuple(errors),
    )


def _faults(received: TransactionSet) -> Iterator[SegmentFault]:
    claim = ""
    loop = ""
    for position, segment in enumerate(received.segments, start=1):
        name = segment[0]
        loop = _loop(segment, loop)
        if name == "CLM" and len(segment) > 1:
            claim = segment[1]
        elif name == "HL":
            claim = ""
        if name not in _KNOWN:
            yield SegmentFault(name[:3], position, "1", loop, claim)
            continue
        elements = tuple(_element_faults(received, segment))
        if elements:
            yield SegmentFault(name, position, "8", loop, claim, elements)
    yield from _hierarchy(received)
    if received.set_id == "837":
        yield from _structure(received)


def _loop(segment: Segment, loop: str) -> str:
    name = segment[0]
    if name == "HL" and len(segment) > 3:  # noqa: PLR2004 - HL03
        return _LEVELS.get(segment[3], "2000")
    if name == "SBR" and loop.startswith(("2300", "2320")):
        return "2320"
    return {"CLM": "2300", "LX": "2400", "SVD": "2430"}.get(name, loop)


def _element_faults(received: TransactionSet, segment: Segment) -> Iterator[ElementFault]:
    for rule in _RULES.get(segment[0], ()):
        value = segment[rule.place] if rule.place < len(segment) else ""
        error = _error(rule, value)
        if error:
            yield ElementFault(rule.place, error, "" if error == MISSING else value)
    for place, value in enumerate(segment[1:], start=1):
        if not value.isascii():
            yield ElementFault(place, BAD_CHARACTER)
    yield from _special(received, segment)


def _error(rule: _Rule, value: str) -> str:
    if not value:
        return MISSING if rule.is_required else ""
    if len(value) > rule.length_max:
        return TOO_LONG
    if rule.kind == "amount" and not _AMOUNT.fullmatch(value):
        return BAD_CHARACTER
    if rule.kind == "number" and not _NUMBER.fullmatch(value):
        return BAD_CHARACTER
    if rule.kind in _CODES and value not in _CODES[rule.kind]:
        return BAD_CODE
    return ""


def _special(received: TransactionSet, segment: Segment) -> Iterator[ElementFault]:
    name = segment[0]
    if name == "DTP" and len(segment) > 3 and not _is_period(segment[2], segment[3]):  # noqa: PLR2004
        yield ElementFault(3, BAD_DATE, segment[3])
    elif name == "DMG" and len(segment) > 2 and not _is_period("D8", segment[2]):  # noqa: PLR2004
        yield ElementFault(2, BAD_DATE, segment[2])
    elif name == "CLM" and len(segment) > 5:  # noqa: PLR2004 - CLM05
        parts = received.composite(segment[5])
        if len(parts) != 3 or parts[2] not in "12345678":  # noqa: PLR2004 - CLM05-3
            yield ElementFault(5, BAD_CODE, "", 3)
    elif name == "HI":
        for place, element in enumerate(segment[1:], start=1):
            parts = received.composite(element)
            is_diagnosis = parts[0] in {"ABK", "ABF", "ABJ", "APR"}
            if len(parts) < 2 or (is_diagnosis and not _DIAGNOSIS.fullmatch(parts[1])):  # noqa: PLR2004
                yield ElementFault(place, BAD_CODE, parts[-1], 2)


def _is_period(qualifier: str, value: str) -> bool:
    patterns = _DAYS.get(qualifier)
    pieces = value.split("-")
    if patterns is None or len(pieces) != len(patterns):
        return False
    try:
        found = [
            datetime.strptime(piece, pattern)  # noqa: DTZ007 - a day of a claim
            for piece, pattern in zip(pieces, patterns, strict=True)
        ]
    except ValueError:
        return False
    return found == sorted(found)


def _hierarchy(received: TransactionSet) -> Iterator[SegmentFault]:
    levels: dict[str, str] = {}
    parents = {"21": "20", "19": "21", "23": "22"}
    if received.set_id == "837":
        parents = {"22": "20", "23": "22"}
    for position, segment in enumerate(received.segments, start=1):
        if segment[0] != "HL":
            continue
        number, parent, code = (*segment[1:], "", "", "")[:3]
        bad = []
        if number != str(len(levels) + 1):
            bad.append(ElementFault(1, BAD_CODE, number))
        if code in parents and levels.get(parent) != parents[code]:
            bad.append(ElementFault(2, BAD_CODE, parent))
        levels[number] = code
        if bad:
            yield SegmentFault("HL", position, "8", "", "", tuple(bad))


@dataclass(slots=True)
class _Open:
    """A loop that waits for the segments it cannot do without."""

    wanted: tuple[tuple[str, str], ...]  # segment and qualifier, empty for any
    loop: str
    position: int
    claim: str = ""


_LEVELS = {"20": "2000A", "22": "2000B", "23": "2000C"}
_WANTED = {
    "2000A": (("NM1", "85"), ("N3", ""), ("N4", ""), ("REF", "EI")),
    "2000B": (("SBR", ""), ("NM1", "IL"), ("NM1", "PR")),
    "2000C": (("PAT", ""), ("NM1", "QC"), ("DMG", "")),
}


def _structure(received: TransactionSet) -> Iterator[SegmentFault]:
    """Name the segments that are missing in the loops of an 837."""
    of_claim, of_line = _wanted_of(received.guide)
    open_loops: list[_Open] = []
    claim = ""
    for position, segment in enumerate(received.segments, start=1):
        name = segment[0]
        if name == "LX":
            _strike_out(open_loops, segment)
        depth = {"HL": 0, "CLM": 1, "LX": 2, "SE": 0}.get(name, len(open_loops))
        while len(open_loops) > depth:
            yield from _missing(open_loops.pop())
        if name == "HL":
            claim = ""
            loop = _LEVELS.get(segment[3] if len(segment) > 3 else "", "")  # noqa: PLR2004 - HL03
            open_loops.append(_Open(_WANTED.get(loop, ()), loop, position))
        elif name == "CLM":
            claim = segment[1] if len(segment) > 1 else ""
            open_loops = open_loops or [_Open((), "", position)]
            open_loops.append(_Open(of_claim, "2300", position, claim))
        elif name == "LX":
            open_loops.append(_Open(of_line, "2400", position, claim))
        else:
            _strike_out(open_loops, segment)


def _wanted_of(guide: str) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Answer what a claim and a line cannot do without, by guide."""
    service = {"005010X223A2": "SV2", "005010X224A2": "SV3"}.get(guide, "SV1")
    if service == "SV2":
        return (("DTP", "434"), ("CL1", ""), ("HI", "AB"), ("LX", "")), ((service, ""),)
    of_line = ((service, ""), ("DTP", "472"))
    if service == "SV3":
        return (("LX", ""),), of_line
    return (("HI", "AB"), ("LX", "")), of_line


def _strike_out(open_loops: list[_Open], segment: Segment) -> None:
    """Take a segment off the list of what the open loops wait for."""
    name = segment[0]
    qualifier = segment[1] if len(segment) > 1 else ""
    for one in open_loops:
        one.wanted = tuple(
            (wanted, start)
            for wanted, start in one.wanted
            if wanted != name or not qualifier.startswith(start)
        )


def _missing(one: _Open) -> Iterator[SegmentFault]:
    for name, _qualifier in one.wanted:
        yield SegmentFault(name, one.position + 1, "3", one.loop, one.claim)
