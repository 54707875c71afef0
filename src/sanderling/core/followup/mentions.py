"""Who is spoken to in a note: @name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# After a blank or at the beginning: an e-mail address mentions nobody.
_MENTION: Final = re.compile(r"(?<![\w@.])@([A-Za-z][\w.-]*[\w])")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be told."""

    user_id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Mentions:
    """Who is meant, and the words that mean nobody, or more than one."""

    user_ids: tuple[int, ...]
    unknown: tuple[str, ...]


def find_mentions(text: str, people: Iterable[Person]) -> Mentions:
    """Return who the text speaks to.

    A person is meant by the e-mail address before its @, by the whole name written together
    (`@annlee`, `@ann.lee`), or by the first name where only one person has it.
    """
    handles = _handles(people)
    found: list[int] = []
    unknown: list[str] = []
    for word in dict.fromkeys(_MENTION.findall(text)):
        user_id = handles.get(_plain(word))
        if user_id is None:
            unknown.append(word)
        elif user_id not in found:
            found.append(user_id)
    return Mentions(tuple(found), tuple(unknown))


def _plain(word: str) -> str:
    return re.sub(r"[\W_]", "", word.lower())


def _handles(people: Iterable[Person]) -> dict[str, int]:
    everyone = list(people)
    first = Counter(_plain(one.name.split(" ")[0]) for one in everyone)
    handles: dict[str, int] = {}
    for one in everyone:
        name = _plain(one.name.split(" ")[0])
        if name and first[name] == 1:
            handles[name] = one.user_id
    whole = {(_plain(part), one.user_id) for one in everyone for part in _names(one)}
    owners = Counter(handle for handle, _ in whole)
    return handles | {
        handle: user_id for handle, user_id in whole if handle and owners[handle] == 1
    }


def _names(one: Person) -> tuple[str, str]:
    return one.name, one.email.partition("@")[0]
