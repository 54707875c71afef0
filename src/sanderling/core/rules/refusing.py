"""The one refusal of conditions: a sentence with its place in the text."""

from __future__ import annotations

from sanderling.core.refusal import Refusal


class ConditionRefused(Refusal):
    """The text is no condition we can keep. `line` and `column` count from 1."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(f"Line {line}, column {column}: {message}")
        self.message = message
        self.line = line
        self.column = column


class TypeMismatch(Exception):
    """Two parts that do not go together; the reader adds the place."""
