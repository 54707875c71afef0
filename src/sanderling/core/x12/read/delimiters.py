"""The four characters that divide an interchange into segments, elements and components."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delimiters:
    """Delimiters of one interchange, as its ISA declares them; one character each."""

    element: str = "*"  # the character after "ISA"
    component: str = ":"  # ISA16
    repetition: str = "^"  # ISA11; "" in versions before 00402
    terminator: str = "~"
