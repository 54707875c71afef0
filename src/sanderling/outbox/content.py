"""The bytes of a file of ours."""

from __future__ import annotations

from sanderling.files.storage import open_original
from sanderling.outbox.models import OutboundFile


def content_of(file: OutboundFile) -> bytes:
    """Return what is sent, byte for byte as it was queued.

    Raises:
        OriginalDamaged: the stored bytes or the key have changed.
    """
    with open_original(file.sha256, is_encrypted=file.is_encrypted) as original:
        return original.read()
