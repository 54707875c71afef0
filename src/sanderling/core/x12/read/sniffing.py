"""A first look at a file: is it X12 at all, and if not, what?"""

from __future__ import annotations

from typing import Final

from sanderling.core.x12.read.framing import utf16_encoding
from sanderling.core.x12.read.header import ISA

_LOOK: Final = 65_536
_SIGNATURES: Final = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),  # an XLSX workbook is one too
    (b"\x1f\x8b", "gzip"),
    (b"\xd0\xcf\x11\xe0", "ole"),  # XLS, DOC of before 2007
    (b"{\\rtf", "rtf"),
    (b"-----BEGIN PGP", "pgp"),
)


def sniff(data: bytes) -> str:
    """Return the kind of file that starts with `data`.

    One of "empty", "x12", "x12_fragment" (transaction sets without an ISA), "pdf", "zip", "gzip",
    "ole", "rtf", "pgp", "xml", "text", "binary". Only the first 64 KB are looked at.
    """
    head = data[:_LOOK]
    encoding = utf16_encoding(head[:8])
    if encoding:
        head = head.decode(encoding, errors="replace").encode()
    head = head.removeprefix(b"\xef\xbb\xbf")
    visible = head.strip(b" \t\r\n\x00")
    if not visible:
        return "empty"
    for signature, kind in _SIGNATURES:
        if visible.startswith(signature):
            return kind
    if ISA.search(head):
        return "x12"
    if visible.startswith((b"GS*", b"ST*", b"GS|", b"ST|")):
        return "x12_fragment"
    if visible.startswith(b"<"):
        return "xml"
    return "binary" if b"\x00" in visible else "text"
