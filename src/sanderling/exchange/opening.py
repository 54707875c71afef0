"""Opens a mailbox as its row says, with the secrets that the row names."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sanderling.accounts.secrets import SecretMissing, read_secret, secret_text
from sanderling.exchange.folder import open_folder
from sanderling.exchange.models import Kind, Mailbox
from sanderling.exchange.sftp import Account, open_sftp
from sanderling.exchange.transport import Stopped, Transport


def open_mailbox(mailbox: Mailbox) -> AbstractContextManager[Transport]:
    """Return the mailbox to be opened.

    Raises:
        Stopped: a secret is missing, or it is none that files are left in.
    """
    if mailbox.kind == Kind.FOLDER:
        return open_folder(mailbox.root)
    if mailbox.kind == Kind.SFTP:
        return open_sftp(account_of(mailbox))
    raise Stopped("files are neither left in nor fetched from a CORE endpoint here")


def account_of(mailbox: Mailbox) -> Account:
    """Return who logs in, with the secrets read.

    Raises:
        Stopped: a secret is not where the reference says.
    """
    try:
        return Account(
            host=mailbox.host,
            port=mailbox.port,
            user=mailbox.user,
            host_key=mailbox.host_key,
            password=read_secret(mailbox.password_reference) if mailbox.password_reference else "",
            private_key=secret_text(mailbox.key_reference) if mailbox.key_reference else "",
        )
    except SecretMissing as missing:
        raise Stopped(str(missing)) from None
