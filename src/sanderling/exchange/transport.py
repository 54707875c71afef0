"""What a mailbox can do, whichever way it is reached, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from sanderling.core.refusal import Refusal

UNFINISHED: Final = (".part", ".partial", ".tmp", ".temp", ".filepart")


class Away(Refusal):
    """The other side is not there, too slow or broke off; later it may work."""


class Stopped(Refusal):
    """A person must see to it first: a changed host key, a refused log-in, a missing folder."""


class LocalTrouble(Refusal):
    """This machine cannot do it: the disk is full, a folder cannot be written."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that lies in a mailbox; `modified` in the server's own seconds."""

    path: str
    size_bytes: int
    modified: int

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


class Transport(Protocol):
    """A mailbox that is open. Paths are the other side's, parts joined by a slash.

    Every method raises Away, Stopped or LocalTrouble, and nothing else of the network's.
    """

    def listing(self, folder: str) -> Iterator[Remote]:
        """Yield the regular files of a folder, hidden and unfinished ones left out."""

    def size_of(self, path: str) -> int | None:
        """Return a file's size, None when there is none."""

    def put(self, data: bytes, path: str) -> None:
        """Write a file whole and make it durable where the server can."""

    def rename(self, old: str, new: str) -> None:
        """Give a file its name; one of that name is never replaced."""

    def get(self, path: str, target: Path) -> None:
        """Fetch a file into a local one that is not there yet."""

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is removed."""


def is_wanted(name: str) -> bool:
    """Say whether a name is a finished file's: not hidden, not a program's intermediate one."""
    return not name.startswith((".", "~")) and not name.lower().endswith(UNFINISHED)


def joined(folder: str, name: str) -> str:
    """Return the path of a name in a folder; the folder may be the one after log-in ("")."""
    return f"{folder.rstrip('/')}/{name}" if folder else name
