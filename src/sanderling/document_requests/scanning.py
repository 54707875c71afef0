"""Viruses: what ClamAV's daemon says of a file, by its command INSTREAM.

SANDERLING_CLAMD says where it is; `auto` looks at the sockets that distributions use. Where there
is none, files are taken unscanned and every page says so. Where there is one and it fails, nothing
is taken: a file is never let in because the scanner was away.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings

from sanderling.core.refusal import Refusal
from sanderling.document_requests.keeping import FileRefused

SOCKETS: Final = (
    "/run/clamav/clamd.ctl",
    "/run/clamav/clamd.sock",
    "/var/run/clamav/clamd.ctl",
    "/run/clamd.scan/clamd.sock",
)
SCANNER: Final = "ClamAV"
SECONDS_MAX: Final = 60.0
_PIECE_BYTES: Final = 1 << 16
_ANSWER_BYTES_MAX: Final = 4_096


class ScannerAway(Refusal):
    """A scanner is set and does not answer: nothing can be taken just now."""

    def __init__(self) -> None:
        super().__init__("files cannot be checked for viruses just now: try again in some minutes")


def where() -> str:
    """Return the scanner's address, unix:/path or tcp:host:port; empty: there is none."""
    chosen: str = settings.CLAMD
    if chosen == "off":
        return ""
    if chosen != "auto":
        return chosen
    return next((f"unix:{path}" for path in SOCKETS if Path(path).is_socket()), "")


def scan(stream: BinaryIO) -> str:
    """Have the scanner read the bytes; return its name, empty when there is none.

    Raises:
        FileRefused: it found something.
        ScannerAway: it does not answer, or not in its language.
    """
    address = where()
    if not address:
        return ""
    stream.seek(0)
    answer = _ask(address, b"zINSTREAM\0", _framed(stream))
    if answer == "stream: OK":
        return SCANNER
    if answer.endswith(" FOUND"):
        raise FileRefused("the virus scanner found something harmful in it; it was not kept")
    raise ScannerAway


def version() -> str:
    """Return what the scanner says of itself, empty when there is none.

    Raises:
        ScannerAway: it does not answer.
    """
    address = where()
    return _ask(address, b"zVERSION\0", iter(())) if address else ""


def _framed(stream: BinaryIO) -> Iterator[bytes]:
    while data := stream.read(_PIECE_BYTES):
        yield struct.pack("!I", len(data)) + data
    yield struct.pack("!I", 0)


def _ask(address: str, command: bytes, pieces: Iterator[bytes]) -> str:
    try:
        with closing(_connect(address)) as connected:
            connected.sendall(command)
            for piece in pieces:
                connected.sendall(piece)
            return _answer(connected)
    except OSError as error:
        raise ScannerAway from error


def _connect(address: str) -> socket.socket:
    kind, _, place = address.partition(":")
    if kind == "unix":
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connected.settimeout(SECONDS_MAX)
        try:
            connected.connect(place)
        except OSError:
            connected.close()
            raise
        return connected
    host, _, port = place.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=SECONDS_MAX)


def _answer(connected: socket.socket) -> str:
    read = b""
    while not read.endswith(b"\0") and len(read) < _ANSWER_BYTES_MAX:
        data = connected.recv(_ANSWER_BYTES_MAX)
        if not data:
            break
        read += data
    return read.rstrip(b"\0\n").decode("ascii", "replace")
