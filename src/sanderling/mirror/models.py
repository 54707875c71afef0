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


class Check(models.Model):
    """Whether the mirror agreed with the database at a refresh or when it was asked.

    `differences`: mirror.tying.Difference, the first of them; figures of clients, no patient data.
    """

    at = models.DateTimeField()
    generation = models.TextField()
    was_rebuilt = models.BooleanField()  # it did not agree at first, and was made anew
    difference_count = models.IntegerField()  # that are left
    differences = models.JSONField(default=list)

    class Meta:
        db_table = "mirror_check"

    def __str__(self) -> str:
        return f"check of {self.generation}"
