"""Posts a signed body to a receiver's address, and to no other place than the world outside.

The name is looked up once, every address it has must be public, and the connection goes to the very
address that was checked, so that a name cannot mean another place a moment later. Redirects are not
followed. The answer's body is not read.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from sanderling.core.refusal import Refusal

SECONDS_MAX: Final = 10.0
URL_CHARACTERS_MAX: Final = 500
_PORTS: Final = {"https": 443, "http": 80}
_TAKEN: Final = range(200, 300)


class AddressRefused(Refusal):
    """The address cannot be a receiver."""


class NotDelivered(Exception):
    """The receiver did not take it; the text says why, `status` is its answer if it gave one."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


def check_url(url: str) -> SplitResult:
    """Return the parts of a receiver's address.

    Raises:
        AddressRefused: not https (plain http only to this machine, where a setting allows it), no
            host, or a user name in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("write an address like https://example.com/hook") from None
    is_local = settings.WEBHOOKS_MAY_BE_LOCAL and parts.scheme == "http"
    if parts.scheme != "https" and not is_local:
        raise AddressRefused("the address must begin with https://")
    if not parts.hostname or port == 0 or len(url) > URL_CHARACTERS_MAX:
        raise AddressRefused("write an address like https://example.com/hook")
    if parts.username or parts.password or parts.fragment:
        raise AddressRefused("leave user name, password and fragment out of the address")
    if any(ord(letter) <= ord(" ") or ord(letter) > ord("~") for letter in url):
        raise AddressRefused("write an address like https://example.com/hook")
    return parts


def signature(secret: str, stamp: int, body: bytes) -> str:
    """Return what proves that a body is ours: HMAC-SHA256 over "stamp.body", hexadecimal."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send the body; return the status of the answer, one of 200 to 299.

    Raises:
        NotDelivered: no such place, a private one, no answer in time, or another status.
    """
    try:
        parts = check_url(url)
    except AddressRefused as refusal:
        raise NotDelivered(str(refusal)) from None
    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    address = _public_address(host, port)
    link = _connection(parts.scheme, host, port, address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        status = _ask(link, path, body, headers)
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(f"no answer: {type(error).__name__}") from None
    finally:
        link.close()
    if status not in _TAKEN:
        raise NotDelivered(f"answered with status {status}", status)
    return status


def _ask(
    link: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]
) -> int:
    link.connect()
    # The timeout of a socket is for one read; a receiver that drips is cut off by the clock.
    cut = threading.Timer(SECONDS_MAX, _cut, [link.sock])
    cut.start()
    try:
        link.request("POST", path, body=body, headers=dict(headers))
        return link.getresponse().status
    finally:
        cut.cancel()


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _public_address(host: str, port: int) -> str:
    """Return an address of the host to connect to.

    Raises:
        NotDelivered: there is none, or one of them is private, local or reserved.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotDelivered("the host has no address") from None
    addresses = [str(place[4][0]) for place in found]
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        is_public = mapped.is_global and not mapped.is_multicast
        if not is_public and not (settings.WEBHOOKS_MAY_BE_LOCAL and mapped.is_loopback):
            raise NotDelivered("the host is in a private network, which is not allowed")
    return addresses[0]


def _connection(scheme: str, host: str, port: int, address: str) -> http.client.HTTPConnection:
    """Return a connection to the address that was checked, under the host's name."""

    class ToAddress(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.create_connection((address, port), timeout=SECONDS_MAX)
            if scheme == "https":
                context = ssl.create_default_context()
                self.sock = context.wrap_socket(self.sock, server_hostname=host)

    return ToAddress(host, port, timeout=SECONDS_MAX)
