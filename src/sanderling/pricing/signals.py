"""What pricing says to the rooms above it."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Sent in the transaction that keeps variances in step, by the worker or a command, with
# `claim_ids`: a sorted list of the claims whose ClaimVariance came, changed or went, `today`, `at`.
variances_changed: Final = Signal()
