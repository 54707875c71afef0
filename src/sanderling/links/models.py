"""Links for people without an account; only the hash of each is here."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Purpose(models.TextChoices):
    """What a link opens; it opens nothing else. The value stands in its address."""

    DOCUMENTS = "documents", "Upload of documents that were asked for"
    REPORT = "report", "A report to read"


class Link(models.Model):
    """A link that was given out: what it opens, until when, how often, and whether it was used.

    A trigger refuses changes of what it opens; it can be ended sooner, never prolonged.
    """

    purpose = models.TextField(choices=Purpose)
    subject_id = models.BigIntegerField()  # of the room that the purpose names
    client_id = models.IntegerField()  # whose data are visible to who opens it
    sha256 = models.TextField(unique=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    uses_max = models.IntegerField(null=True)  # None: as often as wanted until it ends
    uses = models.IntegerField(default=0)
    opened_at = models.DateTimeField(null=True)  # the first time
    last_opened_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "links_link"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(purpose__in=Purpose.values), name="link_purpose_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("made_at")), name="link_ends_later"
            ),
            models.CheckConstraint(
                condition=models.Q(uses_max__isnull=True) | models.Q(uses_max__gt=0),
                name="link_can_be_used",
            ),
        ]
        indexes = [models.Index(fields=["purpose", "subject_id"], name="link_by_subject")]

    def __str__(self) -> str:
        return f"link {self.pk} ({self.purpose} {self.subject_id})"
