"""Full-text search of work items, and where the words that were searched for are kept.

The words may be a patient's name. They come by POST, stay in the session, and an address names them
by a key, so that sorting, paging and exporting a search are plain links.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from django.contrib.sessions.backends.base import SessionBase
from django.db import connection

WORDS_MAX: Final = 8
LENGTH_MAX: Final = 200
KEPT: Final = 20  # searches of one session
LETTERS_MIN: Final = 3  # of one word at least: shorter ones no index can find
# More matches than these are not named one by one: the list is walked in its order and compared.
NAMED_MAX: Final = 5_000
_SESSION_KEY: Final = "worklist_searches"


def words_of(text: str) -> tuple[str, ...]:
    """Return the words to search for, in lower case; none when all of them are too short."""
    words = tuple(dict.fromkeys(text.replace("\0", "").lower().split()))[:WORDS_MAX]
    return words if any(len(word) >= LETTERS_MIN for word in words) else ()


def patterns(words: Sequence[str]) -> list[str]:
    """Return the words as patterns of LIKE."""
    return [
        "%" + word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        for word in words
    ]


def find_items(words: Sequence[str]) -> tuple[int, ...] | None:
    """Return the ids of the session's visible items that hold all words, None when too many do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sanderling_find_items(%s::text[], %s)", [patterns(words), NAMED_MAX + 1]
        )
        found = tuple(pk for (pk,) in cursor.fetchall())
    return None if len(found) > NAMED_MAX else found


def keep_search(session: SessionBase, text: str) -> str:
    """Keep what was searched for in the session; return its key."""
    text = text.replace("\0", "").strip()[:LENGTH_MAX]
    kept: dict[str, str] = session.get(_SESSION_KEY, {})
    for key, known in kept.items():
        if known == text:
            return key
    key = secrets.token_hex(4)
    session[_SESSION_KEY] = dict([*kept.items(), (key, text)][-KEPT:])
    return key


def kept_search(session: SessionBase, key: str) -> str:
    """Return what a key of the session stands for, empty for one it does not know."""
    return str(session.get(_SESSION_KEY, {}).get(key, "")) if key else ""
