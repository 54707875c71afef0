"""What the mirror remembers in the database: its state, and which claims changed since."""

from __future__ import annotations

from django.db import models


class State(models.Model):
    """The generation of the mirror that the notes of changes go on from: one row, or none."""

    generation = models.TextField()

    class Meta:
        db_table = "mirror_state"

    def __str__(self) -> str:
        return f"mirror {self.generation}"


class ChangedClaim(models.Model):
    """A claim whose facts changed since the mirror was last refreshed.

    Written by triggers, in the transaction that brings the change in.
    """

    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()

    class Meta:
        db_table = "mirror_changed_claim"

    def __str__(self) -> str:
        return f"changed claim {self.claim_id}"
