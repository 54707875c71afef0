"""What agreements say to the rooms above them."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Sent inside the transaction that sets what was agreed, with `client_id` and `at`. Runs under the
# role of whoever acts; a receiver that raises undoes the change.
agreement_changed: Final = Signal()
