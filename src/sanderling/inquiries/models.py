"""Status requests: files of 276 as planned and written, and the claims each asks about."""

from __future__ import annotations

from django.db import models


class RequestFile(models.Model):
    """One 276: one payer, one client. Planned in one transaction, then written to its place.

    Its name and control number are fixed when it is planned: a run that was killed in between is
    finished by the next one, under the same name.
    """

    client_id = models.IntegerField()
    payer_id = models.IntegerField()
    # Whom we speak as and to: those of the client's latest 837.
    sender_id = models.TextField()
    receiver_id = models.TextField()
    claims = models.IntegerField()
    planned_at = models.DateTimeField()
    written_at = models.DateTimeField(null=True)
    sha256 = models.TextField(default="")

    class Meta:
        db_table = "inquiries_request_file"
        indexes = [
            models.Index(
                fields=["planned_at"],
                condition=models.Q(written_at__isnull=True),
                name="request_file_unwritten",
            ),
        ]

    def __str__(self) -> str:
        return f"status requests {self.pk}"

    @property
    def name(self) -> str:
        """The file's name, unique for good."""
        return f"SR{self.pk:09d}.276"


class StatusRequest(models.Model):
    """One claim asked about: the trace by which the payer's 277 names it (TRN02)."""

    file = models.ForeignKey(RequestFile, on_delete=models.PROTECT, related_name="requests")
    client_id = models.IntegerField()
    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()
    submission_id = models.BigIntegerField()
    payer_claim_number = models.TextField(default="")
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "inquiries_status_request"
        indexes = [models.Index(fields=["claim_id", "party"], name="status_request_of_claim")]

    def __str__(self) -> str:
        return f"status request {self.pk}"
