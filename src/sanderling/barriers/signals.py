"""What barriers say to the rooms above them."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Sent by the worker or a command, in the transaction that makes barriers anew, with `claim_ids`: a
# sorted list of the claims whose barriers may have changed (None: those of all), and `today`.
barriers_refreshed: Final = Signal()
