"""What followup says to the rooms above it."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Sent inside the transaction that adds activities, with `claim_ids`, a sorted list of the claims
# that have new ones, and `known_date`, the earliest day of these. A receiver that raises undoes the
# activities, too. For what a person records on a page it runs under the web application's role.
activities_recorded: Final = Signal()
