"""One HTTP exchange with a counterpart: verified, bounded in time and size, to that host only."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests

from sanderling.accounts.secrets import SecretMissing, check_reference, read_secret
from sanderling.exchange.core_endpoint import REPLY_BYTES_MAX, CoreEndpoint, CoreFailed

_PIECE_BYTES: Final = 65_536
_CONNECT_SECONDS: Final = 5.0
_REDIRECTS: Final = range(300, 400)
DONE: Final = (200, 202)
_BUSY: Final = (408, 425, 429, 500, 502, 503, 504)
_WORDS: Final = {
    400: "it could not read the request; check sender and receiver",
    401: "it does not know the user name or password; check the mailbox",
    403: "it does not let us in; check the mailbox",
    404: "there is nothing at that address; check the mailbox",
    408: "it waited too long for us; try again",
    413: "the file is too large for it; send fewer claims in one",
    429: "it was asked too often; try again later",
    500: "it has a fault of its own; try again later",
    503: "it is not available; try again later",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answered."""

    status: int
    content_type: str
    body: bytes


def check_address(url: str) -> None:
    """Refuse an address that patient data must not go to.

    Raises:
        CoreFailed: not https (plain http to this very machine only: the simulator), or no address.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    host = parts.hostname or ""
    if not host or parts.username or parts.scheme not in ("http", "https"):
        raise CoreFailed("write an address like https://example.com/core", is_passing=False)
    if parts.scheme == "http" and not _is_this_machine(host):
        raise CoreFailed("the address must begin with https://", is_passing=False)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def post(
    endpoint: CoreEndpoint,
    body: bytes,
    headers: Mapping[str, str],
    *,
    url: str = "",
    method: str = "POST",
) -> Answer:
    """Send one request and return the whole answer; redirects are refused, not followed.

    `url`: another address of the same counterpart. Faults of ours and theirs alike come with their
    body, which a SOAP fault stands in.

    Raises:
        CoreFailed: no connection, no answer in time, one too large, or not over verified TLS.
    """
    target = url or endpoint.url
    check_address(target)
    until = time.monotonic() + endpoint.seconds
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy and no .netrc of the account we run under
            with session.request(
                method,
                target,
                data=body,
                headers=dict(headers),
                timeout=(min(_CONNECT_SECONDS, endpoint.seconds), endpoint.seconds),
                allow_redirects=False,
                stream=True,
                verify=_file(endpoint.authorities) or True,
                cert=_file(endpoint.certificate) or None,
            ) as answer:
                if answer.status_code in _REDIRECTS:
                    raise CoreFailed(
                        "the counterpart sends us to another address, which is not followed;"
                        " check the address of the mailbox",
                        is_passing=False,
                    )
                return Answer(
                    answer.status_code,
                    answer.headers.get("Content-Type", ""),
                    _read(answer, until),
                )
    except requests.exceptions.SSLError:
        raise CoreFailed(
            "the counterpart's certificate is not one we trust, or it refused ours;"
            " check the mailbox",
            is_passing=False,
        ) from None
    except requests.exceptions.ConnectTimeout:
        raise CoreFailed(
            "the counterpart cannot be reached; try again later", is_passing=True
        ) from None
    except requests.exceptions.Timeout:
        raise _no_answer(endpoint) from None
    except requests.exceptions.ConnectionError:
        raise CoreFailed(
            "the counterpart cannot be reached, or it hung up; try again later",
            is_passing=True,
            may_have_arrived=True,
        ) from None
    except requests.exceptions.RequestException:
        raise CoreFailed(
            "the counterpart's answer broke off; try again later",
            is_passing=True,
            may_have_arrived=True,
        ) from None


def refuse_status(answer: Answer) -> None:
    """Refuse an answer that is none.

    Raises:
        CoreFailed: the status says that it was not done.
    """
    if answer.status in DONE:
        return
    words = _WORDS.get(answer.status, "look its answer up in its companion guide")
    raise CoreFailed(
        f"the counterpart answered {answer.status}: {words}", is_passing=answer.status in _BUSY
    )


def _read(answer: requests.Response, until: float) -> bytes:
    """Return the body, whole: shorter than it says is no body."""
    pieces, size = [], 0
    for piece in answer.iter_content(_PIECE_BYTES):
        size += len(piece)
        if size > REPLY_BYTES_MAX:
            raise CoreFailed("the counterpart's answer is too large to be read", is_passing=False)
        if time.monotonic() > until:
            raise requests.exceptions.ReadTimeout
        pieces.append(piece)
    said = answer.headers.get("Content-Length", "")
    if said.isdigit() and not answer.headers.get("Content-Encoding") and size < int(said):
        raise CoreFailed(
            "the counterpart's answer broke off; try again later",
            is_passing=True,
            may_have_arrived=True,
        )
    return b"".join(pieces)


def _no_answer(endpoint: CoreEndpoint) -> CoreFailed:
    return CoreFailed(
        f"the counterpart did not answer within {endpoint.seconds:g} seconds; try again later",
        is_passing=True,
        may_have_arrived=True,
    )


def _file(reference: str) -> str:
    """Return the path that a reference names, empty for none."""
    if not reference:
        return ""
    try:
        check_reference(reference)
    except SecretMissing as missing:
        raise CoreFailed(str(missing), is_passing=False) from None
    if not reference.startswith("file:"):
        raise CoreFailed("a certificate is named by its file: file:/path", is_passing=False)
    path = reference.removeprefix("file:")
    if not Path(path).is_file():
        raise CoreFailed(f"there is no file {path} here; check the mailbox", is_passing=False)
    return path


def password_of(endpoint: CoreEndpoint) -> str:
    """Return the password that the endpoint refers to, empty for none.

    Raises:
        CoreFailed: the reference leads nowhere.
    """
    if not endpoint.password:
        return ""
    try:
        return read_secret(endpoint.password)
    except SecretMissing as missing:
        raise CoreFailed(str(missing), is_passing=False) from None
