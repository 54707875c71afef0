"""Secrets by reference: the database names where a secret is, never what it is.

A reference is `env:NAME` (a variable of the process that needs it) or `file:/path` (its first line,
as systemd credentials and container secrets are given).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from sanderling.core.refusal import Refusal

HELP: Final = "env:NAME or file:/path; the secret itself is never kept here"
_ENVIRONMENT: Final = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_FILE: Final = re.compile(r"file:(/[^\x00-\x1f]+)")
_BYTES_MAX: Final = 65_536


class SecretMissing(Refusal):
    """A reference that is none, or a secret that is not where it should be. Never tells it."""


def check_reference(reference: str) -> None:
    """Say whether a text is a reference; what it names need not be there yet.

    Raises:
        SecretMissing: it is none.
    """
    if not (_ENVIRONMENT.fullmatch(reference) or _FILE.fullmatch(reference)):
        raise SecretMissing("write where the secret is: env:NAME or file:/path, not the secret")


def read_secret(reference: str) -> str:
    """Return the secret that a reference names, without the end of its line.

    Raises:
        SecretMissing: there is no such variable or file, or it is empty.
    """
    text = secret_text(reference).strip("\r\n")
    return text.splitlines()[0] if text else text


def secret_text(reference: str) -> str:
    """Return the whole text that a reference names: a private key has many lines.

    Raises:
        SecretMissing: there is no such variable or file, or it is empty.
    """
    check_reference(reference)
    if (named := _ENVIRONMENT.fullmatch(reference)) is not None:
        text = os.environ.get(named[1], "")
    else:
        text = _file_text(Path(reference.removeprefix("file:")), reference)
    if not text.strip():
        raise SecretMissing(
            f"the secret at {reference} is empty or not set; set it where Sanderling runs"
        )
    return text


def is_there(reference: str) -> bool:
    """Say whether the secret can be read by this process."""
    try:
        return bool(secret_text(reference))
    except SecretMissing:
        return False


def _file_text(path: Path, reference: str) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_BYTES_MAX).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise SecretMissing(
            f"the secret at {reference} cannot be read; check that the file is there and is text"
        ) from None
