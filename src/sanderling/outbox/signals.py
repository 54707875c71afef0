"""What the outbox says to the rooms above it."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Sent inside the transaction that keeps a file from going out, with `file_id` and `at`. Whoever
# made the file takes back what the send had changed; a receiver that raises undoes the cancelling.
file_cancelled: Final = Signal()
