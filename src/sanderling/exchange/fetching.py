"""Fetches files from a mailbox; nothing is removed there before it is kept and settled here.

A remote file is known by path, size and time. It is fetched when it has come to rest, into a
private folder, and goes through intake as any file; then its row says so, and then it is moved or
removed there if the mailbox says so. Interrupted anywhere it goes on: what was fetched twice is
recognised by its content and changes nothing.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from django.conf import settings

from sanderling.exchange.models import AfterFetch, Mailbox, RemoteFile, RemoteState
from sanderling.exchange.transport import LocalTrouble, Remote, Transport, joined
from sanderling.intake.actions import ingest
from sanderling.postgres.home import private_folder

SOURCE: Final = "mailbox"
REST: Final = timedelta(seconds=10)
# As old by the server's clock that nobody writes to it any more: no second look is needed.
OLD: Final = timedelta(minutes=10)
SIZE_MAX: Final = 4 * 2**30
_PACKED: Final = (".zip", ".gz", ".7z", ".pgp", ".gpg", ".asc", ".rar")
_NAME_MAX: Final = 150
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(slots=True)
class Fetched:
    """What a look at the incoming folders did."""

    files: int = 0
    resting: int = 0
    refused: int = 0


def fetch_waiting(
    mailbox: Mailbox, transport: Transport, *, now: Callable[[], datetime]
) -> Fetched:
    """Fetch what lies complete in the mailbox's incoming folders.

    Raises:
        Away, Stopped, LocalTrouble: nothing more can be fetched now.
    """
    done = Fetched()
    for folder in mailbox.incoming_folders:
        lying = list(transport.listing(folder))
        _settle_gone(mailbox, folder, {one.path for one in lying})
        for remote in lying:
            if fnmatchcase(remote.name, mailbox.pattern):
                _see(mailbox, transport, remote, done, now=now)
    return done


def _settle_gone(mailbox: Mailbox, folder: str, lying: set[str]) -> None:
    """Say of settled files that are there no more that they were removed, by whomever."""
    rows = RemoteFile.objects.filter(mailbox=mailbox, state=RemoteState.SETTLED)
    gone = [
        pk
        for pk, path in rows.filter(path__startswith=joined(folder, "")).values_list("pk", "path")
        if path not in lying
    ]
    RemoteFile.objects.filter(pk__in=gone).update(state=RemoteState.REMOVED)


def _see(
    mailbox: Mailbox,
    transport: Transport,
    remote: Remote,
    done: Fetched,
    *,
    now: Callable[[], datetime],
) -> None:
    at = now()
    row, is_new = RemoteFile.objects.get_or_create(
        mailbox=mailbox,
        path=remote.path,
        size_bytes=remote.size_bytes,
        modified=remote.modified,
        defaults={"seen_at": at},
    )
    if row.state == RemoteState.SEEN:
        if why := _why_not(remote):
            _refuse(row, why, at=at)
            done.refused += 1
            return
        is_old = remote.modified < (at - OLD).timestamp()
        if not is_old and (is_new or at - row.seen_at < REST):
            done.resting += 1
            return
        _take_in(row, transport, at=at)
        done.files += 1
    if row.state == RemoteState.SETTLED:
        _clear_away(mailbox, row, remote, transport)


def _why_not(remote: Remote) -> str:
    if remote.name.lower().endswith(_PACKED):
        return "packed or encrypted files are not read; have them sent plain over SFTP"
    if remote.size_bytes > SIZE_MAX:
        return f"larger than {SIZE_MAX // 2**30} GB; have it sent in parts"
    return ""


def _refuse(row: RemoteFile, why: str, *, at: datetime) -> None:
    row.state, row.fault, row.settled_at = RemoteState.REFUSED, why, at
    row.save(update_fields=["state", "fault", "settled_at"])


def _take_in(row: RemoteFile, transport: Transport, *, at: datetime) -> None:
    folder = private_folder(Path(settings.SANDERLING_HOME), "exchange")
    with tempfile.TemporaryDirectory(dir=folder, prefix="fetch-") as place:
        # A name of ours: the other side's may lead anywhere or be longer than a name can be.
        target = Path(place) / local_name(row.path)
        transport.get(row.path, target)
        if target.stat().st_size != row.size_bytes:
            raise LocalTrouble(
                "a fetched file is not as large as it was there; it is fetched again"
            )
        reports = list(ingest([target], received_date=None, source=SOURCE, recorded_at=at))
    report = reports[-1]
    row.state, row.settled_at, row.status = RemoteState.SETTLED, at, report.status
    row.stored_file_id = report.file.pk if report.file else None
    row.save(update_fields=["state", "settled_at", "status", "stored_file_id"])


def local_name(path: str) -> str:
    """Return a plain name for a remote path: letters, digits, dots, dashes; never hidden."""
    name = _UNSAFE.sub("_", path.rpartition("/")[2]).lstrip(".") or "file"
    return name[-_NAME_MAX:]


def _clear_away(mailbox: Mailbox, row: RemoteFile, remote: Remote, transport: Transport) -> None:
    if mailbox.after_fetch == AfterFetch.DELETE:
        transport.remove(remote.path)
    elif mailbox.after_fetch == AfterFetch.MOVE:
        name = f"{row.pk}-{remote.name}"[-_NAME_MAX:]  # its own, however often a name comes again
        transport.rename(remote.path, joined(mailbox.done_folder, name))
    else:
        return
    row.state = RemoteState.REMOVED
    row.save(update_fields=["state"])
