"""What flags say to the rooms above them."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Sent inside the transaction in which a flag begins or ceases to wait for us, with `claim_id`,
# `is_ours` (it waits for us now) and `today`. Runs under the role of whoever acts.
flag_changed: Final = Signal()
