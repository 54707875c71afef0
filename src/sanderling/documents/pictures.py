"""Pictures for Typst, which takes text files only: PNG and JPEG wrapped as SVG with their size."""

from __future__ import annotations

import base64
import struct
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8"
_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers whose segment holds height and width (ITU T.81, table B.1)."""
SIDE_MAX: Final = 20_000


class NotAPicture(ValueError):
    """The bytes are neither PNG nor JPEG, or say no sensible size."""


def as_svg(content: bytes) -> bytes:
    """Return a picture as an SVG that holds it.

    Raises:
        NotAPicture: it is neither PNG nor JPEG, or cut short.
    """
    kind, (width, height) = (
        ("png", _png_size(content)) if content.startswith(_PNG) else ("jpeg", _jpeg_size(content))
    )
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        raise NotAPicture
    body = base64.b64encode(content).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/{kind};base64,{body}"/></svg>'
    ).encode()


def _png_size(content: bytes) -> tuple[int, int]:
    """Return width and height from the first chunk."""
    if len(content) < 24 or content[12:16] != b"IHDR":  # noqa: PLR2004 - where they stand
        raise NotAPicture
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Return width and height from the frame header."""
    if not content.startswith(_JPEG):
        raise NotAPicture
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004 - a marker's first byte
        if content[at + 1] in _SIZES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + int(struct.unpack(">H", content[at + 2 : at + 4])[0])
    raise NotAPicture
