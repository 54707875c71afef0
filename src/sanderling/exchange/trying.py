"""Tries a mailbox as it is kept: can it be reached, is the key the pinned one, what lies there."""

from __future__ import annotations

from dataclasses import dataclass, field

from sanderling.exchange.models import Kind, Mailbox
from sanderling.exchange.opening import open_mailbox
from sanderling.exchange.sftp import host_key_of
from sanderling.exchange.transport import Away, LocalTrouble, Stopped


@dataclass(slots=True)
class Trial:
    """What was found; `fault` is empty when all is well."""

    host_key: str = ""  # the one shown; a person compares it with what the counterpart told
    fault: str = ""
    folders: list[tuple[str, int]] = field(default_factory=list)  # each with its files


def try_mailbox(mailbox: Mailbox) -> Trial:
    """Log in and look; nothing is fetched, sent or changed."""
    trial = Trial()
    try:
        if mailbox.kind == Kind.SFTP:
            trial.host_key = host_key_of(mailbox.host, mailbox.port)
        with open_mailbox(mailbox) as transport:
            for folder in (*mailbox.incoming_folders, mailbox.outgoing_folder):
                count = sum(1 for _ in transport.listing(folder))
                trial.folders.append((folder or "the folder after log-in", count))
    except (Away, Stopped, LocalTrouble) as trouble:
        trial.fault = trouble.sentence
    return trial
