"""Why an item ranks where it does, in plain words.

The words are `core.priority.words`; what they do not know is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

_WORDS: Final = "sanderling.core.priority.words"


def sentences(reasons: Iterable[Any]) -> list[str]:
    """Return each reason as a sentence."""
    if find_spec(_WORDS) is None:
        return []
    words = import_module(_WORDS)
    return [text for reason in reasons or [] if (text := str(words.sentence(reason)))]


def reason_chip(reasons: Any) -> str:  # noqa: ANN401 - as kept in the row
    """Return the first reason in a few words, empty without one."""
    if not reasons or not isinstance(reasons, list):
        return ""
    key = reasons[0][0] if isinstance(reasons[0], list) and reasons[0] else ""
    return str(key).replace("_", " ")
