"""Batches that CORE counterparts have, until their results are here and acknowledged."""

from __future__ import annotations

from django.db import models

from sanderling.outbox.models import OutboundFile


class CoreBatch(models.Model):
    """One file of ours as a batch of a CORE counterpart: how far it is.

    Submitted, then its results are asked for until they are there, taken in, acknowledged.
    """

    file = models.OneToOneField(OutboundFile, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    mailbox_id = models.IntegerField()
    payload_id = models.TextField(unique=True)
    submitted_at = models.DateTimeField()
    # When its 999 or TA1 was taken in, or the counterpart said that it keeps none.
    receipt_at = models.DateTimeField(null=True)
    asks = models.IntegerField(default=0)  # for its results
    next_ask_at = models.DateTimeField(null=True)  # none: nothing more to do
    fetched_at = models.DateTimeField(null=True)
    stored_file_id = models.BigIntegerField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    fault = models.TextField(default="")

    class Meta:
        db_table = "exchange_core_batch"
        indexes = [
            models.Index(
                fields=["next_ask_at"],
                condition=models.Q(next_ask_at__isnull=False),
                name="core_batch_to_ask",
            )
        ]

    def __str__(self) -> str:
        return f"CORE batch {self.pk}"
