"""Reads settings from the environment and refuses nonsense at once, naming the variable."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


class InvalidSetting(Exception):
    """An environment variable has a value that the setting cannot take."""


def env_text(name: str, default: str) -> str:
    """Return the variable's text, or the default when it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, *, default: bool) -> bool:
    """Return a yes or no.

    Raises:
        InvalidSetting: the value is neither.
    """
    text = os.environ.get(name, "").strip().lower()
    if not text:
        return default
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise InvalidSetting(f"{name} must be one of 1, 0, true, false, yes, no, on, off")


def env_int(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return a whole number within the bounds, both included.

    Raises:
        InvalidSetting: not a whole number, or outside the bounds.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise InvalidSetting(f"{name} must be a whole number") from None
    if not minimum <= value <= maximum:
        raise InvalidSetting(f"{name} must be between {minimum} and {maximum}")
    return value


def env_list(name: str, default: list[str]) -> list[str]:
    """Return the comma-separated values, blanks dropped."""
    text = os.environ.get(name, "")
    return [part.strip() for part in text.split(",") if part.strip()] or default


def env_server(name: str) -> tuple[str, str]:
    """Return the address of a web server without the last slash, and its origin; both may be empty.

    Raises:
        InvalidSetting: it is no address, or plain http to another machine.
    """
    text = os.environ.get(name, "").strip().rstrip("/")
    if not text:
        return "", ""
    parts = urlsplit(text)
    is_here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if (parts.scheme != "https" and not (parts.scheme == "http" and is_here)) or not parts.netloc:
        raise InvalidSetting(f"{name} must be an address that begins with https://")
    return text, f"{parts.scheme}://{parts.netloc}"


def env_secret(name: str, *, length_min: int = 32) -> str | None:
    """Return a secret from NAME, or from the file that NAME_FILE names; None when neither is set.

    Raises:
        InvalidSetting: both are set, the file cannot be read, or the secret is too short.
    """
    direct = os.environ.get(name, "")
    path = os.environ.get(f"{name}_FILE", "")
    if direct and path:
        raise InvalidSetting(f"set {name} or {name}_FILE, not both")
    if path:
        try:
            direct = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InvalidSetting(f"{name}_FILE cannot be read: {error.strerror}") from error
    if not direct:
        return None
    if len(direct) < length_min:
        raise InvalidSetting(f"{name} must have at least {length_min} characters")
    return direct


def kept_secret(path: Path) -> str:
    """Return the secret kept in a file, making a random one (mode 0600) when there is none.

    Two processes that start at once agree: the file appears whole (by a hard link), the first one
    wins, and both read it back.
    """
    if not path.exists():
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
        Path(temporary).unlink()
    secret = path.read_text(encoding="utf-8").strip()
    if not secret:
        raise InvalidSetting(f"{path} is empty; delete it so that a new secret is made")
    return secret
