"""What a reader hands over: envelopes, and a transaction set in batches of typed tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from sanderling.core.x12.problems import Problem


@dataclass(frozen=True, slots=True)
class Interchange:
    """One ISA...IEA as it stands in the file."""

    index: int  # 1, 2, ... in the file
    position: int
    sender_qualifier: str
    sender_id: str  # ISA06, blanks stripped
    receiver_qualifier: str
    receiver_id: str
    created_date: date | None  # ISA09
    created_time: str
    version: str  # ISA12
    control_number: str  # ISA13
    usage: str  # ISA15: P, T
    element_separator: str
    component_separator: str
    repetition_separator: str
    segment_terminator: str


@dataclass(frozen=True, slots=True)
class TransactionSet:
    """Where a transaction set stands and what it says it is."""

    interchange: Interchange
    index: int  # 1, 2, ... in the file, over all interchanges
    kind: str  # 835, 837P, 837I, 837D, 999, TA1, 277, 277CA, 276; "" when not known
    guide: str  # ST03, else GS08
    functional_code: str  # GS01
    sender_code: str  # GS02
    receiver_code: str  # GS03
    group_date: date | None  # GS04
    group_control_number: str  # GS06
    control_number: str  # ST02
    position: int  # of ST (of the TA1 segment, for TA1)


@dataclass(slots=True)
class Batch:
    """Some of the rows of one transaction set.

    Batches of a transaction set come in order, nothing of another one in between; `is_last` closes
    it. Rows of a claim are never divided over batches. `refused` is known at the last batch only:
    when it is true nothing of the transaction set may be posted, and a problem says why. Tables
    without rows are present and empty, with their schema.
    """

    transaction: TransactionSet
    tables: dict[str, pl.DataFrame]
    problems: list[Problem] = field(default_factory=list)
    is_first: bool = True
    is_last: bool = True
    refused: bool = False
    end_position: int = 0  # of SE, on the last batch
    content_sha256: str = ""  # of the bytes ST..SE, on the last batch


@dataclass(slots=True)
class FileEvent:
    """Something outside any transaction set: an interchange begun or ended, bytes skipped."""

    interchange: Interchange | None
    problems: list[Problem]
    refused: bool = False  # the file or the interchange cannot be read
