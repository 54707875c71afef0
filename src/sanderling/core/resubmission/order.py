"""Where the guides put a segment in its loop and a loop in its parent.

Segments that a claim already has stay where they are; only what is added is put by this order.

Source: 837 TR3s 005010X222A1, 005010X223A2 and 005010X224A2, section 2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sanderling.core.resubmission.document import Loop, Segment

_PARTY: Final = ("NM1", "N2", "PRV", "N3", "N4", "DMG", "DTP", "REF", "PER")
_SEGMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "2000A": ("PRV", "CUR"),
    "2000B": ("SBR", "PAT"),
    "2000C": ("PAT",),
    "2300": (
        *("CLM", "DTP", "CL1", "DN1", "DN2", "PWK", "CN1", "AMT", "REF", "K3", "NTE"),
        *("CR1", "CR2", "CRC", "HI", "HCP"),
    ),
    "2320": ("SBR", "CAS", "AMT", "OI", "MIA", "MOA"),
    "2400": (
        *("LX", "SV1", "SV2", "SV3", "TOO", "SV5", "PWK", "CR1", "CR3", "CRC", "DTP", "QTY"),
        *("MEA", "CN1", "REF", "AMT", "K3", "NTE", "PS1", "HCP"),
    ),
    "2410": ("LIN", "CTP", "REF"),
    "2430": ("SVD", "CAS", "DTP", "AMT"),
}
_QUALIFIERS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("2300", "DTP"): (
        *("431", "454", "304", "453", "439", "484", "455", "471", "314", "360", "361"),
        *("297", "296", "096", "434", "435", "090", "091", "444", "050"),
    ),
    ("2300", "REF"): (
        *("4N", "F5", "EW", "9F", "G1", "F8", "X4", "9A", "9C", "LX", "D9", "LU", "EA", "P4"),
        *("1J", "G3", "G4"),
    ),
    ("2300", "AMT"): ("F5", "F3"),
    ("2320", "AMT"): ("D", "A8", "EAF"),
    ("2400", "DTP"): ("472", "471", "607", "463", "461", "304", "738", "739", "011", "455", "454"),
    ("2400", "REF"): ("9B", "9D", "G1", "6R", "EW", "X4", "F4", "BT", "9F"),
}
_LAST: Final = 99


def added(loop: Loop, new: Segment) -> Loop:
    """Return the loop with a segment more, where the guide has it."""
    own = _rank(loop.name, new)
    at = 0
    for place, one in enumerate(loop.segments, start=1):
        if _rank(loop.name, one) <= own:
            at = place
    return replace(loop, segments=(*loop.segments[:at], new, *loop.segments[at:]))


def added_loop(parent: Loop, new: Loop) -> Loop:
    """Return the parent with a loop more, where the guide has it: loops go by their names."""
    at = 0
    for place, one in enumerate(parent.loops, start=1):
        if one.name <= new.name:
            at = place
    return replace(parent, loops=(*parent.loops[:at], new, *parent.loops[at:]))


def _rank(loop: str, one: Segment) -> tuple[int, int]:
    tags = _SEGMENTS.get(loop, _PARTY)
    tag = tags.index(one.tag) if one.tag in tags else _LAST
    qualifiers = _QUALIFIERS.get((loop, one.tag), ())
    qualifier = one.get(1, 1)
    return tag, qualifiers.index(qualifier) if qualifier in qualifiers else _LAST
