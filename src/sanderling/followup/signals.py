"""What followup says to the rooms above it."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Sent inside the transaction that adds activities, with `claim_ids`: a sorted list of the claims
# that have new ones. A receiver that raises undoes the activities, too.
activities_recorded: Final = Signal()
