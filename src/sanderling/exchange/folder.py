"""A mailbox that is a folder of this machine: a share that another program sends and fetches."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sanderling.exchange.transport import Away, LocalTrouble, Remote, Stopped, is_wanted

_FULL = (errno.ENOSPC, errno.EDQUOT)


class FolderTransport:
    """The folder; paths are relative to it and never lead out of it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def listing(self, folder: str) -> Iterator[Remote]:
        """Yield the regular files of a folder; links are left out."""
        place = self._path(folder)
        with _told():
            names = sorted(path.name for path in place.iterdir())
        for name in names:
            if not is_wanted(name):
                continue
            path = f"{folder.rstrip('/')}/{name}" if folder else name
            try:
                status = (place / name).lstat()
            except OSError:  # taken away between two looks
                continue
            if stat.S_ISREG(status.st_mode):
                yield Remote(path, status.st_size, int(status.st_mtime))

    def size_of(self, path: str) -> int | None:
        """Return a file's size, None when there is none."""
        try:
            with _told():
                return self._path(path).stat().st_size
        except _Gone:
            return None

    def put(self, data: bytes, path: str) -> None:
        """Write a file whole and durably."""
        with _told(), self._path(path).open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())

    def rename(self, old: str, new: str) -> None:
        """Give a file its name; one of that name is never replaced."""
        with _told():
            source, target = self._path(old), self._path(new)
            os.link(source, target)  # fails where the name is taken
            source.unlink()

    def get(self, path: str, target: Path) -> None:
        """Copy a file into a local one."""
        with _told(), self._path(path).open("rb") as source, target.open("xb") as out:
            shutil.copyfileobj(source, out)
            out.flush()
            os.fsync(out.fileno())

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is removed."""
        with _told():
            self._path(path).unlink(missing_ok=True)

    def _path(self, relative: str) -> Path:
        found = (self._root / relative).resolve()
        if found != self._root and self._root not in found.parents:
            raise Stopped("a path leads out of the mailbox's folder; mend its folders")
        return found


class _Gone(Stopped):
    """No such file or folder."""


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the system says into what we say."""
    try:
        yield
    except FileNotFoundError:
        raise _Gone("a folder or file of the mailbox is not there; mend its folders") from None
    except PermissionError:
        raise Stopped(
            "a folder of the mailbox cannot be read or written; mend its rights"
        ) from None
    except OSError as error:
        if error.errno in _FULL:
            raise LocalTrouble("the disk is full; make room, then it goes on") from None
        raise Away(f"the folder cannot be used now ({error.strerror})") from None


@contextmanager
def open_folder(root: str) -> Iterator[FolderTransport]:
    """Open the folder.

    Raises:
        Stopped: there is none.
    """
    place = Path(root)
    if not root.startswith("/") or not place.is_dir():
        raise Stopped("the mailbox's folder is not there; name one by its whole path")
    yield FolderTransport(place)
