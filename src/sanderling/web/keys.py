"""The keys that work on every page; a page adds its own as `page_keys` of its context."""

from __future__ import annotations

from typing import Final

Keys = tuple[tuple[str, str], ...]  # keys with a blank between, what they do

EVERYWHERE: Final[Keys] = (
    ("?", "this list"),
    ("/", "search"),
    ("j k", "next, previous row"),
    ("Enter", "open the row"),
)
