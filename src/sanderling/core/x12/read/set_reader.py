"""What every reader of one kind of transaction set looks like."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import polars as pl

from sanderling.core.x12.batches import TransactionSet
from sanderling.core.x12.problems import Problem
from sanderling.core.x12.read.delimiters import Delimiters

Tables = dict[str, pl.DataFrame]


class SetReader(Protocol):
    """Reads the segments of one transaction set, in order, into typed rows.

    Nothing a file holds makes it raise. Whatever does not fit becomes a Problem.
    """

    def __init__(self, transaction: TransactionSet, delimiters: Delimiters) -> None: ...

    def feed(self, segments: list[str], position: int) -> None:
        """Read consecutive segments, ST and SE among them, without their terminators.

        `position` is the number in the file of the first of them. Empty segments and line breaks
        do not occur, blanks around elements have been taken off.
        """

    def closed_claims(self) -> int:
        """Return the count of claims that are complete and not yet taken."""

    def take(self) -> tuple[Tables, list[Problem]]:
        """Return rows and problems of complete claims; the open claim and the loop state stay."""

    def finish(self) -> tuple[Tables, list[Problem], bool]:
        """Return what is left, the totals, and whether the transaction set is refused.

        Called once, after SE or where the transaction set breaks off.
        """


@runtime_checkable
class TextReader(SetReader, Protocol):
    """A set reader that cuts the text up itself, because it has a quicker way than segments."""

    def feed_text(self, text: str, position: int) -> None:
        """Read consecutive segments divided by the terminator; otherwise like `feed`."""
