"""Mailboxes are added, changed, started again; queued files are released."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from sanderling.accounts.secrets import SecretMissing, check_reference
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.exchange.models import AfterFetch, Kind, Mailbox
from sanderling.exchange.releasing import Released, release

__all__ = ["MailboxRefused", "Released", "add_mailbox", "release", "save_mailbox", "start_again"]

KINDS_SENT: Final = ("837P", "837I", "837D", "276", "packet")
_FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


class MailboxRefused(Refusal):
    """The mailbox cannot be as asked."""


def add_mailbox(*, at: datetime, **values: Any) -> Mailbox:  # noqa: ANN401 - the columns of Mailbox
    """Add a mailbox; `values` are its columns.

    Raises:
        MailboxRefused: it lacks what its kind needs, or its name is taken.
    """
    return save_mailbox(Mailbox(), values=values, at=at)


@transaction.atomic
def save_mailbox(mailbox: Mailbox, *, values: dict[str, Any], at: datetime) -> Mailbox:
    """Keep a mailbox as it is to be; a new one when it has no id yet.

    Raises:
        MailboxRefused: it lacks what its kind needs, or its name is taken.
    """
    is_new = mailbox.pk is None
    for name, value in values.items():
        setattr(mailbox, name, value)
    _check(mailbox)
    try:
        with transaction.atomic():
            mailbox.save()
    except IntegrityError:
        raise MailboxRefused(f"a mailbox named {mailbox.name} is there already") from None
    record_event(
        action="mailbox.add" if is_new else "mailbox.change",
        at=at,
        subject=("mailbox", mailbox.pk),
        detail={"kind": mailbox.kind},
    )
    return mailbox


def _check(mailbox: Mailbox) -> None:
    if mailbox.kind not in Kind.values:
        raise MailboxRefused("it is SFTP, a folder or CORE; choose one")
    if not mailbox.name.strip():
        raise MailboxRefused("it needs a name")
    if unknown := sorted(set(mailbox.sends) - set(KINDS_SENT)):
        raise MailboxRefused(f"{unknown[0]} is no kind of file that is sent")
    if mailbox.kind == Kind.FOLDER and not mailbox.root.startswith("/"):
        raise MailboxRefused("name the folder by its whole path")
    if mailbox.kind == Kind.SFTP:
        _check_sftp(mailbox)
    if mailbox.after_fetch == AfterFetch.MOVE:
        _check_done_folder(mailbox)


def _check_done_folder(mailbox: Mailbox) -> None:
    if not mailbox.done_folder:
        raise MailboxRefused("say into which folder fetched files are moved")
    if mailbox.done_folder in {*mailbox.incoming_folders, mailbox.outgoing_folder}:
        raise MailboxRefused("fetched files need a folder of their own, apart from in and out")


def _check_sftp(mailbox: Mailbox) -> None:
    for reference in (mailbox.password_reference, mailbox.key_reference):
        if reference:
            try:
                check_reference(reference)
            except SecretMissing as error:
                raise MailboxRefused(str(error)) from None
    if not (mailbox.host and mailbox.user):
        raise MailboxRefused("SFTP needs a host and a user")
    if not (mailbox.password_reference or mailbox.key_reference):
        raise MailboxRefused("say where the password or the private key is")
    if mailbox.host_key and not _FINGERPRINT.fullmatch(mailbox.host_key):
        raise MailboxRefused("the host key is pinned as SHA256:..., 43 characters long")


@transaction.atomic
def start_again(mailbox_id: int, *, at: datetime) -> Mailbox:
    """Visit a mailbox again that had stopped."""
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox_id)
    mailbox.stopped_at, mailbox.stopped_reason, mailbox.failures = None, "", 0
    mailbox.save(update_fields=["stopped_at", "stopped_reason", "failures"])
    record_event(action="mailbox.start_again", at=at, subject=("mailbox", mailbox.pk))
    return mailbox
