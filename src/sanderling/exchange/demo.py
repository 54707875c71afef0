"""The mailboxes of a demonstration: its clearinghouse, and its payers' desk for appeals."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sanderling.exchange.actions import add_mailbox, save_mailbox, start_again
from sanderling.exchange.models import AfterFetch, Kind, Mailbox

CLEARINGHOUSE: Final = "Tidewater Clearinghouse (demonstration)"
APPEALS: Final = "Payers' appeal desks (demonstration)"
HOST: Final = "127.0.0.1"


def ensure_demo_mailboxes(
    *, port: int, user: str, host_key: str, key_path: Path, at: datetime
) -> None:
    """Make the mailboxes, or lead those of before to where the counterparts listen now.

    What a person has changed in them otherwise stays.
    """
    reach = {
        "kind": Kind.SFTP,
        "host": HOST,
        "port": port,
        "user": user,
        "host_key": host_key,
        "key_reference": f"file:{key_path}",
    }
    _ensure_both(reach, at=at)


def ensure_folder_mailboxes(*, root: Path, at: datetime) -> None:
    """Make the mailboxes on a folder of this machine: while nobody listens yet."""
    _ensure_both({"kind": Kind.FOLDER, "root": str(root)}, at=at)


def _ensure_both(reach: dict[str, Any], *, at: datetime) -> None:
    usual = {
        "sends": ["837P", "837I", "837D", "276"],
        "outgoing_folder": "in",
        "incoming_folders": ["out"],
        "after_fetch": AfterFetch.DELETE,
        "every_minutes": 1,
    }
    _ensure(CLEARINGHOUSE, reach, usual, at=at)
    _ensure(APPEALS, reach, {"sends": ["packet"], "outgoing_folder": "appeals"}, at=at)


def _ensure(name: str, reach: dict[str, Any], usual: dict[str, Any], *, at: datetime) -> None:
    known = Mailbox.objects.filter(name=name).first()
    if known is None:
        add_mailbox(at=at, name=name, **reach, **usual)
        return
    if any(getattr(known, field) != value for field, value in reach.items()):
        save_mailbox(known, values=reach, at=at)
        if known.stopped_at is not None:
            start_again(known.pk, at=at)
