"""The audit trail's one table; `actions.py` writes it, nothing changes it afterwards."""

from __future__ import annotations

from django.db import models


class AuditEvent(models.Model):
    """Something that happened: who, when, what, to what. Never patient data.

    Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE, also to the owner. The chain of
    hashes over the events is kept beside, in `AuditSeal`.
    """

    at = models.DateTimeField()
    actor = models.TextField()  # user:17, cli:alice, worker
    role = models.TextField(blank=True, default="")
    client_id = models.IntegerField(null=True)
    claim_id = models.BigIntegerField(null=True)
    action = models.TextField()  # noun.verb: claim.view, client.update
    subject_kind = models.TextField(blank=True, default="")
    subject_id = models.TextField(blank=True, default="")
    detail = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True)
    correlation_id = models.UUIDField(null=True)
    # When the database took the row, by its own clock; null for rows from before it said so.
    recorded_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        db_table = "audit_event"
        # Each in the order in which pages show events, so that the next page is a few rows away.
        indexes = [
            models.Index(fields=["at", "id"], name="audit_by_time"),
            models.Index(fields=["actor", "at", "id"], name="audit_by_actor"),
            models.Index(fields=["action", "at", "id"], name="audit_by_action"),
            models.Index(
                fields=["client_id", "at", "id"],
                condition=models.Q(client_id__isnull=False),
                name="audit_by_client",
            ),
            models.Index(
                fields=["claim_id", "at", "id"],
                condition=models.Q(claim_id__isnull=False),
                name="audit_by_claim",
            ),
            models.Index(fields=["subject_kind", "subject_id"], name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"


class AuditSeal(models.Model):
    """One link of the chain: the hash of an event together with the hash of the link before.

    Links are in the order of `id`. They are written in batches by `seal_events`, since a chain
    written with each event would make all writers wait for each other.
    """

    event_id = models.BigIntegerField(unique=True)
    previous_hash = models.TextField()
    hash = models.TextField()
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "audit_seal"

    def __str__(self) -> str:
        return f"{self.event_id} {self.hash}"
