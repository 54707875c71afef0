"""What framing hands to whoever reads transaction sets: stretches of whole segments."""

from __future__ import annotations

from dataclasses import dataclass, field

from sanderling.core.x12.batches import FileEvent, TransactionSet
from sanderling.core.x12.problems import Problem
from sanderling.core.x12.read.delimiters import Delimiters


@dataclass(slots=True)
class SetPart:
    """Consecutive whole segments of one transaction set; the parts of a set follow one another.

    Line breaks, blanks around elements and empty segments have been taken out of `text`.
    """

    transaction: TransactionSet
    delimiters: Delimiters
    text: str  # segments divided by the terminator, none at the end; "" when none is left
    position: int  # of the first segment of `text`
    is_first: bool
    is_last: bool = False
    problems: list[Problem] = field(default_factory=list)
    refused: bool = False  # known at the last part, and at the first when it is not even begun
    end_position: int = 0  # of the last segment, on the last part
    content_sha256: str = ""  # on the last part


Part = FileEvent | SetPart
