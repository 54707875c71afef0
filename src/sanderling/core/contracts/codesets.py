"""Sets of codes as contracts write them: single codes, ranges, beginnings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_CODE: Final = re.compile(r"[0-9A-Z]{1,8}")
_RANGE: Final = re.compile(r"([0-9A-Z]{1,8})\s*-\s*([0-9A-Z]{1,8})")
_BEGINNING: Final = re.compile(r"([0-9A-Z]{1,7})\*")

# How exactly a set names a code; the higher one counts.
EXACT: Final = 2
BY_RANGE: Final = 1
NOT_NAMED: Final = 0


class NotACode(ValueError):
    """The text is no code, no range and no beginning."""


@dataclass(frozen=True, slots=True)
class CodeSet:
    """Codes such as `99213`, `70010-79999` (both ends included, same length) and `J*`."""

    texts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.texts)

    def fit(self, code: str) -> int:
        """Return how exactly the set names the code: EXACT, BY_RANGE or NOT_NAMED."""
        best = NOT_NAMED
        for text in self.texts:
            if text == code:
                return EXACT
            if _is_within(text, code):
                best = BY_RANGE
        return best

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and self.fit(code) > NOT_NAMED


NO_CODES: Final = CodeSet()


def code_set(texts: list[str]) -> CodeSet:
    """Return the set of what people wrote.

    Raises:
        NotACode: with the text that is none.
    """
    return CodeSet(tuple(_normal(text) for text in texts))


def _normal(text: str) -> str:
    cleaned = text.strip().upper()
    if _CODE.fullmatch(cleaned) or _BEGINNING.fullmatch(cleaned):
        return cleaned
    found = _RANGE.fullmatch(cleaned)
    if found and len(found[1]) == len(found[2]) and found[1] <= found[2]:
        return f"{found[1]}-{found[2]}"
    raise NotACode(text)


def _is_within(text: str, code: str) -> bool:
    if text.endswith("*"):
        return code.startswith(text[:-1])
    low, dash, high = text.partition("-")
    return bool(dash) and len(code) == len(low) and low <= code <= high
